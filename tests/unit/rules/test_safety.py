"""No rule and no item takes long: hostile items, hostile rules, hostile patterns."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from monitor.model import Item, Rule
from monitor.rules import compile_rules
from monitor.rules.model import ParsedRule, Place, RuleSet
from monitor.rules.parser import parse
from monitor.rules.regex import compile_pattern
from monitor.rules.sense import check

if TYPE_CHECKING:
    from monitor.rules import Matcher

LIMIT = 250_000
"""Calls that matching one item may cost: about 50 ms on a machine of 2020. Most here are a megabyte."""

ITEMS = {
    "a megabyte of one word": Item("t", content="war " * 250_000),
    "a hundred thousand words": Item("t", content="one two peace war " * 25_000),
    "a megabyte without a space": Item("t", content="war" * 330_000),
    "a megabyte title": Item("war peace " * 100_000),
    "a megabyte of Hangul": Item("t", content="포로들이" * 250_000),
    "a megabyte of Han": Item("t", content="战争" * 500_000),
    "accents piled up": Item("t", content="wa" + "\u0301" * 1_000_000 + "r"),
    "accents everywhere": Item("t", content="wa\u0301r " * 200_000),
    "invisible characters": Item("t", content="w\u200ba\u200br " * 150_000),
    "loose Hangul letters": Item("t", content="\u1111\u1169\u1105\u1169 " * 200_000),
    "spaces": Item("t", content="war" + " " * 1_000_000 + "peace"),
    "dotted capital I": Item("t", content="İ war " * 150_000),
    "lone surrogates": Item("t", content="\ud800 war " * 100_000),
    "null characters": Item("t", content="\0war\0" * 200_000),
}
QUERIES = [
    "war NEAR/100 peace",
    "war ONEAR/0 peace ONEAR/0 war",
    "war NOT NEAR/100 peace",
    "ATLEAST/100 (war OR peace OR 포로)",
    "lead:(war AND peace)",
    "war* NEAR/100 peac*",
    "2 OF (title:war, summary:peace, body:(war OR 战争))",
    "/(w|wa|war)+.{0,20}peace/",
    "/(a|aa)+war/",
    "(포로 OR 战争 OR NOT war) AND (war OR peace)",
]


def matcher_of(*queries: str, slow: bool = False) -> Matcher:
    parsed = {}
    for index, query in enumerate(queries):
        tree = parse(query)
        check(tree, slow=slow)
        rule = Rule(f"r{index}", "r", query)
        parsed[rule.id] = ParsedRule(rule, tree, (), Place("test"))
    return compile_rules(RuleSet(parsed, {}, {}))


def work(matcher: Matcher, item: Item) -> int:
    """Calls made while matching: what it costs, the same on any machine and however busy it is."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        matcher.match(item)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_costs_no_more_than_this_whatever_it_is(item: str) -> None:
    for query in QUERIES:
        assert work(matcher_of(query, slow=True), ITEMS[item]) < LIMIT, query


@pytest.mark.no_cover  # watching each line of so much would take three times as long
def test_many_rules_of_long_lists_are_no_danger() -> None:
    words = " OR ".join(f"word{index}" for index in range(1500))
    matcher = matcher_of(*(f"({words}) NEAR/100 w{index}" for index in range(20)))
    item = Item(
        "t", content=" ".join(f"word{index % 1500} w{index % 20}" for index in range(20_000))
    )

    assert len(matcher.match(item)) == 20
    assert work(matcher, item) < LIMIT * 10


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+bcd",
        "(a|aa)+bcd",
        "(a|a?)+bcd",
        "(.*a){20}bcd",
        "([a-z]+)*bcd",
        "(x+x+)+bcd",
        "a{1,100}b{1,100}bcd",
        "^(([a-z])+.)+[A-Z]([a-z])+bcd",
    ],
)
def test_patterns_that_explode_elsewhere_take_linear_time(pattern: str) -> None:
    compiled = compile_pattern(pattern, exact=False)

    # An engine that goes back and tries again would not return before the machine is scrapped.
    assert list(compiled.spans("a" * 50_000 + "x" * 50_000)) == []


def test_an_item_with_a_huge_number_of_mentions_gives_bounded_evidence() -> None:
    (match,) = matcher_of("war OR peace").match(ITEMS["a hundred thousand words"])

    assert len(match.evidence) <= 100
