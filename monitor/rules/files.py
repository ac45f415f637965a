"""A folder of rule files -> one rule set. All files load together or not at all."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from monitor import toml
from monitor.errors import ConfigError, Problem, RuleError
from monitor.model import Rule, Severity
from monitor.rules import languages, sense
from monitor.rules.garbage import no_collections
from monitor.rules.model import Entity, Group, ParsedRule, Place, RuleSet, RuleTest, Terms
from monitor.rules.parser import (
    QueryError,
    check_references,
    missing,
    missing_remedy,
    parse,
    parse_entry,
)
from monitor.rules.schema import ID, EntityTable, FileTables, RuleTable, TermsTable, TestTable
from monitor.settings import parse_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from monitor.rules.ast import Node

MAX_FILE = 2_000_000
"""Bytes of one rule file."""
MAX_FILES = 1_000
_MAX_LOOKED = 20_000
"""Files and folders of any kind: whoever names / or a home folder is told, and does not wait."""

_ID = re.compile(ID)
_DROPPINGS = (".", "~", "#")
_Named = TypeVar("_Named", Entity, Terms, Group, ParsedRule)


def load(folder: Path, instead: Sequence[Path] = ()) -> RuleSet:
    """Read every `*.toml` under a folder, as one name space.

    Args:
        folder: Where they are.
        instead: Files that are read in place of those of the same name, or beside them.

    Raises:
        RuleError: Something is wrong; all problems of all files are listed.
    """
    reader = _Reader()
    try:
        files = _with(rule_files(folder), instead)
    except OSError as error:
        raise RuleError([_unreadable(str(error.filename or folder), error)]) from error
    if len(files) > MAX_FILES:
        cause = f"there are more than {MAX_FILES} rule files in this folder"
        remedy = "Put several rules into one file, or name another folder in rules.path"
        raise RuleError([Problem(str(folder), None, None, cause, remedy)])
    if not files:
        raise RuleError(
            [
                Problem(
                    str(folder),
                    None,
                    None,
                    "there is no rule file in this folder",
                    "Put a file such as rules.toml into it; `monitor init` writes examples",
                )
            ]
        )
    try:
        with no_collections():
            earlier = dict(_latest)
            for file in files:
                reader.read(file, earlier)
            _latest.clear()
            _latest.update(reader.contents)
            return reader.rule_set()
    except RuleError:
        raise
    except ConfigError as error:  # found late: what stands where is looked up only for problems
        raise RuleError(error.problems) from error


def _with(files: list[Path], instead: Sequence[Path]) -> list[Path]:
    named = {file.name for file in instead}
    return [file for file in files if file.name not in named] + list(instead)


def rule_files(folder: Path) -> list[Path]:
    """The rule files under a folder, in order; hidden files and editors' droppings left out.

    One more than there may be, where there are too many.

    Raises:
        OSError: The folder can't be read.
    """
    found: list[Path] = []
    looked = 0
    for path, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(_DROPPINGS)]
        found += [Path(path, name) for name in names if _is_rule_file(name)]
        looked += len(folders) + len(names)
        if looked > _MAX_LOOKED:
            raise OSError(errno.EFBIG, "it holds far more than rules", str(folder))
    return sorted(found)[: MAX_FILES + 1]


def _refuse(error: OSError) -> None:
    raise error


def _is_rule_file(name: str) -> bool:
    return name.endswith(".toml") and not name.startswith(_DROPPINGS)


def fingerprint(folder: Path) -> str:
    """Changes when a rule file changes, appears or goes; "absent" where there is no such folder."""
    digest = blake2b(digest_size=16)
    try:
        files = rule_files(folder)
    except OSError:
        return "absent"
    for file in files:
        digest.update(str(file).encode("utf-8", "surrogateescape") + b"\0")
        digest.update(_content_digest(file))
    return digest.hexdigest()


def _content_digest(file: Path) -> bytes:
    if not file.is_file():
        return b"no file"  # a link that leads nowhere, a pipe on which one would wait for ever
    try:
        with file.open("rb") as stream:
            return blake2b(stream.read(MAX_FILE + 1)).digest()
    except OSError:
        return b"unreadable"


def _unreadable(file: str, error: OSError) -> Problem:
    reason = (error.strerror or type(error).__name__).lower()
    if isinstance(error, FileNotFoundError):
        reason = "there is no such folder"
    cause = f"the rules can't be read: {reason}"
    return Problem(file, None, None, cause, "Check the path and the permissions")


@dataclass(frozen=True, slots=True)
class _Contents:
    """What one file says, whatever the others say."""

    source: str
    things: tuple[Entity | Terms | Group | ParsedRule, ...]
    problems: tuple[Problem, ...]


_latest: dict[str, _Contents] = {}
"""What the files of the latest load said: of ten thousand rules hardly any change between two loads."""


class _FileReader:
    """Reads one file, and collects every problem with it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []

    def contents(self, source: str) -> _Contents:
        """What its text says."""
        return _Contents(source, tuple(self._things(source)), tuple(self._problems))

    def _things(self, source: str) -> Iterator[Entity | Terms | Group | ParsedRule]:
        try:
            data, positions = toml.parse(source, self._file)
        except ConfigError as error:
            self._problems += error.problems
            return
        try:
            tables = FileTables.model_validate(data)
        except ValidationError as error:
            self._problems += toml.problems_of(error, positions, self._file, model=FileTables)
            return
        place = Place(self._file, (), positions)
        for id_, entity in tables.entities.items():
            yield self._entity(id_, entity, place / "entities" / id_)
        for id_, terms in tables.terms.items():
            yield self._term_list(id_, terms, place / "terms" / id_)
        for id_, group in tables.groups.items():
            self._check_id(id_, place / "groups" / id_)
            yield Group(id_, tuple(group.members), place / "groups" / id_, group.note)
        for index, rule in enumerate(tables.rules):
            if parsed := self._rule(rule, place / "rules" / index):
                yield parsed

    def _check_id(self, id_: str, place: Place) -> None:
        if not _ID.fullmatch(id_):
            better = re.sub("[^a-z0-9-]+", "-", id_.lower()).strip("-") or "a-name"
            problem = place.key_problem(
                f'"{id_}" is not a name of small letters, digits and hyphens', f'Write "{better}"'
            )
            self._problems.append(problem)

    def _entity(self, id_: str, table: EntityTable, place: Place) -> Entity:
        self._check_id(id_, place)
        names = self._names(table.names, place / "names")
        excluded = self._entries(table.excluded, place / "except")
        return Entity(id_, table.name, table.kind, names, excluded, place, table.note)

    def _term_list(self, id_: str, table: TermsTable, place: Place) -> Terms:
        self._check_id(id_, place)
        names = self._names(table.model_extra or {}, place)
        if not names:
            problem = place.key_problem(
                f"[terms.{id_}] has no words", 'Add words by language, such as en = ["captive"]'
            )
            self._problems.append(problem)
        excluded = self._entries(table.excluded, place / "except")
        return Terms(
            id_,
            names,
            excluded,
            place,
            table.note,
            tuple(table.follows),
            stories=table.stories,
            label=table.label.strip(),
        )

    def _names(
        self, table: Mapping[str, Sequence[str]], place: Place
    ) -> dict[str, tuple[str, ...]]:
        for code in table:
            self._check_language(code, place / code, of_key=True)
        return {code: self._entries(words, place / code) for code, words in table.items()}

    def _check_language(self, code: str, place: Place, *, of_key: bool = False) -> None:
        if remedy := languages.mistake(code):
            make = place.key_problem if of_key else place.problem
            self._problems.append(make(f'"{code}" is not a language', remedy))

    def _entries(self, entries: Iterable[str], place: Place) -> tuple[str, ...]:
        kept: list[str] = []
        for index, entry in enumerate(entries):
            try:
                parse_entry(entry)
            except QueryError as error:
                problem = (place / index).problem(error.cause, error.remedy)
                self._problems.append(problem)
            kept.append(entry.strip())
        return tuple(kept)

    def _rule(self, table: RuleTable, place: Place) -> ParsedRule | None:
        for index, code in enumerate(table.languages):
            self._check_language(code, place / "languages" / index)
        self._check_id(table.id, place / "id")
        tree = self._query(table, place / "query")
        if tree is None:
            return None
        tests = tuple(
            _test(test, place / "tests" / index) for index, test in enumerate(table.tests)
        )
        return ParsedRule(_shared(table), tree, tests, place, slow=table.slow)

    def _query(self, table: RuleTable, place: Place) -> Node | None:
        try:
            tree = parse(table.query)
            sense.check(tree, languages=table.languages, feeds=table.feeds, slow=table.slow)
        except QueryError as error:
            self._problems.append(_in_query(error, place))
            return None
        return tree


