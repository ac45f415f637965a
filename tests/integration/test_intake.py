from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from feedserver import rss, rss_item
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from monitor.alerts.policy import Tempo
from monitor.arrivals import MAX_EDITS, MAX_KEYS
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed, parse
from monitor.intake import Intake, Source, Taken
from monitor.model import Act, Alert, Entry, Feed, Item, Mark, Outlet, Person, Reason
from monitor.recent import merge
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import items as stored_items
from monitor.store import mutes, outbox, retention
from monitor.store import stories as stored_stories
from monitor.store.schema import item_keys, sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
        self.matcher = compile_rules(load(folder))
        self.intake = Intake(self.matcher, channel="#desk", lookback=timedelta(hours=24))
        with database.transaction() as tx:
            stored_feeds.sync(tx, [WIRE, GAZETTE], now=now)
            self.ids = {state.feed.url: state.id for state in stored_feeds.states(tx)}

    def take(
        self, feed: Feed, *entries: Entry, first_sight: bool = False, whole: bool = True
    ) -> Taken:
        parsed = ParsedFeed(title="", language="", entries=entries, complete=True)
        items = normalise_document(parsed, feed, seen=self.now)
        return self.take_items(feed, items, first_sight=first_sight, whole=whole)

    def take_items(
        self, feed: Feed, items: Sequence[Item], *, first_sight: bool = False, whole: bool = True
    ) -> Taken:
        source = Source(self.ids[feed.url], first_sight, whole)
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


@pytest.mark.parametrize("stored", [[], ["/1"], ["/2"], ["/3"]])
def test_a_document_taken_in_parts_is_what_it_is_at_once(desk: Desk, stored: list[str]) -> None:
    """The same text under several addresses: which are the same item depends on all of them."""
    words = "Two soldiers captured at dawn"
    desk.take(WIRE, *[entry(words, path=path) for path in stored])
    parsed = ParsedFeed("", "", tuple(entry(words, path=f"/{n}") for n in (2, 1)), complete=True)
    items = normalise_document(parsed, WIRE, seen=desk.now)
    source = Source(desk.ids[WIRE.url], first_sight=False)
    undone: list[Taken] = []
    with pytest.raises(KeyError), desk.database.transaction() as tx:
        undone.append(desk.intake.take(tx, items, source, now=desk.now))
        raise KeyError

    with desk.database.reading() as tx:
        beside = desk.intake.standing(tx, items, source, now=desk.now)
    parts = Taken(0, 0, 0, 0, ())
    for item in items:
        part = replace(source, beside=beside | parts.items)
        with desk.database.transaction() as tx:
            parts += desk.intake.take(tx, [item], part, now=desk.now)

    (whole,) = undone
    assert (parts.new, parts.matched, parts.first_here) == (
        whole.new,
        whole.matched,
        whole.first_here,
    )
    assert len(parts.items) == len(whole.items)


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


def there(title: str, *, path: str = "/1", summary: str = "") -> Entry:
    """An entry of another feed that links the wire's page."""
    return Entry(
        guid=f"gazette{path}", link=f"https://wire.example{path}", title=title, summary=summary
    )


def test_another_feed_that_shows_an_address_first_silences_nothing(desk: Desk) -> None:
    desk.take(GAZETTE, there("You will not believe this trick"))

    told = desk.take(WIRE, entry("Ukraine says two soldiers were captured"))
    again = desk.take(WIRE, entry("Ukraine says two soldiers were captured"))

    assert reasons(told) == [Reason.NEW_STORY]
    assert (again.new, again.revised, reasons(again)) == (0, 0, [])


def test_nor_does_another_feed_that_leaves_out_what_matters(desk: Desk) -> None:
    desk.take(GAZETTE, there("Ukraine speaks of two soldiers"))

    told = desk.take(WIRE, entry("Ukraine speaks of two soldiers it captured"))

    assert reasons(told) == [Reason.NEW_STORY]


