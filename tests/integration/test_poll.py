"""The poll job with real feeds on loopback and a real database; the clock stands still."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock
from feedserver import Answer, FeedServer, rss, rss_item
from sqlalchemy import update

from monitor.errors import Unstorable
from monitor.feeds import rhythm
from monitor.feeds.fetch import Fetcher
from monitor.feeds.reading import Reading
from monitor.feeds.settings import PollingSettings
from monitor.intake import Taken
from monitor.model import Feed, Outlet
from monitor.plan import Plan
from monitor.poll import Poll
from monitor.store import feeds as stored_feeds
from monitor.store.schema import feeds as table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from monitor.intake import Source
    from monitor.model import Item
    from monitor.store.database import Database, Transaction
    from monitor.store.feeds import FeedState

SETTINGS = PollingSettings.model_validate({"allow_private": ["127.0.0.0/30"], "timeout": "2s"})


class RecordingIntake:
    """Takes note of titles, and fails where it is told to."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.trouble: dict[str, Exception] = {}
        self.first_sights: list[bool] = []

    def take(
        self, tx: Transaction, items: Sequence[Item], source: Source, *, now: datetime
    ) -> Taken:
        self.first_sights.append(source.first_sight)
        for item in items:
            if item.title in self.trouble:
                raise self.trouble[item.title]
            self.titles.append(item.title)
        return Taken(len(items), 0, len(items), 0, ())


class Desk:
    """Feeds on loopback, and the job that polls them."""

    def __init__(
        self,
        database: Database,
        server: FeedServer,
        poll: Poll,
        clock: Clock,
        intake: RecordingIntake,
    ) -> None:
        self.database = database
        self.server = server
        self.poll = poll
        self.clock = clock
        self.intake = intake

    def follow(self, *paths: str) -> None:
        feeds = [Feed(self.server.url(path), Outlet(path)) for path in paths]
        with self.database.transaction() as tx:
            stored_feeds.sync(tx, feeds, now=self.clock())

    def run(self, *, after: float = 0) -> None:
        self.clock.pass_(after)
        self.poll()

    def make_due(self, path: str) -> None:
        due = update(table).where(table.c.id == self.state(path).id)
        with self.database.transaction() as tx:
            tx.execute(due.values(next_poll_at=self.clock()))

    def state(self, path: str) -> FeedState:
        with self.database.reading() as tx:
            return next(s for s in stored_feeds.states(tx) if s.feed.outlet.name == path)


@pytest.fixture
def desk(database: Database, now: datetime) -> Iterator[Desk]:
    clock = Clock(now)
    with (
        FeedServer() as server,
        Fetcher(SETTINGS, user_agent="test") as fetcher,
        Reading() as reading,
    ):
        intake = RecordingIntake()
        plan = Plan(database, SETTINGS, clock=clock)
        poll = Poll(database, fetcher, reading, lambda: intake, SETTINGS, plan=plan, clock=clock)  # type: ignore[arg-type,return-value]
        yield Desk(database, server, poll, clock, intake)


def document(*titles: str) -> bytes:
    return rss([rss_item(title, guid=title) for title in titles])


def test_a_feed_that_has_not_changed_is_asked_and_not_parsed(desk: Desk) -> None:
    desk.server.publish("/a", document("one"), etag='"1"')
    desk.follow("/a")

    desk.run()
    desk.run(after=600)

    assert [one.status for one in desk.server.asked("/a")] == [200, 304]
    assert desk.intake.titles == ["one"]
    assert desk.state("/a").last_ok_at == desk.clock()


def test_the_same_body_without_validators_is_not_parsed_again(desk: Desk) -> None:
    desk.server.publish("/a", document("one"))
    desk.follow("/a")

    desk.run()
    desk.run(after=600)

    assert [one.status for one in desk.server.asked("/a")] == [200, 200]
    assert desk.intake.titles == ["one"]


def test_only_entries_that_are_new_or_edited_are_taken_in(desk: Desk) -> None:
    desk.server.publish("/a", document("second", "first"))
    desk.follow("/a")
    desk.run()
    desk.intake.titles.clear()
    desk.server.publish("/a", document("third", "second, edited", "first"))

    desk.run(after=600)

    assert sorted(desk.intake.titles) == ["second, edited", "third"]


