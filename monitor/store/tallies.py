"""Counts of what was done in a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from monitor.store.schema import items, outbox, story_items

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done."""

    items: int
    matched: int
    delivered: int


def since(tx: Transaction, moment: datetime) -> Tally:
    """What was done since then."""
    new = select(func.count()).select_from(items).where(items.c.first_seen_at >= moment)
    # Every matched item is in a story.
    matched = select(func.count()).select_from(story_items).where(story_items.c.added_at >= moment)
    sent = select(func.count()).select_from(outbox).where(outbox.c.sent_at >= moment)
    return Tally(*(int(tx.execute(query).scalar_one()) for query in (new, matched, sent)))
