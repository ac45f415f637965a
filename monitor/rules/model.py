"""What rule files say, as values: entities, term lists, rules and their tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Rule
    from monitor.rules.ast import Node

Path = tuple[str | int, ...]


class Positions(Protocol):
    """Where the keys and values of a file stand; lines and columns are 1-based."""

    def key(self, path: Path) -> tuple[int, int]:
        """Of a key."""

    def value(self, path: Path) -> tuple[int, int]:
        """Of the first character of a value, inside the quotes of a string."""

    def within(self, path: Path, offset: int) -> tuple[int, int]:
        """Of the character at an offset in a string."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the rule files something is written."""

    file: str
    path: Path = ()
    positions: Positions | None = field(default=None, compare=False, repr=False)

    def __truediv__(self, part: str | int) -> Place:
        """The place of something inside."""
        return Place(self.file, (*self.path, part), self.positions)

    def problem(self, cause: str, remedy: str, *, at: int = 0) -> Problem:
        """Something wrong with the value here; in a string, at an offset into it."""
        line, column = self.positions.within(self.path, at) if self.positions else (None, None)
        return Problem(self.file, line, column, cause, remedy)

    def key_problem(self, cause: str, remedy: str) -> Problem:
        """Something wrong with the key or the table here."""
        line, column = self.positions.key(self.path) if self.positions else (None, None)
        return Problem(self.file, line, column, cause, remedy)

    @property
    def line(self) -> int | None:
        """1-based line of the key or the table."""
        return self.positions.key(self.path)[0] if self.positions else None


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, place, organisation, group or event with its names in every language."""

    id: str
    name: str
    kind: str
    names: Mapping[str, tuple[str, ...]]
    """By language code."""
    excluded: tuple[str, ...]
    """Longer words or phrases in which a name does not count."""
    place: Place
    note: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """A named list of words for one idea."""

    id: str
    names: Mapping[str, tuple[str, ...]]
    """The words, by language code."""
    excluded: tuple[str, ...]
    place: Place
    note: str = ""
    follows: tuple[str, ...] = ()
    """Term lists that say an earlier state of affairs."""
    stories: bool = True
    """Whether the words also tell stories apart, and not only help queries."""
    label: str = ""
    """What the words mean, for readers of other languages; "" is as the list is called."""

    @property
    def kind(self) -> str:
        """Plain words have no kind."""
        return ""


@dataclass(frozen=True, slots=True)
class Group:
    """Several entities and term lists under one name: any of them."""

    id: str
    members: tuple[str, ...]
    """Names of entities, term lists and other groups, as the file has them."""
    place: Place
    note: str = ""


def members(name: str, groups: Mapping[str, Group]) -> tuple[str, ...]:
    """What @name stands for, each once and in order: itself, or the members of a group."""
    if name not in groups:
        return (name,)
    found: list[str] = []
    waiting, seen = [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if group := groups.get(one):
            waiting.extend(reversed(group.members))
        else:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """An item that a rule must match, or must not."""

    match: bool
    title: str
    place: Place
    summary: str = ""
    content: str = ""
    url: str = ""
    language: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ParsedRule:
    """A rule with what its file says beside it."""

    rule: Rule
    tree: Node
    tests: tuple[RuleTest, ...]
    place: Place
    slow: bool = False
    """The author accepts that a regular expression is tried on every item."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rule files of a folder, read together; every reference in them is known to exist."""

    rules: Mapping[str, ParsedRule]
    entities: Mapping[str, Entity]
    terms: Mapping[str, Terms]
    files: tuple[str, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)

    def named(self, name: str) -> Entity | Terms:
        """The entity or term list of a name."""
        return self.entities.get(name) or self.terms[name]

    def members(self, name: str) -> tuple[str, ...]:
        """The entities and term lists that @name stands for: itself, or those of a group."""
        return members(name, self.groups)

    @property
    def holding(self) -> frozenset[str]:
        """The files that define something."""
        named = (*self.all_named, *self.groups.values(), *self.rules.values())
        return frozenset(one.place.file for one in named)

    @property
    def all_named(self) -> tuple[Entity | Terms, ...]:
        """Everything that an @name can stand for."""
        return (*self.entities.values(), *self.terms.values())

    @property
    def tests(self) -> Mapping[str, tuple[RuleTest, ...]]:
        """The tests that the files carry, by rule."""
        return {id_: parsed.tests for id_, parsed in self.rules.items() if parsed.tests}
