"""Stories in the service: what the database holds is the truth, whatever happens to the process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from monitor import offline, recent
from monitor.intake import Intake, Source, Taken
from monitor.model import Feed, Item, Outlet, Reason
from monitor.recent import RecentStories
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import items as stored_items
from monitor.store import migrate, retention
from monitor.store import stories as stored_stories
from monitor.store.database import Database
from monitor.store.schema import items as items_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.rules import Matcher
    from monitor.store.database import Transaction

RULES = """
[entities.cho]
name = "Cho Tae-yul"
kind = "person"
names.en = ["Cho Tae-yul"]
names.ko = ["조태열"]

[entities.sybiha]
name = "Andrii Sybiha"
kind = "person"
names.en = ["Sybiha"]
names.ko = ["시비하"]

[terms.call]
en = ["call", "telephone"]
ko = ["통화"]

[terms.asylum]
en = ["asylum"]

[terms.fire]
en = ["fire"]

[[rules]]
id = "talks"
name = "Talks"
query = '@cho OR @sybiha OR @fire'

[[rules]]
id = "asylum"
name = "Asylum"
query = '@asylum'
severity = "high"
"""

FEED = Feed("https://wire.example/rss", Outlet("Wire", "en"))

EN = "Cho Tae-yul and Sybiha talk by telephone"
KO = "조태열 장관, 시비하 장관과 통화"
FIRE = "Fire destroys a warehouse in the old harbour of the city"


class Desk:
    """A database, and one process that takes items in; `restart` is another process."""

    def __init__(self, database: Database, matcher: Matcher, now: datetime) -> None:
        self.database = database
        self.matcher = matcher
        self.now = now
        self.items = 0
        self.restart()
        with database.transaction() as tx:
            stored_feeds.sync(tx, [FEED], now=now)
            self.feed = stored_feeds.states(tx)[0].id

    def restart(self) -> None:
        self.intake = Intake(
            self.matcher, channel="#desk", lookback=timedelta(hours=24), recent=RecentStories()
        )

    def item(self, title: str, *, summary: str = "", guid: str = "", language: str = "en") -> Item:
        self.items += 1
        guid = guid or f"i{self.items}"
        return Item(
            title=title,
            summary=summary,
            url=f"https://wire.example/{guid}",
            language=language,
            outlet=Outlet(f"Outlet {self.items}"),
            keys=(f"g:{self.feed}:{guid}",),
        )

    def work(self, tx: Transaction, *items: Item, first_sight: bool = False) -> Taken:
        source = Source(self.feed, first_sight=first_sight)
        return self.intake.take(tx, items, source, now=self.now)

    def take(self, *items: Item, first_sight: bool = False) -> Taken:
        return self.database.run(lambda tx: self.work(tx, *items, first_sight=first_sight))

    def stories(self) -> list[int]:
        """Of all items in their order, the story of each."""
        with self.database.reading() as tx:
            ids = tx.execute(select(items_table.c.id).order_by(items_table.c.id)).scalars().all()
            members = [stored_stories.of_item(tx, id_) for id_ in ids]
        return [member.story for member in members if member]


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.toml").write_text(RULES)
    return compile_rules(load(folder))


@pytest.fixture
def desk(database: Database, matcher: Matcher, now: datetime) -> Desk:
    return Desk(database, matcher, now)


def numbered(stories: Sequence[int]) -> list[int]:
    order = {story: number for number, story in enumerate(dict.fromkeys(stories))}
    return [order[story] for story in stories]


def stream(desk: Desk) -> list[Item]:
    places = ["harbour", "station", "school", "market", "museum", "theatre"]
    titles = [EN, FIRE, KO, "Sybiha thanks Cho Tae-yul after the call"]
    titles += [f"Fire at the {place} of the city, {n} hurt" for n, place in enumerate(places, 3)]
    titles += ["Fire destroys warehouse in old harbour", "조태열·시비하 통화"]
    return [desk.item(t, language="ko" if "통화" in t else "en") for t in titles]


def test_one_event_in_two_languages_is_told_once(desk: Desk) -> None:
    first = desk.take(desk.item(EN))
    second = desk.take(desk.item(KO, language="ko"))

    assert [one.reason for one in (*first.decisions, *second.decisions)] == [
        Reason.NEW_STORY,
        Reason.KNOWN_STORY,
    ]
    assert numbered(desk.stories()) == [0, 0]


def test_an_item_that_brings_another_rule_is_told_all_the_same(desk: Desk) -> None:
    desk.take(desk.item(EN))

    taken = desk.take(desk.item("Cho Tae-yul and Sybiha talk by telephone about asylum"))

    assert [one.reason for one in taken.decisions] == [Reason.NEW_RULE]
    assert numbered(desk.stories()) == [0, 0]


def test_a_restart_after_every_item_changes_no_story(desk: Desk, matcher: Matcher) -> None:
    items = stream(desk)
    alone = offline.Stories(matcher)
    expected = [alone.add(item)[1] for item in items]

    for item in items:
        desk.restart()
        desk.take(item)

    assert numbered(desk.stories()) == numbered(expected)


def test_items_of_one_document_are_grouped_as_items_of_many(desk: Desk, matcher: Matcher) -> None:
    items = stream(desk)
    alone = offline.Stories(matcher)
    expected = [alone.add(item)[1] for item in items]

    desk.take(*items)

    assert numbered(desk.stories()) == numbered(expected)


def test_a_transaction_that_failed_leaves_nothing_behind(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), desk.database.transaction() as tx:
        desk.work(tx, desk.item(EN))
        raise ZeroDivisionError

    taken = desk.take(desk.item(KO, language="ko"))

    assert [one.reason for one in taken.decisions] == [Reason.NEW_STORY]


def test_two_processes_see_each_others_stories(desk: Desk, matcher: Matcher) -> None:
    other = Desk(desk.database, matcher, desk.now)
    other.items = 100

    desk.take(desk.item(EN))
    taken = other.take(other.item(KO, language="ko"))
    again = desk.take(desk.item("Cho Tae-yul, Sybiha: a call"))

    assert [one.reason for one in (*taken.decisions, *again.decisions)] == [
        Reason.KNOWN_STORY,
        Reason.KNOWN_STORY,
    ]


def test_a_story_is_closed_when_its_window_has_passed(desk: Desk) -> None:
    desk.take(desk.item(EN))
    desk.now += timedelta(hours=97)

    assert desk.take(desk.item(KO, language="ko")).decisions[0].reason is Reason.NEW_STORY


def test_stories_that_an_analyst_merged_are_one(desk: Desk) -> None:
    desk.take(desk.item(EN), desk.item(FIRE))
    first, second = desk.stories()

    with desk.database.transaction() as tx:
        recent.merge(tx, second, first, by="analyst", now=desk.now)
    taken = desk.take(desk.item("Warehouse fire in the old harbour of the city"))

    assert set(desk.stories()) == {first}
    assert [one.reason for one in taken.decisions] == [Reason.KNOWN_STORY]
    with desk.database.reading() as tx:
        assert stored_stories.current(tx, second) == first


def test_merged_stories_are_pruned_one_after_the_other(desk: Desk) -> None:
    desk.take(desk.item(EN), desk.item(FIRE))
    first, second = desk.stories()
    with desk.database.transaction() as tx:
        recent.merge(tx, second, first, by="analyst", now=desk.now)

    later = desk.now + timedelta(days=1)
    for _ in range(4):
        with desk.database.transaction() as tx:
            retention.prune(tx, before=later, limit=100)

    assert desk.stories() == []


def test_an_item_that_an_analyst_parted_stays_apart(desk: Desk) -> None:
    desk.take(desk.item(EN), desk.item(KO, language="ko"))
    with desk.database.transaction() as tx:
        made = stored_stories.split(tx, 2, by="analyst", now=desk.now)

    desk.take(desk.item("Sybiha and Cho Tae-yul: a call"))
    desk.take(desk.item("조태열, 시비하와 통화", language="ko"))

    with desk.database.reading() as tx:
        assert [one.item for one in stored_stories.members(tx, made)][:1] == [2]
        assert stored_stories.current(tx, made) == made


def test_an_edited_item_keeps_its_earlier_words_and_is_not_told_again(desk: Desk) -> None:
    desk.take(desk.item(EN, guid="a"))

    taken = desk.take(desk.item("Cho Tae-yul and Sybiha agree by telephone", guid="a"))

    assert (taken.new, taken.revised, taken.decisions) == (0, 1, ())
    with desk.database.reading() as tx:
        assert stored_items.wordings(tx, 1) == [EN]
        (member,) = stored_stories.members(tx, desk.stories()[0])
    assert member.title == "Cho Tae-yul and Sybiha agree by telephone"


def test_an_item_that_matches_only_after_an_edit_is_told_then(desk: Desk) -> None:
    desk.take(desk.item("Ministers talk", guid="a"))

    taken = desk.take(desk.item(EN, guid="a"))

    assert [one.reason for one in taken.decisions] == [Reason.NEW_STORY]


def test_the_same_words_again_are_no_edit(desk: Desk) -> None:
    desk.take(desk.item(EN, summary="They spoke.", guid="a"))

    assert desk.take(desk.item(EN, guid="a")).revised == 0


def test_two_replicas_that_see_one_event_at_once_start_one_story(
    postgres_url: str, matcher: Matcher, now: datetime
) -> None:
    """Each in its own thread with its own intake, as two processes on one PostgreSQL."""
    with Database(postgres_url) as database:
        migrate.upgrade(database)
        desks = [Desk(database, matcher, now) for _ in range(2)]
        for number, desk in enumerate(desks):
            desk.items = 100 * number
        for _ in range(8):
            for desk in desks:
                desk.now += timedelta(days=5)
            together = threading.Barrier(2)

            def work(desk: Desk, together: threading.Barrier = together) -> Taken:
                item = desk.item(EN)
                together.wait()
                return desk.take(item)

            with ThreadPoolExecutor(2) as threads:
                taken = list(threads.map(work, desks))
            reasons = [one.reason for each in taken for one in each.decisions]
            # The one that comes second finds the story, or even the same text of the same outlet.
            assert sorted(reasons) in ([Reason.KNOWN_STORY, Reason.NEW_STORY], [Reason.NEW_STORY])

        assert len(set(desks[0].stories())) == 8


def test_a_report_that_changes_a_told_story_says_what_it_changes(desk: Desk) -> None:
    hit = "Fire in the market of the old harbour of the city killed {} people, said the mayor"
    desk.take(
        desk.item(hit.format(12), summary="It began at night in a hall with 40 guests and 7 rooms.")
    )

    taken = desk.take(
        desk.item(
            "Fire in the market of the old harbour of the city: the mayor says it killed 31 people",
            summary="It began in a hall with 40 guests and 7 rooms; firemen from the town came to help.",
        )
    )

    (decision,) = taken.decisions
    assert decision.reason is Reason.CHANGED_STORY
    assert [one.text for one in decision.changes] == ["12, now 31"]
    assert decision.reason.tells


def test_an_edit_that_changes_a_told_story_says_what_it_changes_once(desk: Desk) -> None:
    hit = "Fire in the market of the old harbour of the city killed {} people, said the mayor"
    later = (
        "Fire in the market of the old harbour of the city: rain helped to put it out, {} killed"
    )
    desk.take(desk.item(hit.format(12), guid="1"))

    (decision,) = desk.take(desk.item(hit.format(31), guid="1")).decisions

    assert decision.reason is Reason.CHANGED_STORY
    assert [one.text for one in decision.changes] == ["12, now 31"]
    assert desk.take(desk.item(hit.format(31) + " today", guid="1")).decisions == ()
    desk.restart()
    (other,) = desk.take(desk.item(later.format(31), guid="2")).decisions
    assert (other.story, other.reason) == (decision.story, Reason.KNOWN_STORY)


def test_an_edit_of_what_no_channel_was_told_is_not_told(desk: Desk) -> None:
    old = "Fire in the market of the old harbour of the city killed {} people, said the mayor"
    item = replace(desk.item(old.format(12), guid="1"), published=desk.now - timedelta(days=9))
    desk.take(item, first_sight=True)

    (decision,) = desk.take(replace(item, title=old.format(31))).decisions

    assert not decision.reason.tells


BELOW = "Cho Tae-yul, Sybiha, the fire of the week: read all that matters today on the pages of our paper."


def test_what_an_outlet_writes_below_every_headline_makes_one_story_of_nothing(desk: Desk) -> None:
    for title in (
        FIRE,
        "Old theatre catches fire during a rehearsal",
        "Museum of fire engines opens its doors to children",
    ):
        desk.restart()
        desk.take(replace(desk.item(title, summary=BELOW), outlet=Outlet("Gazette")))

    assert numbered(desk.stories()) == [0, 1, 2]


def test_a_reworded_headline_over_the_same_text_is_the_same_story(desk: Desk) -> None:
    for title in (FIRE, "Fire in the old harbour of the city destroys warehouse, police say"):
        desk.take(replace(desk.item(title, summary=BELOW), outlet=Outlet("Gazette")))

    assert numbered(desk.stories()) == [0, 0]


def test_the_same_text_below_another_headline_of_another_outlet_is_a_copy(desk: Desk) -> None:
    desk.take(desk.item(FIRE, summary=BELOW))
    desk.take(desk.item("Harbour in flames: what burned tonight", summary=BELOW))

    assert numbered(desk.stories()) == [0, 0]
