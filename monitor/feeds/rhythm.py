"""How often a feed brings news at which hour of the week, learned from what its polls brought. Pure.

Rates by the hour of the day and by the day of the week, both in UTC, drawn towards the feed's mean as
long as little is known, and forgotten slowly; and a flurry: news that just came makes more likely.
Moments are seconds since 1970, rates are news per second.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOUR_S, _DAY_S, _WEEK_S = 3600.0, 86400.0, 604800.0
_HOURS, _DAYS = 24, 7
_FIRST_HOUR = 1
_FIRST_DAY = _FIRST_HOUR + _HOURS
_PLACES = _FIRST_DAY + _DAYS

_MEMORY_S = 3 * _WEEK_S
"""What was seen this long ago counts a third of what is seen now."""
_FLURRY_S = _HOUR_S
_STEP_S = _FLURRY_S / 6
"""Within which a flurry counts as constant."""
_FLURRY_SHARE = 0.25
"""Of all news, what comes in the wake of other news."""
_DOUBT = 5.0
"""News that an hour must bring before it is judged half by itself and half by the feed's mean."""
_PRIOR = 1.0
"""News that the guess about an unknown feed is worth."""
_MOST = 50
"""News of one poll that count: a feed that renames all its entries has not become a wire."""

_FEWEST_DATES = 5
_SHORTEST_HISTORY_S = _HOUR_S
_HISTORY_WORTH = 10.0
"""News that the dates of a first document are worth at most: many feeds lie about them."""

_SILENCE = 20.0
"""News that did not come: one feed in millions is silent for so long by chance."""
_FEWEST_NEWS = 5.0
_SHORTEST_SILENCE_S = _DAY_S / 2

_PACKED = struct.Struct(f"<Bd{1 + 2 * _PLACES}f")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of a feed's rhythm, as of its last news."""

    at: float
    flurry: float
    """News of late, fading within hours."""
    news: tuple[float, ...]
    """In all, by hour of the day, by day of the week; older ones count less."""
    watched: tuple[float, ...]
    """Seconds, likewise."""


def unknown(now: float) -> Rhythm:
    """The rhythm of a feed about which nothing is known."""
    nothing = (0.0,) * _PLACES
    return Rhythm(now, 0.0, nothing, nothing)


def of_history(dates: Iterable[float], *, now: float) -> Rhythm:
    """A first idea, from the dates of the entries that a feed has when it is first seen."""
    past = sorted({date for date in dates if now - _MEMORY_S < date <= now})
    if len(past) < _FEWEST_DATES or now - past[0] < _SHORTEST_HISTORY_S:
        return unknown(now)  # made up when the document was, or as good as
    weight = min(1.0, _HISTORY_WORTH / len(past))
    news = [0.0] * _PLACES
    # The first begins the span: it is not news of it.
    for date in past[1:]:
        for place in _places(date):
            news[place] += weight
    watched = tuple(spent * weight for spent in _spent(past[0], now))
    return Rhythm(now, 0.0, tuple(news), watched)


def heard(rhythm: Rhythm, count: int, *, since: float, now: float) -> Rhythm:
    """The rhythm after a poll that brought news.

    Args:
        rhythm: As of the news before.
        count: New entries.
        since: When the successful poll before was: the news came between the two.
        now: When this poll was.
    """
    now = max(now, rhythm.at)
    since = min(max(since, rhythm.at), now - 1)
    count = min(count, _MOST)
    keep = math.exp((rhythm.at - now) / _MEMORY_S)
    each = count / (now - since)
    return Rhythm(
        at=now,
        flurry=rhythm.flurry * math.exp((rhythm.at - now) / _FLURRY_S) + count,
        news=_added(rhythm.news, keep, _spent(since, now), each),
        watched=_added(rhythm.watched, keep, _spent(rhythm.at, now), 1.0),
    )


def _added(
    old: tuple[float, ...], keep: float, more: list[float], each: float
) -> tuple[float, ...]:
    return tuple(one * keep + new * each for one, new in zip(old, more, strict=True))


