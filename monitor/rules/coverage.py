"""Which languages a rule has words for, beside those of the feeds it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Item
from monitor.rules import ast
from monitor.rules.languages import could_be, primary
from monitor.rules.matcher import is_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.model import Outlet
    from monitor.rules.model import ParsedRule, RuleSet


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a rule cannot find, and what it could and nothing brings."""

    blind: tuple[str, ...]
    """Languages of its feeds in which it can find nothing."""
    blind_countries: tuple[str, ...]
    """Countries of which it has feeds, all of them in such languages."""
    unfed: tuple[str, ...]
    """Languages it has words for, without a feed."""


def coverage(rule_set: RuleSet, outlets: Sequence[Outlet]) -> Mapping[str, Coverage]:
    """The coverage of every rule by its id.

    A language is covered where the query can hold with the names and words that are written down for
    it; words of the query itself count for every language of their script.

    Args:
        rule_set: The rules.
        outlets: Of the feeds that are followed.
    """
    return {id_: _of(parsed, rule_set, outlets) for id_, parsed in rule_set.rules.items()}


def _of(parsed: ParsedRule, rule_set: RuleSet, outlets: Sequence[Outlet]) -> Coverage:
    mine = [
        one
        for one in outlets
        if one.language and is_for(parsed.rule, Item("", outlet=one, language=one.language))
    ]
    fed = {primary(one.language) for one in mine}
    written = set(_languages(parsed.tree, rule_set))
    reads = {one for one in fed | written if _can_hold(parsed.tree, one, rule_set)}
    seeing = {one.country for one in mine if primary(one.language) in reads}
    countries = {one.country for one in mine if one.country}
    return Coverage(
        tuple(sorted(fed - reads)),
        tuple(sorted(countries - seeing)),
        tuple(sorted(reads - fed)),
    )


def named_in(tree: ast.Node, rule_set: RuleSet) -> Iterable[str]:
    """The entities and term lists that a query asks for, each once."""
    found = (
        member
        for node in ast.walk(tree)
        if isinstance(node, ast.Ref)
        for member in rule_set.members(node.name)
    )
    return dict.fromkeys(found)


def _languages(tree: ast.Node, rule_set: RuleSet) -> Iterable[str]:
    for name in named_in(tree, rule_set):
        for language, names in rule_set.named(name).names.items():
            if names:
                yield primary(language)


def _can_hold(node: ast.Node, language: str, rule_set: RuleSet) -> bool:
    """Whether an item in a language can satisfy a query."""
    match node:
        case ast.Ref() | ast.Term():
            return _is_written(node, language, rule_set)
        case ast.Near():
            near = zip(node.operands[1:], node.steps, strict=True)
            needed = [node.operands[0], *(one for one, step in near if not step.negated)]
            return all(_can_hold(one, language, rule_set) for one in needed)
        case ast.And() | ast.Or() | ast.OfN():
            holding = sum(_can_hold(one, language, rule_set) for one in node.clauses)
            return holding >= _needed(node)
        case ast.Field() if node.name in ast.META_FIELDS:
            asked = [one.text for one in ast.walk(node.clause) if isinstance(one, ast.Term)]
            return node.name != "lang" or language in map(primary, asked)
        case ast.AtLeast() | ast.Field():
            return _can_hold(node.clause, language, rule_set)
        case _:
            return True  # an exclusion, a regular expression: of any language


def _is_written(leaf: ast.Ref | ast.Term, language: str, rule_set: RuleSet) -> bool:
    """Whether there is a name or word in a language; a word of the query counts for its script."""
    if isinstance(leaf, ast.Term):
        return could_be(language, leaf.text)
    named = map(rule_set.named, rule_set.members(leaf.name))
    listed = (pair for one in named for pair in one.names.items())
    return any(names and primary(code) == language for code, names in listed)


def _needed(node: ast.And | ast.Or | ast.OfN) -> int:
    match node:
        case ast.And():
            return len(node.clauses)
        case ast.Or():
            return 1
        case _:
            return node.count
