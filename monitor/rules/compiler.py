"""A rule set -> a matcher: concepts for what rules test, small trees for how they combine it."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from monitor.rules import ast
from monitor.rules.evaluate import AND, ANY, ATLEAST, IN, META, NEAR, NOT, OF, OR, REGEX, Meta, Node
from monitor.rules.hits import Vocabulary
from monitor.rules.matcher import Compiled, Matcher
from monitor.rules.parser import parse_entry
from monitor.rules.reading import ALL, CONTENT, LEAD, SUMMARY, TITLE, scannable
from monitor.rules.regex import Pattern, compile_pattern
from monitor.rules.surfaces import Edge, Surface, excluded_surfaces, surfaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from monitor.rules.model import Entity, RuleSet, Terms

_MASKS = {"title": TITLE, "summary": SUMMARY, "body": CONTENT, "lead": LEAD}


def compile_rules(rule_set: RuleSet, *, today: date | None = None) -> Matcher:
    """The matcher of all enabled rules; with `today`, of those that have not expired."""
    with _no_collections():
        return _Compiler(rule_set).matcher(today)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Building a hundred thousand small objects, the collector would look at all of them often."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Compiler:
    """Gives every distinct leaf of all queries a number, and writes queries in these numbers."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._vocabulary = Vocabulary()
        self._concepts: dict[str, int] = {}
        self._costs: list[float] = []
        self._patterns: dict[str, Pattern] = {}

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
        for parsed in chosen:
            node = self._node(parsed.tree, ALL)
            compiled.append(Compiled(parsed.rule, node, *self._anchors(node)))
        return Matcher(self._rule_set, compiled, self._vocabulary.finish(), list(self._concepts))

    def _node(self, tree: ast.Node, mask: int) -> Node:
        match tree:
            case ast.Term() | ast.Ref():
                concept = self._concept(tree)
                return concept if mask == ALL else (IN, mask, concept)
            case ast.Regex():
                concept = self._concept(tree)
                return REGEX, mask, concept, self._patterns[str(tree)]
            case ast.And():
                return AND, self._cheap_first(self._nodes(tree.clauses, mask))
            case ast.Or():
                return _any_of(self._nodes(tree.clauses, mask))
            case ast.Not():
                return NOT, self._node(tree.clause, mask)
            case ast.Near():
                steps = tuple((one.words, one.ordered, one.negated) for one in tree.steps)
                return NEAR, self._nodes(tree.operands, mask), steps
            case ast.OfN():
                return OF, tree.count, self._nodes(tree.clauses, mask)
            case ast.AtLeast():
                return ATLEAST, tree.count, self._node(tree.clause, mask)
            case ast.Field() if tree.name in _MASKS:
                return self._node(tree.clause, _MASKS[tree.name])
            case ast.Field():
                return _meta(tree.name, tree.clause)

    def _nodes(self, trees: Iterable[ast.Node], mask: int) -> tuple[Node, ...]:
        return tuple(self._node(tree, mask) for tree in trees)

    def _cheap_first(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(sorted(nodes, key=_effort))

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
                self._patterns[str(leaf)] = pattern
                for literal in pattern.literals:
                    surface = Surface(scannable(literal), Edge.FREE, Edge.FREE)
                    self._vocabulary.add(surface, concept, "")
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
            for surface in excluded_surfaces(term, language="", kind=""):
                self._vocabulary.except_in(surface, concept)
        return cost

    def _add(
        self, term: ast.Term, concept: int, *, name: str, language: str, kind: str
    ) -> float:
        for surface in surfaces(term, language=language, kind=kind):
            self._vocabulary.add(surface, concept, name)
        return _cost(term.text)

    def _anchors(self, node: Node) -> tuple[frozenset[int] | None, int]:
        """Concepts of which one must occur for a rule to match, and a further one that must too."""
        anchors = self._required(node)
        if anchors is None or node.__class__ is int or node[0] != AND:
            return anchors, -1
        others = [part for part in node[1] if part.__class__ is int and part not in anchors]
        return anchors, min(others, key=self._costs.__getitem__, default=-1)

    def _required(self, node: Node) -> frozenset[int] | None:
        """The cheapest set of concepts of which one must occur; None where there is none."""
        if node.__class__ is int:
            return frozenset((node,))
        match node[0]:
            case 0 | 5:  # AND, NEAR
                parts = node[1][:1] if node[0] == NEAR and node[2][0][2] else node[1]
                sets = [found for part in parts if (found := self._required(part)) is not None]
                return min(sets, key=self._price, default=None)
            case 1:  # OR
                return self._union(node[1])
            case 3:  # ANY
                return frozenset(node[1])
            case 4:  # IN
                return frozenset((node[2],))
            case 6:  # OF: if n of k must hold, one of any k - n + 1 does
                sets = [found for part in node[2] if (found := self._required(part)) is not None]
                needed = len(node[2]) - node[1] + 1
                if len(sets) < needed:
                    return None
                return frozenset().union(*sorted(sets, key=self._price)[:needed])
            case 7:  # ATLEAST
                return self._required(node[2])
            case 8:  # REGEX
                return frozenset((node[2],)) if node[3].literals else None
            case _:
                return None

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


def _any_of(nodes: tuple[Node, ...]) -> Node:
    if all(node.__class__ is int for node in nodes):
        return ANY, nodes
    return OR, tuple(sorted(nodes, key=_effort))


def _effort(node: Node) -> int:
    """For putting quick tests before slow ones."""
    if node.__class__ is int:
        return 0
    return {ANY: 1, META: 2, IN: 3, NOT: 4, OR: 5, AND: 5, OF: 6, ATLEAST: 7, NEAR: 8}.get(node[0], 9)


def _meta(field: str, clause: ast.Node) -> Node:
    match clause:
        case ast.Term():
            return META, Meta(field, clause.text, prefix=clause.prefix)
        case ast.Regex():
            return META, Meta(field, compile_pattern(clause.pattern, exact=clause.exact))
        case ast.Not():
            return NOT, _meta(field, clause.clause)
        case ast.And() | ast.Or():
            parts: tuple[Any, ...] = tuple(_meta(field, part) for part in clause.clauses)
            return (AND if isinstance(clause, ast.And) else OR), parts
        case _:
            raise AssertionError(clause)


def _cost(text: str) -> float:
    """How often a text will be found, by its length: wide characters say as much as three letters."""
    length = sum(3 if char >= "\u1100" else 1 for char in text)
    return 0.7**length
