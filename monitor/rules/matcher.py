"""Which rules an item matches, and why. Pure, and safe to use from several threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.model import Evidence, Match
from monitor.rules.evaluate import Node, Reader, speaks
from monitor.rules.hits import Finder, without_exceptions
from monitor.rules.reading import FIELDS, Reading
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.model import Item, Rule
    from monitor.rules.model import RuleSet

MAX_EVIDENCE = 100
"""Of one match."""
MAX_PER_TERM = 10


class Compiled(NamedTuple):
    """A rule ready to be evaluated."""

    rule: Rule
    node: Node
    anchors: frozenset[int] | None
    """Concepts of which one must occur; None: every item has to be looked at."""
    second: int
    """A further concept that must occur, -1 for none."""


class Matcher:
    """All rules of a rule set, compiled together."""

    def __init__(
        self, rule_set: RuleSet, compiled: Sequence[Compiled], finder: Finder, labels: Sequence[str]
    ) -> None:
        self.rules: Mapping[str, Rule] = {
            id_: parsed.rule for id_, parsed in rule_set.rules.items()
        }
        """Every rule by its id, also those that are not enabled or have expired."""
        self._finder = finder
        self._labels = labels
        self._compiled = compiled
        self._always = tuple(i for i, one in enumerate(compiled) if one.anchors is None)
        self._anchored: dict[int, list[int]] = {}
        for index, one in enumerate(compiled):
            for concept in one.anchors or ():
                self._anchored.setdefault(concept, []).append(index)
        self._limits = {
            index: limits for index, one in enumerate(compiled) if (limits := _limits(one.rule))
        }

    def match(self, item: Item) -> tuple[Match, ...]:
        """Every rule that the item satisfies with the evidence, most severe first."""
        reading = Reading(item)
        hits = self._finder.hits(reading)
        if hits and min(hits) < 0:
            hits = without_exceptions(hits)
        candidates = self._candidates(hits)
        if not candidates:
            return ()
        reader = Reader(reading, hits)
        return tuple(
            self._match(index, reader)
            for index in sorted(candidates)
            if reader.holds(self._compiled[index].node) and self._allowed(index, item)
        )

    def _candidates(self, hits: Iterable[int]) -> set[int]:
        compiled = self._compiled
        candidates = set(self._always)
        for concept in hits:
            for index in self._anchored.get(concept, ()):
                second = compiled[index].second
                if second < 0 or second in hits:
                    candidates.add(index)
        return candidates

    def _allowed(self, index: int, item: Item) -> bool:
        limits = self._limits.get(index)
        return limits is None or not limits.refusal(item)

    def _match(self, index: int, reader: Reader) -> Match:
        rule = self._compiled[index].rule
        return Match(rule.id, rule.severity, self.evidence(self._compiled[index].node, reader))

    def evidence(self, node: Node, reader: Reader) -> tuple[Evidence, ...]:
        """What a node found in a reading, in reading order."""
        per_term: dict[int, int] = {}
        kept: list[tuple[int, int, int, str]] = []
        for concept, (start, end, name) in sorted(set(reader.evidence(node)), key=_by_place):
            count = per_term[concept] = per_term.get(concept, 0) + 1
            if count <= MAX_PER_TERM:
                kept.append((start, end, concept, name))
        return tuple(self._one(reader.reading, *one) for one in kept[:MAX_EVIDENCE])

    def _one(self, reading: Reading, start: int, end: int, concept: int, name: str) -> Evidence:
        field, first, last = reading.span(start, end)
        term = self._labels[concept]
        text = (reading.item.title, reading.item.summary, reading.item.content)[field][first:last]
        return Evidence(term, name or term, FIELDS[field], first, last, text)


def _by_place(found: tuple[int, tuple[int, int, str]]) -> tuple[int, int, int]:
    concept, (start, end, _) = found
    return start, end, concept


class _Limits(NamedTuple):
    """Which items a rule is for."""

    languages: tuple[str, ...]
    outlets: frozenset[str]
    tags: frozenset[str]
    kinds: frozenset[str]

    def refusal(self, item: Item) -> str:
        """Why the rule is not for this item; "" where it is."""
        if self.languages and not any(speaks(item, language) for language in self.languages):
            return f"the item's language is {item.language or 'unknown'}"
        if not (self.outlets or self.tags or self.kinds):
            return ""
        outlet = item.outlet
        if (
            fold(outlet.name) in self.outlets
            or fold(outlet.kind) in self.kinds
            or not self.tags.isdisjoint(map(fold, outlet.tags))
        ):
            return ""
        return f"the item's outlet is {outlet.name or 'unknown'}"


def _limits(rule: Rule) -> _Limits | None:
    if not (rule.languages or rule.feeds):
        return None
    feeds = [fold(feed) for feed in rule.feeds]
    tags = frozenset(feed[4:] for feed in feeds if feed.startswith("tag:"))
    kinds = frozenset(feed[5:] for feed in feeds if feed.startswith("kind:"))
    outlets = frozenset(feed for feed in feeds if not feed.startswith(("tag:", "kind:")))
    return _Limits(rule.languages, outlets, tags, kinds)
