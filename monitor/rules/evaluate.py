"""The compiled form of a query, and what it says about a reading.

A node is an int (a concept that must occur) or a tuple that begins with what it is. Tuples of ints
are small and quick to walk; ten thousand rules of objects are neither.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from monitor.rules.hits import NAMELESS, Hits, Mention, maximal
from monitor.rules.languages import could_be, primary
from monitor.rules.reading import ALL, Reading
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Item
    from monitor.rules.regex import Pattern

MAX_COMPARED = 100
"""Mentions of either side that an explanation compares with each other."""

AND, OR, NOT, ANY, IN, NEAR, OF, ATLEAST, REGEX, META = range(10)
Node = Any
"""int, (AND|OR, nodes), (NOT, node), (ANY, concepts), (IN, mask, concept), (NEAR, operands, steps),
(OF, count, nodes), (ATLEAST, count, node), (REGEX, mask, concept, pattern), (META, Meta)."""


class Reader:
    """What a reading holds, worked out as far as rules ask."""

    __slots__ = ("_close", "_mentions", "_regex", "_several", "hits", "reading")

    def __init__(self, reading: Reading, hits: Hits) -> None:
        self.reading = reading
        self.hits = hits
        self._mentions: dict[int, list[Mention]] = {}
        self._regex: dict[int, list[Mention]] = {}
        # By the identity of a node, which is kept beside, so that no other can take its place.
        self._several: dict[int, tuple[Node, list[Mention]]] = {}
        self._close: dict[int, tuple[Node, list[list[Mention]]]] = {}

    def holds(self, node: Node) -> bool:  # noqa: PLR0911 - a table of calls would be slower
        """Whether the reading satisfies a node."""
        if node.__class__ is int:
            return bool(node in self.hits)
        kind = node[0]
        if kind == AND:
            return all(map(self.holds, node[1]))
        if kind == ANY:
            return not self.hits.keys().isdisjoint(node[1])
        if kind == NOT:
            return not self.holds(node[1])
        if kind == OR:
            return any(map(self.holds, node[1]))
        if kind == NEAR:
            return self._all_occur(node[1], node[2]) and bool(self._chain(node)[-1])
        if kind == OF:
            return self._are(node[1], node[2])
        if kind == META:
            return bool(node[1].holds(self.reading.item))
        if kind == ATLEAST:
            enough: int = node[1]
            return len(self.mentions(node[2])) >= enough
        return bool(self.mentions(node))

    def _all_occur(self, operands: tuple[Node, ...], steps: tuple[Step, ...]) -> bool:
        """Whether what has to be close is there at all: most chains need no closer look."""
        occurs = self._occurs
        return occurs(operands[0]) and all(
            step[2] or occurs(operand) for operand, step in zip(operands[1:], steps, strict=True)
        )

    def _occurs(self, node: Node) -> bool:
        """Whether a node may be mentioned; False is certain."""
        if node.__class__ is int:
            return node in self.hits
        kind = node[0]
        if kind == ANY:
            return not self.hits.keys().isdisjoint(node[1])
        if kind == OR:
            return any(map(self._occurs, node[1]))
        return bool(kind != IN or node[2] in self.hits)

    def _are(self, enough: int, nodes: tuple[Node, ...]) -> bool:
        """Whether enough of the nodes hold."""
        hits, holds = self.hits, self.holds
        for node in nodes:
            if node in hits if node.__class__ is int else holds(node):
                enough -= 1
                if not enough:
                    return True
        return False

    def mentions(self, node: Node) -> list[Mention]:
        """The mentions of a concept, a regular expression or several of these: in order, maximal."""
        if node.__class__ is int:
            return self._of_concept(node)
        kind = node[0]
        if kind == IN:
            inside = self.reading.inside
            return [one for one in self._of_concept(node[2]) if inside(node[1], one[0])]
        if kind == REGEX:
            inside = self.reading.inside
            found = self._of_regex(node[2], node[3])
            return found if node[1] == ALL else [one for one in found if inside(node[1], one[0])]
        known = self._several.get(id(node))
        if known is None:
            hits = self.hits
            parts = (part for part in node[1] if part.__class__ is not int or part in hits)
            together = [one for part in parts for one in self.mentions(part)]
            known = self._several[id(node)] = node, maximal(together) if together else together
        return known[1]

    def _chain(self, node: Node) -> list[list[Mention]]:
        known = self._close.get(id(node))
        if known is None:
            known = self._close[id(node)] = node, self.close(node[1], node[2])
        return known[1]

    def _of_concept(self, concept: int) -> list[Mention]:
        if concept not in self._mentions:
            self._mentions[concept] = maximal(self.hits[concept]) if concept in self.hits else []
        return self._mentions[concept]

    def _of_regex(self, concept: int, pattern: Pattern) -> list[Mention]:
        if concept not in self._regex:
            # The literals are concepts of their own: without them there is no need to look.
            tried = not pattern.literals or concept in self.hits
            self._regex[concept] = self._search(pattern) if tried else []
        return self._regex[concept]

    def _search(self, pattern: Pattern) -> list[Mention]:
        return [
            (base + start, base + end, NAMELESS)
            for base, text in self.reading.originals()
            for start, end in pattern.spans(text)
        ]

    def close(self, operands: tuple[Node, ...], steps: tuple[Step, ...]) -> list[list[Mention]]:
        """For each operand the mentions that are close enough to one of the operand before."""
        near = [self.mentions(operands[0])]
        for operand, step in zip(operands[1:], steps, strict=True):
            if not near[-1]:
                break
            words, ordered, negated = step
            if negated:
                others = self.mentions(operand)
                close = set(self._near(near[-1], others, words, before=not ordered, after=True))
                near.append([one for one in near[-1] if one not in close])
            else:
                found = self._near(self.mentions(operand), near[-1], words, after=not ordered)
                near.append(found)
        return near

    def _near(
        self,
        mentions: list[Mention],
        others: list[Mention],
        words: int,
        *,
        before: bool = True,
        after: bool = True,
    ) -> list[Mention]:
        """The mentions with another at most so many words before them, or after them.

        Where the order makes no difference, one inside the other is as close as can be.
        """
        between, limit = self.reading.between, 2 * words + 1
        starts = [other[0] for other in others]
        ends = [other[1] for other in others]
        kept: list[Mention] = []
        for mention in mentions:
            start, end, _ = mention
            if before and (position := bisect_right(ends, start)):
                gap = between(ends[position - 1], start)
                if gap is not None and gap <= limit:
                    kept.append(mention)
                    continue
            if after and (position := bisect_left(starts, end)) < len(starts):
                gap = between(end, starts[position])
                if gap is not None and gap <= limit:
                    kept.append(mention)
                    continue
            if before and after and _nested(start, end, starts, ends):
                kept.append(mention)
        return kept

    def smallest_gap(self, left: Node, right: Node, *, ordered: bool) -> int | None:
        """The words between the two closest mentions; None where no field holds both in order."""
        gaps = [
            gap
            for one in self.mentions(left)[:MAX_COMPARED]
            for other in self.mentions(right)[:MAX_COMPARED]
            for earlier, later in ((one, other), (other, one))[: 1 if ordered else 2]
            if earlier[1] <= later[0]
            and (gap := self.reading.between(earlier[1], later[0])) is not None
        ]
        return max(min(gaps), 0) // 2 if gaps else None

    def evidence(self, node: Node) -> list[tuple[Mention, int]]:
        """The mentions, with their concepts, that make a node hold."""
        found: list[tuple[Mention, int]] = []
        self._tell(node, found)
        return found

    def _tell(self, node: Node, found: list[tuple[Mention, int]]) -> None:
        if node.__class__ is int:
            found += [(mention, node) for mention in self._of_concept(node)]
        elif node[0] in {IN, REGEX}:
            found += [(mention, node[2]) for mention in self.mentions(node)]
        elif node[0] == NEAR:
            found += self._near_evidence(node)
        else:
            for part in self._telling(node):
                self._tell(part, found)

    def _telling(self, node: Node) -> Iterable[Node]:
        """The parts that show why a node holds; NOT and what is known of an item show nothing."""
        kind = node[0]
        if kind in {AND, ANY}:
            return tuple(node[1])
        if kind in {OR, OF}:
            return filter(self.holds, node[-1])
        return (node[2],) if kind == ATLEAST else ()

    def _near_evidence(self, node: Node) -> Iterator[tuple[Mention, int]]:
        """Only those mentions that take part in a chain that is complete."""
        _, operands, steps = node
        *before, last = self._chain(node)
        kept = [last]
        # Of NOT NEAR only what is left of the first operand is told: the chain is that and no more.
        for (words, ordered, negated), mentions in zip(
            reversed(steps), reversed(before), strict=True
        ):
            if not negated:
                kept.insert(0, self._near(mentions, kept[0], words, before=not ordered))
        for operand, mentions in zip(operands, kept, strict=False):
            wanted = set(mentions)
            for mention, concept in self.evidence(operand):
                if mention in wanted:
                    yield mention, concept


def _nested(start: int, end: int, starts: list[int], ends: list[int]) -> bool:
    """Whether a mention lies inside one of others that are in order, or one of them inside it.

    The very same words are one mention that is of both, not two that are close.
    """
    around = bisect_right(starts, start) - 1
    if around >= 0 and ends[around] >= end:
        return (starts[around], ends[around]) != (start, end)
    inside = bisect_left(starts, start)
    return inside < len(starts) and ends[inside] <= end


Step = tuple[int, bool, bool]
"""Words between, whether in order, whether negated."""


class Meta:
    """A test of what is known about an item: where it comes from, its language, its address."""

    __slots__ = ("_field", "_prefix", "_wanted")

    def __init__(self, field: str, wanted: str | Pattern, *, prefix: bool = False) -> None:
        self._field = field
        self._wanted = fold(wanted) if isinstance(wanted, str) else wanted
        self._prefix = prefix

    def holds(self, item: Item) -> bool:
        """Whether it is so."""
        if not isinstance(self._wanted, str):
            return bool(self._wanted.spans(_value(item, self._field)))
        if self._field == "lang":
            return speaks(item, self._wanted)
        value = fold(_value(item, self._field))
        if self._field == "url":
            return self._wanted in value
        return _as_words(self._wanted, value, prefix=self._prefix)


def _value(item: Item, field: str) -> str:
    return {"source": item.outlet.name, "lang": item.language, "url": item.url}[field]


def _as_words(wanted: str, value: str, *, prefix: bool) -> bool:
    start = value.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        left = start == 0 or not value[start - 1].isalnum()
        if left and (prefix or end == len(value) or not value[end].isalnum()):
            return True
        start = value.find(wanted, start + 1)
    return False


def speaks(item: Item, language: str) -> bool:
    """Whether an item is in a language; one of unknown language, whether its script fits."""
    if item.language:
        return primary(item.language) == primary(language)
    return could_be(language, item.title)
