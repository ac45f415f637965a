"""Queries that are well formed and still can't be meant: never true, or too costly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules import ast
from monitor.rules.languages import mistake, primary
from monitor.rules.parser import QueryError
from monitor.rules.regex import MIN_LITERAL, PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def check(
    tree: ast.Node,
    *,
    languages: Sequence[str] = (),
    feeds: Sequence[str] = (),
    slow: bool = False,
) -> None:
    """See that a query can match, does not match nearly everything, and is cheap enough.

    Raises:
        QueryError: It can't, or is not.
    """
    for node in ast.walk(tree):
        match node:
            case ast.And():
                _check_and(node)
            case ast.Regex():
                _check_pattern(node, slow=slow or _is_meta(node, tree))
            case ast.Field(name="lang"):
                _check_languages(node)
    _check_limit(tree, languages)
    if not feeds and _matches_without_a_word(tree):
        raise QueryError(
            tree.at,
            "this matches every item that lacks a word, so nearly all of them",
            "Add with AND what must occur, or limit the rule with feeds = [...]",
        )


def _matches_without_a_word(node: ast.Node) -> bool:
    """Whether an item that holds none of the words matches."""
    match node:
        case ast.Not():
            return not _matches_without_a_word(node.clause)
        case ast.And():
            return all(map(_matches_without_a_word, node.clauses))
        case ast.Or():
            return any(map(_matches_without_a_word, node.clauses))
        case ast.OfN():
            return sum(map(_matches_without_a_word, node.clauses)) >= node.count
        case ast.Field() if node.name not in ast.META_FIELDS:
            return _matches_without_a_word(node.clause)
    return False


def _check_and(node: ast.And) -> None:
    """No clause may be excluded by another one, nor two languages be asked for at once."""
    wanted = [clause for clause in _conjuncts(node) if not isinstance(clause, ast.Not)]
    for clause in _conjuncts(node):
        if isinstance(clause, ast.Not):
            excluded = clause.clause
            for one in excluded.clauses if isinstance(excluded, ast.Or) else (excluded,):
                if one in wanted:
                    raise QueryError(
                        clause.at,
                        f"this can never match: {one} is asked for and excluded",
                        "Delete one of the two",
                    )
    asked = [one for one in wanted if isinstance(one, ast.Field) and one.name == "lang"]
    plain = {str(one.clause) for one in asked if isinstance(one.clause, ast.Term)}
    if len(plain) > 1:
        raise QueryError(
            asked[-1].at,
            f"this can never match: no item is in {' and '.join(sorted(plain))} at once",
            "Join the languages with OR",
        )


def _conjuncts(node: ast.And) -> Iterator[ast.Node]:
    for clause in node.clauses:
        if isinstance(clause, ast.And):
            yield from _conjuncts(clause)
        else:
            yield clause


def _check_pattern(node: ast.Regex, *, slow: bool) -> None:
    try:
        pattern = compile_pattern(node.pattern, exact=node.exact)
    except PatternError as error:
        raise QueryError(node.at, error.cause, error.remedy) from error
    if not pattern.literals and not slow:
        raise QueryError(
            node.at,
            f"the regular expression has no run of {MIN_LITERAL} letters that must occur",
            "Write more of the text out, or add slow = true to the rule",
        )


def _is_meta(node: ast.Regex, tree: ast.Node) -> bool:
    """Whether it is tried on a short field only."""
    return any(
        inner is node
        for field in ast.walk(tree)
        if isinstance(field, ast.Field) and field.name in ast.META_FIELDS
        for inner in ast.walk(field)
    )


def _check_languages(field: ast.Field) -> None:
    for node in ast.walk(field):
        if isinstance(node, ast.Term) and (remedy := mistake(node.text.lower())):
            raise QueryError(node.at, f'"{node.text}" is not a language', remedy)


def _check_limit(tree: ast.Node, languages: Sequence[str]) -> None:
    clauses = tuple(_conjuncts(tree)) if isinstance(tree, ast.And) else (tree,)
    known = {primary(language) for language in languages}
    for clause in clauses:
        if not (isinstance(clause, ast.Field) and clause.name == "lang" and known):
            continue
        asked = {primary(node.text) for node in ast.walk(clause) if isinstance(node, ast.Term)}
        negated = any(isinstance(node, ast.Not | ast.Regex) for node in ast.walk(clause))
        if not negated and asked.isdisjoint(known):
            raise QueryError(
                clause.at,
                f"this can never match: the rule is limited to {', '.join(languages)}",
                "Change languages of the rule, or the query",
            )
