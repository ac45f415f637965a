from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.hints import LONGEST, not_before, of_answer, of_document
from monitor.model import Hints

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NONE = timedelta(0)
HOUR = timedelta(hours=1)


def answer(**headers: str) -> timedelta:
    return of_answer({name.replace("_", "-"): text for name, text in headers.items()}, now=MONDAY)


def document(inner: str) -> Hints:
    return of_document(f'<rss version="2.0"><channel>{inner}<item/></channel></rss>'.encode())


def test_max_age_says_how_long_an_answer_stays_fresh() -> None:
    assert answer(cache_control="public, max-age=600") == timedelta(minutes=10)
    assert answer(cache_control="max-age=600", age="120") == timedelta(minutes=8)


def test_expires_is_read_by_the_publishers_own_clock() -> None:
    expires = "Mon, 23 Nov 2025 10:30:00 GMT"

    assert answer(expires=expires, date="Mon, 23 Nov 2025 09:30:00 GMT") == HOUR
    assert answer(expires="Mon, 23 Nov 2026 10:00:00 GMT") == timedelta(minutes=30)


def test_max_age_goes_before_expires() -> None:
    later = "Mon, 23 Nov 2026 19:30:00 GMT"

    assert answer(cache_control="max-age=60", expires=later) == timedelta(minutes=1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cache_control": "no-cache, max-age=600"},
        {"cache_control": "no-store"},
        {"cache_control": "max-age=soon"},
        {"cache_control": "s-maxage=600"},
        {"cache_control": "max-age=60", "age": "9999"},
        {"expires": "0"},
        {"expires": "-1"},
        {"expires": "yesterday"},
        {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ],
)
def test_headers_that_say_nothing_usable_ask_for_no_pause(headers: dict[str, str]) -> None:
    assert answer(**headers) == NONE


def test_absurd_pauses_are_a_day() -> None:
    assert answer(cache_control="max-age=999999999") == LONGEST
    assert document("<ttl>999999</ttl>").pause == LONGEST


@pytest.mark.parametrize(
    ("inner", "pause"),
    [
        ("<ttl>15</ttl>", timedelta(minutes=15)),
        ("<ttl> 60 </ttl>", HOUR),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", HOUR),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            6 * HOUR,
        ),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            HOUR,
        ),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", NONE),
        ("<ttl>soon</ttl>", NONE),
        ("", NONE),
    ],
)
def test_a_document_says_its_rhythm(inner: str, pause: timedelta) -> None:
    assert document(inner).pause == pause


def test_skipped_hours_and_days_are_waited_for() -> None:
    night = document("<skipHours><hour>9</hour><hour>10</hour><hour>24</hour></skipHours>")
    weekend = document("<skipDays><day>Monday</day><day>tuesday</day><day>x</day></skipDays>")

    assert night.skip_hours == (0, 9, 10)
    assert not_before(night, NONE, now=MONDAY) == MONDAY.replace(hour=11, minute=0)
    assert not_before(weekend, NONE, now=MONDAY) == datetime(2026, 11, 25, tzinfo=UTC)


def test_nobody_means_never() -> None:
    assert not_before(Hints(skip_hours=tuple(range(24))), HOUR, now=MONDAY) == MONDAY + HOUR
    assert not_before(Hints(skip_days=tuple(range(7))), NONE, now=MONDAY) == MONDAY


def test_the_longer_of_pause_and_freshness_counts() -> None:
    assert not_before(Hints(pause=2 * HOUR), HOUR, now=MONDAY) == MONDAY + 2 * HOUR
    assert not_before(Hints(pause=HOUR), 2 * HOUR, now=MONDAY) == MONDAY + 2 * HOUR


@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(["expires", "age"]), st.text()))
def test_whatever_is_said_a_moment_comes_of_it(xml: bytes, headers: dict[str, str]) -> None:
    fresh = of_answer(headers | {"cache-control": "max-age=9"}, now=MONDAY)

    assert MONDAY <= not_before(of_document(xml), fresh, now=MONDAY) <= MONDAY + 8 * LONGEST
