from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from fakes import Clock, MemoryReceiver, promise

from monitor.alerts import cron
from monitor.alerts.quiet import Loudness
from monitor.deliver import Deliver, Pacing
from monitor.errors import (
    ChannelUnavailable,
    NotSent,
    Puzzling,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.model import Act, Alert, Digest, Mark, Notice, Person, Severity
from monitor.outcomes import LOOKS, PATIENT_LOOKS, PUZZLED, after, backoff
from monitor.store import migrate, mutes, outbox, pauses
from monitor.store.database import Database
from monitor.store.outbox import Queued, State
from monitor.update import Update

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.errors import DeliveryError

LONG = 300
"""Seconds of the clock: a test of hours need not look at every one."""


class Desk:
    """A database with promised alerts, a receiver and the job between them."""

    def __init__(
        self,
        database: Database,
        now: datetime,
        *,
        collapse_above: int = 20,
        loudness: Loudness | None = None,
        hourly: int = 0,
    ) -> None:
        self.hourly = hourly
        self.database = database
        self.clock = Clock(now)
        self.collapse_above = collapse_above
        self.loudness = loudness
        self.receiver = MemoryReceiver()
        self.deliver = self.another()

    def another(self) -> Deliver:
        """A deliver job on the same database and receiver."""
        return Deliver(
            self.database,
            self.receiver,
            Pacing(),
            update=Update(self.database, self.receiver, clock=self.clock, wait=self.clock.pass_),
            collapse_above=self.collapse_above,
            hourly=self.hourly,
            loudness=self.loudness,
            clock=self.clock,
            wait=self.clock.pass_,
        )

    def promise(
        self, title: str, channel: str = "#a", *, severity: Severity = Severity.HIGH
    ) -> None:
        promise(self.database, title, channel=channel, now=self.clock(), severity=severity)

    def told(self) -> list[list[str]]:
        """The titles of each message, a digest's together."""
        return [
            [one.title for one in m.content.alerts]
            if isinstance(m.content, Digest)
            else [m.content.title]
            for m in self.receiver.taken
            if not isinstance(m.content, Notice)
        ]

    def run(self, seconds: int) -> None:
        """Let the job tick once a second, or when it is done if that takes longer.

        Where it takes long, it ticks every ten seconds.
        """
        end = self.clock() + timedelta(seconds=seconds)
        while self.clock() < end:
            self.deliver()
            self.clock.pass_(1 if seconds < LONG else 10)

    def titles(self) -> list[str]:
        return [one.content.title for one in self.receiver.taken if isinstance(one.content, Alert)]

    def queued(self) -> list[Queued]:
        with self.database.reading() as tx:
            return list(reversed(outbox.latest(tx, limit=99)))

    def states(self) -> list[State]:
        return [one.state for one in self.queued()]


@pytest.fixture
def desk(database: Database, now: datetime) -> Desk:
    return Desk(database, now)


def test_alerts_arrive_in_the_order_in_which_they_were_promised(desk: Desk) -> None:
    for number in range(3):
        desk.promise(f"title {number}")

    desk.run(3)

    assert desk.titles() == ["title 0", "title 1", "title 2"]
    assert desk.states() == [State.SENT] * 3


def test_a_channel_gets_a_message_each_1_05_s_and_others_do_not_wait_for_it(desk: Desk) -> None:
    for number in range(10):
        desk.promise(f"a{number}", "#a")
    desk.promise("b", "#b")
    begun = desk.clock()

    desk.deliver()

    assert desk.titles()[:3] == ["a0", "b", "a1"]
    times = [one.sent_at for one in desk.queued() if one.message.channel == "#a" and one.sent_at]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert times[0] == begun
    assert set(gaps) == {1.05}


def test_a_restart_keeps_the_pace(desk: Desk) -> None:
    desk.promise("first")
    desk.deliver()
    desk.promise("second")
    desk.clock.pass_(0.5)

    desk.another()()

    first, second = desk.queued()
    assert first.sent_at
    assert second.sent_at == first.sent_at + Pacing().pace


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
    desk.run(30)

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
    assert desk.states() == [State.PARKED, State.PENDING]
    assert not desk.deliver.can_send_by(desk.clock() + timedelta(minutes=1))


def test_a_mended_token_delivers_everything_within_minutes(desk: Desk) -> None:
    for channel in ("#a", "#b", "#c"):
        desk.promise(f"for {channel}", channel)
    desk.receiver.trouble = [Unauthorised("token revoked")] * 4

    desk.run(26 * 60)

    assert desk.receiver.calls == 4 + 3, "one probe each five minutes, whatever waits"
    assert sorted(desk.titles()) == ["for #a", "for #b", "for #c"]


def test_retry_in_another_process_ends_the_pause_after_wrong_credentials(desk: Desk) -> None:
    desk.promise("first", "#a")
    desk.promise("second", "#b")
    desk.receiver.trouble = [Unauthorised("token revoked")]
    desk.run(10)

    with desk.database.transaction() as tx:
        outbox.retry(tx, None, now=desk.clock())
        pauses.lift(tx, pauses.Cause.CREDENTIALS)
    desk.run(2)

    assert sorted(desk.titles()) == ["first", "second"]


def test_a_restart_keeps_the_pause_that_slack_asked_for(desk: Desk) -> None:
    desk.promise("first", "#a")
    desk.promise("second", "#b")
    desk.receiver.trouble = [RateLimited("too fast", retry_after=timedelta(minutes=10))]
    desk.run(10)

    desk.deliver = desk.another()
    desk.deliver.start(alone=True)
    desk.run(500)
    assert desk.receiver.calls == 1

    desk.run(120)
    assert sorted(desk.titles()) == ["first", "second"]


@pytest.mark.parametrize("error", [Unauthorised("missing_scope"), ChannelUnavailable("not in it")])
def test_a_channel_whose_history_is_closed_to_us_is_held_for_minutes_only(
    desk: Desk, error: DeliveryError
) -> None:
    desk.promise("first")
    desk.promise("second")
    desk.receiver.trouble = [Unclear("timed out")]
    desk.receiver.blind = [error] * 99

    desk.run(5 * 60)

    assert desk.titles() == ["first", "second"]
    assert [one.repeat for one in desk.receiver.taken] == [True, False]
    assert desk.receiver.looks == LOOKS


@pytest.mark.slow
def test_passing_trouble_with_the_history_is_waited_for(desk: Desk) -> None:
    desk.promise("first")
    desk.receiver.trouble = [Unclear("timed out")]
    desk.receiver.takes_first = True
    desk.receiver.blind = [Unclear("500")] * 5

    desk.run(3600)

    assert desk.titles() == ["first"]
    assert desk.states() == [State.SENT]


@pytest.mark.slow
def test_no_channel_is_held_for_ever_by_a_history_that_never_answers(desk: Desk) -> None:
    desk.promise("first")
    desk.receiver.trouble = [Unclear("timed out")]
    desk.receiver.blind = [Unclear("500")] * 99

    desk.run(2 * 3600)

    assert [one.repeat for one in desk.receiver.taken] == [True]
    assert desk.receiver.looks == PATIENT_LOOKS


def test_a_repeat_that_did_not_arrive_is_looked_up_before_it_is_sent_once_more(desk: Desk) -> None:
    desk.promise("first")
    desk.receiver.trouble = [Unclear("timed out"), NotSent("no connection")]
    desk.receiver.takes_first = True
    desk.receiver.blind = [Unauthorised("missing_scope")] * LOOKS

    desk.run(10 * 60)

    assert desk.receiver.calls == 2, "once history can be read, the first copy is found"
    assert desk.states() == [State.SENT]


def test_retry_sends_an_unclear_alert_that_cannot_be_looked_up(desk: Desk) -> None:
    desk.promise("first")
    desk.receiver.trouble = [Unclear("timed out")]
    desk.receiver.blind = [Unclear("500")] * 99
    desk.run(120)

    with desk.database.transaction() as tx:
        assert outbox.retry(tx, None, now=desk.clock()) == 1
    desk.run(2)

    assert desk.titles() == ["first"]


@pytest.mark.parametrize("back", [timedelta(hours=3), timedelta(days=400)])
def test_a_clock_set_back_holds_no_alert(desk: Desk, back: timedelta) -> None:
    for channel in ("#a", "#b", "#c"):
        desk.promise(f"for {channel}", channel)
    desk.receiver.trouble = [
        NotSent("no connection"),
        ChannelUnavailable("archived"),
        RateLimited("too fast", retry_after=timedelta(minutes=30)),
    ]
    desk.deliver()

    desk.clock.now -= back
    desk.run(60)

    assert len(desk.titles()) == 3


def test_what_was_being_sent_when_the_clock_was_set_back_is_looked_up(desk: Desk) -> None:
    desk.promise("first")
    with desk.database.transaction() as tx:
        (head,) = outbox.heads(tx)
        outbox.start(tx, head, now=desk.clock())

    desk.clock.now -= timedelta(hours=3)
    desk.run(60)

    assert desk.titles() == ["first"]


def test_two_senders_on_one_database_repeat_nothing_and_keep_the_order(
    postgres_url: str, now: datetime
) -> None:
    with Database(postgres_url) as database:
        migrate.upgrade(database)
        desk = Desk(database, now, collapse_above=0)
        for number in range(20):
            desk.promise(f"{number}", f"#{number % 2}")
        desk.receiver.trouble = [Unclear("reset"), Unclear("timed out")]
        desk.receiver.takes_first = True
        senders = [desk.another(), desk.another()]

        def work(sender: Deliver) -> None:
            for _ in range(100):
                sender()
                desk.clock.pass_(0.5)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, senders))

    assert sorted(desk.titles(), key=int) == [str(number) for number in range(20)]
    for parity in (0, 1):
        told = [int(title) for title in desk.titles() if int(title) % 2 == parity]
        assert told == sorted(told)