def test_another_feed_that_words_a_known_item_its_way_is_a_sighting(desk: Desk) -> None:
    desk.take(WIRE, entry("Ukraine says two soldiers were captured"))

    taken = [desk.take(GAZETTE, there("Two soldiers captured, says Ukraine")) for _ in range(2)]

    assert [(one.new, one.revised, reasons(one)) for one in taken] == [(0, 0, []), (0, 0, [])]
    with desk.database.reading() as tx:
        assert stored_items.count(tx) == 1


def test_a_headline_edited_into_a_match_is_told(desk: Desk) -> None:
    desk.take(WIRE, entry("Ukraine speaks of two soldiers"))

    told = desk.take(WIRE, entry("Ukraine speaks of two captured soldiers"))

    assert (told.new, told.revised, reasons(told)) == (0, 1, [Reason.NEW_STORY])
    assert desk.queue() == [("#desk", "Ukraine speaks of two captured soldiers")]


def test_a_text_edited_into_a_match_is_told(desk: Desk) -> None:
    silent, telling = (
        Entry(guid="a", link="https://wire.example/1", title="Two soldiers", summary=text)
        for text in ("They were there.", "They were captured.")
    )
    desk.take(WIRE, silent)

    assert reasons(desk.take(WIRE, telling)) == [Reason.NEW_STORY]


def test_an_edit_that_brings_another_rule_is_told_of_that_rule_only(desk: Desk) -> None:
    desk.take(WIRE, entry("Two soldiers captured"))

    told = desk.take(WIRE, entry("Two soldiers captured ask for asylum"))

    assert [(one.rules, one.reason) for one in told.decisions] == [(("asylum",), Reason.NEW_RULE)]


def test_an_edit_is_not_told_again_by_a_rule_that_tells_every_item(desk: Desk) -> None:
    desk.take(WIRE, entry("A ship of the fleet was stopped"))

    assert reasons(desk.take(WIRE, entry("A ship of the shadow fleet was stopped"))) == []


def test_a_guid_and_page_that_are_used_for_story_after_story_silence_nothing(desk: Desk) -> None:
    titles = ["Two men captured", "A bridge over the river opened", "Asylum for sailors in Oslo"]

    told = [desk.take(WIRE, entry(title, path="/live", guid="0")) for title in titles]
    again = desk.take(WIRE, entry(titles[-1], path="/live", guid="0"))

    assert [one.new for one in told] == [1, 1, 1]
    assert [title for _, title in desk.queue()] == [titles[0], titles[2]]
    assert again.new == 0


def test_an_edit_of_the_newest_story_of_a_page_is_an_edit(desk: Desk) -> None:
    for title in ("A bridge over the river opened", "Two men captured"):
        desk.take(WIRE, entry(title, path="/live", guid="0"))

    taken = desk.take(WIRE, entry("Two men captured at sea", path="/live", guid="0"))

    assert (taken.new, taken.revised, reasons(taken)) == (0, 1, [])


def test_an_item_that_flaps_between_two_wordings_is_looked_at_twice(desk: Desk) -> None:
    one, other = entry("Two soldiers captured"), entry("Two soldiers of the North captured")

    taken = [desk.take(WIRE, edition) for edition in (one, other, one, other, one)]

    assert [edition.revised for edition in taken] == [0, 1, 0, 0, 0]


def test_the_wordings_that_are_kept_of_an_item_are_bounded(desk: Desk) -> None:
    for number in range(stored_items.MAX_REVISIONS + 9):
        desk.take(WIRE, entry(f"Two soldiers captured, {number} readers"))

    with desk.database.reading() as tx:
        kept = stored_items.wordings(tx, 1)
    assert len(kept) == stored_items.MAX_REVISIONS
    assert len(desk.queue()) == 1 + MAX_EDITS, "told once, and what the first edits changed"


