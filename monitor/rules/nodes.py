"""A query's tree -> the compiled form, given a number for every leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.rules import ast
from monitor.rules.evaluate import AND, ANY, ATLEAST, IN, META, NEAR, NOT, OF, OR, REGEX, Meta, Node
from monitor.rules.reading import ALL, CONTENT, LEAD, SUMMARY, TITLE
from monitor.rules.regex import Pattern, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_MASKS = {"title": TITLE, "summary": SUMMARY, "body": CONTENT, "lead": LEAD}
_EFFORT = {ANY: 1, META: 2, IN: 3, NOT: 4, OR: 5, AND: 5, OF: 6, ATLEAST: 7, NEAR: 8, REGEX: 9}


class Builder:
    """Writes trees in the numbers of their leaves."""

    def __init__(
        self,
        concept: Callable[[ast.Leaf], int],
        pattern: Callable[[ast.Regex], Pattern],
        members: Callable[[str], Sequence[str]],
    ) -> None:
        self._concept = concept
        self._pattern = pattern
        self._members = members

    def node(self, tree: ast.Node, mask: int = ALL) -> Node:  # noqa: C901, PLR0911 - one for each kind
        """The compiled form of a tree, within the fields of a mask."""
        match tree:
            case ast.Term():
                return self._found(tree, mask)
            case ast.Ref():
                members = self._members(tree.name)
                return _any_of(tuple(self._found(ast.Ref(name), mask) for name in members))
            case ast.Regex():
                return REGEX, mask, self._concept(tree), self._pattern(tree)
            case ast.And():
                return AND, tuple(sorted(self._nodes(tree.clauses, mask), key=_effort))
            case ast.Or():
                return _any_of(self._nodes(tree.clauses, mask))
            case ast.Not():
                return NOT, self.node(tree.clause, mask)
            case ast.Near():
                steps = tuple((one.words, one.ordered, one.negated) for one in tree.steps)
                return NEAR, self._nodes(tree.operands, mask), steps
            case ast.OfN():
                return OF, tree.count, self._nodes(tree.clauses, mask)
            case ast.AtLeast():
                return ATLEAST, tree.count, self.node(tree.clause, mask)
            case ast.Field():
                if tree.name in _MASKS:
                    return self.node(tree.clause, _MASKS[tree.name])
                return _meta(tree.name, tree.clause)

    def _found(self, leaf: ast.Leaf, mask: int) -> Node:
        concept = self._concept(leaf)
        return concept if mask == ALL else (IN, mask, concept)

    def _nodes(self, trees: Iterable[ast.Node], mask: int) -> tuple[Node, ...]:
        return tuple(self.node(tree, mask) for tree in trees)


def _any_of(nodes: tuple[Node, ...]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    nodes = tuple(dict.fromkeys(part for node in nodes for part in _alternatives(node)))
    if all(node.__class__ is int for node in nodes):
        return ANY, nodes
    return OR, tuple(sorted(nodes, key=_effort))


def _alternatives(node: Node) -> tuple[Node, ...]:
    """What a node is the OR of: brackets and groups make no difference."""
    within: tuple[Node, ...] = node[1] if node.__class__ is tuple and node[0] in {ANY, OR} else ()
    return within or (node,)


def _effort(node: Node) -> int:
    """For putting quick tests before slow ones."""
    if node.__class__ is int:
        return 0
    return _EFFORT[node[0]]


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