def test_a_refused_message_does_not_block_its_channel(desk: Desk) -> None:
    desk.promise("bad")
    desk.promise("good")
    desk.receiver.trouble = [Refused("invalid_blocks")]

    desk.run(5)

    assert desk.titles() == ["good"]
    assert desk.states() == [State.DEAD, State.SENT]


def test_a_refusal_that_nobody_knows_may_pass(desk: Desk) -> None:
    desk.promise("odd")
    desk.receiver.trouble = [Puzzling("weird_new_error")] * 2

    for _ in range(3):
        desk.run(1)
        desk.clock.pass_(60)

    assert desk.titles() == ["odd"]


def test_a_refusal_that_nobody_knows_ends_after_some_tries(desk: Desk) -> None:
    desk.promise("odd")
    desk.promise("good")
    desk.receiver.trouble = [Puzzling("weird_new_error")] * PUZZLED

    for _ in range(PUZZLED + 1):
        desk.run(1)
        desk.clock.pass_(600)

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


QUIET = Loudness(quiet=(time(9), time(11)), breaks=Severity.HIGH)
"""Now is half past nine."""


def test_quiet_hours_hold_what_matters_little_and_tell_it_afterwards_in_one_message(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now, loudness=QUIET)
    for number in range(3):
        desk.promise(f"medium {number}", severity=Severity.MEDIUM)
    desk.promise("high", severity=Severity.HIGH)
    desk.promise("alone", "#b", severity=Severity.LOW)

    desk.run(60)
    assert desk.told() == [["high"]], "it passes those that wait"

    desk.clock.pass_(2 * 3600)
    desk.run(5)
    assert sorted(desk.told()[1:]) == [["alone"], ["medium 0", "medium 1", "medium 2"]]


