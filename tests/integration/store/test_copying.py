from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import promise
from sqlalchemy import delete, func, select, update

from monitor.errors import StoreError
from monitor.model import Feed, Item, Outlet
from monitor.store import copying, feeds, folding, history, items, migrate, outbox, stories
from monitor.store.database import Database
from monitor.store.schema import items as items_table
from monitor.store.schema import metadata
from monitor.store.schema import outbox as outbox_table
from monitor.store.schema import stories as stories_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def other(database: Database, tmp_path: Path, postgres_url: str) -> Iterator[Database]:
    """An empty database of the other kind."""
    url = postgres_url if database.path else f"sqlite:///{tmp_path / 'other.db'}"
    with Database(url) as opened:
        yield opened


def fill(database: Database, now: datetime) -> None:
    """Feeds, items, a digest of alerts, a story that went into a later one."""
    with database.transaction() as tx:
        feeds.sync(tx, [Feed("https://a.example/", Outlet("Ä", "ko"))], now=now)
        for number in range(5):
            item = Item(f"전쟁 포로 {number}", content="é" * 100, published=now)
            items.add(tx, [items.NewItem(item, keys=(f"k{number}",))], feed=1, now=now)
    for number in range(4):
        promise(database, f"Two captured {number}", channel="#a", now=now)
    with database.transaction() as tx:
        folding.collapse(tx, "#a", above=2, size=25, now=now)
        stories.merge(tx, 1, 3, by="analyst", now=now + timedelta(hours=1))


def rows(database: Database) -> dict[str, list[str]]:
    """Everything in every table."""
    with database.reading() as tx:
        return {
            table.name: sorted(map(repr, tx.execute(select(table))))
            for table in metadata.sorted_tables
        }


def test_everything_arrives_as_it_was(
    database: Database, other: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 2)
    fill(database, now)

    counts = copying.copy(database, other)

    assert rows(other) == rows(database)
    assert (counts["items"], counts["outbox"], counts["stories"]) == (5, 5, 4)


def test_a_message_is_known_again_by_the_same_key(
    database: Database, other: Database, now: datetime
) -> None:
    fill(database, now)

    copying.copy(database, other)

    with database.reading() as here, other.reading() as there:
        assert outbox.key_of(here, 7, 1) == outbox.key_of(there, 7, 1)


def test_work_goes_on_with_the_next_numbers(
    database: Database, other: Database, now: datetime
) -> None:
    fill(database, now)
    copying.copy(database, other)

    promise(other, "A fifth", channel="#a", now=now)

    with other.reading() as tx:
        assert tx.execute(select(func.max(outbox_table.c.id))).scalar_one() == 6
        assert tx.execute(select(func.max(stories_table.c.id))).scalar_one() == 5


def test_the_number_of_what_was_deleted_is_not_given_again(
    database: Database, other: Database, now: datetime
) -> None:
    fill(database, now)
    with database.transaction() as tx:
        tx.execute(delete(items_table).where(items_table.c.id > 2))
    copying.copy(database, other)

    with other.transaction() as tx:
        assert items.add(tx, [items.NewItem(Item("New"), keys=("new",))], feed=1, now=now) == [6]


def test_a_database_with_content_is_refused_and_left_alone(
    database: Database, other: Database, now: datetime
) -> None:
    fill(database, now)
    migrate.upgrade(other)
    promise(other, "Already here", channel="#b", now=now)
    before = rows(other)

    with pytest.raises(StoreError, match=r"not empty \(.*outbox.*\): name an empty one"):
        copying.copy(database, other)

    assert rows(other) == before


def test_a_copy_that_fails_leaves_an_empty_database(
    database: Database, other: Database, now: datetime
) -> None:
    fill(database, now)
    with database.transaction() as tx:
        if tx.dialect.name == "sqlite":
            # What PostgreSQL has no text for.
            tx.execute(update(outbox_table).values(error="\0"))
        else:
            tx.exec_driver_sql("ALTER TABLE outbox DROP CONSTRAINT ck_outbox_state")
            tx.execute(update(outbox_table).values(state="unheard of"))

    with pytest.raises(StoreError):
        copying.copy(database, other)

    with other.reading() as tx:
        assert history.count(tx) == 0
