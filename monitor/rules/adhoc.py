"""A query that stands in no rule file, with the names that the rule files give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import Problem, RuleError
from monitor.model import Rule
from monitor.rules import sense
from monitor.rules.compiler import compile_rules
from monitor.rules.model import ParsedRule, Place
from monitor.rules.parser import QueryError, check_references, parse

if TYPE_CHECKING:
    from monitor.rules.matcher import Matcher
    from monitor.rules.model import RuleSet

QUERY = "query"
"""The id of its rule, and what errors call the place where it stands."""


def matcher_of(query: str, rule_set: RuleSet) -> Matcher:
    """What finds the items that a query describes, and nothing else.

    Raises:
        RuleError: It can't be understood; its column is that of the character to blame.
    """
    try:
        tree = parse(query)
        sense.check(tree, languages=(), feeds=(), slow=True)
        check_references(tree, {*rule_set.entities, *rule_set.terms, *rule_set.groups})
    except QueryError as error:
        raise RuleError([Problem(QUERY, 1, error.at + 1, error.cause, error.remedy)]) from None
    rule = ParsedRule(Rule(QUERY, QUERY, query), tree, (), Place(QUERY), slow=True)
    return compile_rules(replace(rule_set, rules={QUERY: rule}))


def words(text: str) -> str:
    """The query for items whose title has all these words, in any order; "" for no words."""
    found = dict.fromkeys("".join(char if char.isalnum() else " " for char in text).split())
    quoted = " AND ".join(f'"{word}"' for word in found)
    return f"title:({quoted})" if quoted else ""
