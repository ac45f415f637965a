"""Why a rule matches an item, or the first of its clauses that does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules import ast
from monitor.rules.evaluate import OR
from monitor.rules.reading import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Evidence
    from monitor.rules.evaluate import Node, Reader
    from monitor.rules.hits import Mention
    from monitor.rules.nodes import Builder


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one rule made of one item."""

    rule: str
    matched: bool
    evidence: tuple[Evidence, ...] = ()
    failed: str = ""
    """The first clause that does not hold, as a query; "" where the rule matches."""
    cause: str = ""
    """Why it does not hold, in a clause for a person."""
    found: tuple[Evidence, ...] = ()
    """Of a rule that does not match, what it asks for and is there all the same: how near it came."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.rule}: " + ("matches" if self.matched else f"{self.failed}: {self.cause}")


def first_failure(tree: ast.Node, reader: Reader, builder: Builder) -> tuple[str, str]:
    """The first clause that does not hold and why, or two empty texts."""
    return _Explainer(reader, builder).failure(tree, "")


def wanted(tree: ast.Node, builder: Builder) -> Node:
    """What finds anything that a query asks for, as if it were enough; nothing of what it excludes."""
    return OR, tuple(map(builder.node, _leaves(tree)))


def _leaves(tree: ast.Node) -> Iterator[ast.Node]:
    match tree:
        case ast.Not():
            return
        case ast.Field() if tree.name not in ast.TEXT_FIELDS:
            return
        case ast.Near():
            yield from _leaves(tree.operands[0])
            for step, operand in zip(tree.steps, tree.operands[1:], strict=True):
                if not step.negated:
                    yield from _leaves(operand)
        case ast.Term() | ast.Ref() | ast.Regex():
            yield tree
        case _:
            for child in ast.children(tree):
                yield from _leaves(child)


class _Explainer:
    """Walks a query's tree with a reading beside it."""

    def __init__(self, reader: Reader, builder: Builder) -> None:
        self._reader = reader
        self._builder = builder

    def failure(self, tree: ast.Node, field: str) -> tuple[str, str]:
        """The first clause below a node that does not hold."""
        if self._holds(tree, field):
            return "", ""
        match tree:
            case ast.And():
                failures = (self.failure(clause, field) for clause in tree.clauses)
                return next(failure for failure in failures if failure[0])
            case ast.Field() if tree.name in ast.TEXT_FIELDS:
                return self.failure(tree.clause, tree.name)
            case ast.Field():
                return str(tree), self._why_meta(tree)
            case ast.Or() if nearest := self._nearest(tree, field):
                return self.failure(nearest, field)
            case _:
                shown = str(ast.Field(field, tree)) if field else str(tree)
                return shown, self._why(tree, field)

    def _nearest(self, tree: ast.Or, field: str) -> ast.Node | None:
        """Of alternatives that are more than words, the one of which most is there; None for none."""
        if all(isinstance(clause, ast.Leaf) for clause in tree.clauses):
            return None
        there = [(self._there(clause, field), clause) for clause in tree.clauses]
        most, nearest = max(there, key=lambda one: one[0])
        return nearest if most else None

    def _there(self, tree: ast.Node, field: str) -> int:
        """How many different things of those that a clause asks for are there."""
        within = ast.Field(field, tree) if field else tree
        found = self._reader.evidence(wanted(within, self._builder))
        return len({concept for _, concept in found})

    def _node(self, tree: ast.Node, field: str) -> Node:
        return self._builder.node(ast.Field(field, tree) if field else tree)

    def _holds(self, tree: ast.Node, field: str) -> bool:
        return self._reader.holds(self._node(tree, field))

    def _why(self, tree: ast.Node, field: str) -> str:
        match tree:
            case ast.Not():
                return f"it does: {self._places(tree.clause, field)}"
            case ast.Or():
                return "none of these is found"
            case ast.Near():
                return self._why_near(tree, field)
            case ast.OfN():
                holding = [str(one) for one in tree.clauses if self._holds(one, field)]
                return f"only {len(holding)} of them hold: {', '.join(holding) or 'none'}"
            case ast.AtLeast():
                found = len(self._reader.mentions(self._node(tree.clause, field)))
                return f"only {found} found"
            case _:
                return self._why_leaf(tree, field)

    def _why_leaf(self, tree: ast.Node, field: str) -> str:
        elsewhere = self._reader.mentions(self._builder.node(tree)) if field else []
        if elsewhere:
            return f"it is found only elsewhere: {self._place(elsewhere[0])}"
        return "it is not found"

    def _why_near(self, tree: ast.Near, field: str) -> str:
        operands = [self._node(operand, field) for operand in tree.operands]
        for written, operand in zip(tree.operands, operands, strict=True):
            if not self._reader.mentions(operand) and not tree.steps[0].negated:
                return f"{written} is not found"
        if tree.steps[0].negated:
            if not self._reader.mentions(operands[0]):
                return f"{tree.operands[0]} is not found"
            return f"every {tree.operands[0]} has {tree.operands[1]} close to it"
        return self._gap(tree, operands)

    def _gap(self, tree: ast.Near, operands: list[Node]) -> str:
        steps = tuple((one.words, one.ordered, one.negated) for one in tree.steps)
        broken = len([one for one in self._reader.close(tuple(operands), steps) if one]) - 1
        left, right = operands[broken], operands[broken + 1]
        gap = self._reader.smallest_gap(left, right, ordered=tree.steps[broken].ordered)
        pair = f"{tree.operands[broken]} and {tree.operands[broken + 1]}"
        if gap is None:
            order = " in this order" if tree.steps[broken].ordered else ""
            return f"{pair} are found, but not in one field{order}"
        return f"{pair} are at least {gap} words apart"

    def _places(self, tree: ast.Node, field: str) -> str:
        found = sorted({one for one, _ in self._reader.evidence(self._node(tree, field))})
        return ", ".join(map(self._place, found[:3])) or "nothing to point at"

    def _place(self, mention: Mention) -> str:
        reading = self._reader.reading
        field, start, end = reading.span(mention[0], mention[1])
        text = (reading.item.title, reading.item.summary, reading.item.content)[field][start:end]
        return f'"{text}" in the {FIELDS[field]} at {start}'

    def _why_meta(self, tree: ast.Field) -> str:
        item = self._reader.reading.item
        value = {"source": item.outlet.name, "lang": item.language, "url": item.url}[tree.name]
        return f"it is {value!r}" if value else "it is not known"
