"""When to ask a feed again. Pure: the time and the dice come in as arguments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds import budget, rhythm
from monitor.feeds.budget import Demand
from monitor.feeds.rhythm import Forecast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.feeds.rhythm import Rhythm
    from monitor.feeds.settings import PollingSettings

PATIENCE = 2
"""Intervals that a quiet feed waits at most: its news must not come much later for the others' sake."""

SPREAD = 0.1
"""Polls are spread by a tenth to both sides, so that feeds added together drift apart."""

_SAMPLES = 8
_SAMPLE_S = 24 * 3600 / _SAMPLES
_GUESS = 1 / 3600
"""News per second of a feed of which nothing is known, before other feeds are known."""


def ceiling(interval: timedelta | None, settings: PollingSettings) -> timedelta:
    """The longest time between two polls of a healthy feed, whose own interval may be given."""
    return max(interval or PATIENCE * settings.interval, settings.min_interval)


def _usual(interval: timedelta | None, settings: PollingSettings) -> timedelta:
    return max(interval or settings.interval, settings.min_interval)


def first_threshold(settings: PollingSettings) -> float:
    """What to begin with, see `threshold`."""
    return settings.interval.total_seconds() ** 2 * _GUESS / 2


def threshold(
    feeds: Iterable[tuple[timedelta | None, Rhythm]],
    settings: PollingSettings,
    *,
    now: datetime,
    before: float,
) -> float:
    """How much delay (the sum over its unseen news, in seconds) makes a feed due.

    Such that all feeds together cost what the operator allows, on average over the day ahead.

    Args:
        feeds: Those that answer: own interval and rhythm.
        settings: What the operator configured.
        now: The time.
        before: The last threshold, or the first.
    """
    at = now.timestamp()
    demands = []
    fixed = 0.0
    for interval, known in feeds:
        usual = _usual(interval, settings).total_seconds()
        longest = ceiling(interval, settings).total_seconds()
        demands.append(demand(known, at, guess=rhythm.guess(before, usual), ceiling=longest))
        fixed += 1 / usual
    if not demands:
        return before
    allowed = settings.budget / 60 or fixed
    floor = settings.min_interval.total_seconds()
    return budget.threshold(demands, floor=floor, budget=allowed)


def demand(known: Rhythm, now: float, *, guess: float, ceiling: float) -> Demand:
    """What a feed is expected to bring in the day ahead; times in seconds."""
    forecast = Forecast(known, now, guess=guess)
    rates = [forecast.usual(now + place * _SAMPLE_S) for place in range(_SAMPLES)]
    # Chance can only shorten the longest pause: by a quarter of its width on average.
    return Demand(rates, ceiling * (1 - SPREAD / 4))


def spread(pause: float, jitter: float, *, ceiling: float) -> float:
    """The pause, longer or shorter by chance, but never longer than the ceiling."""
    return min(pause * (1 + SPREAD * (2 * jitter - 1)), ceiling)


def next_poll(
    interval: timedelta | None,
    settings: PollingSettings,
    *,
    now: datetime,
    known: Rhythm,
    threshold: float,
    failures: int = 0,
    retry_after: timedelta | None = None,
    wish: datetime | None = None,
    gap: bool = False,
    first_sight: bool = False,
    jitter: float,
) -> datetime:
    """When a feed is due again.

    Args:
        interval: The feed's own ceiling; None is the configured one.
        settings: What the operator configured.
        now: The time of the poll that just ended.
        known: The feed's rhythm, with what the poll brought.
        threshold: How much delay makes it due.
        failures: Polls that failed in a row, this one included; 0 after a success.
        retry_after: How long the publisher asked us to wait; at most a day.
        wish: When the publisher would like to be asked again; kept within the interval.
        gap: Entries may have been missed since the poll before: it is asked as soon as may be, once.
        first_sight: It is new: it comes sooner by chance, so that feeds added together drift apart.
        jitter: From 0 to 1, drawn anew for each poll.
    """
    usual = _usual(interval, settings)
    longest = ceiling(interval, settings).total_seconds()
    guess = rhythm.guess(threshold, usual.total_seconds())
    forecast = Forecast(known, now.timestamp(), guess=guess)
    expected = forecast.pause(threshold, most=longest)
    pause = timedelta(seconds=expected)
    # A feed that outran us does not say truly how fast it is.
    wished = min(wish - now, usual) if wish and not gap else timedelta(0)
    if failures:
        pause = _back_off(min(pause, usual), settings, failures, jitter)
    elif gap:
        pause = settings.min_interval
    elif first_sight:
        pause = min(pause, usual) * (1 + jitter) / 2
    else:
        pause = timedelta(seconds=spread(expected, jitter, ceiling=longest))
    asked = retry_after or timedelta(0)
    return now + max(pause, asked, wished, settings.min_interval)


def _back_off(
    usual: timedelta, settings: PollingSettings, failures: int, jitter: float
) -> timedelta:
    """Twice as long after each further failure; half by chance: feeds must not return at once."""
    # Bounded, for a feed may fail for years.
    doubled: int = 1 << min(failures, 16)
    pause = min(usual * doubled, max(settings.max_backoff, usual))
    return pause * (0.5 + 0.5 * jitter)
