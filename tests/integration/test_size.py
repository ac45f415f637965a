"""What the service does all day costs no more with a million rows: every large table is asked by an index."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Clock, MemoryReceiver
from feedserver import FeedServer, rss, rss_item
from process import RULES
from sqlalchemy import Engine, event

from monitor.app import Service
from monitor.config import Config
from monitor.store import migrate, retention
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

LARGE = (
    "alerts|item_keys|items|matches|outbox|revisions|sightings|stories|story_changes|story_items"
)
ONE_ROW = (
    "SELECT story_items.id, story_items.item_id \nFROM story_items ORDER BY story_items.id DESC"
)
RARE = ("SELECT count(*)", "SELECT alerts.id, alerts.rules, outbox.content")
"""Of the heartbeat, once a day; of the weekly report."""
SCAN = re.compile(rf"^SCAN ({LARGE})(_\d+)?\b")


@pytest.fixture
def statements() -> Iterator[dict[str, Any]]:
    """Every statement that was sent to a database, with the values it had first."""
    seen: dict[str, Any] = {}

    def note(
        _c: object, _d: object, statement: str, values: object, _e: object, many: bool
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(statement, values[0] if many else values)  # type: ignore[index]

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def reports(*numbers: int, word: str = "captured") -> str:
    entries = (
        rss_item(
            f"North Korean soldiers {word} in town {n}",
            guid=str(n),
            link=f"https://n.example/{n}",
        )
        for n in numbers
    )
    return rss(entries).decode()


def test_no_statement_of_an_ordinary_day_reads_a_whole_table(
    tmp_path: Path, now: datetime, statements: dict[str, Any]
) -> None:
    clock = Clock(now)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.toml").write_text(RULES)
    url = f"sqlite:///{tmp_path / 'm.db'}"
    with FeedServer() as server:
        config = Config.model_validate(
            {
                "database": {"url": url, "retention": "7d"},
                "rules": {"path": str(tmp_path / "rules")},
                "alerts": {"ops_channel": "#ops"},
                "polling": {"allow_private": ["127.0.0.1"], "interval": "1m"},
                "feeds": [{"url": server.publish("/a.xml", reports(1, 2))}],
                "web": {"listen": ""},
            }
        )
        with Service(config, MemoryReceiver(), clock=clock, wait=clock.pass_) as service:
            statements.clear()
            for document in (
                reports(1, 2),
                reports(1, 2, 3),
                reports(2, 3, 4, word="captured today"),
            ):
                server.publish("/a.xml", document)
                clock.pass_(200)
                for job in service.jobs:
                    job()
                service.report()
            clock.now += timedelta(days=30)
            for _ in range(3):
                clock.pass_(1)
                for job in service.jobs:
                    job()

    with Database(url) as database, database.transaction() as tx:
        # Maintenance noted how few rows there are, and of a handful all are read.
        tx.exec_driver_sql("DROP TABLE IF EXISTS sqlite_stat1")
    with Database(url) as database, database.reading() as tx:
        found = {
            (statement, str(row[3]))
            for statement, values in statements.items()
            if not statement.startswith((ONE_ROW, *RARE))
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            if SCAN.match(str(row[3]))
        }
    assert len(statements) > 40
    assert found == set()


def test_what_is_old_is_found_by_its_age(
    tmp_path: Path, now: datetime, statements: dict[str, Any]
) -> None:
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database:
        migrate.upgrade(database)
        statements.clear()
        with database.transaction() as tx:
            retention.prune(tx, before=now, limit=10)
        asked = {one: values for one, values in statements.items() if one.startswith("SELECT")}
        with database.reading() as tx:
            plans = [
                str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values).first())
                for one, values in asked.items()
            ]

    columns = ("first_seen_at", "created_at", "updated_at", "last_item_at")
    assert len(plans) == len(columns)
    for plan, column in zip(plans, columns, strict=True):
        assert f"({column}<?)" in plan
