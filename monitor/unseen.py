"""Why an address is not among the items: the feeds that should have carried it, and how they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor import urls
from monitor.feeds import identity, rhythm
from monitor.store import feeds as stored_feeds
from monitor.store import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.store.database import Transaction
    from monitor.store.feeds import FeedState

NEWEST = 50_000
"""Items that are asked which feed carries a site."""
MAX_CARRIERS = 10


@dataclass(frozen=True, slots=True)
class Carrier:
    """A feed that should have carried an address, and how it is."""

    name: str
    url: str
    """As it may be shown."""
    own: bool
    """Its address is on the same site."""
    carried: int
    """Items of the site among the newest ones."""
    carried_last: datetime | None
    state: str
    """fine, failing, gone, new."""
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    next_poll_at: datetime | None
    """None for a feed that is asked no more."""
    failing_since: datetime | None
    error: str
    gaps: int
    """Polls between which entries may have come and gone."""
    gap_at: datetime | None
    silent_since: datetime | None
    """When its last news came, where it is silent for longer than is its way."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What is known of an address that no stored item has."""

    address: str
    site: str
    """Its host; "" where that is no address of a page."""
    forgotten: bool
    """An item with this address was stored, and deleted by its age."""
    carriers: tuple[Carrier, ...]
    """Those that carried most of the site first."""
    more: int
    """Such feeds that are not among them."""
    feeds: int
    """That are followed at all."""


def of_address(tx: Transaction, address: str, *, now: datetime) -> Unseen:
    """Which feeds should have carried an address."""
    site = urls.host(urls.canonical(address))
    _, forgotten = record.at_keys(tx, identity.keys_of_address(address))
    states = stored_feeds.states(tx)
    carried = record.carriers(tx, site, newest=NEWEST) if site else {}
    found = [
        _carrier(state, carried.get(state.id, (0, None)), own=own, now=now)
        for state in states
        if (own := _is_same_site(site, state)) or state.id in carried
    ]
    found.sort(key=lambda one: (-one.carried, not one.own, one.name))
    more = max(0, len(found) - MAX_CARRIERS)
    first = tuple(found[:MAX_CARRIERS])
    return Unseen(urls.shown(address), site, forgotten, first, more, len(states))


def troubled(tx: Transaction, *, now: datetime, since: datetime) -> tuple[Carrier, ...]:
    """The feeds that can't be read now, or may have missed entries since then."""
    return tuple(
        _carrier(state, (0, None), own=False, now=now) for state in _in_trouble(tx, since=since)
    )


def _in_trouble(tx: Transaction, *, since: datetime) -> Iterable[FeedState]:
    for state in stored_feeds.states(tx):
        if state.failures or state.gone_at or (state.gap_at and state.gap_at >= since):
            yield state


def _is_same_site(site: str, state: FeedState) -> bool:
    if not site:
        return False
    host = urls.host(urls.canonical(state.feed.url))
    return host == site or host.endswith(f".{site}") or site.endswith(f".{host}")


def _carrier(
    state: FeedState, carried: tuple[int, datetime | None], *, own: bool, now: datetime
) -> Carrier:
    return Carrier(
        name=state.feed.outlet.name,
        url=urls.shown(state.feed.url),
        own=own,
        carried=carried[0],
        carried_last=carried[1],
        state=_condition(state),
        last_polled_at=state.last_polled_at,
        last_ok_at=state.last_ok_at,
        next_poll_at=None if state.gone_at else state.next_poll_at,
        failing_since=state.failing_since,
        error=state.error,
        gaps=state.gaps,
        gap_at=state.gap_at,
        silent_since=silent_since(state, now),
    )


def _condition(state: FeedState) -> str:
    if state.gone_at:
        return "gone"
    if state.failures:
        return "failing"
    return "new" if state.last_ok_at is None else "fine"


def silent_since(state: FeedState, now: datetime) -> datetime | None:
    """When its last news came, of a feed that is silent for longer than its rhythm allows."""
    known = rhythm.unpack(state.rhythm, now=now.timestamp())
    if not rhythm.is_silent(known, now.timestamp()):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=known.at)