def test_an_alert_on_its_way_when_quiet_hours_begin_is_not_held(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now - timedelta(hours=1), loudness=QUIET)
    desk.promise("medium", severity=Severity.MEDIUM)
    desk.receiver.trouble = [Unclear("timed out")]
    desk.deliver()
    desk.clock.pass_(3600)

    desk.run(60)

    assert desk.told() == [["medium"]]


def test_what_matters_little_waits_for_the_next_digest(database: Database, now: datetime) -> None:
    loudness = Loudness(digests=(time(9), time(17)), digest_below=Severity.HIGH)
    desk = Desk(database, now, loudness=loudness)
    desk.promise("low", severity=Severity.LOW)
    desk.promise("medium", severity=Severity.MEDIUM)
    desk.promise("high", severity=Severity.HIGH)
    desk.run(10)
    assert desk.told() == [["high"]]

    desk.clock.now = now.replace(hour=17, minute=0)
    desk.run(5)
    assert desk.told() == [["high"], ["low", "medium"]]

    desk.promise("later", severity=Severity.LOW)
    desk.run(60)
    assert len(desk.told()) == 2


def test_a_restart_in_quiet_hours_tells_nothing(database: Database, now: datetime) -> None:
    desk = Desk(database, now, loudness=QUIET)
    desk.promise("medium", severity=Severity.MEDIUM)
    desk.run(5)

    desk.deliver = desk.another()
    desk.deliver.start(alone=True)
    desk.run(60)

    assert desk.told() == []
    assert not desk.deliver.can_send_by(desk.clock() + timedelta(hours=9))


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unclear("x"), State.UNKNOWN),
        (RateLimited("x", retry_after=timedelta(seconds=1)), State.UNKNOWN),
        (NotSent("x"), State.PENDING),
        (ChannelUnavailable("x"), State.PARKED),
        (Unauthorised("x"), State.PARKED),
        (Refused("x"), State.DEAD),
        (Puzzling("x"), State.PENDING),
    ],
)
def test_every_kind_of_failure_has_its_state(error: DeliveryError, state: State) -> None:
    assert after(error, attempts=1, settle=timedelta(seconds=15), jitter=0)[0] is state


