"""What publishers say about when to come again, in headers and in documents. Pure.

Hints, no more: they delay a poll within the interval that the operator chose, never beyond it.
Cache-Control and Expires are RFC 9111 (4.2.1), ttl, skipHours and skipDays RSS 2.0, the rest the
RSS module Syndication.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from monitor.model import Hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST = timedelta(hours=24)
_HEAD = 16_000
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*(?:no-cache|no-store)\b", re.IGNORECASE)
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(rb"<sy:updatePeriod>\s*(\w+)\s*</sy:updatePeriod>", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<sy:updateFrequency>\s*(\d{1,4})\s*</sy:updateFrequency>", re.IGNORECASE)
_SKIP_HOURS = re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(rb"<skipDays>(.{0,1000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(rb"<day>\s*(\w+)\s*</day>", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def of_document(xml: bytes) -> Hints:
    """What the head of an RSS document says of its rhythm."""
    head = xml[:_HEAD]
    ttl = timedelta(minutes=int(found[1])) if (found := _TTL.search(head)) else timedelta(0)
    return Hints(
        pause=min(max(ttl, _period(head)), LONGEST),
        skip_hours=_numbers(_SKIP_HOURS, _HOUR, head),
        skip_days=_weekdays(head),
    )


def _period(head: bytes) -> timedelta:
    found = _PERIOD.search(head)
    period = _PERIODS.get(found[1].decode("ascii", "replace").lower()) if found else None
    often = _FREQUENCY.search(head)
    return period / max(int(often[1]) if often else 1, 1) if period else timedelta(0)


def _numbers(element: re.Pattern[bytes], inner: re.Pattern[bytes], head: bytes) -> tuple[int, ...]:
    found = element.search(head)
    numbers = {int(number) % 24 for number in inner.findall(found[1])} if found else set()
    return tuple(sorted(numbers))


def _weekdays(head: bytes) -> tuple[int, ...]:
    found = _SKIP_DAYS.search(head)
    names = _DAY.findall(found[1]) if found else []
    lower = [name.decode("ascii", "replace").lower() for name in names]
    return tuple(sorted({_DAYS.index(name) for name in lower if name in _DAYS}))


def of_answer(headers: Mapping[str, str], *, now: datetime) -> timedelta:
    """How long an answer says it stays fresh; zero where it says nothing usable.

    Args:
        headers: Names in lower case.
        now: The time of the answer.
    """
    control = headers.get("cache-control", "")
    if _NO_CACHE.search(control):
        return timedelta(0)
    if found := _MAX_AGE.search(control):
        age = headers.get("age", "").strip()
        passed = int(age) if age.isascii() and age.isdigit() and len(age) <= len("999999999") else 0
        return _bounded(timedelta(seconds=int(found[1]) - passed))
    expires = _date(headers.get("expires", ""))
    # By the publisher's own clock where it tells it: it may be wrong by a year.
    return _bounded(expires - (_date(headers.get("date", "")) or now)) if expires else timedelta(0)


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, timedelta(0)), LONGEST)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def not_before(hints: Hints, fresh: timedelta, *, now: datetime) -> datetime:
    """The earliest moment that a publisher would like to be asked again.

    Args:
        hints: Of the document read last.
        fresh: How long the latest answer stays fresh.
        now: The time of that answer.
    """
    moment = now + max(hints.pause, fresh)
    hours = set(hints.skip_hours)
    days = set(hints.skip_days)
    if len(hours) == len(range(24)) or len(days) == len(_DAYS):
        return moment  # "never" is not meant
    while _skipped(moment, hours, days):
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment


def _skipped(moment: datetime, hours: Iterable[int], days: Iterable[int]) -> bool:
    at = moment.astimezone(UTC)
    return at.hour in hours or at.weekday() in days