class _Reader:
    """Puts together what the files say, and collects every problem with it."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._entities: dict[str, Entity] = {}
        self._terms: dict[str, Terms] = {}
        self._groups: dict[str, Group] = {}
        self._rules: dict[str, ParsedRule] = {}
        self.contents: dict[str, _Contents] = {}
        """By file."""

    def read(self, path: Path, earlier: Mapping[str, _Contents]) -> None:
        """Take in one file, which need not be parsed again if it says what it said earlier."""
        file = str(path)
        try:
            source = toml.read(path, limit=MAX_FILE)
        except ConfigError as error:
            self._problems += error.problems
            return
        known = earlier.get(file)
        if known is None or known.source != source:
            known = _FileReader(file).contents(source)
        self.contents[file] = known
        self._problems += known.problems
        for thing in known.things:
            self._take(thing)

    def _take(self, thing: Entity | Terms | Group | ParsedRule) -> None:
        match thing:
            case Entity():
                self._add(thing.id, thing, self._entities)
            case Terms():
                self._add(thing.id, thing, self._terms)
            case Group():
                self._add(thing.id, thing, self._groups)
            case ParsedRule():
                self._add(thing.rule.id, thing, self._rules)

    def rule_set(self) -> RuleSet:
        """What all files say together.

        Raises:
            RuleError: Something is wrong.
        """
        self._check_groups()
        self._check_follows()
        self._check_references()
        if self._problems:
            raise RuleError(sorted(self._problems, key=_order))
        files = tuple(self.contents)
        return RuleSet(self._rules, self._entities, self._terms, files, self._groups)

    def _add(self, id_: str, thing: _Named, into: dict[str, _Named]) -> None:
        place = thing.place / "id" if isinstance(thing, ParsedRule) else thing.place
        first: Entity | Terms | Group | ParsedRule | None
        if isinstance(thing, ParsedRule):
            first = self._rules.get(id_)
        else:
            first = self._entities.get(id_) or self._terms.get(id_) or self._groups.get(id_)
        if first:
            where = f"{first.place.file}:{first.place.line}"
            problem = place.key_problem(
                f'"{id_}" is defined twice, first at {where}', "Give one of them another name"
            )
            self._problems.append(problem)
            return
        into[id_] = thing

    def _check_groups(self) -> None:
        names = self._names_of_all()
        for group in self._groups.values():
            for index, member in enumerate(group.members):
                place = group.place / "members" / index
                if member not in names:
                    remedy = missing_remedy(member, names)
                    self._problems.append(place.problem(missing(member), remedy))
                elif self._reaches(member, group.id):
                    self._problems.append(
                        place.problem(f"@{group.id} would contain itself", f"Delete {member} here")
                    )

    def _reaches(self, start: str, goal: str) -> bool:
        """Whether a group is a member of another, or of one of its members."""
        waiting, seen = [start], set[str]()
        while waiting:
            name = waiting.pop()
            if name == goal:
                return True
            if name not in seen and name in self._groups:
                waiting += self._groups[name].members
            seen.add(name)
        return False

    def _names_of_all(self) -> Collection[str]:
        return self._entities.keys() | self._terms.keys() | self._groups.keys()

    def _check_follows(self) -> None:
        for terms in self._terms.values():
            for index, id_ in enumerate(terms.follows):
                if id_ not in self._terms:
                    place = terms.place / "follows" / index
                    problem = place.problem(
                        f'no term list is called "{id_}"', "Write the name of one: [terms.NAME]"
                    )
                    self._problems.append(problem)

    def _check_references(self) -> None:
        names = self._names_of_all()
        for parsed in self._rules.values():
            try:
                check_references(parsed.tree, names)
            except QueryError as error:
                self._problems.append(_in_query(error, parsed.place / "query"))


def _in_query(error: QueryError, place: Place) -> Problem:
    return place.problem(error.cause, error.remedy, at=error.at)


def _order(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line or 0, problem.column or 0


def _test(table: TestTable, place: Place) -> RuleTest:
    return RuleTest(
        table.match,
        table.title,
        place,
        table.summary,
        table.content,
        table.url,
        table.language,
        table.source,
    )


def _shared(table: RuleTable) -> Rule:
    return Rule(
        id=table.id,
        name=table.name,
        query=table.query,
        severity=Severity(table.severity),
        group=table.group,
        channels=tuple(table.channels),
        languages=tuple(table.languages),
        feeds=tuple(table.feeds),
        owner=table.owner,
        note=table.note,
        references=tuple(table.references),
        review_by=table.review_by.isoformat() if table.review_by else "",
        expires=table.expires.isoformat() if table.expires else "",
        enabled=table.enabled,
        status=table.status,
        broadcast=table.broadcast,
        repeat=parse_duration(table.repeat) if table.repeat else None,
        cooldown=parse_duration(table.cooldown) if table.cooldown else None,
    )
