"""What /metrics reads from the database and the service when it is asked, in short queries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.metrics import Gauge
from monitor.store import feeds, outbox

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.checkup import Report
    from monitor.store.database import Database
    from monitor.store.feeds import Tally
    from monitor.store.outbox import Waiting

OVERDUE = timedelta(minutes=1)
"""A feed that was due so long ago is late: polling does not keep up."""
_STATUSES = ("ok", "degraded", "failing")


def of_database(database: Database, *, now: datetime) -> list[Gauge]:
    """What stands in the database.

    Raises:
        StoreError: It can't be read.
    """
    with database.reading() as tx:
        tally = feeds.tally(tx, overdue=now - OVERDUE, since=now - timedelta(days=1))
        waiting = outbox.waiting(tx)
    return [*_of_feeds(tally, now), *_of_outbox(waiting, now), _size(database.path)]


def of_service(
    report: Report, *, rules: int, rule_set: str, problems: int, version: str
) -> list[Gauge]:
    """How the service is and what it works with."""
    works = [({"task": job.name}, float(job.works)) for job in report.jobs]
    ages = [({"task": job.name}, job.ok_s) for job in report.jobs if job.ok_s is not None]
    statuses = [({"status": one}, float(one == report.status)) for one in _STATUSES]
    return [
        Gauge("monitor_info", "The version that runs.", [({"version": version}, 1)]),
        Gauge("monitor_status", "How the service is, as /healthz says it.", statuses),
        Gauge("monitor_job_works", "Whether a job neither fails nor hangs.", works),
        Gauge("monitor_job_ok_age_seconds", "Since a job last ended well.", ages),
        Gauge("monitor_rules", "Rules in force.", [({}, rules)]),
        Gauge(
            "monitor_rule_set_info", "The rule files in force.", [({"version": rule_set[:12]}, 1)]
        ),
        Gauge(
            "monitor_rule_problems",
            "What is wrong in the rule files, while those before them stay in force.",
            [({}, problems)],
        ),
    ]


def _of_feeds(tally: Tally, now: datetime) -> list[Gauge]:
    states = {
        "fine": tally.all - tally.failing - tally.gone - tally.new,
        "failing": tally.failing,
        "gone": tally.gone,
        "new": tally.new,
    }
    late = max(0.0, (now - tally.due_since).total_seconds()) if tally.due_since else 0.0
    return [
        Gauge("monitor_feeds", "Feeds followed.", [({"state": k}, v) for k, v in states.items()]),
        Gauge("monitor_feeds_overdue", "Feeds due for a minute or more.", [({}, tally.overdue)]),
        Gauge(
            "monitor_poll_lag_seconds", "How long the feed longest due has waited.", [({}, late)]
        ),
        Gauge(
            "monitor_feed_gaps",
            "Polls that found none of the entries before, of all feeds followed.",
            [({}, tally.gaps)],
        ),
        Gauge(
            "monitor_feeds_with_gap", "Feeds with such a poll within a day.", [({}, tally.with_gap)]
        ),
    ]


def _of_outbox(waiting: tuple[Waiting, ...], now: datetime) -> list[Gauge]:
    ages = [
        (
            {"state": one.state.value},
            max(0.0, (now - one.since).total_seconds()) if one.since else 0.0,
        )
        for one in waiting
    ]
    numbers = [({"state": one.state.value}, float(one.number)) for one in waiting]
    return [
        Gauge("monitor_outbox_messages", "Messages not delivered.", numbers),
        Gauge("monitor_outbox_oldest_age_seconds", "Since the oldest of these was promised.", ages),
    ]


def _size(path: Path | None) -> Gauge:
    """Of the database file and its write-ahead log."""
    values = []
    if path:
        for kind, file in (("database", path), ("log", path.with_name(f"{path.name}-wal"))):
            size = file.stat().st_size if file.exists() else 0
            values.append(({"file": kind}, float(size)))
    return Gauge("monitor_database_bytes", "Size of the SQLite file and its log.", values)
