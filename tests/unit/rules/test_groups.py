"""Several entities and term lists under one name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from monitor.errors import RuleError
from monitor.model import Item
from monitor.rules import compile_rules, lint
from monitor.rules.listing import forms_of

if TYPE_CHECKING:
    from rulefiles import Loads, Matches

NAMES = """
[entities.sybiha]
name = "Sybiha"
kind = "person"
names.en = ["Sybiha"]
[entities.umerov]
name = "Umerov"
kind = "person"
names.en = ["Umerov"]
[terms.ministry]
en = ["foreign ministry", "ministr*"]
[groups.officials]
members = ["sybiha", "umerov"]
[groups.kyiv-side]
members = ["officials", "ministry", "sybiha"]
"""
SPOKE = Item("Umerov spoke in Seoul", "Sybiha did not.")


def test_a_group_stands_for_any_of_its_members(matcher: Matches) -> None:
    found = matcher("@officials NEAR/2 Seoul", NAMES)

    assert found.match(SPOKE)
    assert not found.match(Item("The foreign ministry in Seoul"))


def test_a_group_may_hold_groups(matcher: Matches) -> None:
    found = matcher("@kyiv-side NEAR/2 Seoul", NAMES)

    assert found.match(SPOKE)
    assert found.match(Item("The foreign ministry in Seoul"))


def test_evidence_names_the_member_that_was_found(matcher: Matches) -> None:
    (match,) = matcher("@kyiv-side NEAR/2 Seoul", NAMES).match(SPOKE)

    assert [(one.term, one.text) for one in match.evidence] == [
        ("@umerov", "Umerov"),
        ("Seoul", "Seoul"),
    ]


@pytest.mark.parametrize(
    ("query", "written_out"),
    [
        ("Seoul AND NOT @officials", "Seoul AND NOT (@sybiha OR @umerov)"),
        ("title:@officials", "title:(@sybiha OR @umerov)"),
        ("summary:@officials AND Seoul", "summary:(@sybiha OR @umerov) AND Seoul"),
        ("ATLEAST/2 @officials", "ATLEAST/2 (@sybiha OR @umerov)"),
        ("2 OF (@officials, @ministry, Seoul)", "2 OF ((@sybiha OR @umerov), @ministry, Seoul)"),
        ("(@officials OR Seoul) NEAR/1 spoke", "(@sybiha OR @umerov OR Seoul) NEAR/1 spoke"),
    ],
)
def test_a_group_means_what_its_members_joined_by_or_mean(
    matcher: Matches, query: str, written_out: str
) -> None:
    for item in (SPOKE, Item("Sybiha in Seoul"), Item("Seoul"), Item("Umerov, Umerov")):
        assert matcher(query, NAMES).match(item) == matcher(written_out, NAMES).match(item)


def test_an_explanation_names_the_group_as_the_query_does(matcher: Matches) -> None:
    (explanation,) = matcher("@officials AND Seoul", NAMES).explain(Item("Seoul"))

    assert explanation.failed == "@officials"


def test_members_of_a_group_that_rules_use_are_used(load: Loads, matcher: Matches) -> None:
    matcher("@kyiv-side", NAMES)  # writes the file that is loaded
    warnings = lint(load(), today=date(2026, 1, 1))

    assert not [one for one in warnings if "no rule uses" in one.cause]


def test_the_forms_of_a_group_are_those_of_its_members(load: Loads) -> None:
    listed = forms_of(load(names=NAMES), "officials")

    assert [one.named for one in listed] == ["sybiha", "umerov"]


def test_a_wrong_member_is_pointed_at(load: Loads) -> None:
    with pytest.raises(RuleError) as caught:
        load(names=NAMES + '\n[groups.more]\nmembers = [\n  "umerov",\n  "sibiha",\n]\n')

    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (20, 4)
    assert "no entity or term list named sibiha" in problem.cause
    assert problem.remedy == "Did you mean @sybiha?"


def test_a_group_never_contains_itself(load: Loads) -> None:
    with pytest.raises(RuleError) as caught:
        load(names='[groups.a]\nmembers = ["b"]\n[groups.b]\nmembers = ["a"]\n')

    assert [one.cause for one in caught.value.problems] == [
        "@a would contain itself",
        "@b would contain itself",
    ]


def test_one_name_means_one_thing(load: Loads) -> None:
    with pytest.raises(RuleError, match='"umerov" is defined twice'):
        load(names=NAMES + '\n[groups.umerov]\nmembers = ["sybiha"]\n')


@pytest.mark.no_cover  # watching each line of so much would take three times as long
def test_a_long_chain_of_groups_that_double_costs_nothing(load: Loads) -> None:
    lines = ['[terms.w]\nen = ["word"]\n[groups.g0]\nmembers = ["w"]']
    lines += [f'[groups.g{n}]\nmembers = ["g{n - 1}", "g{n - 1}"]' for n in range(1, 1500)]
    lines.append('[[rules]]\nid = "r"\nname = "r"\nquery = "@g1499"')

    assert compile_rules(load(rules="\n".join(lines))).match(Item("a word"))
