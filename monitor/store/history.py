"""What is stored, newest first, for those who look back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, true

from monitor.model import Item, Outlet
from monitor.store.schema import feeds, items, matches, revisions, story_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class Past:
    """A stored item with what became of it."""

    stored: Stored
    first_sight: bool
    """It came with the first document of its feed, which may hold history."""
    story: int | None = None
    """Of items that matched."""
    report: str = ""
    """As grouping remembers it."""
    wordings: tuple[Item, ...] = ()
    """What it said before, of items that matched."""


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


def oldest(database: Database, *, since: datetime) -> Iterator[Past]:
    """The items first seen since then, oldest first; no transaction stays open while they are used."""
    with database.reading() as tx:
        known = {row.id: row for row in tx.execute(select(feeds))}
    after: tuple[datetime, int] = (since, 0)
    while True:
        with database.reading() as tx:
            found = _past(tx, after, known)
        yield from found
        if len(found) < _BATCH:
            return
        after = (found[-1].stored.seen, found[-1].stored.id)


def _past(tx: Transaction, after: tuple[datetime, int], known: dict[int, Any]) -> list[Past]:
    seen, number = items.c.first_seen_at, items.c.id
    query = (
        select(*items.c, story_items.c.story_id, story_items.c.report)
        .outerjoin(story_items, story_items.c.item_id == items.c.id)
        .where(seen >= after[0], or_(seen > after[0], and_(seen == after[0], number > after[1])))
        .order_by(seen, number)
        .limit(_BATCH)
    )
    rows = tx.execute(query).all()
    missing = {row.feed_id for row in rows} - known.keys()
    if missing:  # a feed that was added since we began
        known |= {row.id: row for row in tx.execute(select(feeds).where(feeds.c.id.in_(missing)))}
    before = _wordings(tx, [row.id for row in rows if row.story_id])
    found = []
    for row in rows:
        feed = known[row.feed_id]
        item = _item(row, feed)
        found.append(
            Past(
                Stored(row.id, item, row.first_seen_at),
                feed.first_polled_at == row.first_seen_at,
                row.story_id,
                row.report or "",
                tuple(
                    replace(item, title=one.title, summary=one.summary, content=one.content)
                    for one in before.get(row.id, ())
                ),
            )
        )
    return found


def _wordings(tx: Transaction, ids: Iterable[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    wanted = list(ids)
    if wanted:
        query = select(revisions).where(revisions.c.item_id.in_(wanted)).order_by(revisions.c.id)
        for row in tx.execute(query):
            found.setdefault(row.item_id, []).append(row)
    return found


def first_of(tx: Transaction, story: int, rules: Iterable[str]) -> Stored | None:
    """The first item of a story that matched one of these rules; None where none is kept."""
    query = (
        select(func.min(story_items.c.item_id))
        .join(matches, matches.c.item_id == story_items.c.item_id)
        .where(story_items.c.story_id == story, matches.c.rule.in_(list(rules)))
    )
    item = tx.execute(query).scalar_one()
    return None if item is None else find(tx, item)


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
        Stored(row.id, _item(row, row, row.outlet_language), row.first_seen_at)
        for row in tx.execute(query)
    ]


def _item(row: Any, feed: Any, outlet_language: str | None = None) -> Item:  # noqa: ANN401 - rows of queries made here
    language = feed.language if outlet_language is None else outlet_language
    return Item(
        row.title,
        row.summary,
        row.content,
        row.url,
        Outlet(feed.name, language, feed.kind, feed.country, tuple(feed.tags)),
        row.language,
        row.published_at,
    )
