"""What Prometheus reads, and that what we ship for it asks for nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes import alert, promise

from monitor import metrics
from monitor.checkup import Report
from monitor.errors import FetchError, RateLimited
from monitor.model import Feed, Outlet, Reason
from monitor.steady import Condition
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from webdesk import Desk

DOCS = Path(__file__).parents[3] / "docs"
TOKEN = "sesame-opens-the-page"


def scraped(desk: Desk, *, path: str = "/metrics") -> str:
    with desk.serving():
        return desk.ask(path).body


def value(page: str, sample: str) -> float:
    """The value of a sample written as Prometheus does; 0 where it is absent."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def offered(page: str) -> set[str]:
    """The names of all series on a page, also of those that have no value yet."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE):
        names.add(name)
        if kind == "histogram":
            names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return names


def test_what_happened_is_counted(desk: Desk) -> None:
    before = scraped(desk)

    metrics.polled(news=True)
    metrics.failed(FetchError("asked to wait", retry_after=timedelta(seconds=9)))
    metrics.failed(FetchError("gone", gone=True))
    metrics.matched("pow")
    metrics.decided(Reason.NEW_STORY, ["pow"])
    metrics.decided(Reason.KNOWN_STORY, ["pow"])
    metrics.attempted()
    metrics.attempted(RateLimited("slower", retry_after=timedelta(seconds=1)))
    after = scraped(desk)

    for sample in (
        'monitor_polls_total{result="news"}',
        'monitor_polls_total{result="failed"}',
        'monitor_polls_total{result="gone"}',
        'monitor_matches_total{rule="pow"}',
        'monitor_alerts_total{rule="pow"}',
        'monitor_decisions_total{reason="new_story"}',
        'monitor_decisions_total{reason="known_story"}',
        'monitor_deliveries_total{result="sent"}',
        'monitor_deliveries_total{result="rate_limited"}',
        'monitor_rate_limits_total{by="slack"}',
        'monitor_rate_limits_total{by="feed"}',
    ):
        assert value(after, sample) - value(before, sample) == 1, sample


def test_how_late_an_alert_came_is_counted_from_its_publication(desk: Desk) -> None:
    late = 'monitor_published_to_delivered_seconds_bucket{le="300.0"}'
    later = 'monitor_published_to_delivered_seconds_bucket{le="600.0"}'
    content = replace(alert(), published=desk.clock() - timedelta(minutes=7))
    before = scraped(desk)

    metrics.delivered([content], now=desk.clock())
    after = scraped(desk)

    assert value(after, late) == value(before, late)
    assert value(after, later) == value(before, later) + 1


def test_however_many_rules_there_are_the_series_are_few() -> None:
    few = metrics.Few(3)

    assert [few.label(rule) for rule in "abcda"] == ["a", "b", "c", metrics.OTHERS, "a"]


def test_feeds_and_messages_are_read_when_asked(desk: Desk) -> None:
    now = desk.clock()
    feeds = [Feed(f"https://feeds.example/{n}", Outlet(str(n))) for n in range(4)]
    with desk.database.transaction() as tx:
        stored_feeds.sync(tx, feeds, now=now - timedelta(minutes=5))
        for state, due in zip(stored_feeds.states(tx), (now, None), strict=False):
            stored_feeds.failed(tx, state.id, now=now, next_poll_at=due, error="no answer")
    promise(desk.database, "waits", channel="#a", now=now - timedelta(minutes=3))

    page = scraped(desk)

    assert value(page, 'monitor_feeds{state="failing"}') == 1
    assert value(page, 'monitor_feeds{state="gone"}') == 1
    assert value(page, 'monitor_feeds{state="new"}') == 2
    assert value(page, "monitor_feeds_overdue") == 2
    assert value(page, "monitor_poll_lag_seconds") == 300
    assert value(page, 'monitor_outbox_messages{state="pending"}') == 1
    assert value(page, 'monitor_outbox_messages{state="dead"}') == 0
    assert value(page, 'monitor_outbox_oldest_age_seconds{state="pending"}') == 180
    assert value(page, "monitor_rules") == 2
    assert value(page, 'monitor_rule_set_info{version="0123456789ab"}') == 1


def test_a_database_that_does_not_answer_does_not_hide_the_rest(desk: Desk) -> None:
    desk.report = Report(("the database is gone",), (), ())
    with desk.database.transaction() as tx:
        tx.exec_driver_sql("ALTER TABLE feeds RENAME TO elsewhere")

    page = scraped(desk)

    assert value(page, 'monitor_status{status="failing"}') == 1
    assert "monitor_polls_total" in page


def test_with_a_token_only_who_sends_it_may_scrape(desk: Desk) -> None:
    with desk.serving(token=TOKEN):
        assert desk.ask("/metrics").status == 401
        assert desk.ask("/metrics", authorization="Bearer wrong").status == 401
        assert desk.ask("/metrics", authorization=f"Bearer {TOKEN}").status == 200
        assert desk.ask("/healthz").status == 200
        assert desk.ask("/readyz").status == 200


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "prometheus-alerts.yml"])
def test_what_we_ship_for_prometheus_asks_only_for_what_there_is(desk: Desk, file: str) -> None:
    job = Condition("polling", ok_s=1.0, failing_s=None, error="", hangs=False)
    desk.report = Report((), (), (job,))
    text = (DOCS / file).read_text(encoding="utf-8")

    asked = set(re.findall(r"\b(?:monitor|process)_[a-z_]+\b(?=[{\[ )]|$)", text, re.MULTILINE))

    assert len(asked) > 8
    assert asked - offered(scraped(desk)) == set()


def test_the_documents_name_every_metric(desk: Desk) -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    names = {name for name in offered(scraped(desk)) if name.startswith("monitor_")}
    bare = {re.sub("_(bucket|sum|count|created)$", "", name) for name in names}

    assert {name for name in bare if name not in page} == set()


def test_the_dashboard_is_whole() -> None:
    board = json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]

    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["targets"] and panel["title"] and panel["description"] for panel in panels)
