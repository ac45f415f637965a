from __future__ import annotations

import heapq
import random
import statistics
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import rhythm
from monitor.feeds.schedule import ceiling, first_threshold, next_poll, threshold
from monitor.feeds.settings import PollingSettings

if TYPE_CHECKING:
    from monitor.feeds.rhythm import Rhythm

NOW = datetime(2025, 3, 17, 9, 0, tzinfo=UTC)
SETTINGS = PollingSettings()
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
UNKNOWN = rhythm.unknown(NOW.timestamp())
THRESHOLD = first_threshold(SETTINGS)
chance = st.floats(0, 1)


def pause(interval: timedelta | None = None, **more: object) -> timedelta:
    arguments = {"now": NOW, "jitter": 0.5, "known": UNKNOWN, "threshold": THRESHOLD} | more
    return next_poll(interval, SETTINGS, **arguments) - NOW  # type: ignore[arg-type]


def steady(per_day: float, *, days: int = 28) -> Rhythm:
    """Of a feed whose news come at even distances, the last one now."""
    step = 86_400 / per_day
    start = NOW.timestamp() - days * 86_400
    known = rhythm.unknown(start)
    for number in range(1, int(days * per_day) + 1):
        at = start + number * step
        known = rhythm.heard(known, 1, since=at - step, now=at)
    return known


def test_a_feed_of_which_nothing_is_known_is_asked_again_after_its_interval() -> None:
    for own, expected in ((None, 5 * MINUTE), (2 * MINUTE, 2 * MINUTE), (DAY, DAY)):
        assert abs(pause(own) - expected) < expected / 100


def test_a_new_feed_is_asked_again_within_its_interval_at_a_time_of_its_own() -> None:
    pauses = [pause(first_sight=True, jitter=jitter) for jitter in (0.0, 0.5, 1.0)]

    assert pauses == sorted(set(pauses))
    assert pauses[0] >= 2.4 * MINUTE
    assert pauses[-1] <= 5 * MINUTE


def test_a_busy_feed_is_asked_more_often_than_a_quiet_one() -> None:
    pauses = [pause(known=steady(rate)) for rate in (500, 50, 5, 0.5)]

    assert pauses == sorted(pauses)
    assert pauses[0] < 2 * MINUTE
    assert pauses[-1] == ceiling(None, SETTINGS) == 10 * MINUTE


@given(
    st.one_of(st.none(), st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))),
    st.lists(st.tuples(st.floats(1, 10**6), st.integers(1, 300)), max_size=20),
    st.floats(1e-3, 1e12),
    chance,
)
def test_whatever_a_feed_did_the_pause_is_between_floor_and_ceiling(
    own: timedelta | None, polls: list[tuple[float, int]], threshold: float, jitter: float
) -> None:
    at = NOW.timestamp()
    known = rhythm.unknown(at)
    for seconds, count in polls:
        known = rhythm.heard(known, count, since=at, now=at + seconds)
        at += seconds

    until = pause(own, known=known, threshold=threshold, jitter=jitter, now=time(at))
    waited = until - (time(at) - NOW)

    longest = max(own or 10 * MINUTE, MINUTE)
    assert MINUTE <= waited <= longest + timedelta(microseconds=1)
    assert ceiling(own, SETTINGS) == longest


def time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def news_of(rates: list[float], *, days: int, seed: int) -> list[list[float]]:
    """When the news of feeds come, by chance, from `NOW` on; rates a day."""
    dice = random.Random(seed)
    return [
        sorted(NOW.timestamp() + dice.random() * days * 86_400 for _ in range(int(rate * days)))
        for rate in rates
    ]


@pytest.mark.parametrize(("budget", "polls_a_minute"), [(0, 4.0), (3, 3.0), (6, 6.0)])
def test_feeds_asked_by_their_rhythm_cost_what_the_budget_allows(
    budget: int, polls_a_minute: float
) -> None:
    settings = PollingSettings(budget=budget)
    dice = random.Random(1)
    feeds = news_of([dice.lognormvariate(2, 2) for _ in range(20)], days=4, seed=2)
    requests, late = simulated(feeds, settings, days=4)

    # The first day is for learning.
    assert abs(sum(requests[1:]) / (3 * 1440) / polls_a_minute - 1) < 0.1
    if not budget:
        assert statistics.fmean(late) < 0.75 * 150  # asked every five minutes, news waits for half


