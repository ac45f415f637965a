"""Are the rules right? Their own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Item, Outlet
from monitor.rules.compiler import compile_rules

if TYPE_CHECKING:
    from monitor.errors import Problem
    from monitor.rules.matcher import Matcher
    from monitor.rules.model import ParsedRule, RuleSet, RuleTest


_SHOWN = 40
"""Characters of a title, a clause, a cause that are told: all together fit into two lines."""


def run_tests(rule_set: RuleSet, matcher: Matcher | None = None) -> list[Problem]:
    """The tests in the rule files that fail, each with what was found instead."""
    if not any(parsed.tests for parsed in rule_set.rules.values()):
        return []
    matcher = matcher or compile_rules(rule_set)
    return [
        problem
        for parsed in rule_set.rules.values()
        if parsed.rule.enabled
        for test in parsed.tests
        if (problem := _failure(parsed, test, matcher))
    ]


def _failure(parsed: ParsedRule, test: RuleTest, matcher: Matcher) -> Problem | None:
    rule = parsed.rule
    item = _item(test)
    matched = [match for match in matcher.match(item) if match.rule == rule.id]
    if bool(matched) == test.match:
        return None
    place = test.place / "title"
    title = f'"{_short(test.title)}"'
    remedy = "Mend the query, its words, or the test"
    if test.match:
        why = next(one for one in matcher.explain(item) if one.rule == rule.id)
        cause = f"does not match {title}: {_short(why.failed)}: {_short(why.cause)}"
        return place.problem(f"rule {_short(rule.id)} {cause}", remedy)
    words = dict.fromkeys(one.text for match in matched for one in match.evidence)
    found = ", ".join(f'"{word}"' for word in words)
    return place.problem(
        f"rule {_short(rule.id)} matches {title}: it found {_short(found)}", remedy
    )


def _short(text: str) -> str:
    """As much as a person reads: a long query is known by its beginning."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"


def _item(test: RuleTest) -> Item:
    return Item(
        title=test.title,
        summary=test.summary,
        content=test.content,
        url=test.url,
        outlet=Outlet(test.source),
        language=test.language,
    )
