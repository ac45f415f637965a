"""What is allowed in rules and hurts analysts all the same: noise, blind spots, dead weight."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from monitor.rules import ast
from monitor.rules.compiler import compile_rules
from monitor.rules.languages import script
from monitor.rules.model import Terms
from monitor.rules.parser import parse_entry
from monitor.rules.reading import scannable
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from monitor.errors import Problem
    from monitor.model import Outlet
    from monitor.rules.model import Entity, ParsedRule, Place, RuleSet

FAR = 10
"""Words of NEAR above which a wildcard finds too much."""
SHORT = 3
"""Letters of an alphabet that a word should have; a syllable of Hangul counts as one and a half."""

_ACRONYM = re.compile(r"[A-ZА-ЯІЇЄҐ][A-ZА-ЯІЇЄҐ0-9]{1,4}")


def lint(
    rule_set: RuleSet, *, today: date, outlets: Sequence[Outlet] | None = None
) -> list[Problem]:
    """Warnings about all rules, entities and term lists, in the order of the files."""
    found = [
        *silent(rule_set, today=today, outlets=outlets),
        *_named_warnings(rule_set),
        *_rule_warnings(rule_set, today),
        *_unused(rule_set),
        *_every_item(rule_set),
    ]
    return sorted(found, key=lambda one: (one.file, one.line or 0, one.column or 0))


def silent(
    rule_set: RuleSet, *, today: date, outlets: Sequence[Outlet] | None = None
) -> Iterator[Problem]:
    """Rules that look as if they were at work, and can tell nothing.

    Args:
        rule_set: The rules.
        today: After its last day a rule is silent.
        outlets: Of the configured feeds; None where they are not known.
    """
    for parsed in rule_set.rules.values():
        rule = parsed.rule
        if rule.expires and rule.expires < today.isoformat():
            yield (parsed.place / "expires").problem(
                f"rule {rule.id} expired on {rule.expires}", "Delete it, or set a later day"
            )
        if outlets is not None:
            yield from _unknown_feeds(parsed, outlets)


def _unknown_feeds(parsed: ParsedRule, outlets: Sequence[Outlet]) -> Iterator[Problem]:
    names = {fold(outlet.name): outlet.name for outlet in outlets}
    tags = {fold(f"tag:{tag}"): f"tag:{tag}" for outlet in outlets for tag in outlet.tags}
    kinds = {
        fold(f"kind:{outlet.kind}"): f"kind:{outlet.kind}" for outlet in outlets if outlet.kind
    }
    known = names | tags | kinds
    for index, feed in enumerate(parsed.rule.feeds):
        if fold(feed) in known:
            continue
        near = get_close_matches(fold(feed), known, 1)
        hint = f'Did you mean "{known[near[0]]}"?' if near else "`monitor feeds list` shows them"
        yield (parsed.place / "feeds" / index).problem(
            f'rule {parsed.rule.id} is limited to "{feed}", and no configured feed is that', hint
        )


def _named_warnings(rule_set: RuleSet) -> Iterator[Problem]:
    for named in rule_set.all_named:
        yield from _one_script(named)
        for language, names in named.names.items():
            place = _names_place(named) / language
            terms = [parse_entry(name) for name in names]
            for index, term in enumerate(terms):
                yield from _term_warnings(term, place / index)
            yield from _contained(terms, place)
            yield from _excluded(named, names, place)


def _names_place(named: Entity | Terms) -> Place:
    return named.place if isinstance(named, Terms) else named.place / "names"


def _one_script(named: Entity | Terms) -> Iterator[Problem]:
    scripts = {script(name) for names in named.names.values() for name in names}
    if len(scripts) == 1:
        yield named.place.key_problem(
            f"@{named.id} has words in one script only ({scripts.pop() or 'none'})",
            "Add the words of other languages you read, or leave it so if it has none",
        )


def _term_warnings(term: ast.Term, place: Place, *, at: int = 0) -> Iterator[Problem]:
    if term.exact or term.prefix:
        return
    if _ACRONYM.fullmatch(term.text):
        yield place.problem(
            f"{term.text} is an acronym that is also found as {term.text.lower()}",
            f"Write ={term.text} to find it in capitals only",
            at=at,
        )
    elif _weight(term.text) < SHORT:
        yield place.problem(
            f'"{term.text}" is so short that it finds other things too',
            f"Write a longer name, or ={term.text} for exactly this",
            at=at,
        )


def _weight(text: str) -> float:
    return sum(1.5 if char >= "\u1100" else 1 for char in text if char.isalnum())


def _contained(terms: list[ast.Term], place: Place) -> Iterator[Problem]:
    """A term that is found wherever another one of its list is adds nothing."""
    plain = [(f" {scannable(term.text)} ", term) for term in terms if not term.exact]
    for index, longer in enumerate(terms):
        text = f" {scannable(longer.text)} "
        for other_text, other in plain:
            if other is longer or len(other_text) > len(text):
                continue
            covers = (other_text[:-1] if other.prefix else other_text) in text
            if covers and (other_text != text or other.prefix) and not longer.prefix:
                yield (place / index).problem(
                    f'"{longer.text}" is found by {other} of the same list anyway',
                    "Delete it, or keep it if it should be shown as its own name",
                )
                break


def _excluded(named: Entity | Terms, names: Iterable[str], place: Place) -> Iterator[Problem]:
    excluded = {scannable(parse_entry(name).text) for name in named.excluded}
    for index, name in enumerate(names):
        if scannable(parse_entry(name).text) in excluded:
            yield (place / index).problem(
                f'"{name}" can never match: it stands in except too', "Delete one of the two"
            )


def _rule_warnings(rule_set: RuleSet, today: date) -> Iterator[Problem]:
    for parsed in rule_set.rules.values():
        yield from _test_warnings(parsed)
        yield from _date_warnings(parsed, today)
        yield from _query_warnings(parsed, rule_set)


def _test_warnings(parsed: ParsedRule) -> Iterator[Problem]:
    wanted = {test.match for test in parsed.tests}
    for match, which in ((True, "must match"), (False, "must not match")):
        if match not in wanted:
            yield (parsed.place / "id").problem(
                f"rule {parsed.rule.id} has no test with an item it {which}",
                f"Add [[rules.tests]] with a title and match = {str(match).lower()}",
            )


def _date_warnings(parsed: ParsedRule, today: date) -> Iterator[Problem]:
    rule = parsed.rule
    if rule.review_by and rule.review_by < today.isoformat():
        yield (parsed.place / "review_by").problem(
            f"rule {rule.id} was to be reviewed by {rule.review_by}",
            "Read it again and set a later day",
        )


def _query_warnings(parsed: ParsedRule, rule_set: RuleSet) -> Iterator[Problem]:
    place = parsed.place / "query"
    for node in ast.walk(parsed.tree):
        match node:
            case ast.Term() if not _in_meta(node, parsed.tree):
                yield from _term_warnings(node, place, at=node.at)
            case ast.Near():
                yield from _far(node, rule_set, place)
            case ast.Or() | ast.And():
                yield from _repeated(node, place)


def _in_meta(term: ast.Term, tree: ast.Node) -> bool:
    return any(
        isinstance(node, ast.Field)
        and node.name in ast.META_FIELDS
        and any(inner is term for inner in ast.walk(node))
        for node in ast.walk(tree)
    )


def _far(node: ast.Near, rule_set: RuleSet, place: Place) -> Iterator[Problem]:
    furthest = max(step.words for step in node.steps)
    if furthest > FAR and any(_has_wildcard(leaf, rule_set) for leaf in ast.walk(node)):
        yield place.problem(
            f"NEAR/{furthest} with a wildcard finds much that is not meant",
            f"Write NEAR/{FAR} or less, or the words without *",
            at=node.at,
        )


def _has_wildcard(node: ast.Node, rule_set: RuleSet) -> bool:
    if isinstance(node, ast.Ref):
        named = map(rule_set.named, rule_set.members(node.name))
        listed = (names for one in named for names in one.names.values())
        return any(name.endswith("*") for names in listed for name in names)
    return isinstance(node, ast.Term) and node.prefix


def _repeated(node: ast.Or | ast.And, place: Place) -> Iterator[Problem]:
    seen: list[ast.Node] = []
    for clause in node.clauses:
        if clause in seen:
            yield place.problem(f"{clause} stands here twice", "Delete one of them", at=clause.at)
        if isinstance(node, ast.Or) and isinstance(clause, ast.Not):
            yield place.problem(
                f"OR {clause} lets nearly every item match", "Write AND NOT", at=clause.at
            )
        if isinstance(clause, ast.And) and any(part in node.clauses for part in clause.clauses):
            yield place.problem(
                f"({clause}) makes no difference beside its own part", "Delete it", at=clause.at
            )
        seen.append(clause)


def _unused(rule_set: RuleSet) -> Iterator[Problem]:
    referred = {
        node.name
        for parsed in rule_set.rules.values()
        for node in ast.walk(parsed.tree)
        if isinstance(node, ast.Ref)
    }
    used = {member for name in referred for member in rule_set.members(name)}
    # A file of which no rule uses anything is there to tell stories apart.
    files = {parsed.place.file for parsed in rule_set.rules.values()}
    files |= {named.place.file for named in rule_set.all_named if named.id in used}
    for named in rule_set.all_named:
        if named.id not in used and named.place.file in files:
            yield named.place.key_problem(
                f"no rule uses @{named.id}", "Use it in a query, or delete it"
            )


def _every_item(rule_set: RuleSet) -> Iterator[Problem]:
    for id_ in compile_rules(rule_set).unanchored:
        parsed = rule_set.rules[id_]
        yield (parsed.place / "query").problem(
            f"rule {id_} has to be evaluated for every item, for nothing in it must occur",
            "Add a word or an @name with AND",
        )
