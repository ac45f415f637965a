"""Several processes on one PostgreSQL, with wrong clocks and short lives: each alert once, none lost."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

from monitor.store import feeds as stored_feeds
from monitor.store import history
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEEDS = 500
CHANNELS = tuple(f"desk-{number}" for number in range(5))
KILLS = 10
SKEWS = (-900.0, 0.0, 900.0)
"""Of the machines' clocks, in seconds: more than the time between two polls of a feed."""
NEAR = timedelta(seconds=30)
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


@pytest.fixture
def servers() -> Iterator[list[FeedServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(FeedServer(host=f"127.0.0.{n}")) for n in range(1, 6)]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=CHANNELS) as server:
        yield server


@pytest.fixture
def replicas() -> Iterator[list[Running]]:
    """Processes, one a place; what stands there in the end is ended."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def publish(servers: list[FeedServer], feed: int) -> str:
    """Let a feed carry one report; returns its URL."""
    report = rss_item(
        f"Soldier captured{feed % 5} in report number {feed}",
        guid=f"g{feed}",
        link=f"https://news.example/{feed}",
    )
    return servers[feed % 5].publish(f"/{feed}.xml", rss([report]))


def called(slack: FakeSlack, times: int) -> bool:
    """Whether there were so many calls."""
    return len(slack.calls) >= times


def told(slack: FakeSlack) -> list[str]:
    """The reports on Slack, oldest first."""
    found = [re.search(r"number (\d+)", message.text) for message in slack.messages]
    return [one[1] for one in found if one]


def all_due(url: str) -> None:
    """Make every feed due at once, as after an outage."""
    with Database(url) as database:
        database.run(lambda tx: stored_feeds.make_due(tx, now=datetime.now(UTC)))


@pytest.mark.slow
def test_three_replicas_with_wrong_clocks_and_short_lives_tell_each_report_once(
    tmp_path: Path,
    servers: list[FeedServer],
    slack: FakeSlack,
    replicas: list[Running],
    postgres_url: str,
) -> None:
    dice = random.Random(500)
    program = Program(tmp_path / "desk", {"SLACK_BOT_TOKEN": slack.token})
    program.environ |= {"MONITOR_DATABASE__URL": postgres_url, "MONITOR_WEB__LISTEN": ""}
    program.configure(
        feeds=[publish(servers, feed) for feed in range(FEEDS)],
        rules=RULES,
        polling='interval = "10m"\nmin_interval = "1s"\nper_host = 16\nallow_private = ["127.0.0.0/8"]',
        slack=f'api_url = "{slack.api_url}"\ntimeout = "1s"\nsettle = "1s"\npace = "0ms"',
    )
    # Together, on an empty database.
    replicas += [program.start(skew=skew) for skew in SKEWS]
    assert all(one.wait_for("service started") for one in replicas)

    begun, began = time.monotonic(), datetime.now(UTC)
    all_due(postgres_url)
    for _ in range(KILLS):
        kind, seconds = dice.choice([("delay", 1.3), ("hang", 1.2)])
        slack.fault("chat.postMessage", kind, phase="before", seconds=seconds)
        enough = len(slack.calls) + dice.randrange(5, 50)
        eventually(partial(called, slack, enough), timeout=5)
        place = dice.randrange(len(replicas))
        replicas[place].kill()
        replicas[place] = program.start(skew=SKEWS[place])
    assert eventually(lambda: len(set(told(slack))) == FEEDS, timeout=60), len(told(slack))
    print(f"seconds={time.monotonic() - begun:.0f} calls={len(slack.calls)}")

    assert [one.terminate() for one in replicas] == [0, 0, 0]
    counts = Counter(told(slack))
    assert len(counts) == FEEDS, "lost"
    assert {report: n for report, n in counts.items() if n > 1} == {}, "told twice"
    with Database(postgres_url) as database:
        seen = [stored.seen for stored in history.newest(database)]
    assert len(seen) == FEEDS
    assert began - NEAR <= min(seen) <= max(seen) <= datetime.now(UTC) + NEAR, (
        "another clock's time"
    )
