"""The recent stories and what finds them: one index on evidence serves copies and stories.

Everything is held in memory and bounded; what is stored with each item is enough to build it again.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Assignment, Outcome
from monitor.stories import grouping, report
from monitor.stories.changes import changes
from monitor.stories.grouping import Subject
from monitor.stories.rarity import Rarity
from monitor.stories.story import Story, unit
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.model import Change, Concept, Item
    from monitor.stories.report import Report

WINDOW = timedelta(hours=96)
MAX_STORIES = 20_000
MAX_REPORTS = 60_000
"""Beyond either the stories that were silent longest are let go."""
MAX_CANDIDATES = 12
"""Stories that a report is compared with in full."""
_KEY_TERMS = 20
_FAR_BEHIND = 0.25
"""Of the evidence that the best candidate shares; a story that shares less is not looked at."""
_TIE = 1e-5
"""Evidence that differs by less may have been added up in another order."""
_POSTINGS = 600
"""Entries of the index that are looked at for one report, those of rare terms first."""

Key = str | tuple[str, int]


class Window:
    """The stories of the last hours."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window
        self._stories: dict[int, Story] = {}
        """In the order in which their last reports came."""
        self._index: dict[Key, dict[int, None]] = {}
        self._keys: dict[int, dict[Key, None]] = {}
        self._apart: set[frozenset[int]] = set()
        self._rarity = Rarity()
        self._below: dict[tuple[str, int], frozenset[int]] = {}
        """What outlets wrote below a headline, and the first headline that had it."""

    def __len__(self) -> int:
        """The number of stories."""
        return len(self._stories)

    def __contains__(self, story: int) -> bool:
        """Whether a story is kept."""
        return story in self._stories

    def own_words(self, item: Item) -> Item:
        """The item without what its outlet writes below other headlines too, as many do with all.

        Such words, and the names among them, would make one story of everything that the outlet reports.
        """
        first = self._below.get((fold(item.outlet.name), report.below_of(item)))
        if first is None:
            return item
        own = report.headline_of(item)
        if 2 * len(own & first) >= min(len(own), len(first)):
            return item  # the headline was reworded
        return replace(item, summary="", content="")

    def report(
        self, number: int, item: Item, concepts: Iterable[Concept], *, at: datetime | None
    ) -> Report:
        """An item as a report, its terms weighed by how rare they are now."""
        reading, language = report.read(item), report.language_of(item)
        weighed = unit(
            {
                term: weight * self._rarity.term(language, term)
                for term, weight in reading.terms.items()
            }
        )
        return report.make(number, item, reading, weighed, concepts, at=at)

    def decide(self, found: Report) -> Assignment:
        """Which story a report belongs to, and what it changes there; changes nothing itself."""
        assignment = self._decided(found)
        if assignment.outcome is not Outcome.FOLD or assignment.story is None:
            return assignment
        return replace(assignment, changes=changes(found, self._stories[assignment.story]))

    def _decided(self, found: Report) -> Assignment:
        subject = Subject(found, dict(zip(found.terms, found.weights, strict=True)))
        weights = self._rarity.weights(found)
        candidates = self._candidates(found, weights)
        copied = grouping.copy_of(subject, candidates)
        if copied:
            story, other, likeness = copied
            reason = f"repeats the text of item {other.item}"
            reason += f" ({other.outlet})" if other.outlet else ""
            return Assignment(
                Outcome.FOLD, reason, story.id, copy_of=other.item, score=round(likeness, 4)
            )
        compared = (
            grouping.compare(subject, story, weights, window=self._window) for story in candidates
        )
        return self._unless_apart(grouping.decide([one for one in compared if one]))

    def _unless_apart(self, assignment: Assignment) -> Assignment:
        if assignment.merge is None or assignment.story is None:
            return assignment
        pair = frozenset((assignment.merge, assignment.story))
        if pair not in self._apart:
            return assignment
        return replace(assignment, merge=None)

    def add(self, found: Report, story: int, *, seen: datetime) -> None:
        """Put a report into a story, a new one where there is none of this id."""
        kept = self._stories.pop(story, None) or Story(story, seen)
        self._stories[story] = kept
        kept.add(found, seen=seen)
        self._index_by(found, story)
        self._rarity.add(found)
        if found.outlet and found.below:
            self._below.setdefault((found.outlet, found.below), found.headline)
        while len(self._stories) > MAX_STORIES or self._rarity.reports > MAX_REPORTS:
            self._forget(next(iter(self._stories)))

    def revise(self, found: Report, story: int) -> tuple[Change, ...] | None:
        """Put a report in place of the earlier one of its item: what it changes; None if it is let go."""
        kept = self._stories.get(story)
        if kept is None or all(one.item != found.item for one in kept.reports):
            return None
        changed = changes(found, kept)
        made = Story(story, kept.seen)
        for one in kept.reports:
            if one.item == found.item:
                self._rarity.add(one, -1)
                self._rarity.add(found)
            made.add(found if one.item == found.item else one, seen=kept.seen)
        self._stories[story] = made
        self._index_by(found, story)
        return changed

    def merge(self, gone: int, into: int) -> None:
        """Make two stories one."""
        if gone not in self._stories:
            return
        old, new = self._stories.pop(gone), self._stories.pop(into, None)
        reports = [*old.reports, *(new.reports if new else ())]
        self._stories[into] = made = Story(into, max(old.seen, new.seen) if new else old.seen)
        for one in sorted(reports, key=lambda one: one.item):
            made.add(one, seen=made.seen)
        keys = self._keys.setdefault(into, {})
        for key in self._keys.pop(gone, ()):
            del self._index[key][gone]
            self._index[key][into] = keys[key] = None

    def keep_apart(self, one: int, other: int) -> None:
        """Never make these two one: somebody parted them."""
        self._apart.add(frozenset((one, other)))

    def forget_before(self, time: datetime) -> None:
        """Let go the stories whose last report came before; nothing can join them any more."""
        while self._stories:
            oldest = next(iter(self._stories.values()))
            if oldest.seen >= time:
                return
            self._forget(oldest.id)

    def _forget(self, story: int) -> None:
        for one in self._stories.pop(story).reports:
            self._rarity.add(one, -1)
            if self._below.get((one.outlet, one.below)) == one.headline:
                del self._below[one.outlet, one.below]
        for key in self._keys.pop(story, ()):
            posting = self._index[key]
            del posting[story]
            if not posting:
                del self._index[key]

    def _index_by(self, found: Report, story: int) -> None:
        keys = self._keys.setdefault(story, {})
        for key in _keys(found):
            self._index.setdefault(key, {})[story] = keys[key] = None

    def _candidates(self, found: Report, weights: Mapping[str, float]) -> list[Story]:
        """The stories that share most evidence with a report, by the rarest of it."""
        shared: dict[int, float] = {}
        looked_at = 0
        worth = [*found.weights[:_KEY_TERMS], *(weights[one.id] for one in found.concepts)]
        keyed = zip(_keys(found), worth, strict=True)
        postings = [(self._index[key], weight) for key, weight in keyed if key in self._index]
        for posting, weight in sorted(postings, key=lambda pair: len(pair[0])):
            looked_at += len(posting)
            if shared and looked_at > _POSTINGS:
                break
            for story in posting:
                shared[story] = shared.get(story, 0.0) + weight
        return [self._stories[story] for story in _best(shared)]


def _best(shared: Mapping[int, float]) -> list[int]:
    """The stories that share most, the earlier before the later; there can be thousands of equals."""
    if not shared:
        return []
    ranked = sorted(shared.values(), reverse=True)[:MAX_CANDIDATES]
    last, least = ranked[-1], _FAR_BEHIND * ranked[0]
    above = [story for story, weight in shared.items() if least <= weight > last + _TIE]
    above.sort(key=lambda story: (-round(shared[story], 6), story))
    if last < least:
        return above
    equal = (story for story, weight in shared.items() if abs(weight - last) <= _TIE)
    return above + heapq.nsmallest(MAX_CANDIDATES - len(above), equal)


def _keys(found: Report) -> list[Key]:
    """What a report is found by: the heaviest terms of its language, and its concepts."""
    language = found.language
    keys: list[Key] = [(language, term) for term in found.terms[:_KEY_TERMS]]
    return keys + [one.id for one in found.concepts]
