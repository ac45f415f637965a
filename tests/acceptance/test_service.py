"""The real process from a feed to a Slack message, and what it survives."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANNELS = ("news-alerts", "one", "two", "three")


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
def started(program: Program) -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def slack_table(slack: FakeSlack) -> str:
    return f'api_url = "{slack.api_url}"\nsettle = "1s"'


def story(number: int, what: str = "captured") -> str:
    return rss_item(
        f"North Korean soldier {what} in report number {number}",
        guid=f"g{number}",
        link=f"https://news.example/{number}",
    )


def numbers(slack: FakeSlack) -> list[int]:
    """The report numbers told on Slack, once for each message that tells them."""
    found = (re.search(r"report number (\d+)", one.text) for one in slack.messages)
    return [int(one[1]) for one in found if one]


def test_a_matching_entry_becomes_one_slack_message(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    program.fresh = True
    url = feeds.publish("/a.xml", rss([story(1), story(2, "interviewed")]))
    program.configure(feeds=[url], slack=slack_table(slack))

    started.append(program.start())

    assert slack.wait(lambda messages: len(messages) == 1)
    (message,) = slack.messages
    assert "https://news.example/1" in str(message.blocks)
    assert message.args["unfurl_links"] in (False, "0", "false", 0)
    assert started[0].terminate() == 0
    assert numbers(slack) == [1]


def test_it_works_the_same_on_postgresql(
    program: Program,
    feeds: FeedServer,
    slack: FakeSlack,
    started: list[Running],
    postgres_url: str,
) -> None:
    url = feeds.publish("/a.xml", rss([story(1), story(2, "interviewed")]))
    program.environ |= {"MONITOR_DATABASE__URL": postgres_url}
    program.configure(feeds=[url], slack=slack_table(slack))
    started.append(program.start())
    assert slack.wait(lambda messages: len(messages) == 1)
    assert started[0].terminate() == 0

    feeds.publish("/a.xml", rss([story(3), story(1)]))
    started.append(program.start())

    assert slack.wait(lambda messages: len(messages) == 2)
    assert started[1].terminate() == 0
    assert numbers(slack) == [1, 3]
    assert "schema 0001, 3 items" in program.run("db", "check").stdout


def test_the_same_report_in_two_feeds_is_told_once(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    one = feeds.publish("/a.xml", rss([story(1)]))
    other = feeds.publish("/b.xml", rss([story(1).replace("g1", "another-guid")]))
    program.configure(feeds=[one, other], slack=slack_table(slack))

    code = program.run("run", "--once").returncode

    assert code == 0
    assert numbers(slack) == [1]


def test_a_restart_repeats_nothing(program: Program, feeds: FeedServer, slack: FakeSlack) -> None:
    url = feeds.publish("/a.xml", rss([story(1)]))
    program.configure(feeds=[url], slack=slack_table(slack))

    for _ in range(2):
        assert program.run("run", "--once").returncode == 0

    assert numbers(slack) == [1]


def test_history_at_first_sight_is_stored_and_not_told(
    program: Program, feeds: FeedServer, slack: FakeSlack
) -> None:
    old = story(1).replace("</item>", "<pubDate>Mon, 06 Jan 2025 10:00:00 GMT</pubDate></item>")
    url = feeds.publish("/a.xml", rss([old]))
    program.configure(feeds=[url], slack=slack_table(slack))

    program.run("run", "--once")
    feeds.publish("/a.xml", rss([story(2), old]))
    program.run("run", "--once")

    assert numbers(slack) == [2]
    assert "2 items" in program.run("db", "check").stdout


def test_one_failing_feed_is_logged_once_and_touches_no_other(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    good = feeds.publish("/good.xml", rss([story(1)]))
    program.configure(feeds=[good, feeds.url("/missing.xml")], slack=slack_table(slack))

    started.append(program.start())
    assert slack.wait(lambda messages: len(messages) == 1)
    assert eventually(lambda: len(feeds.asked("/missing.xml")) >= 2)
    feeds.publish("/missing.xml", rss([story(2)]))
    assert slack.wait(lambda messages: len(messages) == 2)
    assert started[0].terminate() == 0

    said = started[0].messages()
    assert sum("feed failing" in line for line in said) == 1
    assert sum("feed recovered" in line for line in said) == 1


def test_a_cut_document_costs_no_entry(
    program: Program, feeds: FeedServer, slack: FakeSlack
) -> None:
    whole = rss([story(1), story(2)])
    cut = whole[: whole.index(b"report number 2")]
    url = feeds.publish("/a.xml", cut, etag='"same"')
    program.configure(feeds=[url], slack=slack_table(slack))

    program.run("run", "--once")
    feeds.publish("/a.xml", whole, etag='"same"')
    program.run("run", "--once")

    assert sorted(numbers(slack)) == [1, 2]


def test_what_a_cut_first_document_left_out_is_still_history(
    program: Program, feeds: FeedServer, slack: FakeSlack
) -> None:
    old = story(2).replace("</item>", "<pubDate>Mon, 06 Jan 2025 10:00:00 GMT</pubDate></item>")
    whole = rss([story(1), old])
    url = feeds.publish("/a.xml", whole[: whole.index(b"report number 2")])
    program.configure(feeds=[url], slack=slack_table(slack))

    program.run("run", "--once")
    feeds.publish("/a.xml", whole)
    program.run("run", "--once")

    assert numbers(slack) == [1]


def test_a_second_instance_is_refused(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    program.configure(feeds=[feeds.publish("/a.xml", rss([]))], slack=slack_table(slack))
    started.append(program.start())
    assert started[0].wait_for("service started")

    second = program.run("run")

    assert second.returncode == 1
    assert "in use by another monitor" in second.stderr
    assert "Traceback" not in second.stderr
    assert started[0].terminate() == 0


@pytest.mark.parametrize("trouble", ["nothing", "slow feed", "slow slack"])
@pytest.mark.slow
def test_sigterm_ends_the_service_within_ten_seconds(
    program: Program,
    feeds: FeedServer,
    slack: FakeSlack,
    started: list[Running],
    trouble: str,
) -> None:
    program.fresh = True
    url = feeds.publish("/a.xml", rss([story(1)]))
    feeds.play("/slow.xml", lambda connection: connection.wait(60))
    if trouble == "slow slack":
        slack.fault("chat.postMessage", "hang", seconds=60)
    program.configure(
        feeds=[url, feeds.url("/slow.xml")] if trouble == "slow feed" else [url],
        slack=slack_table(slack),
    )
    started.append(program.start())
    assert started[0].wait_for("service started")
    assert eventually(lambda: bool(slack.calls))

    assert started[0].terminate(timeout=10) == 0
    assert "Traceback" not in started[0].output()


def test_the_running_service_answers_its_health_check(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    program.configure(feeds=[feeds.publish("/a.xml", rss([]))], slack=slack_table(slack))
    assert program.run("health").returncode == 1

    started.append(program.start())
    assert started[0].wait_for("service started")

    assert program.run("health").returncode == 0


def test_a_service_that_answers_nobody_is_not_restarted_for_that(program: Program) -> None:
    program.configure(feeds=["https://a.example/rss"], web='listen = ""')

    asked = program.run("health")

    assert asked.returncode == 0
    assert "the service answers nobody" in asked.stderr


def test_an_edited_rule_is_in_force_within_seconds_and_a_broken_one_is_not(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    url = feeds.publish("/a.xml", rss([]))
    program.configure(feeds=[url], slack=slack_table(slack))
    rules = program.folder / "rules" / "rules.toml"
    good = rules.read_text()
    started.append(program.start())
    assert started[0].wait_for("service started")

    rules.write_text(good.replace("AND @captivity", "AND @captivty"))
    assert started[0].wait_for("last good ones stay in force")
    feeds.publish("/a.xml", rss([story(1)]))
    assert slack.wait(lambda messages: len(messages) == 1)

    rules.write_text(good.replace("AND @captivity", "AND exchanged"))
    assert started[0].wait_for("rules mended")
    feeds.publish("/a.xml", rss([story(2), story(3, "exchanged")]))
    assert slack.wait(lambda messages: len(messages) == 2)
    assert numbers(slack) == [1, 3]
    assert any("rules.toml" in line and "@captivity" in line for line in started[0].messages())


def asked_again(feeds: FeedServer) -> bool:
    """Wait for the next request."""
    before = len(feeds.requests)
    return eventually(lambda: len(feeds.requests) > before)


KILLS = 20
_FOUR_RULES = "".join(
    f"""
