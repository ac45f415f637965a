"""Which concepts occur in a reading, and where: the automaton's finds, with what may stand beside.

A concept is what a rule tests: all names of an entity, all words of a list, one word, one literal.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from monitor.rules.automaton import finder
from monitor.rules.surfaces import Edge, Surfaces, fits_left, fits_right

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.rules.reading import Reading

Mention = tuple[int, int, int]
"""Start and end in the reading's text, and the number of the text that was found there."""
Hits = dict[int, list[Mention]]
"""Mentions by concept; under `~concept` those of texts in which it does not count."""

NAMELESS = -1
"""Number of a text that no name stands for: what a regular expression found."""
MAX_MENTIONS = 1_000
"""Mentions of one concept in one item that are looked at."""

_HANGUL = "\u1100"
"""Below are the alphabets, where a letter beside a letter always continues the word."""
_WORD = 255
"""Edge code of the commonest case, a word of an alphabet."""
_APART = 254
"""The text's concepts differ in what may stand beside it, or it must be compared as written."""


class _Owner(NamedTuple):
    """A concept that a text belongs to."""

    concept: int
    """`~concept` where the text is one in which the concept does not count."""
    name: str
    code: int
    """What may stand beside it."""
    exact: str


class Vocabulary:
    """Collects texts and their concepts, then makes the finder of them."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner | list[_Owner]] = {}

    def add(self, found: Surfaces, concept: int, name: str) -> None:
        """Let texts stand for a concept."""
        owner = _Owner(concept, name, _code(found), found.exact)
        owners = self._owners
        for text in found.texts:
            known = owners.setdefault(text, owner)
            if isinstance(known, list):
                known.append(owner)
            elif known is not owner and known[:1] + known[2:] != owner[:1] + owner[2:]:
                owners[text] = [known, owner]

    def except_in(self, found: Surfaces, concept: int) -> None:
        """Let no mention of a concept count inside texts."""
        self.add(found, ~concept, "")

    def finish(self) -> Finder:
        """The finder of all texts added."""
        return Finder(self._owners)


def _code(found: Surfaces) -> int:
    if found.left is found.right is Edge.WORD:
        return _WORD
    return found.left * 8 + found.right


class Finder:
    """Finds the mentions of all concepts in one pass over a text."""

    __slots__ = ("_apart", "_codes", "_concepts", "_find", "_names", "_several")

    def __init__(self, owners: Mapping[str, _Owner | list[_Owner]]) -> None:
        self._find = finder(list(owners))
        self._codes = bytearray()
        self._concepts = array("i")
        """By text; negative where it belongs to several, which are in `_several`."""
        self._several: dict[int, tuple[int, ...]] = {}
        self._names: list[str | dict[int, str]] = []
        self._apart: dict[int, tuple[_Owner, ...]] = {}
        for owner in owners.values():
            if isinstance(owner, list):
                self._add_several(owner)
            else:
                self._add_several([owner]) if owner.exact else self._add_one(owner)

    def __len__(self) -> int:
        """The number of texts."""
        return len(self._codes)

    def _add_one(self, owner: _Owner) -> None:
        self._codes.append(owner.code)
        if owner.concept < 0:
            self._several[len(self._concepts)] = (owner.concept,)
        self._concepts.append(owner.concept)
        self._names.append(owner.name)

    def _add_several(self, owners: Iterable[_Owner]) -> None:
        """Names of one entity often look alike; one owner is enough for each way to look."""
        distinct: dict[tuple[int, int, str], _Owner] = {}
        names: dict[int, str] = {}
        for owner in owners:
            distinct.setdefault((owner.concept, owner.code, owner.exact), owner)
            names.setdefault(owner.concept, owner.name)
        first, *others = distinct.values()
        if not others and not first.exact:
            self._add_one(first)
            return
        alike = all(one.code == first.code and not one.exact for one in distinct.values())
        if not alike:
            self._apart[len(self._codes)] = tuple(distinct.values())
        self._codes.append(first.code if alike else _APART)
        self._several[len(self._concepts)] = tuple(names)
        self._concepts.append(-1)
        self._names.append(names)

    def name(self, mention: Mention, concept: int) -> str:
        """The name of a concept that a mention is of; "" for the concept itself."""
        if mention[2] == NAMELESS:
            return ""
        names = self._names[mention[2]]
        return names if isinstance(names, str) else names[concept]

    def hits(self, reading: Reading) -> Hits:
        """The mentions of every concept that occurs."""
        hits = self._raw_hits(reading)
        return without_exceptions(hits) if hits and min(hits) < 0 else hits

    def _raw_hits(self, reading: Reading) -> Hits:  # noqa: C901, PLR0912 - the innermost loop calls little
        text, codes, concepts, several = reading.text, self._codes, self._concepts, self._several
        hits: Hits = {}
        tried: dict[int, int] = {}
        for start, end, index in self._find(text):
            code = codes[index]
            if code == _WORD:
                # The separators around every field spare us looking for the edges of the text.
                beside = text[end]
                if beside.isalnum() and (
                    (beside < _HANGUL and text[end - 1] < _HANGUL)
                    or not fits_right(Edge.WORD, text, end)
                ):
                    continue
                beside = text[start - 1]
                if beside.isalnum() and (
                    (beside < _HANGUL and text[start] < _HANGUL)
                    or not fits_left(Edge.WORD, text, start)
                ):
                    continue
            elif code == _APART:
                tried[index] = tried.get(index, 0) + 1
                if tried[index] <= MAX_MENTIONS:
                    self._add_apart(reading, (start, end, index), hits)
                continue
            elif code:
                tried[index] = tried.get(index, 0) + 1
                if tried[index] > MAX_MENTIONS:
                    continue
                end = _checked(reading, start, end, code)  # noqa: PLW2901 - a prefix grows
                if not end:
                    continue
            mention = (start, end, index)
            concept = concepts[index]
            if concept >= 0:
                if concept in hits:
                    hits[concept].append(mention)
                else:
                    hits[concept] = [mention]
                continue
            for concept in several[index]:
                if concept in hits:
                    hits[concept].append(mention)
                else:
                    hits[concept] = [mention]
        return hits

    def _add_apart(self, reading: Reading, mention: Mention, hits: Hits) -> None:
        start, end, index = mention
        for owner in self._apart[index]:
            if owner.exact and reading.written[start:end] != owner.exact:
                continue
            if last := _checked(reading, start, end, owner.code):
                hits.setdefault(owner.concept, []).append((start, last, index))


def _checked(reading: Reading, start: int, end: int, code: int) -> int:
    """Where a hit ends, or 0 where its surroundings forbid it."""
    left, right = (Edge.WORD, Edge.WORD) if code == _WORD else divmod(code, 8)
    text = reading.text
    # Whatever is no letter and no digit may stand beside anything.
    if left and text[start - 1].isalnum() and not fits_left(left, text, start):
        return 0
    if right == Edge.PREFIX:
        return reading.word_end(end)
    return end if not right or not text[end].isalnum() or fits_right(right, text, end) else 0


def maximal(mentions: list[Mention]) -> list[Mention]:
    """In order, without those inside a longer one."""
    if len(mentions) == 1:
        return mentions
    kept: list[Mention] = []
    last = -1
    for mention in sorted(mentions, key=lambda m: (m[0], -m[1])):
        if mention[1] > last:
            kept.append(mention)
            last = mention[1]
            if len(kept) == MAX_MENTIONS:
                break
    return kept


def without_exceptions(hits: Hits) -> Hits:
    """The hits without those inside a text in which they don't count; most readings have none."""
    for excepted in [concept for concept in hits if concept < 0]:
        spans = maximal(hits.pop(excepted))
        mentions = hits.get(~excepted)
        if mentions is None:
            continue
        kept = _outside(mentions, spans)
        if kept:
            hits[~excepted] = kept
        else:
            del hits[~excepted]
    return hits


def _outside(mentions: list[Mention], spans: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    position = 0
    for mention in sorted(mentions):
        while position < len(spans) - 1 and spans[position + 1][0] <= mention[0]:
            position += 1
        start, end, _ = spans[position]
        if not (start <= mention[0] and mention[1] <= end):
            kept.append(mention)
    return kept
