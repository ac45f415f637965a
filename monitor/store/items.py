"""Items: stored once, however many feeds carry them, and the identities by which they are known again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model import Evidence, Item, Known, Match
from monitor.store.schema import item_keys, items, matches, revisions, sightings, story_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Table

    from monitor.store.database import Transaction

_MAX_BOUND = 500
"""Values in one IN: far below what either database takes, few enough statements."""


def known(tx: Transaction, keys: Iterable[str]) -> dict[str, Known | None]:
    """The stored items that hold any of these keys, by key; None where only the identity was kept."""
    found: dict[str, Known | None] = {}
    wanted = list(dict.fromkeys(keys))
    for first in range(0, len(wanted), _MAX_BOUND):
        found |= _known(tx, wanted[first : first + _MAX_BOUND])
    return found


def _known(tx: Transaction, keys: Sequence[str]) -> dict[str, Known | None]:
    holders = select(item_keys.c.key, item_keys.c.item_id).where(item_keys.c.key.in_(keys))
    ids = {row.key: row.item_id for row in tx.execute(holders)}
    if not ids:
        return {}
    all_keys: dict[int, list[str]] = {}
    for row in tx.execute(
        select(item_keys.c.key, item_keys.c.item_id).where(item_keys.c.item_id.in_(ids.values()))
    ):
        all_keys.setdefault(row.item_id, []).append(row.key)
    stored = select(items.c.id, items.c.feed_id, items.c.title, items.c.url).where(
        items.c.id.in_(ids.values())
    )
    by_id = {
        row.id: Known(row.id, row.feed_id, row.title, row.url, tuple(all_keys[row.id]))
        for row in tx.execute(stored)
    }
    return {key: by_id.get(item) for key, item in ids.items()}


def add(tx: Transaction, item: Item, *, keys: Sequence[str], feed: int, now: datetime) -> int:
    """Store an item nobody had, under those of its keys that nobody holds; returns its id.

    Raises:
        IntegrityError: Another replica took a key meanwhile; `Database.run` begins again.
    """
    row = tx.execute(
        insert(items)
        .values(
            feed_id=feed,
            url=item.url,
            title=item.title,
            summary=item.summary,
            content=item.content,
            language=item.language,
            published_at=item.published,
            first_seen_at=now,
        )
        .returning(items.c.id)
    ).one()
    item_id: int = row.id
    if keys:
        rows = [{"key": key, "item_id": item_id, "seen_at": now} for key in dict.fromkeys(keys)]
        tx.execute(insert(item_keys), rows)
    add_sighting(tx, item_id, feed=feed, now=now)
    return item_id


def add_keys(tx: Transaction, item: int, keys: Iterable[str], *, now: datetime) -> None:
    """Let an item be known by these keys too; a key that another item holds stays with it."""
    rows = [{"key": key, "item_id": item, "seen_at": now} for key in dict.fromkeys(keys)]
    _insert_new(tx, item_keys, rows)


def add_sighting(tx: Transaction, item: int, *, feed: int, now: datetime) -> None:
    """Remember that a feed carried an item; the first time counts."""
    _insert_new(tx, sightings, [{"item_id": item, "feed_id": feed, "seen_at": now}])


def _insert_new(tx: Transaction, table: Table, rows: list[dict[str, object]]) -> None:
    if rows:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def revise(tx: Transaction, item: int, new: Item, *, now: datetime) -> bool:
    """Take over what a publisher changed in an item, and keep what it said before.

    Returns whether anything was changed. A text that is gone is no change: feeds shorten as they please.
    """
    row = tx.execute(select(items).where(items.c.id == item)).one()
    before = {"title": row.title, "summary": row.summary, "content": row.content}
    after = {"title": new.title, "summary": new.summary, "content": new.content}
    changed = {name: text for name, text in after.items() if text and text != before[name]}
    if not changed:
        return False
    tx.execute(insert(revisions).values(item_id=item, **before, replaced_at=now))
    tx.execute(update(items).where(items.c.id == item).values(changed))
    return True


def wordings(tx: Transaction, item: int) -> list[str]:
    """The titles an item had before its present one, oldest first."""
    query = select(revisions.c.title).where(revisions.c.item_id == item).order_by(revisions.c.id)
    return list(tx.execute(query).scalars())


def is_grouped(tx: Transaction, item: int) -> bool:
    """Whether an item is in a story, because it matched once."""
    query = select(story_items.c.id).where(story_items.c.item_id == item)
    return tx.execute(query).one_or_none() is not None


def add_matches(tx: Transaction, item: int, found: Sequence[Match]) -> None:
    """Keep which rules an item matched, and why."""
    rows = [
        {
            "item_id": item,
            "rule": match.rule,
            "severity": match.severity.value,
            "evidence": [_evidence(evidence) for evidence in match.evidence],
        }
        for match in found
    ]
    if rows:
        tx.execute(insert(matches), rows)


def _evidence(evidence: Evidence) -> dict[str, str | int]:
    return {name: getattr(evidence, name) for name in Evidence.__slots__}


def count(tx: Transaction) -> int:
    """How many items are stored."""
    return tx.execute(select(func.count()).select_from(items)).scalar_one()


def page(tx: Transaction, *, after: int, limit: int) -> tuple[list[Item], int | None]:
    """Stored items in the order of their ids, and the last of these; None at the end."""
    rows = tx.execute(
        select(items).where(items.c.id > after).order_by(items.c.id).limit(limit)
    ).all()
    found = [
        Item(
            row.title,
            row.summary,
            row.content,
            row.url,
            language=row.language,
            published=row.published_at,
        )
        for row in rows
    ]
    return found, rows[-1].id if rows else None
