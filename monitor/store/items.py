"""Items: stored once, however many feeds carry them, and the identities by which they are known again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model import Evidence, Item, Known, Match, Severity
from monitor.store.schema import item_keys, items, matches, revisions, sightings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Table

    from monitor.store.database import Transaction

_MAX_BOUND = 500
"""Values in one IN: far below what either database takes, few enough statements."""
MAX_REVISIONS = 20
"""Wordings of an item that are kept beside its present one; a page may change at every poll."""


def known(tx: Transaction, keys: Iterable[str], *, feed: int) -> dict[str, Known | None]:
    """The stored items that hold any of these keys, by key; None where only the identity was kept.

    `feed` is the one that is read: the items say whether it carried them before.
    """
    found: dict[str, Known | None] = {}
    wanted = list(dict.fromkeys(keys))
    for first in range(0, len(wanted), _MAX_BOUND):
        found |= _known(tx, wanted[first : first + _MAX_BOUND], feed)
    return found


def _known(tx: Transaction, keys: Sequence[str], feed: int) -> dict[str, Known | None]:
    holders = select(item_keys.c.key, item_keys.c.item_id).where(item_keys.c.key.in_(keys))
    ids = {row.key: row.item_id for row in tx.execute(holders)}
    if not ids:
        return {}
    by_id = {one.id: one for one in _read(tx, items.c.id.in_(ids.values()), feed)}
    return {key: by_id.get(item) for key, item in ids.items()}


def alike(tx: Transaction, wordings: Iterable[str], *, feed: int) -> list[Known]:
    """The newest items of a feed that have any of these wordings, newest first."""
    wanted = list(dict.fromkeys(wordings))
    found: list[Known] = []
    for first in range(0, len(wanted), _MAX_BOUND):
        part = items.c.wording.in_(wanted[first : first + _MAX_BOUND])
        found += _read(tx, (items.c.feed_id == feed) & part, feed)
    return found


def _read(tx: Transaction, which: ColumnElement[bool], feed: int) -> list[Known]:
    stored = tx.execute(
        select(
            items.c.id,
            items.c.feed_id,
            items.c.title,
            items.c.url,
            items.c.wording,
            items.c.published_at,
            items.c.first_seen_at,
        )
        .where(which)
        .order_by(items.c.id.desc())
        .limit(_MAX_BOUND)
    ).all()
    if not stored:
        return []
    ids = [row.id for row in stored]
    keys: dict[int, list[str]] = {}
    held = select(item_keys.c.key, item_keys.c.item_id).where(item_keys.c.item_id.in_(ids))
    for row in tx.execute(held):
        keys.setdefault(row.item_id, []).append(row.key)
    here = select(sightings.c.item_id).where(
        sightings.c.item_id.in_(ids), sightings.c.feed_id == feed
    )
    sighted = set(tx.execute(here).scalars())
    return [
        Known(
            row.id,
            row.feed_id,
            row.title,
            row.url,
            tuple(keys.get(row.id, ())),
            row.wording,
            row.published_at,
            row.first_seen_at,
            row.id in sighted,
        )
        for row in stored
    ]


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item nobody had."""

    item: Item
    wording: str = ""
    keys: tuple[str, ...] = ()
    """Those of its keys that nobody holds."""
    taken_over: tuple[str, ...] = ()
    """Keys that stood for another item until now."""
    found: tuple[Match, ...] = ()


def add(tx: Transaction, new: Sequence[NewItem], *, feed: int, now: datetime) -> list[int]:
    """Store items nobody had; returns their ids, in their order.

    Raises:
        IntegrityError: Another replica took a key meanwhile; `Database.run` begins again.
    """
    if not new:
        return []
    rows = [
        {
            "feed_id": feed,
            "url": one.item.url,
            "title": one.item.title,
            "summary": one.item.summary,
            "content": one.item.content,
            "language": one.item.language,
            "wording": one.wording,
            "published_at": one.item.published,
            "first_seen_at": now,
        }
        for one in new
    ]
    made = tx.execute(insert(items).returning(items.c.id, sort_by_parameter_order=True), rows)
    ids = list(made.scalars())
    numbered = list(zip(ids, new, strict=True))
    keys = [
        {"key": key, "item_id": id_} for id_, one in numbered for key in dict.fromkeys(one.keys)
    ]
    if keys:
        tx.execute(insert(item_keys), keys)
    for id_, one in numbered:
        if one.taken_over:
            held = item_keys.c.key.in_(one.taken_over)
            tx.execute(update(item_keys).where(held).values(item_id=id_))
        add_matches(tx, id_, one.found)
    sighted = [{"item_id": id_, "feed_id": feed, "seen_at": now} for id_ in ids]
    tx.execute(insert(sightings), sighted)
    return ids


