"""Why a rule did not match: the first clause that does not hold, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.model import Item, Outlet

if TYPE_CHECKING:
    from rulefiles import Matches


@pytest.mark.parametrize(
    ("query", "title", "failed", "cause"),
    [
        ("a1 AND b2", "a1", "b2", "not found"),
        ("(a1 AND b2) OR (c3 AND d4 AND e5)", "d4 e5", "c3", "not found"),
        ("(a1 AND b2) OR title:(c3 AND d4)", "c3", "title:d4", "not found"),
        ("(a1 AND b2) OR (c3 AND d4)", "x", "(a1 AND b2) OR (c3 AND d4)", "none of these"),
        ("a1 AND (b2 OR c3)", "a1", "b2 OR c3", "none of these"),
        ("a1 AND NOT b2", "a1 b2", "NOT b2", '"b2" in the title at 3'),
        ("a1 NEAR/1 b2", "a1 x y z b2", "a1 NEAR/1 b2", "3 words apart"),
        ("a1 NEAR/1 b2", "a1", "a1 NEAR/1 b2", "b2 is not found"),
        ("a1 ONEAR/1 b2", "b2 a1", "a1 ONEAR/1 b2", "in this order"),
        ("a1 NOT NEAR/1 b2", "a1 b2", "a1 NOT NEAR/1 b2", "close to it"),
        ("2 OF (a1, b2, c3)", "a1", "2 OF (a1, b2, c3)", "only 1 of them hold: a1"),
        ("ATLEAST/2 a1", "a1", "ATLEAST/2 a1", "only 1 found"),
        ("summary:a1", "a1", "summary:a1", '"a1" in the title at 0'),
        ("title:(a1 AND b2)", "a1", "title:b2", "not found"),
        ("a1 AND lang:ko", "a1", "lang:ko", "'en'"),
        ("a1 AND source:tass", "a1", "source:tass", "'Yonhap'"),
    ],
)
def test_the_first_clause_that_fails_is_named(
    query: str, title: str, failed: str, cause: str, matcher: Matches
) -> None:
    item = Item(title, language="en", outlet=Outlet("Yonhap"))

    (explanation,) = matcher(query).explain(item)

    assert not explanation.matched
    assert explanation.failed == failed
    assert cause in explanation.cause
    assert failed in str(explanation)


@pytest.mark.parametrize(
    ("keys", "failed"),
    [
        ({"languages": '["ko"]'}, "languages"),
        ({"feeds": '["TASS"]'}, "feeds"),
        ({"enabled": "false"}, "enabled = false"),
    ],
)
def test_a_limit_that_keeps_a_rule_from_an_item_is_named(
    keys: dict[str, str], failed: str, matcher: Matches
) -> None:
    item = Item("a1", language="en", outlet=Outlet("Yonhap"))

    (explanation,) = matcher("a1", **keys).explain(item)

    assert explanation.failed == failed


def test_a_match_is_explained_by_its_evidence(matcher: Matches) -> None:
    rule = matcher("a1 AND NOT b2")

    (explanation,) = rule.explain(Item("x a1"))

    assert explanation.matched
    assert explanation.evidence == rule.match(Item("x a1"))[0].evidence
    assert "matches" in str(explanation)


def test_what_is_there_of_a_rule_that_does_not_match_is_told(matcher: Matches) -> None:
    rule = matcher("a1 NEAR/1 b2 AND NOT c3 AND (d4 OR e5) AND lang:en")

    (explanation,) = rule.explain(Item("a1 x y z b2 c3 e5", language="en"))

    assert [one.text for one in explanation.found] == ["a1", "b2", "e5"]


def test_a_rule_for_other_languages_says_what_of_it_is_there(matcher: Matches) -> None:
    (explanation,) = matcher("a1", languages='["ko"]').explain(Item("a1", language="en"))

    assert (explanation.failed, [one.text for one in explanation.found]) == ("languages", ["a1"])
