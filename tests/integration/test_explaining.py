"""What became of an item: kept in the transaction that stores it, and told afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from monitor import explaining, unseen, why
from monitor.alerts.policy import Tempo
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed
from monitor.intake import Intake, Source
from monitor.model import Act, Entry, Feed, Hints, Mark, Move, Outlet, Person, Reason, Receipt
from monitor.rules import compile_rules, load
from monitor.store import decisions, mutes, outbox, record, retention, workspace
from monitor.store import feeds as stored_feeds
from monitor.store.schema import decisions as decisions_table

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.explaining import Explanation
    from monitor.store.database import Database
    from monitor.store.decisions import Decided

RULES = """
[[rules]]
id = "pow"
name = "Prisoners"
query = 'captured AND soldiers'

[[rules]]
id = "ships"
name = "Ships"
query = 'ship'
channels = ["#ships"]
"""
WIRE = Feed("https://feeds.wire.example/rss?key=hunter2", Outlet("Wire", "en"))
GAZETTE = Feed("https://www.gazette.example/rss", Outlet("Gazette", "en"))
KIM = Person("kim", "U1")


class Desk:
    """A database with two feeds, and the rules above."""

    def __init__(self, database: Database, folder: Path, now: datetime) -> None:
        self.folder = folder
        self.write_rules(RULES)
        self.database = database
        self.now = now
        with database.transaction() as tx:
            stored_feeds.sync(tx, [WIRE, GAZETTE], now=now)
            self.ids = {state.feed.url: state.id for state in stored_feeds.states(tx)}

    def write_rules(self, rules: str) -> None:
        (self.folder / "rules.toml").write_text(rules)
        self.matcher = compile_rules(load(self.folder))
        self.tempo = Tempo()

    def take(
        self,
        *titles: str,
        feed: Feed = WIRE,
        path: str = "",
        first_sight: bool = False,
        age: int = 0,
    ) -> None:
        """Take in a document; an entry's address and guid are its title's last word, or the path."""
        entries = tuple(
            Entry(
                guid=path or title.split()[-1],
                link=f"https://www.wire.example/{path.strip('/') or title.split()[-1]}",
                title=title,
                published=self.now - timedelta(days=age),
            )
            for title in titles
        )
        parsed = ParsedFeed(title="", language="", entries=entries, complete=True)
        items = normalise_document(parsed, feed, seen=self.now)
        intake = Intake(
            self.matcher, channel="#desk", lookback=timedelta(hours=24), tempo=self.tempo
        )
        source = Source(self.ids[feed.url], first_sight, whole=False)
        self.database.run(lambda tx: intake.take(tx, items, source, now=self.now))

    def decided(self, item: int) -> list[tuple[str, Reason]]:
        return [(one.channel, one.reason) for one in self.rows(item)]

    def rows(self, item: int) -> tuple[Decided, ...]:
        with self.database.reading() as tx:
            return decisions.of_item(tx, item)

    def explain(self, item: int) -> Explanation:
        with self.database.reading() as tx:
            found = record.of_item(tx, item, now=self.now)
        assert found
        return explaining.explain(found, self.matcher)

    def told(self, item: int) -> str:
        return text(why.of_item(self.explain(item)))

    def unseen(self, address: str) -> str:
        with self.database.reading() as tx:
            return text(why.of_unseen(unseen.of_address(tx, address, now=self.now)))

    def deliver(self, number: int) -> None:
        with self.database.transaction() as tx:
            queued = outbox.find(tx, number)
            assert queued
            claim = outbox.start(tx, queued, now=self.now)
            assert claim
            outbox.sent(tx, claim, Receipt("C1", "17.5"), now=self.now)


def text(notices: object) -> str:
    assert isinstance(notices, tuple)
    return "\n".join(
        line for one in notices for line in (one.heading, *(line.text for line in one.lines))
    )


@pytest.fixture
def desk(database: Database, tmp_path: Path, now: datetime) -> Desk:
    folder = tmp_path / "rules"
    folder.mkdir()
    return Desk(database, folder, now)


def test_of_an_item_that_matches_nothing_nothing_is_kept_beside_it(desk: Desk) -> None:
    desk.take("Rain again 1")

    with desk.database.reading() as tx:
        assert not tx.execute(select(func.count()).select_from(decisions_table)).scalar_one()


def test_why_each_channel_is_told_or_not_is_kept_with_the_item(desk: Desk) -> None:
    desk.take("Soldiers captured near a ship 1")
    desk.take("Soldiers captured near a ship 2")
    desk.take("Old soldiers were captured in spring 3", first_sight=True, age=9)

    assert desk.decided(1) == [("#desk", Reason.NEW_STORY), ("#ships", Reason.NEW_STORY)]
    assert desk.decided(2) == [("#desk", Reason.KNOWN_STORY), ("#ships", Reason.KNOWN_STORY)]
    assert desk.decided(3) == [("#desk", Reason.TOO_OLD)]
    assert [one.message for one in desk.rows(1)] == [1, 2]
    assert [one.message for one in desk.rows(2)] == [None, None]


def test_who_muted_a_story_is_kept_with_what_was_held_back(desk: Desk) -> None:
    until = desk.now + timedelta(days=1)
    with desk.database.transaction() as tx:
        mutes.begin(tx, Mark(Act.SNOOZE, KIM, desk.now, rule="pow", until=until))
    desk.take("Soldiers captured 1")

    (one,) = desk.rows(1)

    assert (one.reason, one.why) == (
        Reason.SNOOZED_RULE,
        f"snoozed by kim until {until:%Y-%m-%d %H:%M} UTC",
    )
    assert f"#desk: not told, its rule is snoozed, {one.why}; message 1 set aside" in desk.told(1)


def test_decisions_go_with_their_item(desk: Desk) -> None:
    desk.take("Soldiers captured 1")
    with desk.database.transaction() as tx:
        retention.prune(tx, before=desk.now + timedelta(days=1), limit=10)

    assert desk.rows(1) == ()


def test_an_alert_is_explained_from_its_headline_to_its_delivery(desk: Desk) -> None:
    desk.take("Soldiers captured 1")
    desk.deliver(1)

    told = desk.told(1)

    assert "Told in #desk: new story" in told
    assert "Item 1, first seen in Wire" in told
    assert "“Soldiers” in the title" in told
    assert "#desk: told, new story; message 1 delivered (17.5 in C1)" in told
    assert [one.text for one in desk.explain(1).evidence] == ["Soldiers", "captured"]


def test_where_the_workspace_is_known_messages_are_linked(desk: Desk) -> None:
    desk.take("Two soldiers captured near Sudzha 1")
    desk.deliver(1)
    with desk.database.transaction() as tx:
        workspace.note(tx, "https://newsroom.slack.com/")

    link = "https://newsroom.slack.com/archives/C1/p175"
    assert f"message 1 delivered ({link})" in desk.told(1)
    assert desk.explain(1).told[0].link == link


def test_a_copy_says_what_it_repeats_and_that_the_story_was_told(desk: Desk) -> None:
    headline = "Soldiers captured near the river today, the army says"
    desk.take(headline, path="/1")
    desk.take(headline, path="/1", feed=GAZETTE)
    desk.take(headline, path="/2", feed=GAZETTE)

    told = desk.told(2)

    assert "Also carried by Gazette" in desk.told(1)
    assert "Not told: its story was told already" in told
    assert "It is item 2 of 2" in told
    assert "Its text repeats that of item 1" in told


def test_for_a_rule_that_came_near_the_first_clause_that_failed_is_named(desk: Desk) -> None:
    desk.take("Whale captured 1")

    explanation = desk.explain(1)

    assert [(one.rule, one.failed) for one in explanation.near] == [("pow", "soldiers")]
    assert "Not told: no rule matched it when it came" in desk.told(1)
    assert "Prisoners (pow) has “captured”, but not soldiers: it is not found" in desk.told(1)


def test_rules_that_were_changed_since_are_told_apart_from_what_they_were(desk: Desk) -> None:
    desk.take("Soldiers captured 1")
    desk.take("Whale captured 2")
    desk.write_rules('[[rules]]\nid = "pow"\nname = "P"\nquery = "whale"\n')

    assert "As it is now it does not match: whale: it is not found" in desk.told(1)
    assert "Matches it as the rule is now; it did not when the item came" in desk.told(2)
    desk.write_rules('[[rules]]\nid = "other"\nname = "O"\nquery = "x1"\n')
    assert "The rule is not in the files any more" in desk.told(1)


def test_an_edit_is_told_with_what_it_said_before(desk: Desk) -> None:
    desk.take("Soldiers seen near the river 1")
    desk.take("Soldiers captured near the river 1")

    told = desk.told(1)

    assert "It said before: Soldiers seen near the river 1" in told
    assert "#desk: told, new story" in told


def test_an_address_that_nobody_carried_names_the_feeds_of_its_site_and_their_state(
    desk: Desk,
) -> None:
    with desk.database.transaction() as tx:
        due = desk.now + timedelta(minutes=5)
        stored_feeds.failed(
            tx, desk.ids[GAZETTE.url], now=desk.now, next_poll_at=due, error="answered 503"
        )
        stored_feeds.polled(
            tx,
            desk.ids[WIRE.url],
            now=desk.now,
            next_poll_at=due,
            validators=None,
            body_hash="",
            marks=b"",
            parser_version=1,
            sighted=True,
            move=Move(),
            hints=Hints(),
            gap=True,
            rhythm=b"",
        )

    wire = desk.unseen("http://wire.example/news/7")
    gazette = desk.unseen("https://gazette.example/x")
    nobody = desk.unseen("https://elsewhere.example/x")

    assert "Wire: fine" in wire
    assert "Entries may have come and gone unseen between its polls (1 gaps), last" in wire
    assert "hunter2" not in wire
    assert "Gazette" not in wire
    assert "Fails: answered 503; since" in gazette
    assert "None of the 2 feeds is of elsewhere.example" in nobody


def test_a_feed_that_carried_a_site_from_another_address_is_named_for_it(desk: Desk) -> None:
    desk.take("Rain again 1", "Rain again 2", feed=GAZETTE)

    with desk.database.reading() as tx:
        found = unseen.of_address(tx, "https://www.wire.example/99", now=desk.now)

    assert [(one.name, one.own, one.carried) for one in found.carriers] == [
        ("Gazette", False, 2),
        ("Wire", True, 0),
    ]


def test_an_item_that_was_deleted_by_age_is_remembered_as_such(desk: Desk) -> None:
    desk.take("Rain again 1")
    with desk.database.transaction() as tx:
        retention.prune(tx, before=desk.now + timedelta(days=1), limit=10)

    assert "older than the retention" in desk.unseen("https://wire.example/1")


def test_the_decisions_of_an_item_stay_small(desk: Desk) -> None:
    with desk.database.transaction() as tx:
        who = replace(KIM, name="k" * 5_000)
        mutes.begin(tx, Mark(Act.SNOOZE, who, desk.now, rule="pow"))
    desk.take("Soldiers captured 1")

    assert len(desk.rows(1)[0].why) == decisions.MAX_WHY
