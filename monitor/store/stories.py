"""Stories and which items belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from monitor.model import Outcome
from monitor.store.schema import feeds, items, stories, story_items

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Assignment
    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a story, as far as grouping looks at it."""

    item: int
    story: int
    outlet: str
    added_at: datetime


def with_title(tx: Transaction, title_key: str, *, since: datetime) -> tuple[Member, ...]:
    """The items of stories whose titles are the same, newest last."""
    query = (
        select(story_items.c.item_id, story_items.c.story_id, story_items.c.added_at, feeds.c.name)
        .join(items, items.c.id == story_items.c.item_id)
        .join(feeds, feeds.c.id == items.c.feed_id)
        .where(story_items.c.title_key == title_key, story_items.c.added_at >= since)
        .order_by(story_items.c.item_id)
    )
    return tuple(
        Member(row.item_id, row.story_id, row.name, row.added_at) for row in tx.execute(query)
    )


def add(
    tx: Transaction, item: int, assignment: Assignment, *, title_key: str, now: datetime
) -> int:
    """Put an item into the story it joins, or into a new one; returns the story's id."""
    story = assignment.story if assignment.outcome is Outcome.FOLD else None
    if story is None:
        story = start(tx, now=now)
    else:
        tx.execute(update(stories).where(stories.c.id == story).values(last_item_at=now))
    tx.execute(
        insert(story_items).values(
            item_id=item,
            story_id=story,
            title_key=title_key,
            added_at=now,
            outcome=assignment.outcome.value,
            reason=assignment.reason,
            score=assignment.score,
            copy_of=assignment.copy_of,
        )
    )
    return story


def start(tx: Transaction, *, now: datetime) -> int:
    """Open a new story; returns its id."""
    made = insert(stories).values(started_at=now, last_item_at=now).returning(stories.c.id)
    return int(tx.execute(made).scalar_one())


def count(tx: Transaction) -> int:
    """How many stories are stored."""
    return tx.execute(select(func.count()).select_from(stories)).scalar_one()
