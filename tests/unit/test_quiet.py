from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts import cron
from monitor.alerts.quiet import Loudness
from monitor.model import Severity

KYIV = ZoneInfo("Europe/Kyiv")
_TIMES = st.dates(date(2020, 1, 2), date(2030, 1, 1)).flatmap(
    lambda day: st.times().map(lambda at: datetime.combine(day, at, UTC))
)
NIGHT = Loudness(quiet=(time(22), time(7)), timezone=KYIV)


@pytest.mark.parametrize(
    ("local", "quiet"),
    [("21:59", False), ("22:00", True), ("00:30", True), ("06:59", True), ("07:00", False)],
)
def test_quiet_hours_may_go_over_midnight_and_are_local(local: str, *, quiet: bool) -> None:
    moment = datetime.combine(date(2025, 3, 17), time.fromisoformat(local), KYIV)

    assert NIGHT.held(moment.astimezone(UTC)).below == (Severity.CRITICAL.rank if quiet else 0)


def test_quiet_hours_of_a_day_end_where_they_end() -> None:
    lunch = Loudness(quiet=(time(12), time(13)), breaks=Severity.HIGH)

    assert lunch.held(datetime(2025, 3, 17, 12, 30, tzinfo=UTC)).below == Severity.HIGH.rank
    assert lunch.held(datetime(2025, 3, 17, 13, 0, tzinfo=UTC)).below == 0


@given(_TIMES)
def test_the_last_digest_was_within_a_day_whatever_the_clocks_do(now: datetime) -> None:
    loudness = Loudness(digests=(time(2, 30), time(17)), digest_below=Severity.HIGH, timezone=KYIV)

    opened = loudness.held(now).opened

    assert opened is not None
    assert opened <= now
    assert (now - opened).total_seconds() <= 16 * 3600


def test_without_settings_nothing_is_held() -> None:
    held = Loudness().held(datetime(2025, 3, 17, tzinfo=UTC))

    assert (held.below, held.until_digest_below, held.opened) == (0, 0, None)


def test_a_severity_for_digests_without_times_holds_nothing() -> None:
    held = Loudness(digest_below=Severity.HIGH).held(datetime(2025, 3, 17, tzinfo=UTC))

    assert held.until_digest_below == 0


@pytest.mark.parametrize(
    ("schedule", "now", "last"),
    [
        ("0 9 * * 1-5", "2025-03-17T08:59", "2025-03-14T09:00"),  # Monday, before nine
        ("0 9 * * 1-5", "2025-03-17T09:00", "2025-03-17T09:00"),
        ("0 9 * * mon-fri", "2025-03-16T23:00", "2025-03-14T09:00"),
        ("*/15 8-18 * * *", "2025-03-17T10:44", "2025-03-17T10:30"),
        ("30 7,19 * * 0", "2025-03-17T10:00", "2025-03-16T19:30"),
        ("30 7 * * 7", "2025-03-17T10:00", "2025-03-16T07:30"),
        ("0 0 1 * *", "2025-03-17T10:00", "2025-03-01T00:00"),
        ("0 0 29 2 *", "2025-03-17T10:00", "2024-02-29T00:00"),
        ("0 12 15 * 5", "2025-03-17T10:00", "2025-03-15T12:00"),  # the 15th, or any Friday
    ],
)
def test_a_schedule_is_read_as_cron_reads_it(schedule: str, now: str, last: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=KYIV)

    found = cron.parse(schedule).last(moment.astimezone(UTC), KYIV)

    assert found == datetime.fromisoformat(last).replace(tzinfo=KYIV)


@pytest.mark.parametrize(
    "text",
    ["", "09:00", "0 9 * *", "60 9 * * *", "0 24 * * *", "0 9 0 * *", "0 9 30 2 *", "5-1 * * * *",
     "*/0 * * * *", "0 9 * * someday", "0 9 * * 8", "@daily", "0 9 * * 1-5 root", "9" * 5_000],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|never comes"):
        cron.parse(text)


@given(_TIMES)
def test_a_daily_schedule_was_due_within_a_day_whatever_the_clocks_do(now: datetime) -> None:
    last = cron.parse("30 2 * * *").last(now, KYIV)

    assert last is not None
    assert 0 <= (now - last).total_seconds() <= 25 * 3600
