from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.schedule import next_poll
from monitor.feeds.settings import PollingSettings

NOW = datetime(2025, 3, 17, 9, 0, tzinfo=UTC)
SETTINGS = PollingSettings()
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
chance = st.floats(0, 1)


def pause(interval: timedelta | None = None, **more: object) -> timedelta:
    arguments = {"now": NOW, "jitter": 0.5} | more
    return next_poll(interval, SETTINGS, **arguments) - NOW  # type: ignore[arg-type]


def test_a_healthy_feed_is_asked_again_after_its_interval() -> None:
    assert pause() == 5 * MINUTE
    assert pause(2 * MINUTE) == 2 * MINUTE


def test_no_feed_is_asked_faster_than_the_floor() -> None:
    assert pause(timedelta(seconds=1)) == MINUTE
    assert pause(timedelta(seconds=1), jitter=0.0) == MINUTE


@given(chance)
def test_polls_are_spread_by_a_tenth(jitter: float) -> None:
    assert 4.5 * MINUTE <= pause(jitter=jitter) <= 5.5 * MINUTE


@given(st.integers(1, 10_000), chance)
def test_failures_back_off_to_the_ceiling_and_never_give_up(failures: int, jitter: float) -> None:
    waited = pause(failures=failures, jitter=jitter)

    assert MINUTE <= waited <= SETTINGS.max_backoff


def test_each_failure_doubles_the_pause() -> None:
    pauses = [pause(failures=failures, jitter=1) for failures in (1, 2, 3, 4)]

    assert pauses == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]


def test_a_feed_polled_rarely_is_not_asked_more_often_because_it_fails() -> None:
    assert pause(timedelta(days=1), failures=1, jitter=1) == timedelta(days=1)


def test_retry_after_is_heeded() -> None:
    assert pause(failures=1, retry_after=3 * HOUR) == 3 * HOUR
    assert pause(failures=1, retry_after=timedelta(seconds=1)) >= 5 * MINUTE


def test_a_publishers_wish_is_kept_within_the_interval() -> None:
    assert pause(wish=NOW + timedelta(minutes=4.9), jitter=0.0) == timedelta(minutes=4.9)
    assert pause(wish=NOW + HOUR, jitter=0.0) == 5 * MINUTE
    assert pause(wish=NOW, jitter=0.5) == 5 * MINUTE


def test_a_feed_that_outran_us_is_asked_soon_whatever_it_wishes() -> None:
    assert pause(gap=True, wish=NOW + HOUR, jitter=0.5) == MINUTE


def test_an_absurd_retry_after_costs_a_day_at_most() -> None:
    assert pause(failures=1, retry_after=timedelta(days=4000)) == timedelta(days=1)
