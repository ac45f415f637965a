from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor import backtest
from monitor.backtest import Key, Told
from monitor.store.tellings import Verdict

NOW = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)


def told(*rules: str, days: int = 0, item: int = 1) -> Told:
    return Told(frozenset(rules), NOW - timedelta(days=days), item)


keys = st.builds(Key, st.integers(1, 4), st.sampled_from(["#a", "#b"]))
tellings = st.dictionaries(
    keys, st.builds(told, st.sampled_from(["x", "y"]), days=st.integers(0, 9)), max_size=8
)


@given(tellings)
def test_equal_rules_make_no_difference(one: dict[Key, Told]) -> None:
    assert backtest.compare(one, one).is_none


@given(tellings, tellings)
def test_a_comparison_the_other_way_round_says_the_opposite(
    one: dict[Key, Told], other: dict[Key, Told]
) -> None:
    there, back = backtest.compare(one, other), backtest.compare(other, one)

    assert {key for key, _ in there.added} == {key for key, _ in back.lost}
    assert {shift.key for shift in there.changed} == {shift.key for shift in back.changed}
    assert len(one) + len(there.added) - len(there.lost) == len(other)


def test_a_story_that_another_channel_is_told_is_not_lost() -> None:
    before = {Key(1, "#a"): told("x"), Key(2, "#a"): told("x")}
    after = {Key(1, "#b"): told("x")}

    difference = backtest.compare(before, after)

    assert {key.story for key, _ in difference.lost} == {1, 2}
    assert difference.lost_stories == {2}
    assert difference.moved == {1}


def test_a_story_that_a_further_channel_is_told_has_not_moved() -> None:
    before = {Key(1, "#a"): told("x")}
    after = {Key(1, "#a", item=7): told("x"), Key(1, "#b"): told("x")}

    difference = backtest.compare(before, after)

    assert (len(difference.added), len(difference.lost)) == (2, 1)
    assert difference.moved == set()


def test_what_was_told_before_or_held_back_is_not_added() -> None:
    after = {Key(1, "#a"): told("x"), Key(1, "#b"): told("x"), Key(2, "#a", item=7): told("x")}

    difference = backtest.compare({}, after, earlier={Key(1, "#a"), Key(2, "#a")})

    assert [key for key, _ in difference.added] == [Key(1, "#b")]


def test_a_story_of_which_not_all_items_are_looked_at_is_not_called_lost() -> None:
    before = {Key(1, "#a"): told("x"), Key(2, "#a"): told("x")}

    difference = backtest.compare(before, {}, older={1})

    assert difference.lost_stories == {2}
    assert len(difference.before) == 1


def test_an_alert_for_other_rules_says_which_it_gains_and_loses() -> None:
    (shift,) = backtest.compare(
        {Key(1, "#a"): told("x", "y")}, {Key(1, "#a"): told("y", "z")}
    ).changed

    assert shift.gained == {"z"}
    assert shift.lost == {"x"}


def test_noise_is_estimated_from_what_readers_said_of_the_rules() -> None:
    before = {Key(number, "#a"): told("old") for number in range(3)}
    after = {
        Key(11, "#a"): told("noisy"),
        Key(12, "#a"): told("noisy", "good"),
        Key(13, "#a"): told("young"),
    }
    verdicts = {"noisy": Verdict(10, 8), "good": Verdict(10, 1), "young": Verdict(2, 2)}

    found = backtest.noise(backtest.compare(before, after), verdicts, {Key(1, "#a")})

    assert (found.expected, found.unknown, found.spared) == (0.9, 1, 1)


def test_the_volume_has_a_line_for_each_day_and_for_each_week_of_many() -> None:
    before = {Key(1, "#a"): told("x"), Key(2, "#a"): told("x", days=1)}
    after = {Key(2, "#a"): told("x", days=1), Key(3, "#a"): told("x", days=1)}
    difference = backtest.compare(before, after)
    days = [date(2025, 3, 15) + timedelta(days=number) for number in range(3)]

    spans = backtest.volume(difference, days, timezone=UTC)

    assert [(one.kept, one.added, one.lost) for one in spans] == [(0, 0, 0), (1, 1, 0), (0, 0, 1)]
    many = [date(2025, 1, 17) + timedelta(days=number) for number in range(60)]
    weeks = backtest.volume(difference, many, timezone=UTC)
    assert len(weeks) == 9
    assert (weeks[-1].kept, weeks[-1].added, weeks[-1].lost) == (1, 1, 1)
