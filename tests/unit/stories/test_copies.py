from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Item
from monitor.stories import copies, words
from monitor.stories.report import Report, from_json, to_json
from monitor.stories.window import Window

PAIRS = Path("../shared/dedup/data/near_copies_short.jsonl")

LEAD = (
    "A fire broke out at the grain terminal in the port of Odesa on Tuesday night after drones hit "
    "two warehouses, the regional governor said, and crews worked until the morning"
)


def report(title: str, summary: str = "", *, language: str = "en") -> Report:
    item = Item(title=title, summary=summary, language=language)
    return Window().report(1, item, (), at=None)


def is_copy(one: Report, other: Report) -> bool:
    return copies.likeness(one, other) >= copies.COPY and not copies.figures_differ(one, other)


def test_a_text_under_another_headline_is_a_copy() -> None:
    assert is_copy(report("Fire in Odesa port", LEAD), report("Night of fire at the sea", LEAD))


def test_a_text_cut_short_behind_a_dateline_is_a_copy() -> None:
    short = "ODESA, Sept 3 (Agency) - " + LEAD[:110]

    assert is_copy(report("Fire in Odesa port", LEAD), report("Fire in Odesa port", short))


def test_the_same_words_with_other_figures_are_the_next_bulletin() -> None:
    day = "Russia lost {} soldiers over the past day, the General Staff said, {} since the invasion"
    one, other = report(day.format(903, 937784)), report(day.format(1796, 939580))

    assert copies.likeness(one, other) >= copies.ALIKE
    assert copies.figures_differ(one, other)


def test_a_few_words_prove_nothing() -> None:
    assert copies.likeness(report("Live updates"), report("Live updates")) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("killed 1,010 and 12.5 per cent", {"1010", "12.5"}),
        ("втратив 1 294 солдати", {"1294"}),
        ("북한군 1만 명", {"10000"}),
        ("损失3.5亿美元", {"350000000"}),
        ("$2.6 million", {"2600000"}),
        ("on 1 September 2025 at 19:30", set()),
        ("1 вересня о 10:15", set()),
        ("9월 1일 6발", {"6"}),
        ("9月28日侦测到37架次", {"37"}),
    ],
)
def test_figures_are_read_in_one_way_and_dates_are_none(text: str, expected: set[str]) -> None:
    assert words.numbers(words.compared(text)) == expected


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_a_share_and_the_same_from_both_sides(one: str, other: str) -> None:
    left, right = report(one, LEAD), report(other, LEAD)

    assert 0 <= copies.likeness(left, right) == copies.likeness(right, left) <= 1


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True))
def test_figures_never_differ_from_themselves(figures: list[int]) -> None:
    text = " and ".join(f"{figure} things" for figure in figures)

    assert not copies.figures_differ(report(text), report(text))


@given(st.text(max_size=200), st.text(max_size=400))
def test_a_report_is_the_same_after_it_was_stored(title: str, summary: str) -> None:
    made = report(title, summary)
    again = from_json(to_json(made))

    assert [getattr(made, name) for name in Report.__slots__] == [
        getattr(again, name) for name in Report.__slots__
    ]


@pytest.mark.skipif(not PAIRS.exists(), reason="the shared development sets are not here")
def test_copies_are_found_on_the_development_set() -> None:
    found = {True: 0, False: 0}
    counted = {True: 0, False: 0}
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        sides = [
            report(side["title"], side["text"], language=side["lang"])
            for side in (pair["a"], pair["b"])
        ]
        counted[bool(pair["label"])] += 1
        found[bool(pair["label"])] += is_copy(sides[0], sides[1])

    assert found[True] / counted[True] >= 0.92
    assert found[False] / counted[False] <= 0.012