def simulated(
    feeds: list[list[float]], settings: PollingSettings, *, days: int
) -> tuple[list[int], list[float]]:
    """Requests of each day, and how late each piece of news was seen, in seconds."""
    dice = random.Random(3)
    start = NOW.timestamp()
    mu = first_threshold(settings)
    rhythms = [rhythm.unknown(start) for _ in feeds]
    due = [(start + dice.random() * 300, number) for number in range(len(feeds))]
    heapq.heapify(due)
    polled, seen = [start] * len(feeds), [0] * len(feeds)
    requests, late = [0] * days, []
    planned = start
    while due[0][0] < start + days * 86_400:
        at, number = heapq.heappop(due)
        if at >= planned:
            known = [(None, one) for one in rhythms]
            mu = threshold(known, settings, now=time(at), before=mu)
            planned = at + 3 * 3600
        requests[int((at - start) // 86_400)] += 1
        new = feeds[number][seen[number] : bisect_right(feeds[number], at)]
        if new:
            late += [at - one for one in new]
            seen[number] += len(new)
            rhythms[number] = rhythm.heard(rhythms[number], len(new), since=polled[number], now=at)
        polled[number] = at
        following = next_poll(
            None,
            settings,
            now=time(at),
            known=rhythms[number],
            threshold=mu,
            jitter=dice.random(),
        )
        heapq.heappush(due, (following.timestamp(), number))
    return requests, late


def test_failures_of_a_busy_feed_begin_with_its_own_pause() -> None:
    busy = steady(500)

    assert pause(known=busy, failures=1, jitter=1) < 5 * MINUTE
    assert pause(known=busy, failures=12, jitter=1) == SETTINGS.max_backoff


def test_no_feed_is_asked_faster_than_the_floor() -> None:
    assert pause(timedelta(seconds=1)) == MINUTE
    assert pause(timedelta(seconds=1), jitter=0.0) == MINUTE


@given(chance)
def test_polls_are_spread_by_a_tenth(jitter: float) -> None:
    assert 4.49 * MINUTE <= pause(jitter=jitter) <= 5.51 * MINUTE


@given(st.integers(1, 10_000), chance)
def test_failures_back_off_to_the_ceiling_and_never_give_up(failures: int, jitter: float) -> None:
    waited = pause(failures=failures, jitter=jitter)

    assert MINUTE <= waited <= SETTINGS.max_backoff


def test_each_failure_doubles_the_pause() -> None:
    pauses = [pause(failures=failures, jitter=1) for failures in (1, 2, 3, 4)]

    for found, minutes in zip(pauses, (10, 20, 40, 80), strict=True):
        assert abs(found / MINUTE - minutes) < minutes / 100


def test_a_feed_polled_rarely_is_not_asked_more_often_because_it_fails() -> None:
    assert abs(pause(DAY, failures=1, jitter=1) / DAY - 1) < 0.01


def test_retry_after_is_heeded() -> None:
    assert pause(failures=1, retry_after=3 * HOUR) == 3 * HOUR
    assert pause(failures=1, retry_after=timedelta(seconds=1)) >= 4.9 * MINUTE


def test_a_publishers_wish_is_kept_within_the_interval() -> None:
    assert pause(wish=NOW + timedelta(minutes=4.9), jitter=0.0) == timedelta(minutes=4.9)
    assert pause(wish=NOW + HOUR, jitter=0.0) == 5 * MINUTE
    assert pause(wish=NOW, jitter=0.5) == pause(jitter=0.5)


def test_a_feed_that_outran_us_is_asked_soon_whatever_it_wishes() -> None:
    assert pause(gap=True, wish=NOW + HOUR, jitter=0.5) == MINUTE
