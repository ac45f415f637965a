from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Change, ChangeKind, Concept, Item
from monitor.stories import words
from monitor.stories.changes import changes
from monitor.stories.report import Report, from_json, to_json
from monitor.stories.story import Story
from monitor.stories.window import Window

AT = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)
CAPTIVITY = Concept("captivity", "", "captivity")
EXCHANGE = Concept("exchange", "", "prisoner exchange", follows=("captivity",))
CHO = Concept("cho", "person", "Cho Tae-yul")
KYIV = Concept("kyiv", "place", "Kyiv")


def report(title: str, *concepts: Concept, language: str = "en") -> Report:
    made = Window().report(1, Item(title=title, language=language), concepts, at=AT)
    return from_json(to_json(made))


def story(*reports: Report) -> Story:
    made = Story(1, AT)
    for one in reports:
        made.add(one, seen=AT)
    return made


def test_a_state_that_follows_one_the_story_had_is_a_change() -> None:
    told = story(report("Two soldiers were captured", CAPTIVITY))

    assert changes(report("The captured are exchanged", CAPTIVITY, EXCHANGE), told) == (
        Change(ChangeKind.STATUS, "captivity, now prisoner exchange"),
    )


def test_it_is_none_where_the_story_had_it_or_never_had_the_earlier_one() -> None:
    exchanged = report("They are exchanged", EXCHANGE)

    assert changes(exchanged, story(report("Captured and exchanged", CAPTIVITY, EXCHANGE))) == ()
    assert changes(exchanged, story(report("Talks on the weather"))) == ()


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("A missile killed 12 people", "The missile killed 31 people", "12, now 31"),
        ("Losses of 3,000 soldiers", "Losses are 4,700 soldiers now", "3000, now 4700"),
    ],
)
def test_another_number_of_the_same_thing_is_a_change(before: str, after: str, text: str) -> None:
    assert changes(report(after), story(report(before))) == (Change(ChangeKind.FIGURE, text),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It killed 12 people", "It killed 12 people on Monday"),
        ("Losses of 3,000 soldiers", "Losses of 3010 soldiers"),
        ("It killed 12 people", "It killed people with 31 drones"),
        ("On 12 March it killed people", "On 31 March it killed people"),
        ("It killed 12 people", "It was hit"),
    ],
)
def test_rounding_other_things_and_dates_are_none(before: str, after: str) -> None:
    assert changes(report(after), story(report(before))) == ()


def test_names_that_are_new_come_last_and_are_no_material_change() -> None:
    told = story(report("Captured", CAPTIVITY))

    found = changes(report("Cho in Kyiv on the exchange", KYIV, CHO, CAPTIVITY, EXCHANGE), told)

    assert [one.kind for one in found] == [ChangeKind.STATUS, ChangeKind.PERSON, ChangeKind.PLACE]
    assert [one.kind.material for one in found] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 killed and 40 wounded", {"kille": "12", "wound": "40"}),
        ("북한군 3천 명", {"명": "3000"}),
        ("2 f16 fighters", {}),
        ("втратив 1,2 тис. солдатів", {}),
        ("killed", {}),
    ],
)
def test_what_is_counted_is_the_word_after_the_figure(text: str, expected: dict[str, str]) -> None:
    assert dict(words.figures(words.compared(text))).items() >= expected.items()


@given(st.text(max_size=300))
def test_a_report_changes_nothing_in_a_story_of_itself(title: str) -> None:
    made = report(title, CAPTIVITY, EXCHANGE, CHO)

    assert changes(made, story(made)) == ()
