"""Dates as feeds write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ZONES = {"gmt": 0, "utc": 0, "ut": 0, "z": 0}
_ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun),?\s++)?"
    r"(?P<day>\d{1,2})\s++(?P<month>[a-z]{3})\s++(?P<year>\d{4})\s++"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s++"
    r"(?:(?P<zone>[a-z]{1,3})|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))",
    re.ASCII,
)
_RFC3339 = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})t"
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\.\d{1,9})?"
    r"(?P<zone>z|(?P<sign>[+-])(?P<hours>\d{2}):(?P<minutes>\d{2}))",
    re.ASCII,
)


def iso(written: str) -> datetime | None:
    """The moment in UTC, which is also meant where no zone is named; None where it is no date."""
    try:
        read = datetime.fromisoformat(written.strip())
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def usual(written: str) -> datetime | None:
    """The moment of a date as RSS 2.0 (RFC 822) or Atom (RFC 3339) wants it; None for any other.

    To the second, since 1970.
    """
    lower = written.lower()
    found = _RFC822.fullmatch(lower) or _RFC3339.fullmatch(lower)
    if found is None:
        return None
    part = found.groupdict()
    month = _MONTHS.get(part["month"]) or (part["month"].isdigit() and int(part["month"]))
    zone = 0 if part["sign"] else _ZONES.get(part["zone"])
    if not month or zone is None:
        return None
    ahead = timedelta(hours=zone)
    if part["sign"]:
        ahead = timedelta(hours=int(part["hours"]), minutes=int(part["minutes"]))
        ahead = -ahead if part["sign"] == "-" else ahead
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    year, day = int(part["year"]), int(part["day"])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= 1970 else None  # noqa: PLR2004 - the epoch
