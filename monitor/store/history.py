"""What is stored, newest first, for those who look back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, true

from monitor.model import Item, Outlet
from monitor.store.schema import feeds, items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from monitor.store.database import Database, Transaction

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as it stands in the database."""

    id: int
    item: Item
    seen: datetime
    """When it was first seen."""


def count(tx: Transaction, *, since: datetime | None = None) -> int:
    """How many items were first seen since then; all without it."""
    return tx.execute(select(func.count()).select_from(items).where(_since(since))).scalar_one()


def newest(database: Database, *, since: datetime | None = None) -> Iterator[Stored]:
    """The items first seen since then, newest first; no transaction stays open while they are used."""
    before = None
    while True:
        query = _items().where(_since(since))
        if before is not None:
            query = query.where(items.c.id < before)
        with database.reading() as tx:
            found = _read(tx, query.order_by(items.c.id.desc()).limit(_BATCH))
        yield from found
        if len(found) < _BATCH:
            return
        before = found[-1].id


def find(tx: Transaction, item: int) -> Stored | None:
    """One item; None where there is none of this number."""
    return next(iter(_read(tx, _items().where(items.c.id == item))), None)


def _since(since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else items.c.first_seen_at >= since


def _items() -> Select[Any]:
    language = feeds.c.language.label("outlet_language")
    outlet = (feeds.c.name, language, feeds.c.kind, feeds.c.country, feeds.c.tags)
    return select(*items.c, *outlet).join(feeds, feeds.c.id == items.c.feed_id)


def _read(tx: Transaction, query: Select[Any]) -> list[Stored]:
    return [
        Stored(
            row.id,
            Item(
                row.title,
                row.summary,
                row.content,
                row.url,
                Outlet(row.name, row.outlet_language, row.kind, row.country, tuple(row.tags)),
                row.language,
                row.published_at,
            ),
            row.first_seen_at,
        )
        for row in tx.execute(query)
    ]
