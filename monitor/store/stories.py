"""Stories, which items belong to them and why, and the merges and splits since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text, update

from monitor.model import Assignment, Outcome
from monitor.store.schema import feeds, items, stories, story_changes, story_items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Row, Select

    from monitor.store.database import Transaction

GROUPING = "grouping"
"""Who made a change that no analyst made."""
_LOCK = 0x73746F7279
"""Number of the lock under which replicas group one after the other."""
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Position:
    """How far the stories have been read."""

    row: int = 0
    item: int = 0
    """Of the last row: a number alone may be given again after a transaction that failed."""
    change: int = 0


@dataclass(frozen=True, slots=True)
class Grouped:
    """An item in its story, as grouping remembers it."""

    row: int
    item: int
    story: int
    added_at: datetime
    report: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A story in short."""

    id: int
    started_at: datetime
    last_item_at: datetime
    items: int
    title: str
    """Of its first item."""


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a story, and why it is there."""

    item: int
    story: int
    added_at: datetime
    outlet: str
    language: str
    title: str
    url: str
    assignment: Assignment


def lock(tx: Transaction) -> None:
    """Let no other replica group until this transaction ends."""
    if tx.dialect.name == "postgresql":  # SQLite has one writer anyway
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def position(tx: Transaction) -> Position:
    """Where the stories end now."""
    last = tx.execute(
        select(story_items.c.id, story_items.c.item_id).order_by(story_items.c.id.desc()).limit(1)
    ).one_or_none()
    change = tx.execute(select(func.max(story_changes.c.id))).scalar_one() or 0
    return Position(last.id, last.item_id, change) if last else Position(change=change)


def holds(tx: Transaction, read: Position) -> bool:
    """Whether what was read is still so: its last row was kept, and no story changed since."""
    change = tx.execute(select(func.max(story_changes.c.id))).scalar_one() or 0
    query = select(story_items.c.item_id).where(story_items.c.id == read.row)
    # Nothing was read yet: then everything is after it.
    return change == read.change and (tx.execute(query).scalar_one_or_none() or 0) == read.item


def grouped(tx: Transaction, *, after: int, since: datetime) -> Iterator[Grouped]:
    """The items of stories that are still open, from a row on, in the order of grouping."""
    query = (
        select(
            story_items.c.id,
            story_items.c.item_id,
            story_items.c.story_id,
            story_items.c.added_at,
            story_items.c.report,
        )
        .join(stories, stories.c.id == story_items.c.story_id)
        .where(story_items.c.id > after, stories.c.last_item_at >= since)
        .order_by(story_items.c.id)
    )
    for row in tx.execute(query).yield_per(_PAGE):
        yield Grouped(row.id, row.item_id, row.story_id, row.added_at, row.report)


def parted(tx: Transaction, *, since: datetime) -> list[tuple[int, int]]:
    """Pairs of stories that an analyst parted."""
    query = select(story_changes.c.story_id, story_changes.c.other_id).where(
        story_changes.c.kind == "split", story_changes.c.made_at >= since
    )
    return [(row.story_id, row.other_id) for row in tx.execute(query)]


def add(
    tx: Transaction,
    item: int,
    assignment: Assignment,
    *,
    report: str,
    algorithm: int,
    now: datetime,
) -> tuple[int, int]:
    """Put an item into the story it joins, or into a new one; the story's id, and the row's."""
    story = assignment.story if assignment.outcome is Outcome.FOLD else None
    if story is None:
        story = start(tx, now=now)
    else:
        tx.execute(update(stories).where(stories.c.id == story).values(last_item_at=now))
    values = {
        "item_id": item,
        "story_id": story,
        "added_at": now,
        "outcome": assignment.outcome.value,
        "reason": assignment.reason,
        "score": assignment.score,
        "algorithm": algorithm,
        "copy_of": assignment.copy_of,
        "related_to": assignment.story if assignment.outcome is Outcome.RELATED else None,
        "report": report,
    }
    row = tx.execute(insert(story_items).returning(story_items.c.id), values).scalar_one()
    return story, int(row)


def revise(tx: Transaction, item: int, *, report: str) -> None:
    """Keep what grouping knows of an item whose words were changed."""
    tx.execute(update(story_items).where(story_items.c.item_id == item).values(report=report))


def start(tx: Transaction, *, now: datetime) -> int:
    """Open a new story; returns its id."""
    made = insert(stories).returning(stories.c.id)
    return int(tx.execute(made, {"started_at": now, "last_item_at": now}).scalar_one())


def merge(tx: Transaction, gone: int, into: int, *, by: str, now: datetime) -> int:
    """Move a story's items into another; returns the number of the change."""
    last = select(func.max(stories.c.last_item_at)).where(stories.c.id.in_([gone, into]))
    latest = tx.execute(last).scalar_one()
    tx.execute(update(story_items).where(story_items.c.story_id == gone).values(story_id=into))
    tx.execute(update(stories).where(stories.c.merged_into == gone).values(merged_into=into))
    tx.execute(update(stories).where(stories.c.id == gone).values(merged_into=into))
    tx.execute(update(stories).where(stories.c.id == into).values(last_item_at=latest))
    return _changed(tx, "merge", into, gone, by=by, now=now)


