"""By what an item is known again, and when sharing a key does not make two items one.

Keys, strongest first: `x:` exact (feed, guid, address, title), `g:` feed and guid, `u:` address.
An item always has its exact key. A missed story is the worst failure: where in doubt, two items
differ, and grouping brings their alerts together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from monitor import urls
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

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


def keys_of_address(url: str) -> tuple[str, ...]:
    """The keys under which an item at an address is known, if it is."""
    address = urls.canonical(url)
    return (f"u:{_hash(address)}",) if address and not urls.is_homepage(address) else ()


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


def wording(item: Item) -> str:
    """A hash of an item's text as it is compared."""
    return _hash(fold(item.title), fold(item.summary), fold(item.content))


def same(item: Item, known: Known, *, feed: int) -> bool:
    """Whether a stored item that shares a key with this one, read from `feed`, is this one.

    Never where the titles have nothing in common: a page or a guid that is used for one story after
    the other, or another feed that names an address first, must silence nothing. Never on a guid
    alone where address and title differ, nor on an address alone where this feed told the two apart
    by guid and the titles differ (a live page) or text and date do (its next edition); nor on either
    alone where the dates are of other days, but for a long text that is equal in both.
    """
    shared = {key[0] for key in set(item.keys).intersection(known.keys)}
    if "x" in shared:
        return True
    if fold(item.title) == fold(known.title):
        return _is_same_titled(item, known, shared, feed=feed)
    if not is_reworded(item.title, known.title):
        return False
    if "g" in shared:
        return urls.canonical(item.url) == urls.canonical(known.url)
    return "u" in shared and not _told_apart(item, known, feed=feed)


def _is_same_titled(item: Item, known: Known, shared: set[str], *, feed: int) -> bool:
    if shared == {"g", "u"}:
        return True
    if "g" not in shared and _is_another_edition(item, known, feed=feed):
        return False
    return bool(shared) and (not _of_other_days(item, known) or _is_long_and_equal(item, known))


def same_text(item: Item, known: Known, *, now: datetime) -> bool:
    """Whether an item of the same feed and text, under another guid and address, is this one.

    Some feeds give every entry a new guid and a new address at each poll. `known` must be gone from
    the document, or both are there. Bulletins have the same short text every day, so without equal
    dates a short text proves nothing for long, and other dates prove that it is another one.
    """
    if item.published and known.published and item.published == known.published:
        return True
    if known.seen is None or now - known.seen > REPEATS:
        return False
    long = len(item.title) + len(item.summary or item.content) >= _LONG
    return long or not (item.published and known.published)


def _is_another_edition(item: Item, known: Known, *, feed: int) -> bool:
    """Whether this feed gives one page's next edition a guid, a date and a text of its own.

    A feed that makes up a new guid at every poll leaves date or text as they are.
    """
    return (
        _told_apart(item, known, feed=feed)
        and None not in {item.published, known.published}
        and item.published != known.published
        and wording(item) != known.wording
    )


def _is_long_and_equal(item: Item, known: Known) -> bool:
    """Whether both have the same text, longer than what an edition repeats: one of the dates is wrong."""
    return len(item.title) + len(item.summary or item.content) >= _LONG and (
        wording(item) == known.wording
    )


def _of_other_days(item: Item, known: Known) -> bool:
    """Whether the dates say that this is the next edition of something that has the same title."""
    if not (item.published and known.published):
        return False
    return abs(item.published - known.published) > REPEATS


REPEATS = timedelta(hours=20)
"""How long the same text means the same item, where nothing else tells: less than a day."""
_LONG = 120
"""Code points of a title and text that no bulletin repeats within a day."""

_REWORDED = 1 / 2
_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_PIECE = re.compile(f"[{_WIDE}]+|[^\\W_{_WIDE}]+")
_STEM = 5


def is_reworded(title: str, other: str) -> bool:
    """Whether one headline may be the other in other words: half of the shorter one is in both."""
    one, two = set(_stems(fold(title))), set(_stems(fold(other)))
    return len(one & two) >= _REWORDED * min(len(one), len(two)) > 0


def _stems(folded: str) -> Iterator[str]:
    for piece in _PIECE.findall(folded):
        if piece[0] < "\u3040":
            if len(piece) > 2 or piece.isdigit():  # noqa: PLR2004 - "of", "в", "на" are in any title
                yield piece[:_STEM]
        elif len(piece) == 1:
            yield piece
        else:
            yield from (piece[at : at + 2] for at in range(len(piece) - 1))


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
