"""What readers said, deeds that come twice, and the work that one replica does: on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from fakes import alert

from monitor.model import Act, Mark, Person
from monitor.store import clicks, feedback, leases, mutes

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Database

MINUTE = timedelta(minutes=1)
ANN, BOB = Person("ann", "U0ANN"), Person("bob", "U0BOB")


def test_whoever_mutes_last_counts_and_once_lifted_nothing_is_muted(
    database: Database, now: datetime
) -> None:
    with database.transaction() as tx:
        mutes.begin(tx, Mark(Act.MUTE, ANN, now, story=7, until=now + MINUTE))
        mutes.begin(tx, Mark(Act.MUTE, BOB, now, story=7))
        mutes.begin(tx, Mark(Act.SNOOZE, ANN, now + MINUTE, rule="story:7", until=now + 3 * MINUTE))

    with database.transaction() as tx:
        assert [(one.act, one.by) for one in mutes.active(tx, now=now + 2 * MINUTE)] == [
            (Act.SNOOZE, ANN),
            (Act.MUTE, BOB),
        ]
        assert mutes.of_story(tx, 8, now=now) is None
        assert mutes.lift(tx, story=7, now=now)
        assert mutes.of_story(tx, 7, now=now) is None
        assert mutes.active(tx, now=now + 3 * MINUTE) == ()


def test_a_deed_is_new_once_whoever_is_told_of_it(database: Database, now: datetime) -> None:
    def first(_: int) -> bool:
        return database.run(lambda tx: clicks.first(tx, "press U0ANN mute", now=now))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(first, range(8))) == [*[False] * 7, True]


def test_one_replica_holds_a_lease_until_it_ends_or_is_given_up(
    database: Database, now: datetime
) -> None:
    def take(holder: str, at: datetime) -> bool:
        return database.run(
            lambda tx: leases.take(tx, "listening", holder, now=at, until=at + MINUTE)
        )

    assert (take("a", now), take("b", now), take("a", now)) == (True, False, True)
    assert take("b", now + MINUTE), "the first one is gone"
    assert not take("a", now + MINUTE)
    database.run(lambda tx: leases.give_up(tx, "listening", "a"))
    assert not take("a", now + MINUTE), "nobody gives up what another holds"
    database.run(lambda tx: leases.give_up(tx, "listening", "b"))
    assert take("a", now + MINUTE)
    assert take("b", now - 60 * MINUTE), "the clock was set back"


def test_only_one_of_many_replicas_gets_a_lease(database: Database, now: datetime) -> None:
    def take(holder: str) -> bool:
        return database.run(
            lambda tx: leases.take(tx, "listening", holder, now=now, until=now + MINUTE)
        )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, "abcdefgh")) == 1


def test_feedback_is_kept_for_two_years_and_the_newest_of_too_many(
    database: Database, now: datetime
) -> None:
    def say(number: int, at: datetime) -> None:
        mark = Mark(Act.IRRELEVANT, ANN, at, story=1)
        database.run(lambda tx: feedback.irrelevant(tx, number, alert(), mark))

    for number in range(5):
        say(number, now + number * MINUTE)

    with database.transaction() as tx:
        assert feedback.prune(tx, before=now - MINUTE, limit=10) == 0
        assert feedback.prune(tx, before=now, limit=10) == 1
        assert feedback.prune(tx, before=now, keep=2, limit=1) == 1
        assert feedback.prune(tx, before=now, keep=2, limit=10) == 1
        assert [bool(feedback.of_alert(tx, number)) for number in range(5)] == [
            *[False] * 3,
            True,
            True,
        ]


def test_feedback_names_each_person_once_until_it_is_taken_back(
    database: Database, now: datetime
) -> None:
    with database.transaction() as tx:
        for person in (ANN, ANN, BOB):
            mark = Mark(Act.IRRELEVANT, person, now, story=7)
            feedback.irrelevant(tx, 1, alert(story=7), mark)

        assert sorted(one.by.name for one in feedback.of_alert(tx, 1)) == ["ann", "bob"]
        assert feedback.of_alert(tx, 2) == ()
        assert feedback.take_back(tx, 1)
        assert not feedback.take_back(tx, 1)
