"""A disk that takes nothing more, under the real service: it says so, keeps all, and goes on by itself."""

from __future__ import annotations

import re
import resource
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=("news-alerts",)) as server:
        yield server


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def started() -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def report(number: int) -> str:
    return rss_item(
        f"North Korean soldiers captured in report number {number}",
        guid=f"g{number}",
        link=f"https://news.example/{number}",
    )


def numbers(slack: FakeSlack) -> list[str]:
    return [one for message in slack.messages for one in re.findall(r"number (\d+)", message.text)]


@pytest.mark.slow
def test_a_disk_without_room_stops_the_work_and_loses_nothing(
    tmp_path: Path, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    program = Program(tmp_path / "desk", {"SLACK_BOT_TOKEN": slack.token})
    url = feeds.publish("/a.xml", rss([report(1)]))
    program.configure(feeds=[url], slack=f'api_url = "{slack.api_url}"\npace = "0ms"')
    running = program.start()
    started.append(running)
    assert slack.wait(lambda messages: len(messages) == 1)

    # The log is below this size, the database above: it can't grow by a byte.
    pid, room = running.process.pid, 65_536
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    feeds.publish("/a.xml", rss([report(3), report(2), report(1)]))

    assert running.wait_for("polling waits: the database .* free (disk )?space")
    done = program.run("health")
    assert done.returncode == 1
    assert "the database" in done.stderr
    assert numbers(slack) == ["1"]

    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    assert eventually(lambda: len(numbers(slack)) == 3, timeout=75), "when the lease ends"
    assert running.terminate() == 0
    assert sorted(numbers(slack)) == ["1", "2", "3"]
    assert "the database is sound" in program.run("db", "check").stdout
