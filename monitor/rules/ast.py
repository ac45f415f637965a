"""The query language as a tree. `str` of a node is a query that parses to the same node.

Nodes compare without their positions, so that two ways to write one query are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def _position() -> int:
    return field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, found in all its forms unless it says otherwise."""

    text: str
    quoted: bool = False
    exact: bool = False
    """`=POW`: this case and this form only."""
    prefix: bool = False
    """`captur*`: any word that begins so."""
    at: int = _position()

    def __str__(self) -> str:
        text = self.text + "*" * self.prefix
        return "=" * self.exact + (f'"{text}"' if self.quoted else text)


@dataclass(frozen=True, slots=True)
class Regex:
    """`/pattern/`, without regard to case; `=/pattern/` with regard to it."""

    pattern: str
    exact: bool = False
    at: int = _position()

    def __str__(self) -> str:
        return "=" * self.exact + f"/{self.pattern}/"


@dataclass(frozen=True, slots=True)
class Ref:
    """An entity or a term list by its name."""

    name: str
    at: int = _position()

    def __str__(self) -> str:
        return f"@{self.name}"


@dataclass(frozen=True, slots=True)
class Not:
    """The item must not satisfy the clause."""

    clause: Node
    at: int = _position()

    def __str__(self) -> str:
        return f"NOT {_bracketed(self.clause, (And, Or))}"


@dataclass(frozen=True, slots=True)
class And:
    """Every clause."""

    clauses: tuple[Node, ...]
    at: int = _position()

    def __str__(self) -> str:
        return " AND ".join(_bracketed(clause, (And, Or)) for clause in self.clauses)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one clause."""

    clauses: tuple[Node, ...]
    at: int = _position()

    def __str__(self) -> str:
        return " OR ".join(_bracketed(clause, (And, Or)) for clause in self.clauses)


@dataclass(frozen=True, slots=True)
class Near:
    """Mentions close together: each operand within its distance of a mention of the one before."""

    operands: tuple[Node, ...]
    steps: tuple[Step, ...]
    """What stands between operand i and operand i + 1."""
    at: int = _position()

    def __str__(self) -> str:
        first, *rest = (_bracketed(operand, (And, Or, Not, Near)) for operand in self.operands)
        tail = (f" {step} {operand}" for step, operand in zip(self.steps, rest, strict=True))
        return first + "".join(tail)


@dataclass(frozen=True, slots=True)
class Step:
    """How close: `NEAR/5`, in order `ONEAR/5`, or a mention with none close to it, `NOT NEAR/5`."""

    words: int
    ordered: bool = False
    negated: bool = False

    def __str__(self) -> str:
        return f"{'NOT ' * self.negated}{'O' * self.ordered}NEAR/{self.words}"


@dataclass(frozen=True, slots=True)
class OfN:
    """At least so many of the clauses."""

    count: int
    clauses: tuple[Node, ...]
    at: int = _position()

    def __str__(self) -> str:
        return f"{self.count} OF ({', '.join(map(str, self.clauses))})"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least so many mentions."""

    count: int
    clause: Node
    at: int = _position()

    def __str__(self) -> str:
        return f"ATLEAST/{self.count} {_bracketed(self.clause, (And, Or, Not, Near))}"


@dataclass(frozen=True, slots=True)
class Field:
    """The clause within one part of the item."""

    name: str
    clause: Node
    at: int = _position()

    def __str__(self) -> str:
        return f"{self.name}:{_bracketed(self.clause, (And, Or, Not, Near, OfN, AtLeast))}"


Leaf = Term | Regex | Ref
Node = Leaf | Not | And | Or | Near | OfN | AtLeast | Field

TEXT_FIELDS = ("title", "summary", "body", "lead")
META_FIELDS = ("source", "lang", "url")


def children(node: Node) -> tuple[Node, ...]:
    """The clauses directly below a node."""
    match node:
        case Term() | Ref() | Regex():
            return ()
        case And() | Or() | OfN():
            return node.clauses
        case Near():
            return node.operands
        case _:
            return (node.clause,)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order they are written."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (Term, Ref)):
            waiting.extend(reversed(children(node)))


def _bracketed(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)
