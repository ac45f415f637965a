"""What a document brings that we did not have: new items, and known ones in words not seen before.

An unchanged item costs no write. Every wording of an item is matched once; it is told again only for
rules that it had not matched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from monitor.feeds import identity
from monitor.model import Item, Known
from monitor.store import items as stored_items
from monitor.store.items import NewItem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.model import Match
    from monitor.store.database import Transaction

MAX_KEYS = 32
"""Keys of one item: a feed may give it a new guid and a new address at every poll."""


MAX_EDITS = 5
"""Of one item whose changes are told: a live page or a counter in a headline has no end of them."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An item to be told where it matched."""

    id: int
    item: Item
    new: bool
    """False for a known one that its publisher changed."""
    found: tuple[Match, ...]
    """By rules that it had not matched before."""
    again: tuple[Match, ...] = ()
    """Of a changed one, by rules that it had."""


class Arrivals:
    """Takes in the items of one document, in one transaction."""

    def __init__(
        self,
        tx: Transaction,
        match: Callable[[Item], Sequence[Match]],
        *,
        feed: int,
        whole: bool,
        now: datetime,
    ) -> None:
        self._tx = tx
        self._match = match
        self._feed = feed
        self._whole = whole
        self._now = now
        self._known: dict[str, Known | None] = {}
        self.first_here = 0
        """Items that this feed had not carried before."""
        self._alike: dict[str, list[Known]] = {}
        """Items that the document may show under other addresses, by wording."""
        self._waiting: dict[int, NewItem] = {}
        """To be stored, by numbers below zero that stand for their ids until then."""
        self._ids: dict[int, int] = {}
        """Of those that were stored."""

    def of(self, items: Sequence[Item]) -> list[Arrived]:
        """Store what is new and what was changed, and say what of it matched."""
        keys = chain.from_iterable(item.keys for item in items)
        self._known = stored_items.known(self._tx, keys, feed=self._feed)
        worded = [(item, identity.wording(item)) for item in items]
        self._alike = self._of_other_addresses(worded)
        arrived: list[Arrived] = []
        for item, wording in worded:
            if self._was_pruned(item):
                continue
            same = self._same(item) or self._same_text(item, wording)
            if same and same.id in self._waiting:
                # It stands twice in this document.
                self._store()
                same = self._same(item)
            if same is None:
                arrived.append(self._add(item, wording, self._match(item)))
            elif again := self._again(same, item, wording):
                arrived.append(again)
        self._store()
        return [replace(one, id=self._ids.get(one.id, one.id)) for one in arrived]

    def _of_other_addresses(self, worded: Sequence[tuple[Item, str]]) -> dict[str, list[Known]]:
        """Items of this feed that are in the document under no key of theirs, but perhaps in words."""
        if not self._whole:
            return {}  # who keeps entries as they are makes up no addresses, and these may be there
        same = [(self._same(item), wording) for item, wording in worded]
        unknown = [wording for one, wording in same if one is None]
        here = {one.id for one, _ in same if one}
        found: dict[str, list[Known]] = {}
        for one in stored_items.alike(self._tx, unknown, feed=self._feed):
            if one.id not in here:
                found.setdefault(one.wording, []).append(one)
        return found

    def _same(self, item: Item) -> Known | None:
        holders = (holder for key in item.keys if (holder := self._known.get(key)))
        return next((one for one in holders if identity.same(item, one, feed=self._feed)), None)

    def _same_text(self, item: Item, wording: str) -> Known | None:
        alike = self._alike.get(wording, [])
        same = next((one for one in alike if identity.same_text(item, one, now=self._now)), None)
        if same:
            # Each stands for one entry of the document: the next with this text is another item.
            alike.remove(same)
        return same

    def _was_pruned(self, item: Item) -> bool:
        """Whether an item was stored once and deleted by age; its identity was kept."""
        gone = {key for key in item.keys if key in self._known and self._known[key] is None}
        exact, *others = item.keys
        # One reused guid or link alone does not make a new item an old one.
        return exact in gone or (bool(others) and gone.issuperset(others))

    def _add(self, item: Item, wording: str, found: Sequence[Match]) -> Arrived:
        self.first_here += 1
        free = tuple(key for key in item.keys if key not in self._known)
        taken_over = tuple(key for key in item.keys if key in self._known and self._is_ours(key))
        number = -1 - len(self._ids) - len(self._waiting)
        self._waiting[number] = NewItem(item, wording, free, taken_over, tuple(found))
        held = (*free, *taken_over)
        made = Known(
            number, self._feed, item.title, item.url, held, wording, item.published, self._now, True
        )
        self._known |= dict.fromkeys(held, made)
        return Arrived(number, item, new=True, found=tuple(found))

    def _store(self) -> None:
        """Store what waits, all at once: of a document that is new, that is most of the work."""
        ids = stored_items.add(
            self._tx, tuple(self._waiting.values()), feed=self._feed, now=self._now
        )
        self._ids |= zip(self._waiting, ids, strict=True)
        for key, one in self._known.items():
            if one and one.id in self._waiting:
                self._known[key] = replace(one, id=self._ids[one.id])
        self._waiting.clear()

    def _is_ours(self, key: str) -> bool:
        """Whether a key that stood for another item stands for the newer one now.

        What this feed uses for one story after the other always means its latest one. An address
        that another feed named first stays with its item.
        """
        holder = self._known[key]
        return holder is None or holder.feed == self._feed

    def _again(self, same: Known, item: Item, wording: str) -> Arrived | None:
        """A known item, perhaps in words not seen before."""
        fresh = wording != same.wording and not stored_items.had(self._tx, same.id, wording)
        if fresh and same.feed != self._feed:
            found = self._match(item)
            if self._new_rules(same, found):
                # Never silenced by what another feed made of the same address.
                return self._add(item, wording, found)
            stored_items.remember(
                self._tx, same.id, item, wording=wording, feed=self._feed, now=self._now
            )
        self._note(same, item)
        return self._revised(same, item, wording) if fresh and same.feed == self._feed else None

    def _note(self, same: Known, item: Item) -> None:
        """Remember by what else the item is known, and that this feed carries it."""
        more = [key for key in item.keys if key not in self._known]
        more = more[: max(0, MAX_KEYS - len(same.keys))]
        if more:
            stored_items.add_keys(self._tx, same.id, more)
        if not same.sighted:
            self.first_here += 1
            stored_items.add_sighting(self._tx, same.id, feed=self._feed, now=self._now)
        if more or not same.sighted:
            noted = replace(same, keys=(*same.keys, *more), sighted=True)
            self._known |= dict.fromkeys(more, noted)

    def _revised(self, same: Known, item: Item, wording: str) -> Arrived | None:
        revised = stored_items.revise(
            self._tx, same.id, item, wording=wording, feed=self._feed, now=self._now
        )
        if revised is None:
            return None
        found = self._match(revised)
        fresh = self._new_rules(same, found)
        stored_items.add_matches(self._tx, same.id, fresh)
        again = tuple(one for one in found if one not in fresh)
        if again and len(stored_items.wordings(self._tx, same.id)) > MAX_EDITS:
            again = ()
        return Arrived(same.id, revised, new=False, found=fresh, again=again)

    def _new_rules(self, same: Known, found: Sequence[Match]) -> tuple[Match, ...]:
        before = stored_items.matched(self._tx, same.id) if found else frozenset()
        return tuple(one for one in found if one.rule not in before)
