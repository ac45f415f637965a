"""Counts and times of what was done: by day, by feed, by rule."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from monitor.store.outbox import State
from monitor.store.schema import (
    alerts,
    feedback,
    feeds,
    items,
    matches,
    outbox,
    story_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Column

    from monitor.store.database import Transaction

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What came and was told in a time."""

    items: int
    matched: int
    alerts: int
    """Stories that a channel was told."""


def between(tx: Transaction, moments: Sequence[datetime]) -> list[Counts]:
    """What came and was told between each moment and the next."""
    columns = (items.c.first_seen_at, story_items.c.added_at, alerts.c.created_at)
    counted = [[_count(tx, column, *span) for span in pairwise(moments)] for column in columns]
    return [Counts(*one) for one in zip(*counted, strict=True)]


def _count(tx: Transaction, column: Column[datetime], start: datetime, end: datetime) -> int:
    query = select(func.count()).select_from(column.table).where(column >= start, column < end)
    return int(tx.execute(query).scalar_one())


def arrivals(tx: Transaction, *, since: datetime) -> Iterator[tuple[str, timedelta | None]]:
    """Of each item first seen since then, the feed and how long after its date that was.

    None for items without a date. What the first document of a feed held says nothing of delays.
    """
    names = {row.id: row for row in tx.execute(select(feeds))}
    query = select(items.c.feed_id, items.c.published_at, items.c.first_seen_at).where(
        items.c.first_seen_at >= since
    )
    for feed, published, seen in tx.execute(query).yield_per(_PAGE):
        if seen != names[feed].first_polled_at:
            yield names[feed].name, published and seen - published


def deliveries(tx: Transaction, *, since: datetime) -> Iterator[tuple[str, timedelta]]:
    """Of each alert promised since then and delivered, the outlet and how long that took."""
    digest = outbox.alias()
    sent = func.coalesce(outbox.c.sent_at, digest.c.sent_at, type_=outbox.c.sent_at.type)
    query = (
        select(outbox.c.content, outbox.c.created_at, sent.label("sent"))
        .outerjoin(digest, digest.c.id == outbox.c.digest_id)
        .where(
            outbox.c.alert_id.is_not(None),
            outbox.c.created_at >= since,
            outbox.c.state.in_([State.SENT.value, State.DIGESTED.value]),
        )
    )
    for content, promised, delivered in tx.execute(query).yield_per(_PAGE):
        if delivered and "alert" in content:
            yield _outlet(content), delivered - promised


def _outlet(content: dict[str, Any]) -> str:
    return str(content["alert"].get("outlet", {}).get("name", ""))


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as far as it counts."""

    rule: str
    language: str
    """Of the item, else of its feed; "" where neither says."""
    seen: datetime
    story: int | None
    terms: frozenset[tuple[str, str]]
    """Terms of the rule, and of each the name or word that was found."""


def found(tx: Transaction, *, since: datetime) -> Iterator[Found]:
    """The matches of the items first seen since then."""
    language = case((items.c.language != "", items.c.language), else_=feeds.c.language)
    query = (
        select(
            matches.c.rule,
            matches.c.evidence,
            items.c.first_seen_at,
            story_items.c.story_id,
            language.label("language"),
        )
        .join(items, items.c.id == matches.c.item_id)
        .join(feeds, feeds.c.id == items.c.feed_id)
        .outerjoin(story_items, story_items.c.item_id == items.c.id)
        .where(items.c.first_seen_at >= since)
    )
    for row in tx.execute(query).yield_per(_PAGE):
        terms = frozenset((one["term"], one["name"]) for one in row.evidence)
        yield Found(row.rule, row.language, row.first_seen_at, row.story_id, terms)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert, as far as it counts."""

    rules: tuple[str, ...]
    terms: frozenset[tuple[str, str]]
    """Of its first message; none where that is not kept any more."""
    irrelevant: bool
    """Somebody said that it should not have been told."""


def told(tx: Transaction, *, since: datetime) -> Iterator[Told]:
    """The alerts since then."""
    marked = set(tx.execute(select(feedback.c.alert_id)).scalars())
    query = (
        select(alerts.c.id, alerts.c.rules, outbox.c.content)
        .outerjoin(outbox, (outbox.c.alert_id == alerts.c.id) & (outbox.c.revision == 1))
        .where(alerts.c.created_at >= since)
        .order_by(alerts.c.id)
    )
    for row in tx.execute(query).yield_per(_PAGE):
        evidence = ((row.content or {}).get("alert") or {}).get("evidence", ())
        terms = frozenset((one["term"], one["name"]) for one in evidence)
        yield Told(tuple(row.rules), terms, row.id in marked)


def first_item(tx: Transaction, *, since: datetime) -> datetime | None:
    """When the first item since then was seen; None where none was."""
    query = select(items.c.first_seen_at).where(items.c.first_seen_at >= since)
    return tx.execute(query.order_by(items.c.first_seen_at).limit(1)).scalar_one_or_none()
