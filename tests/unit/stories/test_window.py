from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Assignment, Concept, Item, Outcome, Outlet
from monitor.stories.window import Window

START = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)

CHO = Concept("cho-tae-yul", "person", "Cho Tae-yul")
SYBIHA = Concept("sybiha", "person", "Andrii Sybiha")
CALL = Concept("phone-call", "", "phone call")
CAPTIVITY = Concept("captivity", "", "captivity")
UKRAINE = Concept("ukraine", "place", "Ukraine")


class Desk:
    """Stories of reports that are put in one after the other."""

    def __init__(self) -> None:
        self.window = Window()
        self.items = 0
        self.stories = 0

    def put(
        self,
        title: str,
        *concepts: Concept,
        summary: str = "",
        hours: float | None = 0,
        language: str = "en",
        outlet: str = "",
    ) -> tuple[int, Assignment]:
        self.items += 1
        at = None if hours is None else START + timedelta(hours=hours)
        item = Item(title=title, summary=summary, language=language, outlet=Outlet(outlet))
        report = self.window.report(self.items, item, concepts, at=at)
        found = self.window.decide(report)
        if found.outcome is Outcome.FOLD and found.story:
            story = found.story
        else:
            self.stories += 1
            story = self.stories
        if found.merge:
            self.window.merge(found.merge, story)
        self.window.add(report, story, seen=at or START)
        return story, found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_persons_and_action_in_another_language_are_the_same_story(desk: Desk) -> None:
    first, _ = desk.put(
        "조태열 장관, 우크라 외교장관과 통화", CHO, SYBIHA, CALL, UKRAINE, language="ko"
    )
    second, found = desk.put(
        "Сибіга поговорив із Чо Те Йолем", CHO, SYBIHA, CALL, UKRAINE, hours=3, language="uk"
    )

    assert second == first
    assert found.outcome is Outcome.FOLD
    assert found.reason == (
        "same persons: Cho Tae-yul, Andrii Sybiha; same subject: phone call; "
        "same places: Ukraine; 3 h apart"
    )
    assert found.score >= 0.5


def test_a_place_alone_makes_no_story(desk: Desk) -> None:
    desk.put("Grain prices rise", UKRAINE)

    assert desk.put("Київ готує бюджет", UKRAINE, language="uk")[1].outcome is Outcome.NEW


def test_other_persons_and_another_action_are_another_story(desk: Desk) -> None:
    desk.put("조태열 장관 통화", CHO, CALL, language="ko")

    _, found = desk.put("Two soldiers captured", CAPTIVITY, UKRAINE, SYBIHA)

    assert found.outcome is Outcome.NEW


def test_an_event_of_last_week_is_another_one(desk: Desk) -> None:
    desk.put("Cho and Sybiha talk", CHO, SYBIHA, CALL)

    _, found = desk.put("Cho and Sybiha talk again", CHO, SYBIHA, CALL, hours=97)

    assert found.outcome is Outcome.NEW


def test_a_copy_names_the_item_that_it_repeats(desk: Desk) -> None:
    text = "Two soldiers who fought in the Kursk region asked on Sunday to be taken to the South"
    first, _ = desk.put("Soldiers want to go South", summary=text, outlet="Wire")
    second, found = desk.put("They do not want to go home", summary=text, outlet="Gazette")

    assert (second, found.copy_of) == (first, 1)
    assert found.reason == "repeats the text of item 1 (wire)"


DAILY = "War in Ukraine: what we know on this morning"


def test_an_outlet_that_repeats_its_own_headline_reports_something_new(desk: Desk) -> None:
    days = [desk.put(DAILY, outlet="Wire", hours=24 * day) for day in range(4)]

    assert [found.outcome for _, found in days] == [Outcome.NEW] * 4
    assert days[1][1].reason == (
        "its outlet had the same headline in story 1: the next of a series"
    )


def test_it_does_so_whoever_else_had_the_headline_meanwhile(desk: Desk) -> None:
    first, _ = desk.put(DAILY, outlet="Wire")
    copied, _ = desk.put(DAILY, outlet="Gazette", hours=1)
    next_day, found = desk.put(DAILY, outlet="Wire", hours=24)
    its_copy, _ = desk.put(DAILY, outlet="Gazette", hours=25)

    assert (copied, found.outcome, its_copy) == (first, Outcome.NEW, next_day)


