"""A rule set -> a matcher: concepts for what rules test, small trees for how they combine it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules import ast
from monitor.rules.candidates import MAX_NEEDS, Need
from monitor.rules.evaluate import AND, ANY, ATLEAST, IN, NEAR, OF, OR, REGEX, Node
from monitor.rules.garbage import no_collections
from monitor.rules.hits import Vocabulary
from monitor.rules.matcher import Compiled, Matcher
from monitor.rules.nodes import Builder
from monitor.rules.parser import parse_entry
from monitor.rules.reading import scannable
from monitor.rules.regex import Pattern, compile_pattern
from monitor.rules.surfaces import Edge, Surfaces, excluded_surfaces, respelled, surfaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from monitor.rules.model import Entity, RuleSet, Terms


def compile_rules(rule_set: RuleSet, *, today: date | None = None) -> Matcher:
    """The matcher of all enabled rules; with `today`, of those that have not expired."""
    with no_collections():
        return _Compiler(rule_set).matcher(today)


class _Compiler:
    """Gives every distinct leaf of all queries a number, and writes queries in these numbers."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._vocabulary = Vocabulary()
        self._concepts: dict[str, int] = {}
        self._costs: list[float] = []
        self._patterns: dict[ast.Regex, Pattern] = {}

    def matcher(self, today: date | None) -> Matcher:
        """The matcher."""
        chosen = [
            parsed
            for parsed in self._rule_set.rules.values()
            if parsed.rule.enabled
            and not (today and parsed.rule.expires and parsed.rule.expires < today.isoformat())
        ]
        # Evaluated in this order, so that matches need no sorting by severity.
        chosen.sort(key=lambda parsed: -parsed.rule.severity.rank)
        compiled = []
        builder = Builder(self._concept, self._patterns.__getitem__, self._rule_set.members)
        for parsed in chosen:
            node = builder.node(parsed.tree)
            needs = self._needs(node)
            compiled.append(Compiled(parsed.rule, node, needs, _rest(node, needs)))
        return Matcher(self._rule_set, compiled, self._vocabulary.finish(), list(self._concepts))

    def _concept(self, leaf: ast.Leaf) -> int:
        label = str(leaf)
        concept = self._concepts.get(label)
        if concept is None:
            concept = self._concepts[label] = len(self._costs)
            self._costs.append(self._fill(leaf, concept))
        return concept

    def _fill(self, leaf: ast.Leaf, concept: int) -> float:
        """Put a concept's texts into the vocabulary; how often they will be found, roughly."""
        match leaf:
            case ast.Term():
                return self._add(leaf, concept, name="", language="", kind="")
            case ast.Ref():
                return self._fill_named(self._rule_set.named(leaf.name), concept)
            case ast.Regex():
                pattern = compile_pattern(leaf.pattern, exact=leaf.exact)
                self._patterns[leaf] = pattern
                for literal in pattern.literals:
                    found = Surfaces([scannable(literal)], Edge.FREE, Edge.FREE)
                    self._vocabulary.add(found, concept, "")
                return sum(_cost(literal) for literal in pattern.literals)

    def _fill_named(self, named: Entity | Terms, concept: int) -> float:
        cost = 0.0
        for language, names in named.names.items():
            for name in names:
                cost += self._add(
                    parse_entry(name), concept, name=name, language=language, kind=named.kind
                )
        for excluded in named.excluded:
            term = parse_entry(excluded)
            self._vocabulary.except_in(excluded_surfaces(term), concept)
        return cost

    def _add(self, term: ast.Term, concept: int, *, name: str, language: str, kind: str) -> float:
        self._vocabulary.add(surfaces(term, language=language, kind=kind), concept, name)
        if kind:
            self._vocabulary.add(respelled(term, language=language, kind=kind), concept, name)
        return _cost(term.text)

    def _needs(self, node: Node) -> tuple[Need, ...]:
        """What must occur for a rule to match, the rarest first: a concept, or one of several."""
        sets = [self._required(part) for part in _conjuncts(node)]
        found = sorted({one for one in sets if one is not None}, key=self._price)[:MAX_NEEDS]
        return tuple(tuple(one) for one in found)

    def _required(self, node: Node) -> frozenset[int] | None:  # noqa: PLR0911 - one for each kind
        """The cheapest set of concepts of which one must occur; None where there is none."""
        if node.__class__ is int:
            return frozenset((node,))
        kind = node[0]
        if kind in {AND, NEAR}:
            sets = [self._required(part) for part in _conjuncts(node)]
            return min((one for one in sets if one is not None), key=self._price, default=None)
        if kind == OR:
            return self._union(node[1])
        if kind == ANY:
            return frozenset(node[1])
        if kind in {IN, ATLEAST}:
            return self._required(node[2])
        if kind == OF:
            return self._required_of(node[1], node[2])
        if kind == REGEX and node[3].literals:
            return frozenset((node[2],))
        return None

    def _required_of(self, count: int, nodes: tuple[Node, ...]) -> frozenset[int] | None:
        """If `count` of k must hold, then one of any k - count + 1 of them does."""
        sets = [found for part in nodes if (found := self._required(part)) is not None]
        enough = len(nodes) - count + 1
        if len(sets) < enough:
            return None
        return frozenset().union(*sorted(sets, key=self._price)[:enough])

    def _union(self, nodes: Iterable[Node]) -> frozenset[int] | None:
        together: set[int] = set()
        for node in nodes:
            found = self._required(node)
            if found is None:
                return None
            together |= found
        return frozenset(together)

    def _price(self, concepts: frozenset[int]) -> float:
        return sum(self._costs[concept] for concept in concepts)


def _rest(node: Node, needs: Iterable[Need]) -> Node:
    """What is left to be evaluated where all needs occur; None where nothing is."""
    met = set(map(frozenset, needs))
    parts = node[1] if node.__class__ is not int and node[0] == AND else (node,)
    left = tuple(part for part in parts if _concepts_of(part) not in met)
    return (AND, left) if len(left) > 1 else left[0] if left else None


def _concepts_of(node: Node) -> frozenset[int]:
    """The concepts of which one must occur, where that is all that a node says."""
    if node.__class__ is int:
        return frozenset((node,))
    return frozenset(node[1]) if node[0] == ANY else frozenset()


def _conjuncts(node: Node) -> Iterator[Node]:
    """The parts of a node that all have to hold."""
    if node.__class__ is int or node[0] not in {AND, NEAR}:
        yield node
    elif node[0] == NEAR:
        yield from node[1][:1] if node[2][0][2] else node[1]
    else:
        for part in node[1]:
            yield from _conjuncts(part)


def _cost(text: str) -> float:
    """How often a text will be found, by its length: wide characters say as much as three letters."""
    return 0.7 ** (3 * len(text) if text >= "\u1100" else len(text))
