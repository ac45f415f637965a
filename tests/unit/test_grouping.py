from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.model import Outcome
from monitor.stories.grouping import COPY_WINDOW, Candidate, assign, title_key


def earlier(
    now: datetime, *, outlet: str = "Wire", age: timedelta = timedelta(hours=1)
) -> Candidate:
    return Candidate(item=3, story=7, outlet=outlet, added_at=now - age)


def test_the_same_headline_at_another_outlet_joins_its_story(now: datetime) -> None:
    found = assign("Gazette", [earlier(now)], now=now)

    assert (found.outcome, found.story, found.copy_of) == (Outcome.FOLD, 7, 3)
    assert found.reason == "same headline as item 3 (Wire)"


def test_an_outlet_that_repeats_its_own_headline_reports_something_new(now: datetime) -> None:
    assert assign("Wire", [earlier(now)], now=now).outcome is Outcome.NEW


def test_an_old_headline_is_another_event(now: datetime) -> None:
    old = earlier(now, age=COPY_WINDOW + timedelta(minutes=1))

    assert assign("Gazette", [old], now=now).outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ukraine captures two N. Korean soldiers", "UKRAINE CAPTURES TWO N KOREAN SOLDIERS"),
        ("Сёла под Курском снова под огнём", "Села под Курском снова под огнем"),
        ("乌克兰俘获两名朝鲜士兵并公布视频", "乌克兰俘获两名朝鲜士兵并公布视频。"),
    ],
)
def test_case_and_punctuation_do_not_make_another_headline(one: str, other: str) -> None:
    assert title_key(one) == title_key(other) != ""


def test_a_number_makes_another_headline() -> None:
    first = "Russia lost 1010 soldiers in the past day"

    assert title_key(first) != title_key(first.replace("1010", "1020"))


@pytest.mark.parametrize("title", ["", "Live updates", "War in Ukraine", "속보", "🔥🔥🔥"])
def test_a_short_headline_proves_nothing(title: str) -> None:
    assert title_key(title) == ""
