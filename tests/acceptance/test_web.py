"""What the running service answers on web.listen."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING

import pytest
from feedserver import FeedServer, rss, rss_item
from process import Program, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from process import Running

ITEM = rss_item(title="Two North Korean soldiers captured", link="https://example.org/1")


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def started() -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def asked(program: Program, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(program.listen, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def sample(program: Program, name: str) -> float:
    _, page = asked(program, "/metrics")
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_running_service_counts_what_it_does(
    program: Program, feeds: FeedServer, started: list[Running]
) -> None:
    program.configure(feeds=[feeds.publish("/a.xml", rss([ITEM])), feeds.url("/missing.xml")])
    started.append(program.start())
    assert started[0].wait_for("alert delivered")

    assert asked(program, "/readyz")[0] == 200
    assert eventually(lambda: sample(program, 'monitor_deliveries_total{result="sent"}') == 1)
    assert sample(program, 'monitor_items_total{kind="new"}') == 1
    assert sample(program, 'monitor_matches_total{rule="pow"}') == 1
    assert sample(program, 'monitor_alerts_total{rule="pow"}') == 1
    assert sample(program, 'monitor_decisions_total{reason="new_story"}') == 1
    assert sample(program, "monitor_parse_seconds_count") == 1
    assert sample(program, "monitor_fetch_seconds_count") >= 2
    assert sample(program, "monitor_seen_to_delivered_seconds_count") == 1
    assert eventually(lambda: sample(program, 'monitor_polls_total{result="unchanged"}') >= 1)
    assert eventually(lambda: sample(program, 'monitor_polls_total{result="failed"}') >= 1)
    assert eventually(lambda: sample(program, 'monitor_feeds{state="failing"}') == 1)
    assert sample(program, 'monitor_job_works{task="polling"}') == 1
