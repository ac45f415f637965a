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

    # All in arrays: small objects, made among the many that go, would keep the memory of those.
    __slots__ = (
        "_apart",
        "_called",
        "_codes",
        "_concepts",
        "_find",
        "_names",
        "_several",
        "_several_names",
        "_several_starts",
    )

    def __init__(self, owners: Mapping[str, _Owner | list[_Owner]]) -> None:
        self._find = finder(list(owners))
        self._codes = bytearray()
        self._concepts = array("i")
        """By text; `-1 - n` where it belongs to several, the nth in `_several`."""
        self._several = array("i")
        self._several_starts = array("i", [0])
        self._names = array("i")
        """By text, the number of a name; of the first concept where it belongs to several."""
        self._several_names = array("i")
        self._apart: dict[int, tuple[_Owner, ...]] = {}
        numbers: dict[str, int] = {}
        for owner in owners.values():
            self._add(owner if isinstance(owner, list) else [owner], numbers)
        self._called = list(numbers)

    def __len__(self) -> int:
        """The number of texts."""
        return len(self._codes)

    def _add(self, owners: Iterable[_Owner], numbers: dict[str, int]) -> None:
        """Names of one entity often look alike; one owner is enough for each way to look."""
        distinct: dict[tuple[int, int, str], _Owner] = {}
        names: dict[int, int] = {}
        for owner in owners:
            distinct.setdefault((owner.concept, owner.code, owner.exact), owner)
            if owner.concept not in names:
                names[owner.concept] = numbers.setdefault(owner.name, len(numbers))
        first, *others = distinct.values()
        alike = not first.exact and all(one.code == first.code and not one.exact for one in others)
        if not alike:
            self._apart[len(self._codes)] = tuple(distinct.values())
        self._codes.append(first.code if alike else _APART)
        self._names.append(names[first.concept])
        if len(names) == 1 and first.concept >= 0:
            self._concepts.append(first.concept)
        else:
            self._concepts.append(-len(self._several_starts))
            self._several.extend(names)
            self._several_names.extend(names.values())
            self._several_starts.append(len(self._several))

    def name(self, mention: Mention, concept: int) -> str:
        """The name of a concept that a mention is of; "" for the concept itself."""
        text = mention[2]
        if text == NAMELESS:
            return ""
        if self._concepts[text] >= 0:
            return self._called[self._names[text]]
        first, end = self._span_of_several(text)
        return self._called[self._several_names[self._several.index(concept, first, end)]]

    def _span_of_several(self, text: int) -> tuple[int, int]:
        number = -1 - self._concepts[text]
        return self._several_starts[number], self._several_starts[number + 1]

    def hits(self, reading: Reading) -> Hits:
        """The mentions of every concept that occurs."""
        hits = self._raw_hits(reading)
        return without_exceptions(hits) if hits and min(hits) < 0 else hits

    def _raw_hits(self, reading: Reading) -> Hits:  # noqa: C901, PLR0912 - the innermost loop calls little
        text, codes, concepts, several = reading.text, self._codes, self._concepts, self._several
        starts = self._several_starts
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
            for one in several[starts[-1 - concept] : starts[-concept]]:
                if one in hits:
                    hits[one].append(mention)
                else:
                    hits[one] = [mention]
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
