"""Deleting what is older than the retention, in small steps; identities stay, so nothing is told again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from monitor.store.schema import alerts, boards, items, mutes, outbox, stories, story_items

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction


def prune(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` of each: old items, delivered messages, alerts and stories left empty.

    Undelivered messages are never touched: they carry their own text. Returns how many rows went.
    """
    return sum(
        (
            _prune_items(tx, before, limit),
            _prune_messages(tx, before, limit),
            _prune_alerts(tx, before, limit),
            _prune_stories(tx, before, limit),
            tx.execute(delete(mutes).where(mutes.c.until < before)).rowcount,
        )
    )


def _prune_items(tx: Transaction, before: datetime, limit: int) -> int:
    old = select(items.c.id).where(items.c.first_seen_at < before)
    old = old.order_by(items.c.first_seen_at).limit(limit)
    ids = tx.execute(old).scalars().all()
    if not ids:
        return 0
    tx.execute(update(story_items).where(story_items.c.copy_of.in_(ids)).values(copy_of=None))
    return tx.execute(delete(items).where(items.c.id.in_(ids))).rowcount


def _prune_messages(tx: Transaction, before: datetime, limit: int) -> int:
    held = outbox.alias()
    finished = (
        select(outbox.c.id)
        .where(
            # Said in this way no index serves it, so the age is searched for: nearly all are finished.
            outbox.c.state.not_in(["pending", "held", "sending", "unknown", "parked"]),
            outbox.c.created_at < before,
            ~exists().where(held.c.digest_id == outbox.c.id),
            # What is still edited must be found: a feed may fail for longer than anything is kept.
            ~exists().where(boards.c.key == outbox.c.key, boards.c.ended.is_(False)),
        )
        .order_by(outbox.c.created_at)
        .limit(limit)
    )
    ids = tx.execute(finished).scalars().all()
    return tx.execute(delete(outbox).where(outbox.c.id.in_(ids))).rowcount if ids else 0


def _prune_alerts(tx: Transaction, before: datetime, limit: int) -> int:
    finished = (
        select(alerts.c.id)
        .where(alerts.c.updated_at < before, ~exists().where(outbox.c.alert_id == alerts.c.id))
        .order_by(alerts.c.updated_at)
        .limit(limit)
    )
    ids = tx.execute(finished).scalars().all()
    return tx.execute(delete(alerts).where(alerts.c.id.in_(ids))).rowcount if ids else 0


def _prune_stories(tx: Transaction, before: datetime, limit: int) -> int:
    merged = stories.alias()
    finished = (
        select(stories.c.id)
        .where(
            stories.c.last_item_at < before,
            ~exists().where(story_items.c.story_id == stories.c.id),
            ~exists().where(alerts.c.story_id == stories.c.id),
            ~exists().where(merged.c.merged_into == stories.c.id),
        )
        .order_by(stories.c.last_item_at)
        .limit(limit)
    )
    ids = tx.execute(finished).scalars().all()
    if not ids:
        return 0
    tx.execute(delete(mutes).where(mutes.c.story_id.in_(ids)))
    return tx.execute(delete(stories).where(stories.c.id.in_(ids))).rowcount
