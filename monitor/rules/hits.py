"""Which concepts occur in a reading, and where: the automaton's finds, with what may stand beside.

A concept is what a rule tests: all names of an entity, all words of a list, one word, one literal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.automaton import finder
from monitor.rules.surfaces import Edge, Surface, only_particles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.rules.reading import Reading

Mention = tuple[int, int, str]
"""Start and end in the reading's text, and the name that was found ("" for the term itself)."""
Hits = dict[int, list[Mention]]

_WORD = 255
"""Edge code of the commonest case: a letter or digit on either side forbids."""
_SEVERAL = 254
"""The text belongs to several concepts, or must be compared as written."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """A concept that a text belongs to."""

    concept: int
    """`~concept` where the text is one in which the concept does not count."""
    name: str
    edges: int
    exact: str


class Vocabulary:
    """Collects texts and their concepts, then makes the finder of them."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner | list[_Owner]] = {}

    def add(self, surface: Surface, concept: int, name: str) -> None:
        """Let a text stand for a concept."""
        owner = _Owner(concept, name, _code(surface), surface.exact)
        known = self._owners.get(surface.text)
        if known is None:
            self._owners[surface.text] = owner
        elif isinstance(known, list):
            known.append(owner)
        else:
            self._owners[surface.text] = [known, owner]

    def except_in(self, surface: Surface, concept: int) -> None:
        """Let no mention of a concept count inside a text."""
        self.add(surface, ~concept, "")

    def finish(self) -> Finder:
        """The finder of all texts added."""
        return Finder(self._owners)


def _code(surface: Surface) -> int:
    if surface.left is surface.right is Edge.LETTER:
        return _WORD
    return surface.left * 8 + surface.right


class Finder:
    """Finds the mentions of all concepts in one pass over a text."""

    __slots__ = ("_codes", "_concepts", "_find", "_names", "_several", "size")

    def __init__(self, owners: Mapping[str, _Owner | list[_Owner]]) -> None:
        self._find = finder(list(owners))
        self.size = len(owners)
        """Number of texts."""
        codes = bytearray()
        self._concepts: list[int] = []
        self._names: list[str] = []
        self._several: dict[int, tuple[_Owner, ...]] = {}
        for index, owner in enumerate(owners.values()):
            first = owner[0] if isinstance(owner, list) else owner
            alone = not isinstance(owner, list) and not first.exact
            if not alone:
                self._several[index] = tuple(_distinct(owner))
            codes.append(first.edges if alone else _SEVERAL)
            self._concepts.append(first.concept)
            self._names.append(first.name)
        self._codes = bytes(codes)

    def hits(self, reading: Reading) -> Hits:
        """The mentions of every concept that occurs, in no order, before exceptions are applied."""
        text, codes, concepts, names = reading.text, self._codes, self._concepts, self._names
        hits: Hits = {}
        for start, end, index in self._find(text):
            code = codes[index]
            if code == _WORD:
                # The separators around every field spare us looking for the edges of the text.
                if text[end].isalnum() and _forbids_letter(text[end]):
                    continue
                if text[start - 1].isalnum() and _forbids_letter(text[start - 1]):
                    continue
            elif code == _SEVERAL:
                self._add_owners(reading, start, end, index, hits)
                continue
            elif code:
                end = _checked(reading, start, end, code)  # noqa: PLW2901 - a prefix grows
                if not end:
                    continue
            concept = concepts[index]
            if concept in hits:
                hits[concept].append((start, end, names[index]))
            else:
                hits[concept] = [(start, end, names[index])]
        return hits

    def _add_owners(self, reading: Reading, start: int, end: int, index: int, hits: Hits) -> None:
        for owner in self._several[index]:
            if owner.exact and reading.written[start:end] != owner.exact:
                continue
            if last := _checked(reading, start, end, owner.edges):
                hits.setdefault(owner.concept, []).append((start, last, owner.name))


def _distinct(owner: _Owner | list[_Owner]) -> list[_Owner]:
    """One owner for each concept and way to look: names of one entity often look alike."""
    owners = owner if isinstance(owner, list) else [owner]
    return list({(one.concept, one.edges, one.exact): one for one in reversed(owners)}.values())[::-1]


def _checked(reading: Reading, start: int, end: int, code: int) -> int:
    """Where a hit ends, or 0 where its surroundings forbid it."""
    if code == _WORD:
        code = Edge.LETTER * 9
    left, right = divmod(code, 8)
    text = reading.text
    if _FORBIDS[left](text[start - 1]):
        return 0
    if right == Edge.PARTICLES:
        return end if only_particles(text, end) else 0
    if right == Edge.PREFIX:
        return reading.word_end(end)
    return 0 if _FORBIDS[right](text[end]) else end


def _forbids_letter(char: str) -> bool:
    """Whether this letter or digit continues a word of an alphabet."""
    if not char.isalnum():
        return False
    return char < "\u1100" or not (
        "\u2e80" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7ff"
        or char <= "\u11ff"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
    )


def _forbids_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"


def _forbids_katakana(char: str) -> bool:
    return "\u30a1" <= char <= "\u30ff" and char != "\u30fb"


def _forbids_nothing(_: str) -> bool:
    return False


_FORBIDS: tuple[Callable[[str], bool], ...] = (
    _forbids_nothing,
    _forbids_letter,
    _forbids_hangul,
    _forbids_katakana,
    _forbids_hangul,
    _forbids_nothing,
)


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
    return kept


def without_exceptions(hits: Hits) -> Hits:
    """The hits without those inside a text in which they don't count; most readings have none."""
    exceptions = [concept for concept in hits if concept < 0]
    for excepted in exceptions:
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
