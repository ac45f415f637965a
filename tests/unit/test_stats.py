from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import stats
from monitor.model import Outlet
from monitor.rules import load
from monitor.rules.coverage import coverage
from monitor.store.figures import Found, Told

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.rules import RuleSet
    from monitor.stats import RuleFigures

NOW = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
RULES = """
[entities.sudzha]
name = "Sudzha"
kind = "place"
names.en = ["Sudzha"]
names.uk = ["Суджа"]

[terms.fight]
en = ["battle", "fight*"]
uk = ["бій"]
ru = ["бой"]

[[rules]]
id = "town"
name = "The town"
query = '@sudzha AND (@fight OR parade) AND NOT museum'

[[rules]]
id = "word"
name = "A word"
query = '포로'
feeds = ["tag:korea"]

[[rules]]
id = "address"
name = "An address"
query = 'lang:fr AND url:example AND parade'
"""


@pytest.fixture
def rule_set(tmp_path: Path) -> RuleSet:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return load(tmp_path)


def of(rule_set: RuleSet, *found: Found, told: tuple[Told, ...] = ()) -> dict[str, RuleFigures]:
    made = stats.rule_figures(rule_set, {}, found, told, today=TODAY, timezone=UTC)
    return {one.rule: one for one in made}


def match(*terms: tuple[str, str], rule: str = "town", story: int = 1, days: int = 0) -> Found:
    return Found(rule, "en", NOW - timedelta(days=days), story, frozenset(terms))


TOWN, BATTLE, PARADE = ("@sudzha", "Sudzha"), ("@fight", "battle"), ("parade", "parade")


def test_a_delay_is_its_median_and_what_nineteen_of_twenty_did_not_exceed() -> None:
    found = stats.delay(range(1, 101))

    assert found
    assert (found.number, found.median, found.most) == (100, 50, 95)
    assert stats.delay([]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_delay_is_one_that_there_was(seconds: list[float]) -> None:
    found = stats.delay(seconds)

    assert found
    assert found.median in seconds
    assert found.median <= found.most <= max(seconds)


def test_delays_of_all_feeds_stand_before_those_of_each() -> None:
    minute = timedelta(minutes=1)

    every, wire, gazette = stats.feed_delays(
        [("Gazette", minute), ("Wire", minute * 3), ("Wire", None)], [("Wire", minute)]
    )

    assert (every.feed, every.items, every.undated) == ("", 3, 1)
    assert (wire.feed, wire.seen and wire.seen.median) == ("Wire", 180)
    assert wire.delivered
    assert wire.delivered.median == 60
    assert (gazette.feed, gazette.delivered) == ("Gazette", None)


def test_days_begin_at_midnight_where_the_service_is_also_when_clocks_are_set() -> None:
    seoul = stats.moments(NOW, 3, timezone=ZoneInfo("Asia/Seoul"))
    berlin = stats.moments(
        datetime(2025, 3, 31, 9, tzinfo=UTC), 3, timezone=ZoneInfo("Europe/Berlin")
    )

    assert [f"{one:%d %H:%M}" for one in seoul] == ["15 00:00", "16 00:00", "17 00:00", "17 09:30"]
    assert [one.astimezone(UTC).hour for one in berlin] == [23, 23, 22, 9]
    assert len(stats.moments(NOW, 90, timezone=UTC)) == 14


@pytest.mark.parametrize(
    ("ago", "silent"),
    [
        (range(1, 11), 0),
        (range(2, 12), 0),
        (range(3, 13), 2),
        (range(2, 22, 2), 0),
        (range(10, 30, 2), 9),
        ((20, 21, 22, 23), 0),
        ((0, *range(5, 15)), 0),
        ((), 0),
    ],
    ids=[
        "daily",
        "not yesterday",
        "daily until lately",
        "now and then",
        "long ago",
        "too little",
        "again",
        "never",
    ],
)
def test_a_rule_is_silent_where_its_own_rhythm_makes_that_unlikely(
    ago: range | tuple[int, ...], silent: int
) -> None:
    active = [TODAY - timedelta(days=number) for number in ago]

    assert stats.silence(active, TODAY) == silent


@given(st.sets(st.integers(0, 60)))
def test_a_silence_is_no_longer_than_the_time_since_the_last_match(ago: set[int]) -> None:
    active: list[date] = [TODAY - timedelta(days=number) for number in ago]

    assert 0 <= stats.silence(active, TODAY) <= max(min(ago, default=0) - 1, 0)


def test_matches_stories_and_languages_are_counted(rule_set: RuleSet) -> None:
    town = of(rule_set, match(TOWN, BATTLE), match(TOWN, PARADE), match(TOWN, story=2))["town"]

    assert (town.matches, town.stories, town.last) == (3, 2, NOW)
    assert town.languages == {"en": 3}
    assert town.terms[TOWN] == 3


def test_a_rule_that_is_gone_from_the_files_is_not_counted(rule_set: RuleSet) -> None:
    assert "gone" not in of(
        rule_set, match(rule="gone"), told=(Told(("gone",), frozenset(), True),)
    )


def test_names_and_words_that_found_nothing_are_dead_but_not_what_is_excluded(
    rule_set: RuleSet,
) -> None:
    town = of(rule_set, match(TOWN, BATTLE))["town"]

    assert town.dead == (
        ("@sudzha", "uk", "Суджа"),
        ("@fight", "en", "fight*"),
        ("@fight", "uk", "бій"),
        ("@fight", "ru", "бой"),
        ("parade", "", "parade"),
    )
    assert town.words == 7


def test_a_word_is_noisy_where_most_alerts_with_it_are_out_of_place(rule_set: RuleSet) -> None:
    bad = Told(("town",), frozenset({TOWN, PARADE}), irrelevant=True)
    good = Told(("town",), frozenset({TOWN, BATTLE}), irrelevant=False)

    town = of(rule_set, told=(bad,) * 3 + (good,) * 4)["town"]

    assert (town.alerts, town.irrelevant) == (7, 3)
    assert town.noisy == (("parade", "parade", 3, 3),)


def test_a_word_is_not_noisy_for_two_alerts(rule_set: RuleSet) -> None:
    bad = Told(("town",), frozenset({TOWN, PARADE}), irrelevant=True)

    assert of(rule_set, told=(bad,) * 2)["town"].noisy == ()


def outlets(*languages: str) -> list[Outlet]:
    return [
        Outlet(code, code.partition("-")[0], country=code.partition("-")[2]) for code in languages
    ]


def test_languages_without_words_and_words_without_feeds_are_told(rule_set: RuleSet) -> None:
    found = coverage(rule_set, outlets("en-GB", "de-DE", "ru-RU", "ru-UA", "en-UA"))

    assert found["town"].blind == ("de", "ru")
    assert found["town"].blind_countries == ("DE", "RU")
    assert found["town"].unfed == ("uk",)


def test_a_rule_is_judged_by_the_feeds_it_is_for(rule_set: RuleSet) -> None:
    feeds = [*outlets("en-GB"), Outlet("Yonhap", "ko", country="KR", tags=("korea",))]

    assert coverage(rule_set, feeds)["word"].blind == ()
    assert coverage(rule_set, outlets("en-GB"))["word"].blind == ()


def test_a_rule_that_asks_for_a_language_is_blind_elsewhere(rule_set: RuleSet) -> None:
    assert coverage(rule_set, outlets("en-GB", "fr-FR"))["address"].blind == ("en",)