def test_entries_that_could_not_be_stored_are_taken_in_the_next_time(desk: Desk) -> None:
    desk.server.publish("/a", document("first"))
    desk.follow("/a")
    desk.run()
    desk.server.publish("/a", document("second", "first"))
    desk.intake.trouble["second"] = RuntimeError("a bug")
    desk.run(after=600)
    desk.intake.trouble.clear()

    desk.run(after=1200)

    assert desk.intake.titles == ["first", "second"]


def test_one_item_that_the_database_refuses_keeps_no_other_from_being_stored(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    titles = [str(number) for number in range(7)]
    desk.server.publish("/a", document(*titles))
    desk.intake.trouble["3"] = Unstorable("the database does not take it (23514)")
    desk.follow("/a")

    desk.run()

    assert sorted(desk.intake.titles[-6:]) == ["0", "1", "2", "4", "5", "6"]
    assert desk.state("/a").failures == 0
    (said,) = [one.getMessage() for one in caplog.records if "item left out" in one.getMessage()]
    assert "title=3 cause=the database does not take it" in said


def test_what_to_ask_with_is_kept_anew_although_the_document_is_the_same(desk: Desk) -> None:
    desk.server.publish("/a", document("one"), etag='"1"')
    desk.follow("/a")
    desk.run()
    desk.server.publish("/a", document("one"), etag='"2"')

    desk.run(after=600)
    desk.run(after=600)

    assert [one.status for one in desk.server.asked("/a")] == [200, 200, 304]


def test_a_feed_is_not_asked_before_it_is_due(desk: Desk) -> None:
    desk.server.publish("/a", document("one"))
    desk.follow("/a")

    desk.run()
    desk.run(after=60)

    assert len(desk.server.asked("/a")) == 1


def test_content_that_brings_a_bug_to_light_touches_no_other_feed(desk: Desk) -> None:
    desk.server.publish("/bad", document("poison"))
    desk.server.publish("/good", document("news"))
    desk.intake.trouble["poison"] = RuntimeError("a bug")
    desk.follow("/bad", "/good")

    desk.run()

    assert desk.intake.titles == ["news"]
    assert desk.state("/bad").failures == 1
    assert desk.state("/good").failures == 0


def test_what_failed_half_way_is_read_again_whole(desk: Desk) -> None:
    desk.server.publish("/a", document("second", "first"), etag='"1"')
    desk.intake.trouble["second"] = RuntimeError("a bug")
    desk.follow("/a")
    desk.run()
    desk.intake.titles.clear()
    desk.intake.trouble.clear()

    desk.run(after=1200)

    assert sorted(desk.intake.titles) == ["first", "second"]
    assert desk.state("/a").failures == 0


def test_a_feed_that_is_gone_is_not_asked_again_until_it_is_put_back(desk: Desk) -> None:
    desk.server.answer("/a", Answer(status=410))
    desk.follow("/a")
    desk.run()
    desk.run(after=86_400)
    assert len(desk.server.asked("/a")) == 1
    assert desk.state("/a").gone_at

    desk.follow()
    desk.follow("/a")
    desk.run(after=1)

    assert len(desk.server.asked("/a")) == 2


@pytest.mark.parametrize(("asked", "kept"), [("300", 300), ("86400", 600)])
def test_a_host_that_asks_for_a_pause_gets_it_for_all_its_feeds_within_limits(
    desk: Desk, asked: str, kept: int
) -> None:
    desk.server.publish("/b", document("one"))
    desk.follow("/b")
    desk.run()
    desk.server.answer("/a", Answer(status=429, headers={"Retry-After": asked}))
    desk.follow("/a", "/b")
    desk.run(after=100)

    assert desk.state("/b").next_poll_at - desk.clock() == timedelta(seconds=kept)
    assert desk.state("/b").failures == 0


DAY = 86_400


@pytest.mark.parametrize("status", [302, 301])
def test_a_pause_is_for_the_host_that_asks_for_it_and_not_for_the_one_that_led_there(
    desk: Desk, status: int
) -> None:
    with FeedServer(host="127.0.0.2") as other:
        desk.server.redirect("/a", other.url("/new"), status=status)
        desk.server.publish("/b", document("one"))
        other.publish("/new", document("two"))
        other.publish("/c", document("three"))
        feeds = [(desk.server, "/b"), (other, "/c"), (desk.server, "/a")]
        with desk.database.transaction() as tx:
            followed = [Feed(server.url(path), Outlet(path)) for server, path in feeds]
            stored_feeds.sync(tx, followed, now=desk.clock())
        for _ in range(4):  # after which what moved for good is asked at its new address
            desk.run(after=DAY)
        asked = len(desk.server.asked("/a"))
        other.answer("/new", Answer(status=429, headers={"Retry-After": "600"}))
        desk.clock.pass_(100)
        desk.make_due("/a")
        before = desk.state("/b").next_poll_at

        desk.run()

        assert len(desk.server.asked("/a")) == asked + (status == 302)
        assert desk.state("/a").failures == 1
        assert desk.state("/c").next_poll_at - desk.clock() == timedelta(seconds=600)
        assert desk.state("/b").next_poll_at == before


def moved(desk: Desk, status: int) -> None:
    desk.server.redirect("/old", "/new", status=status)
    desk.server.publish("/new", document("one"))
    desk.follow("/old")
    for _ in range(4):
        desk.run(after=DAY)


@pytest.mark.parametrize("status", [301, 308])
def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(desk: Desk, status: int) -> None:
    moved(desk, status)
    asked = len(desk.server.asked("/old"))

    desk.run(after=DAY)

    assert len(desk.server.asked("/old")) == asked == 3
    assert len(desk.server.asked("/new")) == 5
    assert desk.state("/old").move.to == desk.server.url("/new")


@pytest.mark.parametrize("status", [302, 307])
def test_a_feed_that_is_elsewhere_for_now_is_asked_at_its_own_address(
    desk: Desk, status: int
) -> None:
    moved(desk, status)

    assert len(desk.server.asked("/old")) == 4


@pytest.mark.parametrize("status", [404, 410])
def test_a_feed_whose_new_address_fails_is_asked_at_its_own_again(desk: Desk, status: int) -> None:
    moved(desk, 301)
    desk.server.answer("/new", Answer(status=status))
    desk.server.publish("/old", document("back"))
    desk.run(after=DAY)
    assert "at its new address" in desk.state("/old").error

    desk.run(after=DAY)

    assert desk.state("/old").failures == 0
    assert desk.intake.titles[-1] == "back"


def test_what_a_document_wished_holds_while_it_does_not_change(desk: Desk) -> None:
    body = document("one").replace(b"<channel>", b"<channel><ttl>5</ttl>")
    desk.server.publish("/a", body, etag='"1"')
    desk.follow("/a")

    for _ in range(5):
        desk.run(after=600)
        assert desk.state("/a").next_poll_at - desk.clock() >= timedelta(minutes=5)

    assert [one.status for one in desk.server.asked("/a")] == [200, 304, 304, 304, 304]


def test_a_poll_that_finds_none_of_the_last_entries_is_a_gap_and_the_next_one_is_soon(
    desk: Desk,
) -> None:
    desk.server.publish("/a", document("2", "1"))
    desk.follow("/a")
    desk.run()
    desk.server.publish("/a", document("3", "2", "1"))
    desk.run(after=600)
    assert desk.state("/a").gaps == 0

    desk.server.publish("/a", document("9", "8", "7"))
    desk.run(after=600)

    state = desk.state("/a")
    assert (state.gaps, state.gap_at) == (1, desk.clock())
    assert state.next_poll_at - desk.clock() <= 1.1 * SETTINGS.min_interval


def test_the_first_sight_of_a_feed_is_no_gap(desk: Desk) -> None:
    desk.server.publish("/a", document("2", "1"))
    desk.follow("/a")

    desk.run()

    assert desk.state("/a").gaps == 0


def test_a_feed_that_showed_no_entry_yet_has_not_been_seen(desk: Desk) -> None:
    desk.follow("/a")
    for titles in ((), ("2", "1"), ("3", "2", "1")):
        desk.server.publish("/a", document(*titles))
        desk.run(after=3600)

    assert desk.intake.first_sights == [True, True, False]


def test_a_feed_taken_out_of_the_config_rests(desk: Desk) -> None:
    desk.server.publish("/a", document("one"))
    desk.follow("/a")
    desk.follow()

    desk.run()

    assert desk.server.requests == []


def test_a_failing_feed_is_asked_less_and_less_and_never_given_up(desk: Desk) -> None:
    desk.follow("/missing")
    waits = []
    for _ in range(12):
        desk.run()
        wait = (desk.state("/missing").next_poll_at - desk.clock()).total_seconds()
        waits.append(wait)
        desk.clock.pass_(wait)

    assert waits[0] < waits[3] < waits[-1] <= 6 * 3600
    assert desk.state("/missing").failures == 12


def test_a_claimed_feed_whose_process_died_is_asked_again(desk: Desk) -> None:
    desk.server.publish("/a", document("one"))
    desk.follow("/a")
    with desk.database.transaction() as tx:
        lease = SETTINGS.timeout
        claimed = stored_feeds.claim_due(
            tx, now=desk.clock(), limit=9, lease=lease, parser_version=1
        )
    assert len(claimed) == 1

    desk.run()
    assert desk.intake.titles == []
    desk.run(after=lease.total_seconds())

    assert desk.intake.titles == ["one"]


def test_a_feed_that_is_being_polled_stays_ours_while_we_say_so(desk: Desk) -> None:
    desk.follow("/a")
    lease = timedelta(seconds=30)

    def claim() -> int:
        with desk.database.transaction() as tx:
            now = desk.clock()
            return len(stored_feeds.claim_due(tx, now=now, limit=9, lease=lease, parser_version=1))

    assert claim() == 1
    feed = desk.state("/a").id
    desk.clock.pass_(20)
    with desk.database.transaction() as tx:
        stored_feeds.renew(tx, [feed], until=desk.clock() + lease)
    desk.clock.pass_(20)
    assert claim() == 0
    desk.clock.pass_(20)
    assert claim() == 1


def test_another_parser_asks_without_validators(desk: Desk) -> None:
    desk.server.publish("/a", document("one"), etag='"1"')
    desk.follow("/a")
    desk.run()

    with desk.database.transaction() as tx:
        later = desk.clock().replace(year=desk.clock().year + 1)
        (claimed,) = stored_feeds.claim_due(
            tx, now=later, limit=9, lease=SETTINGS.timeout, parser_version=2
        )

    assert claimed.validators.etag == ""
    assert claimed.body_hash == ""


def test_a_feed_that_brings_news_at_each_poll_is_asked_sooner_than_one_that_does_not(
    desk: Desk,
) -> None:
    desk.follow("/busy", "/quiet")
    desk.server.publish("/quiet", document("old"), etag='"1"')
    for number in range(12):
        titles = [str(one) for one in range(5 * number + 4, 5 * number - 5, -1)]
        desk.server.publish("/busy", document(*titles))
        desk.run(after=1200)

    pauses = {path: desk.state(path).next_poll_at - desk.clock() for path in ("/busy", "/quiet")}

    assert pauses["/busy"] < timedelta(minutes=5) < pauses["/quiet"] <= timedelta(minutes=10)


def test_what_is_learned_is_kept_with_the_news_and_not_written_without(desk: Desk) -> None:
    desk.server.publish("/a", document("1"), etag='"1"')
    desk.follow("/a")
    desk.run()
    first = desk.state("/a").rhythm
    desk.run(after=600)
    assert desk.state("/a").rhythm == first

    desk.server.publish("/a", document("2", "1"), etag='"2"')
    desk.run(after=600)

    assert desk.state("/a").rhythm != first


def test_nothing_is_learned_from_news_that_could_not_be_kept(desk: Desk) -> None:
    desk.server.publish("/a", document("1"))
    desk.follow("/a")
    desk.run()
    first = desk.state("/a").rhythm
    desk.server.publish("/a", document("2", "1"))
    desk.intake.trouble["2"] = RuntimeError("a bug")

    desk.run(after=600)

    assert desk.state("/a").failures == 1
    assert desk.state("/a").rhythm == first


def test_a_feed_that_falls_silent_by_its_own_rhythm_is_told_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.follow("/a")
    for number in range(40):
        desk.server.publish("/a", document(str(number), str(number - 1)), etag=f'"{number}"')
        desk.run(after=1200)
    assert "feed silent" not in caplog.text

    for _ in range(10):
        desk.run(after=6 * 3600)

    assert caplog.text.count("feed silent") == 1
    assert rhythm.is_silent(
        rhythm.unpack(desk.state("/a").rhythm, now=desk.clock().timestamp()),
        desk.clock().timestamp(),
    )


def test_the_plan_follows_what_the_polls_brought(desk: Desk, database: Database) -> None:
    plan = Plan(database, SETTINGS, clock=desk.clock)
    plan()
    before = plan.threshold
    desk.follow("/a", "/b")
    desk.server.publish("/a", document("0"))
    desk.server.publish("/b", document("0"))
    for number in range(12):
        titles = [str(one) for one in range(5 * number + 4, 5 * number - 5, -1)]
        desk.server.publish("/a", document(*titles))
        desk.run(after=1200)

    plan()

    assert plan.threshold > 2 * before  # with so much news, patience must be greater