def split(tx: Transaction, item: int, *, by: str, now: datetime) -> int:
    """Move an item into a story of its own; returns that story."""
    old = tx.execute(select(story_items).where(story_items.c.item_id == item)).one()
    made = insert(stories).values(started_at=now, last_item_at=old.added_at)
    story = int(tx.execute(made.returning(stories.c.id)).scalar_one())
    tx.execute(
        update(story_items)
        .where(story_items.c.item_id == item)
        .values(
            story_id=story,
            outcome=Outcome.NEW.value,
            reason=f"parted from story {old.story_id} by {by}",
            copy_of=None,
            related_to=old.story_id,
        )
    )
    _changed(tx, "split", old.story_id, story, item=item, by=by, now=now)
    return story


def _changed(
    tx: Transaction,
    kind: str,
    story: int,
    other: int,
    *,
    by: str,
    now: datetime,
    item: int | None = None,
) -> int:
    row = {
        "kind": kind,
        "story_id": story,
        "other_id": other,
        "item_id": item,
        "made_by": by,
        "made_at": now,
    }
    made = insert(story_changes).values(row).returning(story_changes.c.id)
    return int(tx.execute(made).scalar_one())


def current(tx: Transaction, story: int) -> int | None:
    """The story that a number stands for now: another one after a merge, None for none."""
    query = select(stories.c.id, stories.c.merged_into).where(stories.c.id == story)
    row = tx.execute(query).one_or_none()
    return (row.merged_into or row.id) if row else None


def latest(tx: Transaction, *, limit: int) -> list[Listed]:
    """The stories with the newest items."""
    first = (
        select(
            story_items.c.story_id,
            func.min(story_items.c.item_id).label("first"),
            func.count().label("many"),
        )
        .group_by(story_items.c.story_id)
        .subquery()
    )
    query = (
        select(*stories.c, first.c.many, items.c.title)
        .join(first, first.c.story_id == stories.c.id)
        .join(items, items.c.id == first.c.first)
        .order_by(stories.c.last_item_at.desc(), stories.c.id.desc())
        .limit(limit)
    )
    return [
        Listed(row.id, row.started_at, row.last_item_at, row.many, row.title)
        for row in tx.execute(query)
    ]


def members(tx: Transaction, story: int, *, limit: int | None = None) -> list[Member]:
    """The items of a story in the order in which they came, all of them or the first."""
    query = _members().where(story_items.c.story_id == story).order_by(story_items.c.id)
    query = query.limit(limit)
    return [_member(row) for row in tx.execute(query)]


def of_item(tx: Transaction, item: int) -> Member | None:
    """An item in its story; None where it is in none."""
    row = tx.execute(_members().where(story_items.c.item_id == item)).one_or_none()
    return _member(row) if row else None


def _members() -> Select[Any]:
    return (
        select(
            *story_items.c,
            items.c.title,
            items.c.url,
            items.c.language,
            feeds.c.name.label("outlet"),
        )
        .join(items, items.c.id == story_items.c.item_id)
        .join(feeds, feeds.c.id == items.c.feed_id)
    )


def _member(row: Row[Any]) -> Member:
    outcome = Outcome(row.outcome)
    assignment = Assignment(
        outcome,
        row.reason,
        row.related_to if outcome is not Outcome.FOLD else row.story_id,
        copy_of=row.copy_of,
        score=row.score,
    )
    return Member(
        row.item_id,
        row.story_id,
        row.added_at,
        row.outlet,
        row.language,
        row.title,
        row.url,
        assignment,
    )


def count(tx: Transaction) -> int:
    """How many stories are stored."""
    query = select(func.count()).select_from(stories).where(stories.c.merged_into.is_(None))
    return tx.execute(query).scalar_one()
