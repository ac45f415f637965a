"""What queries find in items, and the evidence they give."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import rules
from monitor.model import Item, Outlet, Rule, Severity
from monitor.rules.model import ParsedRule, Place, RuleSet
from monitor.rules.parser import parse
from monitor.rules.reading import MAX_TEXT

if TYPE_CHECKING:
    from rulefiles import Loads, Matches

    from monitor.rules import Matcher

NAMES = """
[entities.nk]
name = "North Korea"
kind = "place"
names.en = ["North Korea", "DPRK"]
names.zh = ["朝鲜"]
except = ["North Korea Street"]

[terms.captivity]
en = ["captive", "captur*", "=POW"]
ko = ["포로"]
except = ["목포로", "captures"]
"""


def found(matcher: Matcher, title: str, summary: str = "", content: str = "") -> list[str]:
    """The texts of the evidence, in order."""
    return [
        one.text
        for match in matcher.match(Item(title=title, summary=summary, content=content))
        for one in match.evidence
    ]


@pytest.mark.parametrize(
    ("query", "title", "texts"),
    [
        ("kursk", "In KURSK, again", ["KURSK"]),
        ("kursk", "Kurskaya", []),
        ("cafe", "The Café", ["Café"]),
        ('"north korea"', "North-Korea and North\u00a0Korea", ["North-Korea", "North\u00a0Korea"]),
        ("captur*", "capturing the recaptured", ["capturing"]),
        ("=POW", "POW! pow", ["POW"]),
        ("=POW", "pow", []),
        ("@captivity", "POW pow captured", ["POW", "captured"]),
        ("@captivity", "He captures 목포로", []),
        ("@nk", "North Korea Street in DPRK", ["DPRK"]),
        ("@nk", "访问朝鲜的人", ["朝鲜"]),
        ("a1 AND b2", "b2 a1", ["b2", "a1"]),
        ("a1 AND NOT b2", "b2 a1", []),
        ("a1 OR b2", "b2", ["b2"]),
        ("2 OF (a1, b2, c3)", "c3 a1", ["c3", "a1"]),
        ("2 OF (a1, b2, c3)", "c3 c3", []),
        ("ATLEAST/2 a1", "a1, a1", ["a1", "a1"]),
        ("ATLEAST/3 a1", "a1, a1", []),
        ("a1 NEAR/0 b2", "b2 a1", ["b2", "a1"]),
        ("a1 NEAR/1 b2", "b2 x a1", ["b2", "a1"]),
        ("a1 NEAR/1 b2", "b2 x y a1", []),
        ("a1 ONEAR/1 b2", "b2 x a1", []),
        ("a1 ONEAR/1 b2", "b2 x a1 b2", ["a1", "b2"]),
        ("a1 NOT NEAR/1 b2", "a1 b2", []),
        ("a1 NOT NEAR/1 b2", "a1 b2 x y a1", ["a1"]),
        ("a1 NEAR/1 b2 NEAR/0 c3", "a1 x b2 c3", ["a1", "b2", "c3"]),
        ("a1 NEAR/1 b2 NEAR/0 c3", "a1 x b2 y c3", []),
        ("和 NEAR/1 战", "和一二战", ["和", "战"]),
        ("和 NEAR/1 战", "和一二三四战", []),
        ("/kn-?[0-9]+/", "KN-23 and kn25", ["KN-23", "kn25"]),
        ("=/KN-[0-9]+/ AND x1", "x1 kn-23", []),
    ],
)
def test_a_query_finds(query: str, title: str, texts: list[str], matcher: Matches) -> None:
    keys = {"slow": "true"} if "/kn" in query.lower() else {}

    assert found(matcher(query, NAMES, **keys), title) == texts


@pytest.mark.parametrize(
    ("query", "fields", "matches"),
    [
        ("title:a1", ("a1", "", ""), True),
        ("title:a1", ("x", "a1", "a1"), False),
        ("summary:a1", ("a1", "", "a1"), False),
        ("body:a1", ("x", "", "a1"), True),
        ("lead:a1", ("a1", "", ""), True),
        ("lead:a1", ("x", "word " * 39 + "a1", ""), True),
        ("lead:a1", ("x", "word " * 40 + "a1", ""), False),
        ("lead:a1", ("x", "", "word " * 39 + "a1"), True),
        ("lead:a1", ("x", "s", "a1"), False),
        ("lead:战", ("x", "一" * 79 + "战", ""), True),
        ("lead:战", ("x", "一" * 80 + "战", ""), False),
        ("title:(a1 AND NOT b2)", ("a1", "b2", ""), True),
        ("a1 NEAR/5 b2", ("a1", "b2", ""), False),
        ('"a1 b2"', ("a1", "b2", ""), False),
        ("title:a1 AND summary:b2", ("a1", "b2", ""), True),
    ],
)
def test_fields_limit_a_clause(
    query: str, fields: tuple[str, str, str], *, matches: bool, matcher: Matches
) -> None:
    assert bool(found(matcher(query), *fields)) is matches


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("source:yonhap", True),
        ('source:"Yonhap News"', True),
        ("source:news", True),
        ("source:new", False),
        ("source:yon*", True),
        ("lang:ko", True),
        ("lang:(uk OR ko)", True),
        ("lang:uk", False),
        ("NOT lang:ko", False),
        ("url:yna.co.kr", True),
        ("url:/politics\\/[0-9]+/", True),
        ("url:reuters", False),
    ],
)
def test_what_is_known_about_an_item_can_be_asked_for(
    query: str, *, matches: bool, matcher: Matches
) -> None:
    item = Item(
        title="x1",
        url="https://www.yna.co.kr/politics/123",
        outlet=Outlet("Yonhap News"),
        language="ko",
    )

    assert bool(matcher(f"x1 AND {query}").match(item)) is matches


@pytest.mark.parametrize(
    ("keys", "item", "matches"),
    [
        ({"languages": '["ko"]'}, Item("x1", language="ko-KR"), True),
        ({"languages": '["ko"]'}, Item("x1", language="en"), False),
        ({"languages": '["ko"]'}, Item("x1 한국"), True),
        ({"languages": '["ko"]'}, Item("x1 Korea"), False),
        ({"languages": '["zh"]'}, Item("x1 中国"), True),
        ({"languages": '["zh"]'}, Item("x1 中国の"), False),
        ({"feeds": '["Yonhap"]'}, Item("x1", outlet=Outlet("YONHAP")), True),
        ({"feeds": '["Yonhap"]'}, Item("x1", outlet=Outlet("TASS")), False),
        ({"feeds": '["tag:korea"]'}, Item("x1", outlet=Outlet("A", tags=("korea",))), True),
        ({"feeds": '["kind:wire"]'}, Item("x1", outlet=Outlet("A", kind="wire")), True),
        ({"feeds": '["kind:wire"]'}, Item("x1", outlet=Outlet("A", kind="blog")), False),
        ({"enabled": "false"}, Item("x1"), False),
    ],
)
def test_a_rule_is_limited_to_some_items(
    keys: dict[str, str], item: Item, *, matches: bool, matcher: Matches
) -> None:
    assert bool(matcher("x1", **keys).match(item)) is matches


def test_a_rule_is_in_force_through_the_day_it_expires(load: Loads) -> None:
    rule_set = load(r='[[rules]]\nid = "r"\nname = "r"\nquery = "x1"\nexpires = 2026-05-01\n')

    last = rules.compile_rules(rule_set, today=date(2026, 5, 1))
    after = rules.compile_rules(rule_set, today=date(2026, 5, 2))

    assert last.match(Item("x1"))
    assert not after.match(Item("x1"))
    assert "r" in after.rules


def test_matches_come_most_severe_first(load: Loads) -> None:
    text = "".join(
        f'[[rules]]\nid = "{severity}"\nname = "r"\nquery = "x1"\nseverity = "{severity}"\n'
        for severity in ("low", "critical", "medium", "high")
    )

    matches = rules.compile_rules(load(rules=text)).match(Item("x1"))

    assert [match.severity for match in matches] == sorted(Severity, key=lambda one: -one.rank)


def test_evidence_says_term_name_and_place(matcher: Matches) -> None:
    (match,) = matcher("@nk AND @captivity", NAMES).match(
        Item("POW from DPRK", summary="북한 포로", content="captured")
    )

    assert [(one.term, one.name, one.field, one.start, one.end) for one in match.evidence] == [
        ("@captivity", "=POW", "title", 0, 3),
        ("@nk", "DPRK", "title", 9, 13),
        ("@captivity", "포로", "summary", 3, 5),
        ("@captivity", "captur*", "content", 0, 8),
    ]


NESTED = """
[terms.prisoner]
en = ["captured North Korean soldier"]
ja = ["拘束した北朝鮮兵"]
[terms.captivity]
en = ["captur*"]
ja = ["拘束"]
[terms.capture]
en = ["captured"]
"""


def test_a_mention_inside_another_is_at_distance_0_from_it(matcher: Matches) -> None:
    near = [
        matcher(query, NESTED)
        for query in ("@prisoner NEAR/0 @captivity", "@captivity NEAR/0 @prisoner")
    ]
    not_near = matcher("@prisoner NOT NEAR/0 @captivity", NESTED)
    in_order = matcher("@prisoner ONEAR/100 @captivity", NESTED)

    @given(before=st.text(max_size=9), after=st.text(max_size=9))
    def in_any_surroundings(before: str, after: str) -> None:
        item = Item(f"{before} captured North Korean soldier {after}")
        for one in near:
            (match,) = one.match(item)
            assert {found.term for found in match.evidence} == {"@prisoner", "@captivity"}
        assert not not_near.match(item)
        assert not in_order.match(item)

    in_any_surroundings()


def test_a_mention_inside_another_is_near_it_without_spaces_too(matcher: Matches) -> None:
    assert matcher("@prisoner NEAR/0 @captivity", NESTED).match(Item("拘束した北朝鮮兵の映像"))


def test_one_word_that_is_a_mention_of_both_is_not_near_itself(matcher: Matches) -> None:
    near = matcher("@capture NEAR/5 @captivity", NESTED)

    assert not near.match(Item("captured"))
    assert near.match(Item("captured, captured"))


@pytest.mark.parametrize(
    ("prefix", "text", "found"),
    [
        ("捕らえ*", "州で捕らえた北朝鮮兵の尋問映像", "捕らえた"),
        ("北朝*", "北朝鮮兵", "北朝"),
        ("ウクラ*", "ウクライナ軍", "ウクライナ"),
        ("우크*", "우크라이나군의", "우크라이나군의"),
        ("captur*", "captured兵", "captured"),
    ],
)
def test_a_beginning_of_a_word_takes_in_no_neighbours_that_follow_without_a_space(
    matcher: Matches, prefix: str, text: str, found: str
) -> None:
    (match,) = matcher(prefix).match(Item(text))

    assert [one.text for one in match.evidence] == [found]


def test_only_the_longest_of_overlapping_mentions_counts(matcher: Matches) -> None:
    names = '[terms.war]\nen = ["war", "Korean War"]\n'

    assert found(matcher("@war", names), "Korean War") == ["Korean War"]
    assert found(matcher("ATLEAST/2 @war", names), "Korean War") == []


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            unicodedata.normalize("NFD", "북한의 조태열 장관"),
            unicodedata.normalize("NFD", "조태열"),
        ),
        ("Мэр Ку\u0301рск", "Ку\u0301рск"),
        ("a\u200bb co\xadop\u200ber", "co\xadop\u200ber"),
        ("to \t\n the  North \n Korea", "North \n Korea"),
        ("\ud800 Kursk \udfff", "Kursk"),
        ("İİİ Kursk", "Kursk"),
        ("👨\u200d👩\u200d👧 𝐊𝐮𝐫𝐬𝐤", "𝐊𝐮𝐫𝐬𝐤"),
        ("ﬁve Å Kursk", "Kursk"),
        ("café cafe\u0301x cafe\u0301", "café"),
    ],
)
def test_offsets_are_those_of_the_text_as_given(title: str, text: str, matcher: Matches) -> None:
    query = 'Kursk OR Курск OR 조태열 OR cooper OR "North Korea" OR café'

    for match in matcher(query).match(Item(title)):
        first = match.evidence[0]
        assert first.text == text
        assert title[first.start : first.end] == text
        return
    pytest.fail("nothing found")


def _matcher_of(query: str) -> Matcher:
    parsed = ParsedRule(Rule("r", "r", query), parse(query), (), Place("test"))
    return rules.compile_rules(RuleSet({"r": parsed}, {}, {}))


_PHRASE = _matcher_of('"North Korea"')


@given(
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    space=st.sampled_from([" ", "  ", "\n", "\u3000", "-", " \u0301"]),
)
def test_a_phrase_is_found_in_any_surroundings(before: str, after: str, space: str) -> None:
    title = f"{before} North{space}Korea {after}"

    matches = _PHRASE.match(Item(title))

    assert any(
        title[one.start : one.end] == one.text and one.text.startswith("North")
        for match in matches
        for one in match.evidence
    )


def test_the_beginning_of_a_very_long_item_is_read(matcher: Matches) -> None:
    filler = "word " * (MAX_TEXT // 5)

    assert found(matcher("x1"), "t", content="x1 " + filler) == ["x1"]
    assert found(matcher("x1"), "t", content=filler + " x1") == []


def test_rules_of_a_set_are_named_even_when_not_in_force(matcher: Matches) -> None:
    assert list(matcher("x1", enabled="false").rules) == ["r"]


def test_a_name_is_found_in_other_spellings_of_latin_letters(matcher: Matches) -> None:
    names = '[entities.cho]\nname = "Cho"\nkind = "person"\nnames.ko = ["조태열"]\n'
    minister = matcher("@cho", names)

    for title in ("Cho Tae-yul calls Kyiv", "Minister Jo Tae-yeol's call", "CHO TAE YUL SPEAKS"):
        assert minister.match(Item(title)), title
    assert not minister.match(Item("Cho Tae-sung calls Kyiv"))


def test_a_spelling_that_finds_too_much_can_be_struck_out(matcher: Matches) -> None:
    names = (
        '[entities.cho]\nname = "Cho"\nkind = "person"\n'
        'names.ko = ["조태열"]\nexcept = ["jo tae yeol"]\n'
    )

    assert not matcher("@cho", names).match(Item("Jo Tae-yeol calls Kyiv"))
