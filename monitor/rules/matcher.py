"""Which rules an item matches, and why. Pure, and safe to use from several threads."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from monitor.model import Evidence, Match
from monitor.rules.candidates import Candidates, Need
from monitor.rules.concepts import Concepts
from monitor.rules.evaluate import Node, Reader, speaks
from monitor.rules.explain import Explanation, first_failure, wanted
from monitor.rules.model import Entity, members
from monitor.rules.nodes import Builder
from monitor.rules.parser import parse
from monitor.rules.reading import FIELDS, Reading
from monitor.rules.regex import compile_pattern
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.model import Concept, Item, Rule
    from monitor.rules.ast import Leaf, Regex
    from monitor.rules.hits import Finder, Mention
    from monitor.rules.model import RuleSet, Terms
    from monitor.rules.regex import Pattern

MAX_EVIDENCE = 100
"""Of one match."""
MAX_PER_TERM = 10


class Compiled(NamedTuple):
    """A rule ready to be evaluated."""

    rule: Rule
    node: Node
    needs: tuple[Need, ...]
    """What must occur for the rule to match, rarest first; empty: every item is looked at."""
    two_of: Need
    """Concepts, those of the first need among them, of which two must occur; empty where one will do."""
    rest: Node
    """What must hold besides; None where the needs say all."""


class Matcher:
    """All rules of a rule set, compiled together."""

    def __init__(
        self, rule_set: RuleSet, compiled: Sequence[Compiled], finder: Finder, labels: Sequence[str]
    ) -> None:
        self.rules: Mapping[str, Rule] = {
            id_: parsed.rule for id_, parsed in rule_set.rules.items()
        }
        """Every rule by its id, also those that are not enabled or have expired."""
        self.files = rule_set.holding
        """The files that define something."""
        self._named_all = rule_set.all_named
        self._telling = tuple(
            named for named in self._named_all if isinstance(named, Entity) or named.stories
        )
        self._groups = rule_set.groups
        self._finder = finder
        self._labels = labels
        self._compiled = compiled
        self._candidates = Candidates(
            [one.needs for one in compiled], [one.two_of for one in compiled], len(labels)
        )
        self._limits = {
            index: limits for index, one in enumerate(compiled) if (limits := _limits(one.rule))
        }

    @property
    def unanchored(self) -> tuple[str, ...]:
        """Rules in which nothing has to occur, so that every item has to be looked at."""
        return tuple(self._compiled[index].rule.id for index in self._candidates.always)

    def match(self, item: Item) -> tuple[Match, ...]:
        """Every rule that the item satisfies with the evidence, most severe first."""
        reading = Reading(item)
        hits = self._finder.hits(reading)
        candidates = self._candidates.of(hits)
        if not candidates:
            return ()
        reader = Reader(reading, hits)
        holds, compiled = reader.holds, self._compiled
        return tuple(
            self._match(index, reader)
            for index in sorted(candidates)
            if ((rest := compiled[index].rest) is None or holds(rest))
            and self._allowed(index, item)
        )

    def concepts(self, item: Item) -> tuple[Concept, ...]:
        """Every entity and term list that the item mentions, also those that no rule asks for."""
        return self._named.find(item)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What entities and labelled term lists are called, by the term of their evidence (`@cho`)."""
        called = ((one.id, _called(one)) for one in self._named_all)
        return {f"@{id_}": name for id_, name in called if name}

    @cached_property
    def _named(self) -> Concepts:
        # Of use for matched items only; a matcher that is only tested never needs it.
        return Concepts(self._telling)

    def mentions(self, item: Item) -> Iterator[Evidence]:
        """Every mention of a name, of those that rules use, whether or not a rule matches."""
        reading = Reading(item)
        reader = Reader(reading, self._finder.hits(reading))
        for concept in reader.hits:
            if self._labels[concept].startswith("@"):
                for mention in reader.mentions(concept):
                    yield self._one(reading, mention, concept)

    def explain(self, item: Item) -> tuple[Explanation, ...]:
        """For every rule the evidence, or the first clause that does not hold."""
        reading = Reading(item)
        reader = Reader(reading, self._finder.hits(reading))
        in_force = {one.rule.id: index for index, one in enumerate(self._compiled)}
        return tuple(
            self._explanation(rule, in_force.get(rule.id), reader) for rule in self.rules.values()
        )

    def _explanation(self, rule: Rule, index: int | None, reader: Reader) -> Explanation:
        if index is None:
            failed = "enabled = false" if not rule.enabled else f'expires = "{rule.expires}"'
            return Explanation(rule.id, False, failed=failed, cause="the rule is not in force")
        limits = self._limits.get(index)
        refusal = limits.refusal(reader.reading.item) if limits else None
        tree, builder = parse(rule.query), self._builder
        failed, cause = refusal or first_failure(tree, reader, builder)
        if failed:
            found = self.evidence(wanted(tree, builder), reader)
            return Explanation(rule.id, False, failed=failed, cause=cause, found=found)
        return Explanation(rule.id, True, self.evidence(self._compiled[index].node, reader))

    def _allowed(self, index: int, item: Item) -> bool:
        limits = self._limits.get(index)
        return limits is None or not limits.refusal(item)

    def _match(self, index: int, reader: Reader) -> Match:
        rule = self._compiled[index].rule
        return Match(rule.id, rule.severity, self.evidence(self._compiled[index].node, reader))

    def _concept(self, leaf: Leaf) -> int:
        return self._concepts[str(leaf)]

    @property
    def _builder(self) -> Builder:
        return Builder(self._concept, _pattern, lambda name: members(name, self._groups))

    @cached_property
    def _concepts(self) -> dict[str, int]:
        return {label: concept for concept, label in enumerate(self._labels)}

    def evidence(self, node: Node, reader: Reader) -> tuple[Evidence, ...]:
        """What a node found in a reading, in reading order."""
        per_term: dict[int, int] = {}
        kept: list[tuple[Mention, int]] = []
        for found in sorted(set(reader.evidence(node))):
            count = per_term[found[1]] = per_term.get(found[1], 0) + 1
            if count <= MAX_PER_TERM:
                kept.append(found)
        return tuple(self._one(reader.reading, *found) for found in kept[:MAX_EVIDENCE])

    def _one(self, reading: Reading, mention: Mention, concept: int) -> Evidence:
        field, first, last = reading.span(mention[0], mention[1])
        term = self._labels[concept]
        name = self._finder.name(mention, concept)
        text = (reading.item.title, reading.item.summary, reading.item.content)[field][first:last]
        return Evidence(term, name or term, FIELDS[field], first, last, text)


