"""Schedules as cron writes them: "0 9 * * 1-5" is nine o'clock from Monday to Friday."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_PART = re.compile(r"(\*|[0-9]{1,2}(?:-[0-9]{1,2})?)(?:/([0-9]{1,2}))?")
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAYS = {name: str(number) for number, name in enumerate(_NAMES)}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_SUNDAY = 7
_LONGEST_DAYS = 8 * 366 + 1
"""From one 29th of February to the next there may be eight years."""


@dataclass(frozen=True, slots=True)
class Cron:
    """When something is due, to the minute, in local time."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """1 is Monday, 7 is Sunday."""
    either: bool
    """Days of the month and of the week are both limited: then either will do, as cron has it."""

    def last(self, now: datetime, timezone: tzinfo) -> datetime | None:
        """When it was last due, up to now; None for never in eight years."""
        today = now.astimezone(timezone).date()
        # In UTC: across a change of the clocks local times do not compare.
        for back in range(-1, _LONGEST_DAYS):
            day = today - timedelta(days=back)
            if self._on(day):
                moments = (
                    datetime.combine(day, time(hour, minute), timezone).astimezone(UTC)
                    for hour in self.hours
                    for minute in self.minutes
                )
                if found := max((one for one in moments if one <= now), default=None):
                    return found
        return None

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() in self.weekdays
        return of_month or of_week if self.either else of_month and of_week


def parse(text: str) -> Cron:
    """A schedule of five fields: minute, hour, day of the month, month, day of the week.

    Raises:
        ValueError: It is none; the text says how it should be.
    """
    fields = text.lower().split()
    if len(fields) != len(_RANGES):
        raise ValueError(_wrong(text))
    for name, number in _DAYS.items():
        fields[4] = fields[4].replace(name, number)
    minutes, hours, days, months, weekdays = (
        _numbers(field, *bounds, text) for field, bounds in zip(fields, _RANGES, strict=True)
    )
    either = not (fields[2].startswith("*") or fields[4].startswith("*"))
    sunday_last = frozenset(number or _SUNDAY for number in weekdays)
    cron = Cron(minutes, hours, days, months, sunday_last, either)
    if cron.last(datetime(2032, 3, 1, tzinfo=UTC), UTC) is None:
        raise ValueError(f'"{text}" is a day that never comes')
    return cron


def _numbers(field: str, low: int, high: int, text: str) -> frozenset[int]:
    made: set[int] = set()
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(_wrong(text))
        first, dash, last = found[1].partition("-")
        start = low if first == "*" else int(first)
        end = int(last) if dash else high if first == "*" or found[2] else start
        step = int(found[2] or 1)
        if not low <= start <= end <= high or not step:
            raise ValueError(_wrong(text))
        made.update(range(start, end + 1, step))
    return frozenset(made)


def _wrong(text: str) -> str:
    return (
        f'"{text[:40]}" is no schedule: write minute, hour, day, month, weekday, as "0 9 * * 1-5"'
    )