def add_keys(tx: Transaction, item: int, keys: Iterable[str]) -> None:
    """Let an item be known by these keys too; a key that another item holds stays with it."""
    rows: list[dict[str, object]] = [{"key": key, "item_id": item} for key in dict.fromkeys(keys)]
    _insert_new(tx, item_keys, rows)


def add_sighting(tx: Transaction, item: int, *, feed: int, now: datetime) -> None:
    """Remember that a feed carried an item; the first time counts."""
    _insert_new(tx, sightings, [{"item_id": item, "feed_id": feed, "seen_at": now}])


def _insert_new(tx: Transaction, table: Table, rows: list[dict[str, object]]) -> None:
    if rows:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def had(tx: Transaction, item: int, wording: str) -> bool:
    """Whether an item was seen in these words before, beside its present ones."""
    query = select(revisions.c.id).where(
        revisions.c.item_id == item, revisions.c.wording == wording
    )
    return tx.execute(query).one_or_none() is not None


def revise(
    tx: Transaction, item: int, new: Item, *, wording: str, feed: int, now: datetime
) -> Item | None:
    """Take over what a publisher changed in an item, and keep what it said before.

    Returns the item as it stands now; None where nothing was changed. A text that is gone is no
    change: feeds shorten as they please.
    """
    row = tx.execute(select(items).where(items.c.id == item)).one()
    before = {"title": row.title, "summary": row.summary, "content": row.content}
    after = {"title": new.title, "summary": new.summary, "content": new.content}
    changed = {name: text for name, text in after.items() if text and text != before[name]}
    if not changed:
        remember(tx, item, new, wording=wording, feed=feed, now=now)
        return None
    _keep(tx, item, {"wording": row.wording, "feed_id": feed, **before}, now)
    tx.execute(update(items).where(items.c.id == item).values(wording=wording, **changed))
    return replace(new, **(before | changed))


def remember(
    tx: Transaction, item: int, other: Item, *, wording: str, feed: int, now: datetime
) -> None:
    """Know again that a feed words an item in this way, so that it is looked at only once."""
    words = {"title": other.title, "summary": other.summary, "content": ""}
    _keep(tx, item, {"wording": wording, "feed_id": feed, **words}, now)


def _keep(tx: Transaction, item: int, values: dict[str, object], now: datetime) -> None:
    _insert_new(tx, revisions, [{"item_id": item, "noted_at": now, **values}])
    newest = (
        select(revisions.c.id)
        .where(revisions.c.item_id == item)
        .order_by(revisions.c.id.desc())
        .offset(MAX_REVISIONS)
        .limit(_MAX_BOUND)
    )
    beyond = tx.execute(newest).scalars().all()
    if beyond:
        tx.execute(delete(revisions).where(revisions.c.id.in_(beyond)))


def wordings(tx: Transaction, item: int) -> list[str]:
    """The titles of an item's other wordings, oldest first."""
    query = select(revisions.c.title).where(revisions.c.item_id == item).order_by(revisions.c.id)
    return list(tx.execute(query).scalars())


def matched(tx: Transaction, item: int) -> frozenset[str]:
    """The rules that an item matched, in any of its wordings."""
    return frozenset(tx.execute(select(matches.c.rule).where(matches.c.item_id == item)).scalars())


def matches_of(tx: Transaction, item: int) -> tuple[Match, ...]:
    """Which rules an item matched, and why."""
    rows = tx.execute(select(matches).where(matches.c.item_id == item).order_by(matches.c.rule))
    return tuple(
        Match(row.rule, Severity(row.severity), tuple(Evidence(**one) for one in row.evidence))
        for row in rows
    )


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
