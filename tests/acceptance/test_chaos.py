"""Every kind of trouble at once: what Slack holds in the end is each alert once, in order."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANNELS = tuple(f"desk-{number}" for number in range(5))
RULES = "".join(
    f"""
[[rules]]
id = "r{number}"
name = "Rule {number}"
query = "captured{number}"
group = "item"
channels = ["#{channel}"]
"""
    for number, channel in enumerate(CHANNELS)
)
# Stored and not confirmed is what the phase `after` means; a delay of 1.3 s is stored after we gave up.
_TROUBLE = [
    (kind, phase, options)
    for phase in ("before", "after")
    for kind, options in (
        ("reset", {}),
        ("close", {}),
        ("http", {"status": 500}),
        ("http", {"status": 503}),
        ("html", {}),
        ("empty", {}),
        ("cut", {}),
        ("short", {}),
        ("hang", {"seconds": 1.2}),
        ("error", {"error": "internal_error"}),
        ("ratelimit", {"retry_after": 1}),
    )
] + [("delay", "before", {"seconds": 1.3})]


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=CHANNELS) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path, slack: FakeSlack) -> Program:
    return Program(tmp_path / "desk", {"SLACK_BOT_TOKEN": slack.token})


@pytest.fixture
def started() -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def configure(program: Program, feeds: FeedServer, slack: FakeSlack, alerts: int) -> None:
    """A feed with this many reports, told in five channels in turn, as fast as Slack takes them."""
    entries = [
        rss_item(
            f"Soldier captured{number % 5} in report number {number}",
            guid=f"g{number}",
            link=f"https://news.example/{number}",
        )
        for number in range(alerts)
    ]
    # The newest stands first in a feed, and is told last.
    program.configure(
        feeds=[feeds.publish("/a.xml", rss(reversed(entries)))],
        rules=RULES,
        slack=f'api_url = "{slack.api_url}"\ntimeout = "1s"\nsettle = "1s"\npace = "0ms"',
    )


def spoil(slack: FakeSlack, dice: random.Random) -> None:
    """One more thing that will go wrong soon."""
    kind, phase, options = dice.choice(_TROUBLE)
    method = "conversations.history" if dice.random() < 0.15 else "chat.postMessage"
    channel = dice.choice(CHANNELS) if method == "chat.postMessage" else ""
    slack.fault(method, kind, phase=phase, skip=dice.randrange(3), channel=channel, **options)


def told(slack: FakeSlack) -> list[int]:
    """The numbers of the reports on Slack, oldest first."""
    return [int(one[1]) for m in slack.messages if (one := re.search(r"number (\d+)", m.text))]


def busy(slack: FakeSlack, calls: int) -> bool:
    """Wait for some more calls."""
    before = len(slack.calls)
    return eventually(lambda: len(slack.calls) >= before + calls, timeout=10)


def check(slack: FakeSlack, alerts: int) -> None:
    """Nothing lost, nothing twice, each channel in order."""
    counts = Counter(told(slack))
    assert set(range(alerts)) - set(counts) == set(), "lost"
    assert {number: n for number, n in counts.items() if n > 1} == {}, "told twice"
    for channel in CHANNELS:
        order = [
            int(one)
            for message in slack.in_channel(channel)
            for one in re.findall(r"number (\d+)", message.text)
        ]
        assert order == sorted(order)


@pytest.mark.slow
def test_300_alerts_survive_30_kills_and_every_kind_of_trouble(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    dice = random.Random(20250317)
    configure(program, feeds, slack, 300)
    begun = time.monotonic()

    for kill in range(30):
        for _ in range(dice.randrange(1, 4)):
            spoil(slack, dice)
        running = program.start()
        started.append(running)
        if kill % 6 == 5:
            time.sleep(dice.uniform(0.2, 1.0))  # while it starts
        else:
            busy(slack, dice.randrange(1, 9))
        running.kill()

    last = program.start()
    started.append(last)
    assert eventually(lambda: len(set(told(slack))) == 300, timeout=90)
    assert last.terminate() == 0
    print(
        f"seconds={time.monotonic() - begun:.0f} faults={slack.faults_hit} calls={len(slack.calls)}"
    )
    check(slack, 300)


@pytest.mark.slow
def test_two_replicas_on_postgresql_survive_kills_and_every_kind_of_trouble(
    program: Program,
    feeds: FeedServer,
    slack: FakeSlack,
    started: list[Running],
    postgres_url: str,
) -> None:
    dice = random.Random(8)
    program.environ |= {"MONITOR_DATABASE__URL": postgres_url, "MONITOR_WEB__LISTEN": ""}
    configure(program, feeds, slack, 300)
    replicas = [program.start(), program.start()]
    started += replicas

    for _ in range(10):
        spoil(slack, dice)
        spoil(slack, dice)
        busy(slack, dice.randrange(1, 14))
        place = dice.randrange(2)
        replicas[place].kill()
        replicas[place] = program.start()
        started.append(replicas[place])

    assert eventually(lambda: len(set(told(slack))) == 300, timeout=90)
    assert [one.terminate() for one in replicas] == [0, 0]
    check(slack, 300)
