from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock, MemoryReceiver, promise

from monitor.deliver import Deliver, after, backoff
from monitor.errors import (
    ChannelUnavailable,
    NotSent,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.model import Digest
from monitor.store import outbox
from monitor.store.outbox import State

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.errors import DeliveryError
    from monitor.store.database import Database


class Desk:
    """A database with promised alerts, a receiver and the job between them."""

    def __init__(self, database: Database, now: datetime, *, collapse_above: int = 20) -> None:
        self.database = database
        self.clock = Clock(now)
        self.receiver = MemoryReceiver()
        self.deliver = Deliver(
            database, self.receiver, collapse_above=collapse_above, clock=self.clock
        )

    def promise(self, title: str, channel: str = "#a") -> None:
        promise(self.database, title, channel=channel, now=self.clock())

    def run(self, seconds: int) -> None:
        """Let the job tick once a second."""
        for _ in range(seconds):
            self.deliver()
            self.clock.pass_(1.1)

    def titles(self) -> list[str]:
        return [
            one.content.title for one in self.receiver.taken if not isinstance(one.content, Digest)
        ]

    def states(self) -> list[State]:
        with self.database.reading() as tx:
            return [one.state for one in reversed(outbox.latest(tx, limit=99))]


@pytest.fixture
def desk(database: Database, now: datetime) -> Desk:
    return Desk(database, now)


def test_alerts_arrive_in_the_order_in_which_they_were_promised(desk: Desk) -> None:
    for number in range(3):
        desk.promise(f"title {number}")

    desk.run(3)

    assert desk.titles() == ["title 0", "title 1", "title 2"]
    assert desk.states() == [State.SENT] * 3


def test_a_channel_gets_one_message_a_second_and_others_do_not_wait_for_it(desk: Desk) -> None:
    for title, channel in (("a1", "#a"), ("a2", "#a"), ("b1", "#b")):
        desk.promise(title, channel)

    desk.deliver()
    desk.deliver()

    assert desk.titles() == ["a1", "b1"]


@pytest.mark.parametrize("taken", [True, False])
def test_an_unclear_answer_is_looked_up_so_that_nothing_is_lost_or_told_twice(
    desk: Desk, *, taken: bool
) -> None:
    desk.promise("first")
    desk.promise("second")
    desk.receiver.trouble = [Unclear("connection reset")]
    desk.receiver.takes_first = taken

    desk.run(20)

    assert desk.titles() == ["first", "second"]
    assert desk.states() == [State.SENT, State.SENT]


@pytest.mark.parametrize("taken", [True, False])
def test_what_a_killed_sender_left_is_looked_up(desk: Desk, *, taken: bool) -> None:
    desk.promise("first")
    with desk.database.transaction() as tx:
        (head,) = outbox.heads(tx)
        outbox.start(tx, head, now=desk.clock())
    if taken:
        desk.receiver.taken.append(head.message)

    desk.run(30)
    assert desk.receiver.calls == 0, "the other sender may still be at work"
    desk.run(60)

    assert desk.titles() == ["first"]
    assert desk.states() == [State.SENT]


def test_a_process_that_is_alone_looks_up_at_once_what_it_left(desk: Desk) -> None:
    desk.promise("first")
    with desk.database.transaction() as tx:
        (head,) = outbox.heads(tx)
        outbox.start(tx, head, now=desk.clock())

    desk.deliver.start(alone=True)
    desk.run(20)

    assert desk.titles() == ["first"]


def test_a_rate_limit_pauses_every_channel_and_proves_nothing(desk: Desk) -> None:
    desk.promise("first")
    desk.promise("other", "#b")
    desk.receiver.trouble = [RateLimited("too fast", retry_after=timedelta(seconds=30))]
    desk.receiver.takes_first = True

    desk.run(20)
    assert desk.receiver.calls == 1

    desk.run(20)
    assert sorted(desk.titles()) == ["first", "other"]


def test_a_lost_connection_is_tried_again_until_it_works(desk: Desk) -> None:
    desk.promise("first")
    desk.receiver.trouble = [NotSent("no connection")] * 5

    desk.run(120)

    assert desk.titles() == ["first"]


def test_a_missing_channel_holds_its_own_alerts_only(desk: Desk) -> None:
    desk.promise("lost", "#gone")
    desk.promise("fine", "#b")
    desk.receiver.trouble = [ChannelUnavailable("no such channel")]

    desk.run(10)

    assert desk.titles() == ["fine"]
    assert desk.states() == [State.PARKED, State.SENT]


def test_a_parked_alert_is_delivered_once_the_cause_is_mended(desk: Desk) -> None:
    desk.promise("held")
    desk.receiver.trouble = [ChannelUnavailable("no such channel")]
    desk.run(10)

    with desk.database.transaction() as tx:
        outbox.retry(tx, None, now=desk.clock())
    desk.run(2)

    assert desk.titles() == ["held"]


def test_wrong_credentials_stop_every_channel(desk: Desk) -> None:
    desk.promise("first", "#a")
    desk.promise("second", "#b")
    desk.receiver.trouble = [Unauthorised("token revoked")]

    desk.run(10)

    assert desk.receiver.calls == 1
    assert State.DEAD not in desk.states()


def test_a_refused_message_does_not_block_its_channel(desk: Desk) -> None:
    desk.promise("bad")
    desk.promise("good")
    desk.receiver.trouble = [Refused("invalid_blocks")]

    desk.run(5)

    assert desk.titles() == ["good"]
    assert desk.states() == [State.DEAD, State.SENT]


def test_a_flood_becomes_digests_and_none_of_it_is_dropped(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now, collapse_above=20)
    for number in range(60):
        desk.promise(f"title {number}")

    desk.run(10)

    told = [
        a.title
        for m in desk.receiver.taken
        if isinstance(m.content, Digest)
        for a in m.content.alerts
    ]
    assert told == [f"title {number}" for number in range(60)]
    assert len(desk.receiver.taken) == 3


def test_zero_never_collapses(database: Database, now: datetime) -> None:
    desk = Desk(database, now, collapse_above=0)
    for number in range(25):
        desk.promise(f"title {number}")

    desk.run(30)

    assert len(desk.titles()) == 25


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unclear("x"), State.UNKNOWN),
        (RateLimited("x", retry_after=timedelta(seconds=1)), State.UNKNOWN),
        (NotSent("x"), State.PENDING),
        (ChannelUnavailable("x"), State.PARKED),
        (Unauthorised("x"), State.PARKED),
        (Refused("x"), State.DEAD),
    ],
)
def test_every_kind_of_failure_has_its_state(error: DeliveryError, state: State) -> None:
    assert after(error, attempts=1, settle=timedelta(seconds=15), jitter=0)[0] is state


def test_the_pause_between_attempts_doubles_to_five_minutes() -> None:
    pauses = [backoff(attempt, jitter=0).total_seconds() for attempt in (1, 2, 3, 9, 500)]

    assert pauses == [2, 4, 8, 300, 300]
    assert backoff(500, jitter=1) == timedelta(seconds=225)
