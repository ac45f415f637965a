"""Counts and times by day, feed and rule, and what readers said, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.intake import Intake, Source
from monitor.model import Act, Alert, Feed, Item, Mark, Outlet, Person, Receipt
from monitor.rules import compile_rules, load
from monitor.store import feedback, figures, outbox
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.store.database import Database

WIRE = Feed("https://wire.example/rss", Outlet("Wire", "en"))
RULE = '[[rules]]\nid = "pow"\nname = "Prisoners"\nquery = "captured"\n'
DAY = timedelta(days=1)


@pytest.fixture
def filled(database: Database, tmp_path: Path, now: datetime) -> Database:
    """One item on the first day, three on the second: two of them match, one has no date."""
    (tmp_path / "rules.toml").write_text(RULE, encoding="utf-8")
    intake = Intake(compile_rules(load(tmp_path)), channel="#desk", lookback=DAY, threads=False)
    items = {
        0: [Item("Rain", published=now - timedelta(minutes=5), keys=("1",), outlet=WIRE.outlet)],
        1: [
            Item("Sun", published=now + DAY - timedelta(minutes=1), keys=("2",)),
            Item("Two captured", keys=("3",), outlet=WIRE.outlet, language="en-GB"),
            Item("Ship of 1912 captured in Oslo", published=now, keys=("4",), outlet=WIRE.outlet),
        ],
    }
    with database.transaction() as tx:
        stored_feeds.sync(tx, [WIRE], now=now)
        feed = stored_feeds.states(tx)[0].id
        for day, brought in items.items():
            intake.take(tx, brought, Source(feed, first_sight=False), now=now + DAY * day)
    return database


def test_what_came_and_was_told_is_counted_between_moments(filled: Database, now: datetime) -> None:
    with filled.reading() as tx:
        days = figures.between(tx, [now, now + DAY, now + DAY * 2, now + DAY * 3])
        first = figures.first_item(tx, since=now + timedelta(hours=1))

    assert [(one.items, one.matched, one.alerts) for one in days] == [
        (1, 0, 0),
        (3, 2, 2),
        (0, 0, 0),
    ]
    assert first == now + DAY


def test_arrivals_say_how_late_an_item_was_seen(filled: Database, now: datetime) -> None:
    with filled.reading() as tx:
        found = list(figures.arrivals(tx, since=now))

    late = {timedelta(minutes=1), timedelta(minutes=5), DAY, None}
    assert len(found) == len(late)
    assert set(found) == {("Wire", one) for one in late}


def test_deliveries_say_how_long_an_alert_was_on_its_way(filled: Database, now: datetime) -> None:
    later = now + DAY + timedelta(seconds=3)
    with filled.transaction() as tx:
        claim = outbox.start(tx, outbox.heads(tx)[0], now=later)
        assert claim
        outbox.sent(tx, claim, Receipt("C1", "1"), now=later)

    with filled.reading() as tx:
        assert list(figures.deliveries(tx, since=now)) == [("Wire", timedelta(seconds=3))]


def test_matches_come_with_language_story_and_what_was_found(
    filled: Database, now: datetime
) -> None:
    with filled.reading() as tx:
        found = sorted(figures.found(tx, since=now), key=lambda one: one.language)

    assert [(one.rule, one.language, one.seen) for one in found] == [
        ("pow", "en", now + DAY),
        ("pow", "en-GB", now + DAY),
    ]
    assert {one.story for one in found} == {1, 2}
    assert {one.terms for one in found} == {frozenset({("captured", "captured")})}


def test_alerts_come_with_their_words_and_what_readers_said(
    filled: Database, now: datetime
) -> None:
    with filled.transaction() as tx:
        one = outbox.heads(tx)[0]
        content = one.message.content
        assert isinstance(content, Alert)
        assert one.alert
        mark = Mark(Act.IRRELEVANT, Person("ann", "U1"), now, story=content.story)
        feedback.irrelevant(tx, one.alert, content, mark)

    with filled.reading() as tx:
        told = list(figures.told(tx, since=now))

    assert [one.irrelevant for one in told] == [True, False]
    assert {one.rules for one in told} == {("pow",)}
    assert {one.terms for one in told} == {frozenset({("captured", "captured")})}