def _places(at: float) -> tuple[int, int, int]:
    return (
        0,
        _FIRST_HOUR + int(at // _HOUR_S) % _HOURS,
        _FIRST_DAY + int(at // _DAY_S) % _DAYS,
    )


def _spent(start: float, end: float) -> list[float]:
    """Seconds of a span, in all, in each hour of the day and on each day of the week."""
    spent = [0.0] * _PLACES
    weight = max((end - start) / _WEEK_S, 1.0)  # the last week stands for a longer span
    at = end - (end - start) / weight
    while at < end:
        stop = min((at // _HOUR_S + 1) * _HOUR_S, end)
        for place in _places(at):
            spent[place] += (stop - at) * weight
        at = stop
    return spent


class Forecast:
    """What a feed is expected to bring from a moment on, when nothing came since its last news."""

    __slots__ = ("_elapsed", "_flurry", "_keep", "_level", "_now", "_rhythm")

    def __init__(self, rhythm: Rhythm, now: float, *, guess: float) -> None:
        elapsed = max(now - rhythm.at, 0.0)
        keep = math.exp(-elapsed / _MEMORY_S)
        self._rhythm = rhythm
        self._now = now
        self._keep = keep
        self._elapsed = elapsed
        self._level = (rhythm.news[0] * keep + _PRIOR) / (
            rhythm.watched[0] * keep + elapsed + _PRIOR / guess
        )
        self._flurry = rhythm.flurry * math.exp(-elapsed / _FLURRY_S) * _FLURRY_SHARE / _FLURRY_S

    def usual(self, at: float) -> float:
        """The rate at an hour of the week, whatever came of late."""
        hour = _FIRST_HOUR + int(at // _HOUR_S) % _HOURS
        day = _FIRST_DAY + int(at // _DAY_S) % _DAYS
        news, watched = self._rhythm.news, self._rhythm.watched
        level, keep, elapsed = self._level, self._keep, self._elapsed
        hourly = level * (watched[hour] * keep + elapsed / _HOURS) + _DOUBT
        daily = level * (watched[day] * keep + elapsed / _DAYS) + _DOUBT
        came = (news[hour] * keep + _DOUBT) * (news[day] * keep + _DOUBT)
        return level * came / (hourly * daily)

    def rate(self, at: float) -> float:
        """The rate at a moment to come."""
        faded = math.exp((self._now - at) / _FLURRY_S)
        return (1 - _FLURRY_SHARE) * self.usual(at) + self._flurry * faded

    def pause(self, threshold: float, *, most: float) -> float:
        """Seconds until the delays of all unseen news add up to a threshold; `most` at most."""
        unseen, left = 0.0, threshold
        at = self._now
        end = at + most
        while at < end:
            stop = min(at - at % _HOUR_S + _HOUR_S, at + _STEP_S, end)
            span = stop - at
            rate = self.rate(at + span / 2)
            grown = span * (unseen + rate * span / 2)
            if grown >= left:
                # unseen x + rate x^2 / 2 = left
                root = math.sqrt(unseen * unseen + 2 * rate * left)
                return at - self._now + 2 * left / (unseen + root)
            left -= grown
            unseen += rate * span
            at = stop
        return most


def guess(threshold: float, interval: float) -> float:
    """The rate of an unknown feed: the one at which it is asked once in an interval."""
    return 2 * threshold / (interval * interval * (1 - _FLURRY_SHARE))


def per_day(rhythm: Rhythm) -> float | None:
    """News a day, of late; None where too little is known."""
    watched = rhythm.watched[0]
    return rhythm.news[0] / watched * _DAY_S if watched >= _HOUR_S else None


def is_silent(rhythm: Rhythm, now: float) -> bool:
    """Whether a feed has brought nothing for so long that, by its own rhythm, something is wrong."""
    silence = now - rhythm.at
    if rhythm.news[0] < _FEWEST_NEWS or silence < _SHORTEST_SILENCE_S:
        return False
    mean = rhythm.news[0] / rhythm.watched[0]
    return mean * silence > _SILENCE / 4 and _end_of_patience(rhythm, mean) <= now


def _end_of_patience(rhythm: Rhythm, mean: float) -> float:
    forecast = Forecast(rhythm, rhythm.at, guess=mean)
    # Whole weeks first, for they have all there is of hours and days.
    weeks = _SILENCE // (mean * _WEEK_S)
    missing = _SILENCE - weeks * mean * _WEEK_S
    at = rhythm.at + weeks * _WEEK_S
    end = at + _WEEK_S
    while missing > 0 and at < end:
        missing -= forecast.usual(at) * _HOUR_S
        at += _HOUR_S
    return at


def pack(rhythm: Rhythm) -> bytes:
    """As it is stored: some 260 bytes."""
    return _PACKED.pack(_VERSION, rhythm.at, rhythm.flurry, *rhythm.news, *rhythm.watched)


def unpack(packed: bytes, *, now: float) -> Rhythm:
    """As it was stored; unknown where it was not, or by a version that knew another form."""
    if len(packed) != _PACKED.size or packed[0] != _VERSION:
        return unknown(now)
    _, at, flurry, *values = _PACKED.unpack(packed)
    if at > now:  # by a clock that was wrong: nothing would fade until then
        at, flurry = now, 0.0
    return Rhythm(at, flurry, tuple(values[:_PLACES]), tuple(values[_PLACES:]))