def _called(named: Entity | Terms) -> str:
    return named.name if isinstance(named, Entity) else named.label


def _pattern(leaf: Regex) -> Pattern:
    return compile_pattern(leaf.pattern, exact=leaf.exact)


def is_for(rule: Rule, item: Item) -> bool:
    """Whether a rule looks at an item at all: its languages and feeds."""
    limits = _limits(rule)
    return limits is None or not limits.refusal(item)


class _Limits(NamedTuple):
    """Which items a rule is for."""

    languages: tuple[str, ...]
    outlets: frozenset[str]
    tags: frozenset[str]
    kinds: frozenset[str]

    def refusal(self, item: Item) -> tuple[str, str] | None:
        """The limit that keeps the rule from this item, and why."""
        if self.languages and not any(speaks(item, language) for language in self.languages):
            return "languages", f"the item's language is {item.language or 'unknown'}"
        if not (self.outlets or self.tags or self.kinds):
            return None
        outlet = item.outlet
        if (
            fold(outlet.name) in self.outlets
            or fold(outlet.kind) in self.kinds
            or not self.tags.isdisjoint(map(fold, outlet.tags))
        ):
            return None
        return "feeds", f"the item's outlet is {outlet.name or 'unknown'}"


def _limits(rule: Rule) -> _Limits | None:
    if not (rule.languages or rule.feeds):
        return None
    feeds = [fold(feed) for feed in rule.feeds]
    tags = frozenset(feed[4:] for feed in feeds if feed.startswith("tag:"))
    kinds = frozenset(feed[5:] for feed in feeds if feed.startswith("kind:"))
    outlets = frozenset(feed for feed in feeds if not feed.startswith(("tag:", "kind:")))
    return _Limits(rule.languages, outlets, tags, kinds)