def test_the_pause_between_attempts_doubles_to_five_minutes() -> None:
    pauses = [backoff(attempt, jitter=0).total_seconds() for attempt in (1, 2, 3, 9, 500)]

    assert pauses == [2, 4, 8, 300, 300]
    assert backoff(500, jitter=1) == timedelta(seconds=225)


def test_what_was_promised_before_somebody_muted_its_story_is_not_sent(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now, loudness=QUIET)
    desk.promise("muted", severity=Severity.LOW)
    desk.promise("told", severity=Severity.LOW)
    desk.run(5)
    with database.transaction() as tx:
        mutes.begin(tx, Mark(Act.MUTE, Person("ann"), desk.clock(), story=1))

    desk.clock.pass_(10 * 3600)
    desk.run(5)

    assert desk.told() == [["told"]]
    with database.reading() as tx:
        found = [one for one in outbox.latest(tx, limit=9) if one.state is State.MUTED]
    assert [one.error for one in found] == ["muted by ann"]


def test_an_alert_of_a_snoozed_rule_and_another_is_sent(database: Database, now: datetime) -> None:
    desk = Desk(database, now)
    desk.promise("pow only")
    with database.transaction() as tx:
        mutes.begin(tx, Mark(Act.SNOOZE, Person("ann"), now, rule="pow"))
        mutes.begin(tx, Mark(Act.SNOOZE, Person("ann"), now, rule="other"))
    desk.run(5)
    assert desk.told() == []

    with database.transaction() as tx:
        assert mutes.lift(tx, rule="pow", now=now)
    desk.promise("told again")
    desk.run(5)

    assert desk.told() == [["told again"]]


def test_a_channel_with_a_schedule_hears_by_it_and_others_at_once(
    database: Database, now: datetime
) -> None:
    hourly = Loudness(schedules={"#markets": cron.parse("0 * * * *")})
    desk = Desk(database, now, loudness=hourly)
    for number in range(2):
        desk.promise(f"markets {number}", "#markets")
    desk.promise("desk")
    desk.promise("grave", "#markets", severity=Severity.CRITICAL)

    desk.run(60)
    assert sorted(desk.told()) == [["desk"], ["grave"]]

    desk.clock.pass_(30 * 60)
    desk.run(5)

    assert desk.told()[2:] == [["markets 0", "markets 1"]]


def test_a_channel_that_was_told_a_lot_gets_digests_and_what_is_grave_at_once(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now.replace(minute=1, second=0), hourly=5)
    for number in range(6):
        desk.promise(f"before {number}")
        desk.run(10)
    assert len(desk.told()) == 6

    for number in range(3):
        desk.promise(f"more {number}")
        desk.run(30)
    desk.promise("elsewhere", "#b")
    desk.promise("grave", severity=Severity.CRITICAL)
    desk.run(20)
    assert sorted(desk.told()[6:]) == [["elsewhere"], ["grave"]]

    desk.clock.pass_(10 * 60)
    desk.run(20)

    assert desk.told()[8:] == [["more 0", "more 1", "more 2"]]


def test_a_channel_is_told_at_once_again_when_its_busy_hour_is_over(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now, hourly=2)
    for number in range(3):
        desk.promise(f"before {number}")
        desk.run(10)
    desk.clock.pass_(61 * 60)

    desk.promise("after")
    desk.run(2)

    assert desk.told()[-1] == ["after"]


def test_what_came_during_an_outage_is_told_in_one_message(
    database: Database, now: datetime
) -> None:
    desk = Desk(database, now)
    desk.deliver.gather(now + timedelta(minutes=3))
    for number in range(3):
        desk.promise(f"missed {number}")
        desk.run(40)
    desk.promise("grave", severity=Severity.CRITICAL)
    desk.run(20)
    assert desk.told() == [["grave"]]

    desk.clock.pass_(60)
    desk.run(5)

    assert desk.told()[1:] == [["missed 0", "missed 1", "missed 2"]]
    desk.promise("now")
    desk.run(2)
    assert desk.told()[-1] == ["now"]


def test_a_workspace_gets_no_more_at_once_than_it_takes(desk: Desk) -> None:
    for number in range(20):
        desk.promise("told", f"#c{number}")
    begun = desk.clock()

    desk.deliver()

    assert len(desk.titles()) == 20
    assert (desk.clock() - begun).total_seconds() >= 19 * 1.05 / 4
