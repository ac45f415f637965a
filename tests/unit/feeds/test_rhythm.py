from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds import rhythm
from monitor.feeds.rhythm import Forecast, Rhythm

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MONDAY = datetime(2025, 3, 17, tzinfo=UTC).timestamp()
GUESS = 1 / HOUR
LIMIT = 5.0
MOST = 10 * MINUTE

histories = st.lists(
    st.tuples(st.floats(1, 30 * DAY), st.integers(1, 5000)), min_size=1, max_size=20
)


def watched(moments: list[float], *, start: float = MONDAY, step: float = 5 * MINUTE) -> Rhythm:
    """After news at these moments, each seen at the first of the polls that come at even distances."""
    known, polled = rhythm.unknown(start), start
    counts: dict[float, int] = {}
    for moment in moments:
        at = start + ((moment - start) // step + 1) * step
        counts[at] = counts.get(at, 0) + 1
    for polled, count in counts.items():
        known = rhythm.heard(known, count, since=polled - step, now=polled)
    return known


def rate(known: Rhythm, at: float) -> float:
    return Forecast(known, at, guess=GUESS).usual(at)


def pause(known: Rhythm, at: float, limit: float = LIMIT) -> float:
    return Forecast(known, at, guess=GUESS).pause(limit, most=MOST)


def office(days: int, *, each_hour: int = 4) -> list[float]:
    """News from eight to four on Mondays to Fridays."""
    return [
        MONDAY + day * DAY + hour * HOUR + place * HOUR / each_hour + 1
        for day in range(days)
        if day % 7 < 5
        for hour in range(8, 16)
        for place in range(each_hour)
    ]


def test_the_rate_is_learned_from_what_the_polls_brought() -> None:
    known = watched([MONDAY + hour * HOUR for hour in range(1, 28 * 24)])

    assert rate(known, known.at) * HOUR == pytest.approx(1, rel=0.1)


def test_hours_and_days_are_told_apart() -> None:
    known = watched(office(26))
    day = MONDAY + 28 * DAY
    noon, night, sunday = (rate(known, at) * HOUR for at in (day + 12 * HOUR, day, day - DAY / 2))

    assert 2.5 < noon < 5
    assert night < noon / 5
    assert sunday < noon / 5


def test_the_pause_ends_sooner_where_news_is_about_to_begin() -> None:
    known = watched(office(26))
    monday = MONDAY + 28 * DAY

    assert pause(known, monday + 10 * HOUR) < pause(known, monday + 7.9 * HOUR) < MOST
    assert pause(known, monday + 2 * HOUR) > 2 * pause(known, monday + 10 * HOUR)


def test_little_evidence_says_little_about_hours() -> None:
    known = watched([MONDAY + 9 * HOUR, MONDAY + DAY + 9 * HOUR])
    at = MONDAY + 2 * DAY

    assert rate(known, at + 9 * HOUR) < 3 * rate(known, at + 20 * HOUR)


def test_news_makes_more_news_likely_for_a_while() -> None:
    known = watched([MONDAY + hour * HOUR * 8 for hour in range(1, 60)])
    at = known.at

    assert pause(known, at) < pause(known, at + HOUR) <= pause(known, at + 6 * HOUR)


def test_what_was_long_ago_is_forgotten() -> None:
    busy = watched([MONDAY + place * DAY / 48 for place in range(1, 48 * 28)])
    rates = [rate(busy, busy.at + days * DAY) for days in (0, 7, 30, 120)]

    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0] / 20

    awake = busy
    for number in range(200):
        at = busy.at + 120 * DAY + number * HOUR
        awake = rhythm.heard(awake, 2, since=at - MINUTE, now=at)
    assert rate(awake, awake.at) > rates[-1]


@given(st.integers(1, 20), st.integers(1, 20), st.floats(2 * MINUTE, DAY), st.integers(1, 60))
def test_a_busier_feed_is_asked_no_later_than_a_quieter_one(
    some: int, more: int, step: float, polls: int
) -> None:
    quiet = busy = rhythm.unknown(MONDAY)
    for number in range(1, polls + 1):
        at = MONDAY + number * step
        quiet = rhythm.heard(quiet, some, since=at - step, now=at)
        busy = rhythm.heard(busy, some + more, since=at - step, now=at)

    assert pause(busy, quiet.at) <= pause(quiet, quiet.at) + 1e-6


@given(histories, st.floats(0, 5 * DAY), st.floats(1e-3, 1e9))
def test_a_pause_is_never_longer_than_allowed_whatever_a_feed_did(
    history: list[tuple[float, int]], later: float, limit: float
) -> None:
    known = rhythm.unknown(MONDAY)
    for waited, count in history:
        known = rhythm.heard(known, count, since=known.at, now=known.at + waited)

    assert 0 < pause(known, known.at + later, limit) <= MOST


