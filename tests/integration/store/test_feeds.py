"""Which feeds are due when, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Feed, Move, Outlet, Validators
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.database import Database
    from monitor.store.feeds import Claimed

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def follow(database: Database, count: int, *, now: datetime) -> None:
    feeds = [Feed(f"https://{n}.example.org/rss", Outlet(str(n))) for n in range(count)]
    with database.transaction() as tx:
        stored_feeds.sync(tx, feeds, now=now)


def claim(database: Database, *, now: datetime, limit: int) -> Sequence[Claimed]:
    with database.transaction() as tx:
        return stored_feeds.claim_due(tx, now=now, limit=limit, lease=30 * SECOND, parser_version=1)


def answered(database: Database, feeds: Sequence[Claimed], *, now: datetime, due: datetime) -> None:
    found = [stored_feeds.Unchanged(one.id, due, Validators(), Move()) for one in feeds]
    with database.transaction() as tx:
        stored_feeds.unchanged(tx, found, now=now)


def start(database: Database, *, now: datetime) -> list[float]:
    """Seconds after which each feed is due."""
    with database.transaction() as tx:
        stored_feeds.spread_due(tx, now=now, pace=10, longest=MINUTE)
        return [(one.next_poll_at - now).total_seconds() for one in stored_feeds.states(tx)]


def test_nobody_starves_where_more_feeds_are_due_than_can_be_asked(
    database: Database, now: datetime
) -> None:
    follow(database, 100, now=now)
    asked: dict[int, int] = {}

    for second in range(60):
        at = now + second * SECOND
        found = claim(database, now=at, limit=5)
        for one in found:
            asked[one.id] = asked.get(one.id, 0) + 1
        # Some want to be asked again at once, for ever.
        answered(database, found, now=at, due=at + SECOND)

    assert set(asked.values()) == {3}
    assert len(asked) == 100


def test_a_few_feeds_are_due_at_once_after_a_start(database: Database, now: datetime) -> None:
    follow(database, 3, now=now)

    assert start(database, now=now) == [0, 0.1, 0.2]


def test_many_feeds_are_spread_over_a_minute_after_a_start(
    database: Database, now: datetime
) -> None:
    follow(database, 2000, now=now)

    later = start(database, now=now + timedelta(hours=1))

    for second in range(60):
        assert 30 <= sum(second <= one < second + 1 for one in later) <= 36


def test_a_start_does_not_touch_what_is_not_due(database: Database, now: datetime) -> None:
    follow(database, 2, now=now)
    first, second = claim(database, now=now, limit=2)
    answered(database, [first], now=now, due=now + 5 * MINUTE)
    answered(database, [second], now=now, due=now + MINUTE)

    assert start(database, now=now + 2 * MINUTE) == [180, 0]


def test_rhythms_are_those_of_feeds_that_answer(database: Database, now: datetime) -> None:
    follow(database, 3, now=now)
    with database.transaction() as tx:
        stored_feeds.failed(tx, 1, now=now, next_poll_at=now, error="down")
        stored_feeds.failed(tx, 2, now=now, next_poll_at=None, error="gone")

    with database.reading() as tx:
        assert stored_feeds.rhythms(tx) == [(None, b"")]


def failed(database: Database, feeds: Sequence[Claimed], *, now: datetime, due: datetime) -> None:
    with database.transaction() as tx:
        for one in feeds:
            stored_feeds.failed(tx, one.id, now=now, next_poll_at=due, error="no answer")


def due(database: Database) -> list[datetime]:
    with database.reading() as tx:
        return [one.next_poll_at for one in stored_feeds.states(tx)]


def wake(database: Database, *, now: datetime) -> None:
    with database.transaction() as tx:
        stored_feeds.wake(tx, now=now, longest=10 * MINUTE)


def test_a_start_asks_failing_feeds_that_were_not_asked_lately(
    database: Database, now: datetime
) -> None:
    follow(database, 2, now=now)
    old, new = claim(database, now=now, limit=2)
    later = now + 60 * MINUTE
    failed(database, [old], now=now, due=now + 300 * MINUTE)
    failed(database, [new], now=later - MINUTE, due=now + 300 * MINUTE)

    wake(database, now=later)

    assert due(database) == [later, now + 300 * MINUTE]


def test_a_start_asks_what_waits_longer_than_its_interval_allows(
    database: Database, now: datetime
) -> None:
    follow(database, 2, now=now)
    far, near = claim(database, now=now, limit=2)
    answered(database, [far], now=now, due=now + timedelta(days=700))
    answered(database, [near], now=now, due=now + 9 * MINUTE)

    wake(database, now=now)

    assert due(database) == [now, now + 9 * MINUTE]


def test_an_interval_that_was_shortened_holds_from_the_next_start(
    database: Database, now: datetime
) -> None:
    feed = Feed("https://a.example/rss", Outlet("A"), interval=timedelta(days=1))
    with database.transaction() as tx:
        stored_feeds.sync(tx, [feed], now=now)
    answered(database, claim(database, now=now, limit=1), now=now, due=now + timedelta(hours=20))
    wake(database, now=now)
    assert due(database) == [now + timedelta(hours=20)]

    with database.transaction() as tx:
        stored_feeds.sync(tx, [replace(feed, interval=2 * MINUTE)], now=now)
    wake(database, now=now)

    assert due(database) == [now]


def test_a_clock_set_back_lets_no_feed_wait_for_years(database: Database, now: datetime) -> None:
    follow(database, 2, now=now)
    one, other = claim(database, now=now, limit=2)
    failed(database, [one], now=now, due=now + timedelta(days=700))
    failed(database, [other], now=now, due=now + timedelta(hours=6))

    with database.transaction() as tx:
        stored_feeds.due_by(tx, now + 5 * MINUTE)

    assert due(database) == [now + 5 * MINUTE, now + timedelta(hours=6)]
