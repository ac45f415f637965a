"""All that is stored of one item: where it was seen, what matched, its story, what was decided and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from monitor import urls
from monitor.model import Receipt
from monitor.store import decisions as stored_decisions
from monitor.store import history, mutes, workspace
from monitor.store import items as stored_items
from monitor.store import stories as stored_stories
from monitor.store.outbox import State
from monitor.store.schema import (
    Time,
    alerts,
    feeds,
    item_keys,
    items,
    outbox,
    revisions,
    sightings,
    story_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.model import Mark, Match
    from monitor.store.database import Transaction
    from monitor.store.decisions import Decided
    from monitor.store.history import Stored
    from monitor.store.stories import Member

MAX_SIGHTINGS = 50
MAX_SAME = 20
"""Items at one address that are looked for."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A feed that carried an item."""

    outlet: str
    feed: str
    """Its address, as it may be shown."""
    at: datetime
    """When it was first seen there."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What an item said before, or says elsewhere."""

    outlet: str
    title: str
    at: datetime
    """When it was replaced, or seen elsewhere."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a promised message."""

    message: int
    """Its number in the outbox."""
    state: State
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    attempts: int
    receipt: Receipt
    error: str
    digest: int | None
    """The message that told it with others; None where it was told on its own."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored of one item."""

    stored: Stored
    sightings: tuple[Sighting, ...]
    """The first first."""
    wordings: tuple[Wording, ...]
    matches: tuple[Match, ...]
    member: Member | None
    """It in its story; None where no rule matched it."""
    story_items: int
    story_place: int
    """It is the first, second... item of its story; 0 where it has none."""
    muted: Mark | None
    """Of its story, now."""
    decisions: tuple[Decided, ...]
    deliveries: Mapping[int, Delivery]
    """By number of the message; one that was forgotten is missing."""
    messages: Mapping[str, Receipt]
    """Where its story's message stands, by channel."""
    workspace: str
    """Below which address messages stand; "" where that is not known."""


def of_item(tx: Transaction, item: int, *, now: datetime) -> Record | None:
    """What is stored of an item; None where there is none of this number."""
    stored = history.find(tx, item)
    if stored is None:
        return None
    member = stored_stories.of_item(tx, item)
    decided = stored_decisions.of_item(tx, item)
    numbers = [one.message for one in decided if one.message is not None]
    size, place = _place(tx, item, member.story) if member else (0, 0)
    return Record(
        stored,
        _sightings(tx, item),
        _wordings(tx, item),
        stored_items.matches_of(tx, item),
        member,
        size,
        place,
        mutes.of_story(tx, member.story, now=now) if member else None,
        decided,
        {one.message: one for one in _deliveries(tx, numbers)},
        _messages(tx, member.story) if member else {},
        workspace.address(tx),
    )


def _sightings(tx: Transaction, item: int) -> tuple[Sighting, ...]:
    query = (
        select(feeds.c.name, feeds.c.url, sightings.c.seen_at)
        .join(feeds, feeds.c.id == sightings.c.feed_id)
        .where(sightings.c.item_id == item)
        .order_by(sightings.c.seen_at, feeds.c.id)
        .limit(MAX_SIGHTINGS)
    )
    return tuple(Sighting(row.name, urls.shown(row.url), row.seen_at) for row in tx.execute(query))


def _wordings(tx: Transaction, item: int) -> tuple[Wording, ...]:
    query = (
        select(feeds.c.name, revisions.c.title, revisions.c.noted_at)
        .join(feeds, feeds.c.id == revisions.c.feed_id)
        .where(revisions.c.item_id == item)
        .order_by(revisions.c.id)
    )
    return tuple(Wording(*row) for row in tx.execute(query))


def _place(tx: Transaction, item: int, story: int) -> tuple[int, int]:
    """How many items a story has, and which of them this is."""
    members = select(story_items.c.item_id).where(story_items.c.story_id == story)
    ids = list(tx.execute(members.order_by(story_items.c.id)).scalars())
    return len(ids), ids.index(item) + 1


def _deliveries(tx: Transaction, numbers: list[int]) -> Iterable[Delivery]:
    if not numbers:
        return
    for row in tx.execute(select(outbox).where(outbox.c.id.in_(numbers))):
        yield Delivery(
            row.id,
            State(row.state),
            row.created_at,
            row.not_before,
            row.sent_at,
            row.attempts,
            Receipt(row.receipt_channel, row.receipt_ts),
            row.error,
            row.digest_id,
        )


def _messages(tx: Transaction, story: int) -> dict[str, Receipt]:
    query = select(alerts).where(alerts.c.story_id == story, alerts.c.scope == "story")
    return {
        row.channel: Receipt(row.message_channel, row.message_ts)
        for row in tx.execute(query)
        if row.message_ts
    }


def at_keys(tx: Transaction, keys: Iterable[str]) -> tuple[list[int], bool]:
    """The items that hold any of these keys, and whether one was held by an item that is deleted."""
    held = select(item_keys.c.item_id).where(item_keys.c.key.in_(list(keys)))
    ids = set(tx.execute(held).scalars())
    here = set(tx.execute(select(items.c.id).where(items.c.id.in_(ids))).scalars()) if ids else ids
    return sorted(here, reverse=True), here != ids


def at_address(tx: Transaction, address: str, *, since: datetime) -> list[int]:
    """The newest items whose address is written in just this way: all editions of one page."""
    query = (
        select(items.c.id)
        .where(items.c.first_seen_at >= since, items.c.url == address)
        .order_by(items.c.id.desc())
        .limit(MAX_SAME)
    )
    return list(tx.execute(query).scalars())


def carriers(tx: Transaction, site: str, *, newest: int) -> dict[int, tuple[int, datetime]]:
    """The feeds that carried items of a site among the newest ones: how many, and the latest.

    Args:
        tx: The transaction.
        site: A host; those below it count too.
        newest: Items that are looked at.
    """
    last = select(func.max(items.c.id)).scalar_subquery()
    on_site = items.c.url.contains(f"//{site}/", autoescape=True) | items.c.url.contains(
        f".{site}/", autoescape=True
    )
    query = (
        select(items.c.feed_id, func.count(), func.max(items.c.first_seen_at, type_=Time))
        .where(items.c.id > last - newest, on_site)
        .group_by(items.c.feed_id)
    )
    return {feed: (count, latest) for feed, count, latest in tx.execute(query)}