def test_an_outlet_that_shows_a_headline_again_at_once_says_nothing_new(desk: Desk) -> None:
    stories = {desk.put(DAILY, outlet="Wire", hours=n / 12)[0] for n in range(30)}

    assert stories == {1}


def test_a_story_that_goes_on_and_on_ends_all_the_same(desk: Desk) -> None:
    told = [
        desk.put("Cho and Sybiha talk", CHO, SYBIHA, CALL, outlet=f"O{n}", hours=12 * n)
        for n in range(40)
    ]

    began = [n for n, (_, found) in enumerate(told) if found.outcome is not Outcome.FOLD]
    assert began == [0, 15, 30]
    assert told[15][1].outcome is Outcome.RELATED
    assert "the story began more than 7 days ago" in told[15][1].reason


def test_a_bulletin_is_never_hidden_in_that_of_the_day_before(desk: Desk) -> None:
    day = "Russia lost {} soldiers over the past day, the General Staff said; {} since the invasion"
    desk.put(day.format(903, 937784))

    _, found = desk.put(day.format(1796, 939580), hours=24)

    assert found.outcome is Outcome.NEW
    assert "other figures" in found.reason


def test_new_figures_within_hours_are_told_beside_the_story(desk: Desk) -> None:
    hit = "A missile hit the market of the town in the morning and killed {} people, officials said"
    first, _ = desk.put(hit.format(12))

    _, found = desk.put(hit.format(31), hours=2)

    assert (found.outcome, found.story) == (Outcome.RELATED, first)


def test_without_times_the_evidence_must_be_stronger(desk: Desk) -> None:
    desk.put("조태열 통화", CHO, CALL, UKRAINE, language="ko", hours=None)

    _, found = desk.put("Дзвінок", CHO, UKRAINE, language="uk", hours=None)

    assert found.outcome is not Outcome.FOLD


def test_stories_that_were_silent_too_long_are_forgotten(desk: Desk) -> None:
    desk.put("Cho and Sybiha talk", CHO, SYBIHA, CALL)

    desk.window.forget_before(START + timedelta(minutes=1))

    assert len(desk.window) == 0
    assert desk.put("Чо і Сибіга", CHO, SYBIHA, CALL, language="uk")[1].outcome is Outcome.NEW


def test_merged_stories_are_one_for_what_comes_next(desk: Desk) -> None:
    desk.put("조태열 통화", CHO, SYBIHA, CALL, language="ko")
    desk.put("Two soldiers captured near the border", CAPTIVITY)

    desk.window.merge(2, 1)

    assert desk.put("Полонені", CAPTIVITY, CALL, SYBIHA, language="uk")[0] == 1
    assert len(desk.window) == 1


_WORDS = st.lists(
    st.sampled_from(["fire", "port", "odesa", "drone", "seoul", "minister", "call", "12", "40"]),
    min_size=1,
    max_size=8,
)
_CONCEPTS = st.lists(st.sampled_from([CHO, SYBIHA, CALL, CAPTIVITY, UKRAINE]), unique=True)


@given(st.lists(st.tuples(_WORDS, _CONCEPTS, st.integers(0, 200)), max_size=25))
def test_the_same_reports_in_the_same_order_give_the_same_stories(
    reports: list[tuple[list[str], list[Concept], int]],
) -> None:
    def stories() -> list[tuple[int, Assignment]]:
        desk = Desk()
        return [
            desk.put(" ".join(words), *concepts, hours=hours) for words, concepts, hours in reports
        ]

    assert stories() == stories()


@given(st.permutations([CHO, SYBIHA, CALL, CAPTIVITY, UKRAINE]))
def test_the_order_in_which_concepts_are_found_decides_nothing(order: list[Concept]) -> None:
    desk = Desk()
    desk.put("조태열 통화", *order, language="ko")

    found = desk.put("Сибіга", CHO, SYBIHA, CALL, UKRAINE, language="uk")[1]

    assert (found.outcome, found.story) == (Outcome.FOLD, 1)
