"""By what an item is known again, and when sharing a key does not make two items one.

Keys, strongest first: `x:` exact (feed, guid, address, title), `g:` feed and guid, `u:` address.
An item always has its exact key. A missed story is the worst failure: where in doubt, two items
differ, and grouping brings their alerts together.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING

from monitor import urls
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Entry, Item, Known

_BYTES = 16
_FEED_BYTES = 4
"""Enough to tell one feed's guid keys from another's among the few keys of one item."""


def keys(entry: Entry, item: Item, *, feed_url: str) -> tuple[str, ...]:
    """The identity keys of an item, strongest first; the exact one is always there."""
    address = urls.canonical(item.url)
    # Without guid and link the title alone would make every "Daily briefing" the first one.
    date = "" if entry.guid or address else _date(entry)
    made = [f"x:{_hash(feed_url, entry.guid, address, item.title, date)}"]
    if entry.guid:
        made.append(f"g:{_hash(feed_url, size=_FEED_BYTES)}:{_hash(feed_url, entry.guid)}")
    if address and not urls.is_homepage(address):
        made.append(f"u:{_hash(address)}")
    return tuple(made)


def keys_of_document(
    pairs: Sequence[tuple[Entry, Item]], *, feed_url: str
) -> tuple[tuple[str, ...], ...]:
    """The identity keys of all items of one document, in its order.

    A guid or an address that stands for several items of the document is no identity, so it is
    left out: some feeds give every entry the same guid, or link them all to one live page.
    """
    made = [keys(entry, item, feed_url=feed_url) for entry, item in pairs]
    exacts: defaultdict[str, set[str]] = defaultdict(set)
    for exact, *others in made:
        for key in others:
            exacts[key].add(exact)
    return tuple((one[0], *(key for key in one[1:] if len(exacts[key]) == 1)) for one in made)


def same(item: Item, known: Known, *, feed: int) -> bool:
    """Whether a stored item that shares a key with this one, read from `feed`, is this one.

    Never on a guid alone where both address and title differ (a guid used again). Never on an
    address alone where this feed told the two apart by guid and the titles differ (a live page).
    """
    shared = {key[0] for key in set(item.keys).intersection(known.keys)}
    if "x" in shared:
        return True
    if fold(item.title) == fold(known.title):
        return bool(shared)
    if "g" in shared:
        return urls.canonical(item.url) == urls.canonical(known.url)
    return "u" in shared and not _told_apart(item, known, feed=feed)


def _told_apart(item: Item, known: Known, *, feed: int) -> bool:
    """Whether this feed gives the item a guid of its own, other than the one it gave the known."""
    own = next((key for key in item.keys if key.startswith("g:")), None)
    if own is None:
        return False
    same_feed = own[: 2 + 2 * _FEED_BYTES + 1]
    return known.feed == feed or any(key.startswith(same_feed) for key in known.keys)


def _date(entry: Entry) -> str:
    return entry.published.isoformat() if entry.published else ""


def _hash(*parts: str, size: int = _BYTES) -> str:
    return blake2b(_joined(parts), digest_size=size).hexdigest()


def _joined(parts: Iterable[str]) -> bytes:
    # Separated by what no clean text holds, or ("ab", "c") would be ("a", "bc").
    return "\0".join(parts).encode("utf-8", "replace")
