"""What an alert says, whatever the receiver."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samplealerts import ENGLISH, KOREAN, POW, found, hostile_text, hostile_url, made

from monitor.model import Evidence, Outlet
from monitor.receivers.telling import Marked, cut, safe_url, tell
from monitor.text import clean


@given(hostile_text, st.integers(1, 80))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    text = clean(text)

    made = cut(text, limit)

    assert len(made) <= limit
    assert made == text or text.startswith(made.removesuffix("…"))


@given(hostile_url)
def test_a_safe_address_is_plain_and_stays_what_it_is(url: str) -> None:
    made = safe_url(url)

    assert made == "" or made.startswith(("http://", "https://"))
    assert made.isascii()
    assert not set(made) & set('<>|" \\`\x00\x1b\n')
    assert safe_url(made) == made


def test_words_are_marked_where_the_evidence_says() -> None:
    telling = tell(KOREAN)

    marked = [telling.title.text[start:end] for start, end in telling.title.spans]
    assert marked == ["북한군 포로"]


def test_evidence_that_does_not_fit_the_text_marks_nothing() -> None:
    lies = (
        Evidence("x", "x", "title", 3, 9, "absent"),
        Evidence("x", "x", "title", -5, 2, "Uk"),
        Evidence("x", "x", "title", 400, 410, ""),
    )

    assert tell(made(evidence=lies)).title.spans == ()


def test_marks_beyond_the_cut_are_dropped() -> None:
    assert Marked("one two three", ((0, 3), (8, 13))).cut(9) == Marked("one two…", ((0, 3),))


def test_a_word_is_told_once_with_its_gloss() -> None:
    twice = tuple(found("title", KOREAN.title, "포로", "@captivity") for _ in range(2))

    assert tell(made(title=KOREAN.title, evidence=twice)).words == ("포로 (captivity)",)


def test_a_gloss_that_repeats_the_word_is_left_out() -> None:
    assert tell(ENGLISH).words == ("North Korean soldiers", "prisoners of war (captivity)")


def test_many_words_and_rules_are_counted_not_listed() -> None:
    many = tuple(Evidence(f"w{n}", f"w{n}", "content", 0, 2, f"w{n}") for n in range(20))

    telling = tell(made(evidence=many, rules=(POW,) * 9))

    assert telling.words_in_content[-1] == "12 more"
    assert telling.rules[-1] == "4 more"


@pytest.mark.parametrize(
    ("outlet", "source"),
    [
        (Outlet("Wire", kind="wire", country="KR"), "Wire (wire, South Korea)"),
        (Outlet("Wire", country="gb"), "Wire (United Kingdom)"),
        (Outlet("Wire", country="XK"), "Wire (XK)"),
        (Outlet("Wire"), "Wire"),
        (Outlet("", kind="blog"), "blog"),
        (Outlet(""), ""),
    ],
)
def test_a_source_is_told_with_what_is_known_of_it(outlet: Outlet, source: str) -> None:
    assert tell(made(outlet=outlet)).source == source


@pytest.mark.parametrize(
    ("code", "name"), [("ko", "Korean"), ("zh-Hant", "Chinese"), ("xx", "xx"), ("", "")]
)
def test_a_language_is_told_by_its_name(code: str, name: str) -> None:
    assert tell(made(language=code)).language == name


def test_a_found_name_is_glossed_by_what_the_rule_files_call_it() -> None:
    summary = "조태열 장관이 밝혔다."
    evidence = replace(found("summary", summary, "조태열", "@cho-tae-yul"), gloss="Cho Tae-yul")

    telling = tell(made(summary=summary, evidence=(evidence,)))

    assert telling.words == ("조태열 (Cho Tae-yul)",)
