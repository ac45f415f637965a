from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock, promise
from sqlalchemy import event

from monitor.errors import StoreError
from monitor.maintain import Maintain
from monitor.model import Receipt
from monitor.store import migrate, outbox
from monitor.store.database import Database

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

KEEP = timedelta(days=7)


def deliver(database: Database, now: datetime) -> None:
    """Record everything that waits as delivered."""
    with database.transaction() as tx:
        while heads := outbox.heads(tx):
            for head in heads:
                claim = outbox.start(tx, head, now=now)
                assert claim
                outbox.sent(tx, claim, Receipt("C1", "1"), now=now)


def left(database: Database) -> int:
    with database.reading() as tx:
        return sum(outbox.counts(tx).values())


def test_what_is_older_than_the_retention_goes_and_the_rest_stays(
    database: Database, now: datetime
) -> None:
    promise(database, "old", channel="#a", now=now)
    promise(database, "new", channel="#a", now=now + timedelta(days=5))
    deliver(database, now)

    Maintain(database, keep=KEEP, clock=Clock(now + timedelta(days=8)))()

    with database.reading() as tx:
        (kept,) = outbox.latest(tx, limit=9)
    assert getattr(kept.message.content, "title") == "new"  # noqa: B009 - of a union


def test_what_was_not_delivered_stays_however_old(database: Database, now: datetime) -> None:
    promise(database, "old", channel="#a", now=now)

    Maintain(database, keep=KEEP, clock=Clock(now + timedelta(days=800)))()

    assert left(database) == 1


def test_it_goes_in_steps_of_some_rows_and_says_how_many(
    database: Database, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(7):
        promise(database, f"title {number}", channel=f"#{number}", now=now)
    deliver(database, now)
    caplog.set_level("INFO")
    begun: list[object] = []
    event.listen(database._engine, "begin", begun.append)  # noqa: SLF001 - counts transactions

    clock, pauses = Clock(now + timedelta(days=8)), list[float]()
    Maintain(database, keep=KEEP, clock=clock, step=2, wait=pauses.append)()

    assert len(pauses) == 4, "polls write between the steps"
    assert min(pauses) > 0
    assert left(database) == 0
    assert len(begun) >= 4 + 1, "four steps of two messages, and one that finds nothing"
    assert "rows=21" in caplog.text, "seven messages, alerts and stories"


def test_a_stop_ends_it_after_the_step_at_hand(database: Database, now: datetime) -> None:
    for number in range(6):
        promise(database, f"title {number}", channel=f"#{number}", now=now)
    deliver(database, now)
    maintain = Maintain(database, keep=KEEP, clock=Clock(now + timedelta(days=8)), step=2)

    maintain.stop()
    maintain()

    assert left(database) == 6


def test_a_number_that_was_given_once_is_never_given_again(
    database: Database, now: datetime
) -> None:
    promise(database, "old", channel="#a", now=now)
    deliver(database, now)
    with database.reading() as tx:
        (old,) = outbox.latest(tx, limit=9)
    Maintain(database, keep=KEEP, clock=Clock(now + timedelta(days=8)))()
    assert left(database) == 0

    promise(database, "new", channel="#a", now=now)

    with database.reading() as tx:
        (new,) = outbox.latest(tx, limit=9)
    assert new.id > old.id
    assert new.message.key != old.message.key


def test_a_database_that_is_damaged_is_noticed_within_a_day(tmp_path: Path, now: datetime) -> None:
    file = tmp_path / "m.db"
    with Database(f"sqlite:///{file}") as database:
        migrate.upgrade(database)
        for number in range(60):
            promise(database, f"title {number} " * 50, channel=f"#{number}", now=now)
    with file.open("r+b") as stream:
        stream.seek(-20_000, os.SEEK_END)
        stream.write(os.urandom(16_000))

    with (
        Database(f"sqlite:///{file}") as database,
        pytest.raises(StoreError, match="damaged: stop the service and restore the newest backup"),
    ):
        Maintain(database, keep=KEEP, clock=Clock(now))()


def test_a_sound_database_is_looked_after_in_silence(database: Database, now: datetime) -> None:
    clock = Clock(now)
    maintain = Maintain(database, keep=KEEP, clock=clock)

    for _ in range(3):
        maintain()
        clock.pass_(86_400)
