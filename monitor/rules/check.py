"""Are the rules right? Their own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Item, Outlet
from monitor.rules.compiler import compile_rules

if TYPE_CHECKING:
    from monitor.errors import Problem
    from monitor.rules.matcher import Matcher
    from monitor.rules.model import ParsedRule, RuleSet, RuleTest


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
    matched = any(match.rule == rule.id for match in matcher.match(item))
    if matched == test.match:
        return None
    if test.match:
        cause = f"rule {rule.id} does not match this test"
    else:
        cause = f"rule {rule.id} matches this test"
    return (test.place / "title").problem(cause, "Mend the query, its words, or the test")


def _item(test: RuleTest) -> Item:
    return Item(
        title=test.title,
        summary=test.summary,
        content=test.content,
        url=test.url,
        outlet=Outlet(test.source),
        language=test.language,
    )
