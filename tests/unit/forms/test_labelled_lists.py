"""Labelled lists: an analyst's word, and texts in which a form of it stands, or a look-alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from monitor.rules import forms
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.rules.forms import Forms

OWN = Path(__file__).parents[2] / "data" / "forms"
SHARED = Path(__file__).parents[4] / "shared" / "matching" / "inflection.tsv"

KINDS = {
    **dict.fromkeys(("조태열", "시비하", "젤렌스키", "조현", "김정은"), "person"),
    **dict.fromkeys(("Зеленський", "Зеленский", "Сибіга", "Сибига", "Ким Чен Ын"), "person"),
    **dict.fromkeys(("한국", "쿠르스크", "키이우", "Курськ", "Курск", "Київ", "Киев"), "place"),
}
"""What an analyst would say of the names in the shared list, which has no kinds."""


class Line(NamedTuple):
    """One line of a list."""

    language: str
    kind: str
    term: str
    expected: bool
    text: str


class Score(NamedTuple):
    """How a language fared, and the lines that went wrong."""

    precision: float
    recall: float
    wrong: list[Line]


def own_lines() -> list[Line]:
    rows = [
        row.split("\t")
        for path in sorted(OWN.glob("*.tsv"))
        for row in path.read_text("utf-8").splitlines()
    ]
    return [
        Line(language, kind, term, label == "1", text) for language, kind, term, label, text in rows
    ]


def shared_lines(*, kinds: bool) -> list[Line]:
    if not SHARED.exists():
        pytest.skip("the shared labelled list is not beside the checkout")
    rows = [row.split("\t") for row in SHARED.read_text("utf-8").splitlines()]
    return [
        Line(language, KINDS.get(term, "") if kinds else "", term, label == "1", text)
        for language, term, label, text in rows
    ]


def occurs(found: Forms, text: str) -> bool:
    """The slow, obvious matcher: any form, with what may stand beside it."""
    folded = fold(text)
    return any(
        forms.fits_left(found.left, folded, start)
        and forms.fits_right(found.right, folded, start + len(form))
        for form in map(fold, found.texts)
        for start in range(len(folded))
        if folded.startswith(form, start)
    )


def score(lines: Iterable[Line], language: str) -> Score:
    right = wrong = missed = 0
    bad = []
    for line in lines:
        if line.language != language:
            continue
        found = occurs(forms.expand(line.term, language=language, kind=line.kind), line.text)
        right += found and line.expected
        wrong += found and not line.expected
        missed += line.expected and not found
        if found != line.expected:
            bad.append(line)
    assert right, f"no line in {language}"
    return Score(right / (right + wrong), right / (right + missed), bad)


@pytest.mark.parametrize("language", ["uk", "ru", "ko", "en", "zh", "ja", "de", "fr", "es", "ar"])
def test_own_lists_are_matched_as_people_would(language: str) -> None:
    precision, recall, wrong = score(own_lines(), language)
    assert precision >= 0.97, wrong
    assert recall >= 0.98, wrong


@pytest.mark.parametrize("kinds", [True, False], ids=["kinds given", "no kinds"])
@pytest.mark.parametrize("language", ["uk", "ru", "ko"])
def test_shared_list_reaches_its_goal(language: str, *, kinds: bool) -> None:
    precision, recall, wrong = score(shared_lines(kinds=kinds), language)
    assert precision >= 0.97, wrong
    assert recall >= 0.98, wrong


def test_own_lists_are_large_and_in_six_languages() -> None:
    lines = own_lines()
    assert len(lines) >= 400
    assert {line.language for line in lines} >= {"en", "uk", "ru", "ko", "zh", "ja"}
    assert len(set(lines)) == len(lines)
