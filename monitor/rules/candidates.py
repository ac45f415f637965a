"""Which rules are worth evaluating, by what they need: most are ruled out without a look at them.

Kept in flat arrays: with many rules the time goes into reaching for memory, not into computing.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.rules.hits import Hits

Need = tuple[int, ...]
"""Concepts of which one must occur."""

MAX_NEEDS = 3
"""Of one rule that are looked at; the first finds the rule, the others rule it out."""
_NOTHING = -1
"""No further need. Numbers below stand for needs of several concepts, others are a concept."""


class Candidates:
    """Finds the rules that what occurs in an item does not rule out."""

    __slots__ = ("_entries", "_offsets", "_several", "always")

    def __init__(
        self, needs: Sequence[Sequence[Need]], two_of: Sequence[Need], concepts: int
    ) -> None:
        self.always = tuple(rule for rule, needed in enumerate(needs) if not needed)
        """Rules that need nothing, so that every item has to be looked at."""
        self._several: list[Need] = []
        by_concept: list[list[int]] = [[] for _ in range(concepts)]
        for rule, needed in enumerate(needs):
            if not needed:
                continue
            first, *others = needed[:MAX_NEEDS]
            codes = [self._code(one) for one in others] + [_NOTHING] * (MAX_NEEDS - 1)
            for concept in first:
                if two_of[rule]:
                    second = tuple(one for one in two_of[rule] if one != concept)
                    by_concept[concept] += (rule, self._code(second), codes[0])
                else:
                    by_concept[concept] += (rule, codes[0], codes[1])
        self._offsets = array("i", [0])
        self._entries = array("i")
        for entries in by_concept:
            self._entries.extend(entries)
            self._offsets.append(len(self._entries))

    def _code(self, need: Need) -> int:
        if len(need) == 1:
            return need[0]
        self._several.append(need)
        return _NOTHING - len(self._several)

    def of(self, hits: Hits) -> set[int]:
        """The rules for which everything they need occurs."""
        offsets, entries, several, occurring = (
            self._offsets,
            self._entries,
            self._several,
            hits.keys(),
        )
        found = set(self.always)
        for concept in hits:
            start, end = offsets[concept], offsets[concept + 1]
            if start == end:
                continue
            numbers = iter(entries[start:end])
            for rule, second, third in zip(numbers, numbers, numbers, strict=True):
                if second >= 0:
                    if second not in hits:
                        continue
                elif second < _NOTHING and occurring.isdisjoint(several[_NOTHING - 1 - second]):
                    continue
                if third == _NOTHING or _occurs(third, hits, several):
                    found.add(rule)
        return found


def _occurs(need: int, hits: Hits, several: Sequence[Need]) -> bool:
    if need >= 0:
        return need in hits
    return not hits.keys().isdisjoint(several[_NOTHING - 1 - need])
