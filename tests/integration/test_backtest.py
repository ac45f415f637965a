"""Rules against stored history, on both databases, with items that the service took in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import backtest
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed
from monitor.intake import Intake, Source
from monitor.model import (
    Act,
    Alert,
    Entry,
    Feed,
    Hints,
    Item,
    Mark,
    Move,
    Outlet,
    Person,
    Validators,
)
from monitor.recent import RecentStories, merge
from monitor.rules import compile_rules, load
from monitor.store import feedback, history, mutes, outbox, tellings
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.backtest import Difference
    from monitor.rules import Matcher
    from monitor.store.database import Database

WIRE = Feed("https://wire.example/rss", Outlet("Wire", "en", "wire", "KR", ("korea",)))
RULE = '[[rules]]\nid = "{id}"\nname = "{id}"\nquery = "{query}"\n{more}\n'
LOOKBACK, WINDOW = timedelta(hours=24), timedelta(hours=96)
CAPTURED = "Two soldiers captured near Sudzha"
ASYLUM = "Pilot asks for asylum in Norway"
SHIP = "Ship runs aground off Incheon"


def rules(folder: Path, **queries: str) -> Matcher:
    """A matcher of rules given as id=query."""
    folder.mkdir(exist_ok=True)
    text = "".join(RULE.format(id=id_, query=query, more="") for id_, query in queries.items())
    (folder / "rules.toml").write_text(text, encoding="utf-8")
    return compile_rules(load(folder))


class Desk:
    """A database that takes items in under some rules."""

    def __init__(self, database: Database, matcher: Matcher, now: datetime) -> None:
        self.database = database
        self.start = self.now = now
        self.intake = Intake(matcher, channel="#desk", lookback=LOOKBACK, recent=RecentStories())
        with database.transaction() as tx:
            stored_feeds.sync(tx, [WIRE], now=now)
            self.feed = stored_feeds.states(tx)[0].id

    def take(self, *titles: str, first_sight: bool = False, age: float = 0) -> None:
        """Items that come together, an hour after those before."""
        self.now += timedelta(hours=1)
        published = self.now - timedelta(hours=age)
        items = [
            Item(title, url=f"https://wire.example/{title}", outlet=WIRE.outlet, language="en")
            for title in titles
        ]
        dated = [replace(one, published=published, keys=(one.url,)) for one in items]
        self.take_items(dated, first_sight=first_sight)

    def take_items(self, items: Sequence[Item], *, first_sight: bool = False) -> None:
        """A document with these items."""
        with self.database.transaction() as tx:
            self.intake.take(tx, items, Source(self.feed, first_sight), now=self.now)

    def against_record(self, matcher: Matcher, *, since: datetime | None = None) -> Difference:
        """How rules differ from what was told."""
        moment = since or self.start
        with self.database.reading() as tx:
            held = tellings.held_back(tx, moment)
            told = backtest.baseline(tellings.since(tx, moment), held, since=moment)
        after = self.replay(matcher, since=moment).after
        return backtest.compare(told.told, after, earlier=told.earlier, older=told.older)

    def against(self, matcher: Matcher, other: Matcher) -> Difference:
        """How rules differ from other rules."""
        replay = self.replay(matcher, other)
        return backtest.compare(replay.before, replay.after)

    def replay(
        self, matcher: Matcher, other: Matcher | None = None, since: datetime | None = None
    ) -> backtest.Replay:
        replay = backtest.Replay(matcher, other, channel="#desk", lookback=LOOKBACK, window=WINDOW)
        for past in history.oldest(self.database, since=since or self.start):
            replay.add(past)
        return replay

    def titles(self, found: tuple[tuple[backtest.Key, backtest.Told], ...]) -> list[str]:
        with self.database.reading() as tx:
            stored = [
                history.find(tx, told.item)
                if told.item
                else history.first_of(tx, key.story, told.rules)
                for key, told in found
            ]
        return [one.item.title for one in stored if one]


@pytest.fixture
def captured(tmp_path: Path) -> Matcher:
    return rules(tmp_path / "old", pow="captured", asylum="asylum")


@pytest.fixture
def desk(database: Database, captured: Matcher, now: datetime) -> Desk:
    return Desk(database, captured, now)


def test_the_rules_that_told_make_no_difference_to_what_was_told(
    desk: Desk, captured: Matcher
) -> None:
    desk.take(CAPTURED, SHIP)
    desk.take(f"{CAPTURED}, ministry says", ASYLUM)

    difference = desk.against_record(captured)

    assert difference.is_none
    assert len(difference.before) == 2


def test_a_changed_rule_adds_and_loses_alerts(desk: Desk, tmp_path: Path) -> None:
    desk.take(CAPTURED, ASYLUM, SHIP)
    changed = rules(tmp_path / "new", pow="captured", ships="ship")

    difference = desk.against_record(changed)

    assert desk.titles(difference.added) == [SHIP]
    assert desk.titles(difference.lost) == [ASYLUM]
    assert len(difference.lost_stories) == 1


def test_two_rule_sets_are_compared_whatever_was_told(
    desk: Desk, captured: Matcher, tmp_path: Path
) -> None:
    desk.take(CAPTURED, ASYLUM, SHIP)
    ships = rules(tmp_path / "new", ships="ship")
    more = rules(tmp_path / "more", ships="ship", pow="captured")

    assert desk.against(captured, captured).is_none
    assert desk.titles(desk.against(more, ships).added) == [CAPTURED]


def test_reports_of_one_event_that_no_story_holds_add_one_alert(desk: Desk, tmp_path: Path) -> None:
    desk.take(SHIP)
    desk.take(f"{SHIP}, crew rescued")
    changed = rules(tmp_path / "new", pow="captured", asylum="asylum", ships="ship")

    added = desk.against_record(changed).added

    assert desk.titles(added) == [SHIP]


def test_a_report_joins_the_story_that_the_database_has(desk: Desk, tmp_path: Path) -> None:
    desk.take(CAPTURED)
    desk.take("Two soldiers seized near Sudzha, Kyiv says")
    changed = rules(tmp_path / "new", pow="captured OR seized", asylum="asylum")

    assert desk.against_record(changed).is_none


def test_a_story_that_still_matches_by_another_report_is_not_lost(
    desk: Desk, tmp_path: Path
) -> None:
    desk.take(CAPTURED)
    desk.take(f"{CAPTURED}, ministry says")
    changed = rules(tmp_path / "new", pow="captured AND ministry", asylum="asylum")

    assert desk.against_record(changed).is_none


def test_stories_that_became_one_are_one_alert(desk: Desk, captured: Matcher) -> None:
    desk.take(CAPTURED)
    desk.take(ASYLUM)
    with desk.database.transaction() as tx:
        merge(tx, 2, 1, by="analyst", now=desk.now)

    difference = desk.against_record(captured)

    assert difference.is_none
    assert len(difference.before) == 1


def test_history_that_a_new_feed_brought_is_not_told(desk: Desk, tmp_path: Path) -> None:
    desk.take(SHIP, CAPTURED, first_sight=True, age=48)
    with desk.database.transaction() as tx:
        stored_feeds.polled(
            tx,
            desk.feed,
            now=desk.now,
            next_poll_at=desk.now,
            validators=Validators(),
            body_hash="",
            marks=b"",
            parser_version=1,
            sighted=True,
            move=Move(),
            hints=Hints(),
            gap=False,
            rhythm=b"",
        )
    changed = rules(tmp_path / "new", pow="captured", ships="ship")

    assert desk.against_record(changed).is_none


def test_what_a_reader_muted_is_not_added(desk: Desk, captured: Matcher) -> None:
    with desk.database.transaction() as tx:
        mutes.begin(tx, Mark(Act.SNOOZE, Person("ann"), desk.now, rule="pow"))
    desk.take(CAPTURED)

    assert desk.against_record(captured).is_none


def test_an_item_counts_in_all_its_wordings(desk: Desk, captured: Matcher) -> None:
    held = "Two soldiers held near Sudzha"
    for title in (CAPTURED, held):
        entry = Entry(guid="1", link="https://wire.example/1", title=title)
        parsed = ParsedFeed(title="", language="", entries=(entry,), complete=True)
        desk.take_items(normalise_document(parsed, WIRE, seen=desk.now))

    with desk.database.reading() as tx:
        stored = history.find(tx, 1)
    assert stored
    assert stored.item.title == held
    assert desk.against_record(captured).is_none


def test_a_story_from_before_is_neither_added_nor_lost(
    desk: Desk, captured: Matcher, tmp_path: Path
) -> None:
    desk.take(CAPTURED, ASYLUM)
    since = desk.now + timedelta(minutes=1)
    desk.take(f"{CAPTURED}, ministry says")

    assert desk.against_record(captured, since=since).is_none
    nothing = rules(tmp_path / "new", ships="ship")
    assert desk.against_record(nothing, since=since).is_none


def test_readers_verdicts_are_counted_by_rule(desk: Desk) -> None:
    desk.take(CAPTURED)
    desk.take(ASYLUM)
    with desk.database.transaction() as tx:
        for one in outbox.latest(tx, limit=9):
            content = one.message.content
            assert isinstance(content, Alert)
            assert one.alert is not None
            if content.title == CAPTURED:
                mark = Mark(Act.IRRELEVANT, Person("ann", "U1"), desk.now, story=content.story)
                feedback.irrelevant(tx, one.alert, content, mark)

    with desk.database.reading() as tx:
        verdicts = tellings.verdicts(tx, desk.start)
        told = backtest.baseline(tellings.since(tx, desk.start), (), since=desk.start)

    assert {rule: (one.alerts, one.irrelevant) for rule, one in verdicts.items()} == {
        "pow": (1, 1),
        "asylum": (1, 0),
    }
    assert len(told.irrelevant) == 1


def test_more_items_than_are_read_at_once_come_in_their_order(desk: Desk) -> None:
    numbers = range(1_003)
    desk.take_items([Item(f"Nothing {number}", keys=(str(number),)) for number in numbers])
    desk.take("The last")

    found = [one.stored.item.title for one in history.oldest(desk.database, since=desk.start)]

    assert found == [*(f"Nothing {number}" for number in numbers), "The last"]