[[rules]]
id = "r{number}"
name = "Rule {number}"
query = 'captured{number}'
group = "item"
channels = ["#{channel}"]
"""
    for number, channel in enumerate(CHANNELS)
)


@pytest.mark.slow
def test_kill_9_anywhere_loses_nothing(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    """Kills the process at random instants while a feed grows, then counts what reached Slack."""
    dice = random.Random(20250317)
    published: list[str] = []

    def grow() -> None:
        for _ in range(2):
            number = len(published)
            published.append(story(number, f"captured{number % 4}"))
        feeds.publish("/a.xml", rss(reversed(published)))

    grow()
    program.configure(feeds=[feeds.url("/a.xml")], rules=_FOUR_RULES, slack=slack_table(slack))
    kills = 0
    while kills < KILLS:
        running = program.start()
        started.append(running)
        assert asked_again(feeds)
        for _ in range(dice.randrange(1, 4)):
            grow()
            # From right after the fetch to well into the next polls and posts.
            time.sleep(dice.uniform(0, 0.6))
        running.kill()
        kills += 1

    last = program.start()
    started.append(last)
    wanted = set(range(len(published)))
    assert eventually(lambda: wanted <= set(numbers(slack)), timeout=120)
    assert last.terminate() == 0

    told = numbers(slack)
    print(
        f"kills={kills} items={len(wanted)} messages={len(told)} repeated={len(told) - len(wanted)}"
    )
    assert set(told) == wanted
    assert len(told) == len(wanted), "reconciliation finds what was posted before a kill"
    for channel in CHANNELS:
        order = [
            int(one)
            for m in slack.in_channel(channel)
            for one in re.findall(r"number (\d+)", m.text)
        ]
        assert order == sorted(order)
    assert program.run("db", "check").returncode == 0