def writes(database: Database, work: Callable[[], object]) -> list[str]:
    """The statements that change something while this is done."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return seen


def test_unchanged_items_cost_no_write(desk: Desk) -> None:
    document = [entry(f"Two captured in place {n}", path=f"/{n}") for n in range(30)]
    copies = [there(one.title, path=f"/{n}") for n, one in enumerate(document)]
    desk.take(WIRE, *document)
    desk.take(GAZETTE, *copies)

    assert writes(desk.database, lambda: desk.take(WIRE, *document)) == []
    assert writes(desk.database, lambda: desk.take(GAZETTE, *copies)) == []


def session(
    number: int, title: str, *, summary: str = "", published: datetime | None = None
) -> Entry:
    """What a feed shows that makes up a guid and an address at every poll."""
    url = f"https://wire.example/1?sid=s{number}"
    return Entry(guid=f"poll {number}", link=url, title=title, summary=summary, published=published)


LONG = (
    "The General Staff said on Monday that two soldiers of the North were captured near the border, "
    "and that both were taken to hospital."
)


@pytest.mark.parametrize("dated", ["never", "truly", "now"])
def test_a_new_guid_and_address_at_every_poll_is_the_same_item(desk: Desk, dated: str) -> None:
    told: list[Reason] = []
    began = desk.now
    for number in range(20):
        published = {"never": None, "truly": began, "now": desk.now}[dated]
        told += reasons(
            desk.take(WIRE, session(number, "Two captured", summary=LONG, published=published))
        )
        desk.now += timedelta(minutes=5)

    assert told == [Reason.NEW_STORY]
    with desk.database.reading() as tx:
        keys = tx.execute(select(func.count()).select_from(item_keys)).scalar_one()
        assert (stored_items.count(tx), keys <= MAX_KEYS) == (1, True)


def test_a_headline_alone_with_a_new_address_at_every_poll_is_told_once_a_day(desk: Desk) -> None:
    told: list[Reason] = []
    for number in range(24 * 3):
        told += reasons(desk.take(WIRE, session(number, "Two captured")))
        desk.now += timedelta(hours=1)

    assert 1 <= len(told) <= 4
    assert len(desk.queue()) <= 4


def test_entries_of_one_text_in_one_document_are_as_many_items(desk: Desk) -> None:
    briefings = [entry("Daily briefing: captured", path=f"/{n}") for n in range(3)]

    assert desk.take(WIRE, *briefings).new == 3
    assert desk.take(WIRE, *briefings, entry("Daily briefing: captured", path="/4")).new == 1
    assert desk.take(WIRE, *briefings, entry("Daily briefing: captured", path="/4")).new == 0


def test_the_same_short_headline_at_another_time_is_another_item(desk: Desk) -> None:
    first = entry("Air alert: ship", path="/1", published=desk.now - timedelta(hours=3))
    second = entry("Air alert: ship", path="/2", published=desk.now)

    desk.take(WIRE, first)

    assert reasons(desk.take(WIRE, second)) == [Reason.EVERY_ITEM]


def test_an_entry_like_one_that_is_still_there_unread_is_another_item(desk: Desk) -> None:
    title = "Daily briefing: ship"
    desk.take(WIRE, entry(title, path="/1"))

    assert desk.take(WIRE, entry(title, path="/2"), whole=False).new == 1


EDITIONS = [
    ("m", "Ukraine briefing", "Two were captured near Kursk", 10),
    ("n", "Ukraine briefing", "A captured soldier was exchanged at the border", 5),
    ("e", "Ukraine briefing", "A third one, captured in May, died at Pokrovsk", 0),
]
LIVE = [
    ("", "Two soldiers captured, Kyiv says", "", 10),
    ("", "Two soldiers captured, Kyiv says, and Seoul asks for them", "", 5),
    ("", "Two soldiers captured, Kyiv says, and Seoul confirms talks", "", 0),
]


@pytest.mark.parametrize("steps", [(3,), (1, 2, 3), (1, 3), (2, 3)], ids=str)
@pytest.mark.parametrize("entries", [EDITIONS, LIVE], ids=["editions", "live page"])
def test_entries_that_share_an_address_are_told_whichever_polls_bring_them(
    desk: Desk, entries: list[tuple[str, str, str, int]], steps: tuple[int, ...]
) -> None:
    made = [
        rss_item(
            title,
            guid=guid,
            link="https://wire.example/live",
            description=text,
            published=format_datetime(desk.now - timedelta(hours=hours)),
        )
        for guid, title, text, hours in entries
    ]
    marks = b""
    for step in steps:
        parsed = parse(rss(made[:step][::-1]), url=WIRE.url, marks=marks)
        marks = parsed.marks
        items = normalise_document(parsed, WIRE, seen=desk.now)
        desk.take_items(WIRE, items, whole=not parsed.known)

    with desk.database.reading() as tx:
        assert stored_items.count(tx) == 3


def test_the_next_edition_in_place_of_the_last_is_told(desk: Desk) -> None:
    told = []
    for guid, title, text, hours in EDITIONS:
        edition = Entry(
            guid=guid,
            link="https://wire.example/ships",
            title=f"{title}: ship",
            summary=text,
            published=desk.now - timedelta(hours=hours),
        )
        told += reasons(desk.take(WIRE, edition))

    assert told.count(Reason.EVERY_ITEM) == 3


def test_what_another_feed_brought_is_new_to_this_one(desk: Desk) -> None:
    desk.take(GAZETTE, entry("Two captured", path="/9"))

    taken = desk.take(WIRE, entry("Two captured", path="/9"), entry("Rain", path="/8"))

    assert (taken.new, taken.first_here) == (1, 2)


def test_a_long_text_at_one_address_is_one_item_whatever_date_a_feed_gives_it(desk: Desk) -> None:
    text = (
        "The crew left the ship near the harbour and told the court so through an interpreter. " * 2
    )
    report = Entry(guid="w1", link="https://news.example/1", title="Ship of war", summary=text)
    late = replace(report, guid="g9", published=desk.now)
    early = replace(report, published=desk.now - timedelta(days=30))

    assert reasons(desk.take(WIRE, early)) == [Reason.EVERY_ITEM]
    assert reasons(desk.take(GAZETTE, late)) == []


def test_the_next_edition_under_one_address_is_told(desk: Desk) -> None:
    for day in range(3):
        published = desk.now + timedelta(days=day)
        edition = Entry(
            guid=f"day {day}", link="https://wire.example/ships", title="Ship of the day"
        )
        desk.now = published
        assert reasons(desk.take(WIRE, replace(edition, published=published))) == [
            Reason.EVERY_ITEM
        ]


def test_an_aggregators_entry_joins_what_its_outlet_reported(desk: Desk) -> None:
    title = "Ukraine says two soldiers were captured"
    theirs = Entry(
        guid="CBMiAU_yqL",
        link="https://news.google.com/rss/articles/CBMiAU_yqL?oc=5",
        title=f"{title} - Wire",
        source="Wire",
        published=desk.now,
    )
    desk.take(WIRE, entry(title, published=desk.now))

    assert reasons(desk.take(GAZETTE, theirs)) == [Reason.KNOWN_STORY]


def mute(desk: Desk, **what: Any) -> Mark:  # noqa: ANN401  (a story or a rule, until when)
    act = Act.SNOOZE if "rule" in what else Act.MUTE
    mark = Mark(act, Person("ann"), desk.now, **what)
    desk.database.run(lambda tx: mutes.begin(tx, mark))
    return mark


def aside(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.reading() as tx:
        queued = outbox.latest(tx, limit=99)
    return [
        (one.message.content.title, one.error)
        for one in queued
        if one.state is outbox.State.MUTED and isinstance(one.message.content, Alert)
    ]


SAME = "Two soldiers captured near Kursk ask for asylum"


def test_a_muted_story_tells_nothing_new_and_what_it_held_back_stays_readable(desk: Desk) -> None:
    first = desk.take(WIRE, entry("Two soldiers captured near Kursk"))
    story = first.decisions[0].story
    mute(desk, story=story, until=desk.now + timedelta(hours=1))

    muted = desk.take(GAZETTE, entry(SAME, path="/2"))

    assert muted.decisions[0].story == story
    assert reasons(muted) == [Reason.MUTED_STORY]
    assert aside(desk) == [(SAME, "muted by ann until 2025-03-17 10:30 UTC")]
    with desk.database.reading() as tx:
        assert [held.number for held in outbox.undelivered(tx)] == [1], "the first alert only"

    desk.now += timedelta(hours=1)
    again = desk.take(GAZETTE, entry(f"{SAME} in Kyiv", path="/3"))

    assert reasons(again) == [Reason.NEW_RULE], "what was held back is news to the channel"


def test_a_snoozed_rule_is_not_told_and_others_are(desk: Desk) -> None:
    mute(desk, rule="pow", until=desk.now + timedelta(days=1))

    both = desk.take(WIRE, entry(SAME))
    alone = desk.take(WIRE, entry("Nine captured in an unheard-of place", path="/2"))

    assert [(one.rules, one.reason) for one in both.decisions] == [
        (("pow", "asylum"), Reason.NEW_STORY)
    ]
    assert reasons(alone) == [Reason.SNOOZED_RULE]
    with desk.database.reading() as tx:
        told = [
            [rule.id for rule in one.message.content.rules]
            for one in outbox.latest(tx, limit=9)
            if one.state is outbox.State.PENDING and isinstance(one.message.content, Alert)
        ]
    assert told == [["asylum"]]


def test_an_item_that_is_edited_twice_while_muted_is_set_aside_each_time(desk: Desk) -> None:
    mute(desk, rule="pow")

    for title in ("One captured", "Two captured", "Three captured"):
        desk.take(WIRE, entry(f"{title} in the Kursk region on Monday", guid="a"))

    assert len(aside(desk)) >= 1


def test_a_story_that_went_into_another_is_muted_as_that_one_is(desk: Desk) -> None:
    first = desk.take(WIRE, entry("Two soldiers captured near Kursk")).decisions[0].story
    other = desk.take(WIRE, entry("Ship captured off Yemen", path="/2")).decisions[0].story
    mute(desk, story=other)

    with desk.database.transaction() as tx:
        stored_stories.lock(tx)
        merge(tx, other, first, by="analyst", now=desk.now)

        assert mutes.active(tx, now=desk.now) == ()


def test_what_is_over_no_longer_silences_and_is_forgotten(desk: Desk) -> None:
    mark = mute(desk, rule="pow", until=desk.now + timedelta(hours=1))

    with desk.database.transaction() as tx:
        assert mutes.active(tx, now=desk.now) == (mark,)
        desk.now += timedelta(hours=1)
        assert mutes.active(tx, now=desk.now) == ()
        assert not mutes.lift(tx, rule="pow", now=desk.now)


def test_a_story_is_told_again_after_its_repeat(desk: Desk) -> None:
    desk.intake = Intake(
        desk.matcher,
        channel="#desk",
        lookback=timedelta(hours=24),
        tempo=Tempo(repeat=timedelta(hours=6)),
    )
    title = "Ukraine says two soldiers were captured"
    desk.take(WIRE, entry(title))
    desk.now += timedelta(hours=5)
    early = desk.take(GAZETTE, entry(title, path="/2"))
    desk.now += timedelta(hours=1)
    late = desk.take(GAZETTE, entry(f"{title} on Monday", path="/3"))

    assert (reasons(early), reasons(late)) == ([Reason.KNOWN_STORY], [Reason.REPEATED])
    assert len(desk.queue()) == 2