@settings(max_examples=30)
@given(histories, st.floats(10, 1e5))
def test_a_pause_ends_when_the_expected_delays_reach_the_limit(
    history: list[tuple[float, int]], limit: float
) -> None:
    known = rhythm.unknown(MONDAY)
    for waited, count in history:
        known = rhythm.heard(known, count, since=known.at, now=known.at + waited)
    forecast = Forecast(known, known.at, guess=GUESS)
    found = forecast.pause(limit, most=DAY)

    step = found / 300
    moments = [known.at + (place + 0.5) * step for place in range(300)]
    delays = sum((known.at + found - at) * forecast.rate(at) * step for at in moments)
    if found < DAY:
        assert delays == pytest.approx(limit, rel=0.1)
    else:
        assert delays <= limit * 1.1


def test_a_poll_that_brings_hundreds_does_not_make_a_wire_of_a_feed() -> None:
    known = watched([MONDAY + day * DAY for day in range(1, 28)])

    renamed = rhythm.heard(known, 5000, since=known.at, now=known.at + HOUR)

    assert rate(renamed, renamed.at + 12 * HOUR) < 15 * rate(known, known.at + 12 * HOUR)


def test_a_feed_is_silent_when_its_own_rhythm_says_so() -> None:
    hourly = watched([MONDAY + hour * HOUR for hour in range(1, 28 * 24)])
    daily = watched([MONDAY + day * DAY for day in range(1, 28)])

    assert not rhythm.is_silent(hourly, hourly.at + 12 * HOUR)
    assert rhythm.is_silent(hourly, hourly.at + 2 * DAY)
    assert not rhythm.is_silent(daily, daily.at + 10 * DAY)
    assert rhythm.is_silent(daily, daily.at + 40 * DAY)


def test_a_weekend_is_no_silence_for_an_office() -> None:
    known = watched(office(26))
    friday_evening = known.at

    assert not rhythm.is_silent(known, friday_evening + 2.5 * DAY)
    assert rhythm.is_silent(known, friday_evening + 4 * DAY)


def test_a_feed_hardly_known_is_not_called_silent() -> None:
    known = watched([MONDAY + HOUR, MONDAY + 2 * HOUR])

    assert not rhythm.is_silent(known, MONDAY + 1000 * DAY)
    assert not rhythm.is_silent(rhythm.unknown(MONDAY), MONDAY + 1000 * DAY)


def test_the_dates_of_the_first_entries_give_a_first_idea() -> None:
    busy = rhythm.of_history([MONDAY - n * 10 * MINUTE for n in range(30)], now=MONDAY)
    quiet = rhythm.of_history([MONDAY - n * 2 * DAY for n in range(10)], now=MONDAY)

    assert 3 / HOUR < rate(busy, MONDAY) < 7 / HOUR
    assert rate(quiet, MONDAY) < 0.2 / HOUR


@pytest.mark.parametrize(
    "dates",
    [
        [],
        [MONDAY] * 50,
        [MONDAY - n for n in range(50)],
        [MONDAY + n * DAY for n in range(1, 50)],
        [0.0] * 50,
        [MONDAY - n * 365 * DAY for n in range(50)],
        [MONDAY - HOUR * n for n in range(4)],
    ],
    ids=["none", "all now", "seconds ago", "to come", "1970", "years apart", "few"],
)
def test_dates_that_say_nothing_or_lie_count_for_nothing(dates: list[float]) -> None:
    assert rhythm.of_history(dates, now=MONDAY) == rhythm.unknown(MONDAY)


def test_what_dates_claim_is_soon_outweighed_by_what_is_seen() -> None:
    claimed = rhythm.of_history([MONDAY - n * 3 * MINUTE for n in range(1000)], now=MONDAY)

    assert rate(claimed, MONDAY + 3 * DAY) < rate(claimed, MONDAY) / 20


@given(histories)
def test_a_rhythm_is_stored_and_read_back(history: list[tuple[float, int]]) -> None:
    known = rhythm.unknown(MONDAY)
    for waited, count in history:
        known = rhythm.heard(known, count, since=known.at, now=known.at + waited)

    packed = rhythm.pack(known)
    back = rhythm.unpack(packed, now=known.at)

    assert len(packed) < 300
    assert back.at == known.at
    assert back.news == pytest.approx(known.news, rel=1e-6)
    assert back.watched == pytest.approx(known.watched, rel=1e-6)


@pytest.mark.parametrize("stored", [b"", b"x", b"\xff" * 273, bytes(2000)])
def test_what_cannot_be_read_back_is_unknown(stored: bytes) -> None:
    assert rhythm.unpack(stored, now=MONDAY) == rhythm.unknown(MONDAY)


def test_a_clock_that_was_wrong_does_no_lasting_harm() -> None:
    ahead = rhythm.heard(rhythm.unknown(MONDAY), 3, since=MONDAY, now=MONDAY + 1000 * DAY)

    known = rhythm.unpack(rhythm.pack(ahead), now=MONDAY + HOUR)
    again = rhythm.heard(known, 1, since=MONDAY, now=MONDAY + 2 * HOUR)

    assert known.at == MONDAY + HOUR
    assert again.at == MONDAY + 2 * HOUR
