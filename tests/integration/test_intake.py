from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed
from monitor.intake import Intake, Source, Taken
from monitor.model import Alert, Entry, Feed, Outlet, Reason
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import items as stored_items
from monitor.store import outbox, retention
from monitor.store.schema import sightings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.store.database import Database

RULES = """
[[rules]]
id = "pow"
name = "Prisoners"
query = 'captured'
severity = "high"

[[rules]]
id = "asylum"
name = "Asylum"
query = 'asylum'

[[rules]]
id = "every"
name = "Every ship"
query = 'ship'
group = "item"
channels = ["#ships"]
"""

WIRE = Feed("https://wire.example/rss", Outlet("Wire", "en"))
GAZETTE = Feed("https://gazette.example/rss", Outlet("Gazette", "en"))


class Desk:
    """A database with two feeds, and the rules above."""

    def __init__(self, database: Database, folder: Path, now: datetime) -> None:
        (folder / "rules.toml").write_text(RULES)
        self.database = database
        self.now = now
        matcher = compile_rules(load(folder))
        self.intake = Intake(matcher, channel="#desk", lookback=timedelta(hours=24))
        with database.transaction() as tx:
            stored_feeds.sync(tx, [WIRE, GAZETTE], now=now)
            self.ids = {state.feed.url: state.id for state in stored_feeds.states(tx)}

    def take(self, feed: Feed, *entries: Entry, first_sight: bool = False) -> Taken:
        parsed = ParsedFeed(title="", language="", entries=entries, complete=True)
        items = normalise_document(parsed, feed, seen=self.now)
        source = Source(self.ids[feed.url], first_sight)
        return self.database.run(lambda tx: self.intake.take(tx, items, source, now=self.now))

    def queue(self) -> list[tuple[str, str]]:
        with self.database.reading() as tx:
            queued = reversed(outbox.latest(tx, limit=99))
        return [
            (one.message.channel, one.message.content.title)
            for one in queued
            if isinstance(one.message.content, Alert)
        ]


@pytest.fixture
def desk(database: Database, tmp_path: Path, now: datetime) -> Desk:
    folder = tmp_path / "rules"
    folder.mkdir()
    return Desk(database, folder, now)


def entry(
    title: str, *, path: str = "/1", guid: str = "", published: datetime | None = None
) -> Entry:
    return Entry(
        guid=guid or path, link=f"https://wire.example{path}", title=title, published=published
    )


def reasons(taken: Taken) -> list[Reason]:
    return [one.reason for one in taken.decisions]


def test_a_new_matching_item_is_promised_in_the_same_transaction(desk: Desk) -> None:
    taken = desk.take(WIRE, entry("Two captured"), entry("Weather", path="/2"))

    assert (taken.new, taken.matched, reasons(taken)) == (2, 1, [Reason.NEW_STORY])
    assert desk.queue() == [("#desk", "Two captured")]


def test_an_item_known_by_its_guid_or_address_is_not_told_again(desk: Desk) -> None:
    desk.take(WIRE, entry("Two captured", guid="a"))

    assert desk.take(WIRE, entry("Two captured", guid="a")).new == 0
    assert desk.take(WIRE, entry("Two captured", guid="changed at every poll")).new == 0
    assert desk.take(WIRE, entry("Two soldiers captured: corrected headline", guid="a")).new == 0
    assert len(desk.queue()) == 1


def test_the_same_article_in_two_feeds_is_stored_once_with_two_sightings(desk: Desk) -> None:
    desk.take(WIRE, entry("Two captured", path="/1?utm_source=rss"))
    desk.take(GAZETTE, entry("Two captured", path="/1", guid="other"))

    with desk.database.reading() as tx:
        assert stored_items.count(tx) == 1
        assert tx.execute(select(func.count()).select_from(sightings)).scalar_one() == 2
    assert len(desk.queue()) == 1


def test_the_same_item_twice_in_one_document_is_stored_once(desk: Desk) -> None:
    assert desk.take(WIRE, entry("Two captured"), entry("Two captured")).new == 1


def test_a_guid_used_for_everything_hides_nothing(desk: Desk) -> None:
    first = desk.take(WIRE, entry("Two captured", path="/1", guid="0"))
    second = desk.take(WIRE, entry("Three more captured", path="/2", guid="0"))
    again = desk.take(WIRE, entry("Three more captured", path="/2", guid="0"))

    assert (first.new, second.new, again.new) == (1, 1, 0)


def test_the_same_headline_elsewhere_joins_the_story_and_is_not_told(desk: Desk) -> None:
    title = "Ukraine says two soldiers were captured"
    desk.take(WIRE, entry(title))

    copy = Entry(guid="g", link="https://gazette.example/9", title=title)

    assert reasons(desk.take(GAZETTE, copy)) == [Reason.KNOWN_STORY]
    assert len(desk.queue()) == 1


def test_a_rule_that_the_story_has_not_told_is_told(desk: Desk) -> None:
    title = "Ukraine says two soldiers were captured"
    desk.take(WIRE, entry(title))
    richer = Entry(
        guid="g", link="https://gazette.example/9", title=title, summary="They ask for asylum."
    )

    assert reasons(desk.take(GAZETTE, richer)) == [Reason.NEW_RULE]
    assert len(desk.queue()) == 2


def test_a_rule_that_tells_every_item_is_not_folded(desk: Desk) -> None:
    title = "A ship of the shadow fleet was stopped"
    desk.take(WIRE, entry(title))
    copy = Entry(guid="g", link="https://gazette.example/9", title=title)

    assert reasons(desk.take(GAZETTE, copy)) == [Reason.EVERY_ITEM]
    assert [channel for channel, _ in desk.queue()] == ["#ships", "#ships"]


def test_history_is_stored_and_not_told(desk: Desk) -> None:
    old = entry("Two captured", published=desk.now - timedelta(days=2))

    assert reasons(desk.take(WIRE, old, first_sight=True)) == [Reason.TOO_OLD]
    assert desk.queue() == []


def test_an_old_story_that_comes_up_again_is_told(desk: Desk) -> None:
    title = "Ukraine says two soldiers were captured"
    desk.take(WIRE, entry(title, published=desk.now - timedelta(days=2)), first_sight=True)
    copy = Entry(guid="g", link="https://gazette.example/9", title=title)

    assert reasons(desk.take(GAZETTE, copy)) == [Reason.NEW_STORY]


def test_the_evidence_points_into_the_text_that_is_shown(desk: Desk) -> None:
    desk.take(WIRE, entry("  Two <b>captured</b>\n near&nbsp;Sudzha "))

    with desk.database.reading() as tx:
        (queued,) = outbox.latest(tx, limit=1)
    alert = queued.message.content
    assert isinstance(alert, Alert)
    (one,) = alert.evidence
    assert alert.title[one.start : one.end] == one.text == "captured"


def test_a_pruned_item_that_comes_back_is_not_told_again(desk: Desk) -> None:
    desk.take(WIRE, entry("Two captured"))
    desk.now += timedelta(days=100)
    with desk.database.transaction() as tx:
        assert retention.prune(tx, before=desk.now - timedelta(days=90), limit=500) == 1
        assert stored_items.count(tx) == 0

    assert desk.take(WIRE, entry("Two captured")).new == 0


def test_pruning_keeps_what_is_not_delivered(desk: Desk) -> None:
    desk.take(WIRE, entry("Two captured"))
    later = desk.now + timedelta(days=100)

    with desk.database.transaction() as tx:
        while retention.prune(tx, before=later, limit=500):
            pass

    assert desk.queue() == [("#desk", "Two captured")]
