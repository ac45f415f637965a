"""What was asked on Slack and done, so that it is not done again when it comes again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from monitor.store.schema import clicks

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction

_KEPT = timedelta(days=1)
"""Slack repeats what was not acknowledged within minutes."""


def first(tx: Transaction, key: str, *, now: datetime) -> bool:
    """Whether this is asked for the first time; the next time it is not."""
    if tx.execute(select(clicks.c.key).where(clicks.c.key == key)).one_or_none():
        return False
    tx.execute(delete(clicks).where(clicks.c.made_at < now - _KEPT))
    tx.execute(insert(clicks).values(key=key, made_at=now))
    return True
