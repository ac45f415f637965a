"""What was decided about matched items for each channel; of others nothing is kept beside the item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from monitor.model import Reason
from monitor.store.schema import decisions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.database import Transaction

MAX_CHANGES = 5
"""Kept of what an item changes in its story, weightiest first."""
MAX_WHY = 300
"""Code points kept of who silences an alert."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about one item for one channel."""

    item: int
    story: int
    """Its story at the time; another one may hold it now."""
    channel: str
    rules: tuple[str, ...]
    reason: Reason
    at: datetime
    why: str = ""
    """Who silences it, and until when; "" where the reason says it all."""
    changes: tuple[str, ...] = ()
    """What the item changes in its story."""
    edited: bool = False
    """The item was known in other words, and these were looked at."""
    message: int | None = None
    """What was promised, by its number in the outbox."""


def add(tx: Transaction, decided: Sequence[Decided]) -> None:
    """Remember what was decided."""
    if decided:
        tx.execute(insert(decisions), [_row(one) for one in decided])


def _row(one: Decided) -> dict[str, object]:
    return {
        "item_id": one.item,
        "story_id": one.story,
        "channel": one.channel,
        "rules": list(one.rules),
        "reason": one.reason.name,
        "why": one.why[:MAX_WHY],
        "changes": list(one.changes[:MAX_CHANGES]),
        "edited": one.edited,
        "message_id": one.message,
        "made_at": one.at,
    }


def of_item(tx: Transaction, item: int) -> tuple[Decided, ...]:
    """What was decided about an item, in order."""
    query = select(decisions).where(decisions.c.item_id == item).order_by(decisions.c.id)
    return tuple(
        Decided(
            row.item_id,
            row.story_id,
            row.channel,
            tuple(row.rules),
            Reason[row.reason],
            row.made_at,
            row.why,
            tuple(row.changes),
            row.edited,
            row.message_id,
        )
        for row in tx.execute(query)
    )
