"""What those who run the service read in their channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from blockkit import texts, validate
from fakes import Clock, MemoryReceiver, promise
from fakeslack import FakeSlack
from pydantic import SecretStr
from sqlalchemy import update

from monitor.deliver import Deliver, Pacing
from monitor.errors import ChannelUnavailable, Refused, Unauthorised
from monitor.feeds import rhythm
from monitor.maintain import Maintain
from monitor.model import Feed, Outlet
from monitor.ops import Ops
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.webhook import WebhookReceiver
from monitor.store import feeds as stored_feeds
from monitor.store import migrate, outbox
from monitor.store.database import Database
from monitor.store.schema import feeds as feeds_table
from monitor.store.schema import outbox as outbox_table
from monitor.update import Update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.receivers import Receiver


LONG = 20
"""Minutes of the clock."""


class Desk:
    """The job, what it tells of in our hands, and Slack."""

    def __init__(self, folder: Path, slack: FakeSlack) -> None:
        self.slack = slack
        self.clock = Clock(datetime.now(UTC))
        self.rules: list[str] = []
        self.jobs: list[str] = []
        self.database = Database(f"sqlite:///{folder / 'm.db'}")
        migrate.upgrade(self.database)
        with self.database.transaction() as tx:
            outlets = [Feed(f"https://{n}.example/", Outlet(f"<Outlet> {n}")) for n in range(40)]
            stored_feeds.sync(tx, outlets, now=self.clock())
        self.receiver = SlackReceiver(SecretStr(slack.token), api_url=slack.api_url, timeout=5)
        self.ops = self.job()

    def job(self, receiver: Receiver | None = None, *, heartbeat: str = "") -> Ops:
        return Ops(
            self.database,
            receiver or self.receiver,
            channel="#news-ops",
            heartbeat=heartbeat,
            timezone=UTC,
            rules=lambda: self.rules,
            jobs=lambda: self.jobs,
            canary=lambda: "The canary got through 3 min ago",
            clock=self.clock,
        )

    def deliver(self, receiver: Receiver | None = None) -> None:
        taker = receiver or self.receiver
        Deliver(
            self.database,
            taker,
            Pacing(settle=timedelta(seconds=1)),
            update=Update(self.database, taker, clock=self.clock, wait=self.clock.pass_),
            collapse_above=20,
            clock=self.clock,
            wait=self.clock.pass_,
        )()

    def run(self, minutes: int = 1) -> None:
        """Let both jobs work every ten seconds, and every minute where it takes long."""
        step = 10 if minutes < LONG else 60
        for _ in range(minutes * 60 // step):
            self.ops()
            self.deliver()
            self.clock.pass_(step)

    def fail_feeds(self, number: int, *, since: datetime | None = None) -> None:
        """Let the first feeds fail since then, and no others."""
        table = feeds_table
        with self.database.transaction() as tx:
            tx.execute(update(table).values(failures=0, failing_since=None, error=""))
            if number:
                values = {
                    "failures": 5,
                    "failing_since": since or self.clock(),
                    "error": "no <answer>",
                }
                tx.execute(update(table).where(table.c.id <= number).values(**values))

    def note(self, feed: int, **values: object) -> None:
        """Let the database say this of a feed."""
        with self.database.transaction() as tx:
            tx.execute(update(feeds_table).where(feeds_table.c.id == feed).values(**values))

    def said(self) -> list[str]:
        """All messages of the ops channel as they read now."""
        messages = self.slack.in_channel("news-ops")
        assert all(validate(one.blocks) == [] for one in messages)
        return ["\n".join(texts(one.blocks)) for one in messages]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=["news-ops", "news-alerts"]) as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, slack: FakeSlack) -> Iterator[Desk]:
    made = Desk(tmp_path, slack)
    yield made
    made.database.close()


def test_where_nothing_is_wrong_nothing_is_said(desk: Desk) -> None:
    desk.run(3)

    assert desk.said() == []


def test_broken_rules_are_told_once_and_their_mending_in_the_same_message(desk: Desk) -> None:
    desk.rules = ["rules/a.toml:4:2: there is no @captivty. Did you mean @captivity?"]
    desk.run(5)
    (message,) = desk.said()
    assert "the last good ones stay in force" in message
    assert "rules/a.toml:4:2" in message

    desk.rules = []
    desk.run(2)
    (message,) = desk.said()
    assert "Rules are mended" in message
    assert "rules/a.toml:4:2" in message, "what was wrong stays readable"

    desk.rules = ["rules/b.toml:1: another"]
    desk.run(2)
    assert len(desk.said()) == 2


def test_failing_feeds_are_one_message_that_is_edited(desk: Desk) -> None:
    desk.fail_feeds(2, since=desk.clock())
    desk.run(10)
    assert desk.said() == [], "a feed that fails for minutes mends itself mostly"

    desk.run(10)
    desk.fail_feeds(3, since=desk.clock() - timedelta(hours=1))
    desk.run(2)
    (message,) = desk.said()
    assert message.count("no &lt;answer&gt;") == 3
    assert "&lt;Outlet&gt; 0" in message

    desk.fail_feeds(0)
    desk.run(2)
    (message,) = desk.said()
    assert "All feeds answer again" in message


def test_a_feed_that_is_gone_is_told_until_it_is_taken_out(desk: Desk) -> None:
    desk.note(1, gone_at=desk.clock())
    desk.run(2)
    (message,) = desk.said()
    assert "gone for good" in message
    assert "&lt;Outlet&gt; 0" in message

    desk.note(1, active=False)
    desk.run(2)
    (message,) = desk.said()
    assert "No feed is followed any more that is gone" in message


def test_a_feed_that_falls_silent_is_told_and_when_it_speaks_again(desk: Desk) -> None:
    now = desk.clock()
    hourly = [(now - timedelta(hours=hours)).timestamp() for hours in range(1, 100)]
    desk.note(2, rhythm=rhythm.pack(rhythm.of_history(hourly, now=now.timestamp())))
    desk.run(2)
    assert desk.said() == []

    desk.clock.pass_(timedelta(days=14).total_seconds())
    desk.run(2)
    (message,) = desk.said()
    assert "silent" in message
    assert "&lt;Outlet&gt; 1" in message

    desk.note(2, rhythm=rhythm.pack(rhythm.unknown(desk.clock().timestamp())))
    desk.run(12)
    (message,) = desk.said()
    assert "All feeds bring news again" in message


def test_gaps_are_told_in_one_message_that_counts_them(desk: Desk) -> None:
    desk.note(3, gaps=1, gap_at=desk.clock())
    desk.run(2)
    (message,) = desk.said()
    assert "may have been missed" in message
    assert "once" in message

    desk.note(3, gaps=4, gap_at=desk.clock())
    desk.run(2)
    (message,) = desk.said()
    assert "4 times by now" in message

    desk.clock.pass_(timedelta(days=1).total_seconds())
    desk.run(2)
    (message,) = desk.said()
    assert "For a day no entries can have been missed" in message


def test_a_feed_that_fails_an_hour_after_the_others_is_a_message_of_its_own(desk: Desk) -> None:
    began = desk.clock() - timedelta(hours=1)
    desk.fail_feeds(1, since=began)
    desk.run(1)
    desk.clock.pass_(7200)

    desk.fail_feeds(2, since=began)
    desk.run(3)
    first, second = desk.said()
    assert "Outlet&gt; 1" not in first
    assert "Outlet&gt; 1" in second

    desk.fail_feeds(1, since=began)
    desk.run(3)
    assert len(desk.said()) == 2, "one that answers again is an edit"


def test_what_an_edit_told_silently_is_told_so_that_people_notice_after_a_while(desk: Desk) -> None:
    began = desk.clock() - timedelta(hours=1)
    desk.fail_feeds(1, since=began)
    desk.run(5)
    desk.fail_feeds(3, since=began)
    desk.run(5)
    (message,) = desk.said()
    assert "Outlet&gt; 2" in message, "an edit at once"

    desk.run(15)
    desk.fail_feeds(0)
    desk.run(60)

    first, second = desk.said()
    assert "Outlet&gt; 2" in second
    assert "All feeds answer again" in second
    assert "goes on in a newer message" in first, "nobody takes it for what is so now"


def test_what_ends_and_begins_again_is_told_again_and_what_only_changes_is_not(desk: Desk) -> None:
    desk.rules = ["rules/a.toml:4:2: no such entity", "rules/b.toml:1:1: no rule"]
    desk.run(30)
    desk.rules = ["rules/a.toml:5:9: no such list", "rules/b.toml:1:1: no rule"]
    desk.run(30)
    assert len(desk.said()) == 1, "the same file"

    desk.rules = ["rules/b.toml:1:1: no rule"]
    desk.run(5)
    desk.rules = ["rules/a.toml:4:2: no such entity", "rules/b.toml:1:1: no rule"]
    desk.run(5)

    assert len(desk.said()) == 2


def test_another_feed_of_an_outlet_that_fails_is_something_new(desk: Desk) -> None:
    desk.jobs = ["Wire: no answer"]
    desk.run(30)

    desk.jobs = ["Wire: no answer", "Wire: no answer"]
    desk.run(2)

    assert len(desk.said()) == 2


def test_what_failed_last_stands_first_among_many(desk: Desk) -> None:
    desk.fail_feeds(40, since=desk.clock() - timedelta(hours=2))
    desk.note(40, failing_since=desk.clock() - timedelta(hours=1))

    desk.run(1)

    (message,) = desk.said()
    assert "Outlet&gt; 39" in message


def test_a_matter_that_outlives_the_retention_is_still_edited(desk: Desk) -> None:
    desk.fail_feeds(1, since=desk.clock() - timedelta(hours=1))
    desk.run(1)
    desk.clock.pass_(40 * 86_400)

    Maintain(desk.database, keep=timedelta(days=7), clock=desk.clock)()
    desk.fail_feeds(0)
    desk.run(2)

    (message,) = desk.said()
    assert "All feeds answer again" in message


def test_a_notice_that_slack_refused_for_good_is_begun_anew(desk: Desk) -> None:
    desk.jobs = ["maintenance: a"]
    desk.ops()
    with desk.database.transaction() as tx:
        tx.execute(update(outbox_table).values(state="dead"))

    desk.run(2)

    (message,) = desk.said()
    assert "maintenance: a" in message


def test_many_failing_feeds_are_counted(desk: Desk) -> None:
    desk.fail_feeds(40, since=desk.clock() - timedelta(hours=1))

    desk.run(1)

    (message,) = desk.said()
    assert "and 25 more" in message


def test_a_message_is_edited_once_a_minute_at_most(desk: Desk) -> None:
    desk.jobs = ["maintenance: a"]
    desk.run(1)
    for number in range(18):
        desk.jobs = [f"maintenance: {number}"]
        desk.ops()
        desk.clock.pass_(10)

    assert sum(call.method == "chat.update" for call in desk.slack.calls) <= 3


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ChannelUnavailable("#gone is archived (is_archived): unarchive it"), True),
        (Refused("Slack does not take this message (invalid_blocks): please report it"), True),
        (Unauthorised("SLACK_BOT_TOKEN was revoked"), False),
    ],
)
def test_held_alerts_are_told_unless_slack_refuses_everything(
    desk: Desk, error: ChannelUnavailable | Refused | Unauthorised, *, told: bool
) -> None:
    promise(desk.database, "held", channel="#gone", now=desk.clock())
    desk.deliver(MemoryReceiver(trouble=[error]))

    desk.ops()
    with desk.database.reading() as tx:
        notices = [one for one in outbox.latest(tx, limit=9) if one.message.channel == "#news-ops"]

    assert len(notices) == told


def test_a_deleted_notice_stays_deleted(desk: Desk) -> None:
    desk.jobs = ["maintenance: a"]
    desk.run(1)
    desk.slack.delete(desk.slack.messages[0].ts)

    desk.jobs = ["maintenance: b"]
    desk.run(3)

    assert desk.said() == []


def test_a_restart_tells_nothing_again(desk: Desk) -> None:
    desk.jobs = ["maintenance: a"]
    desk.run(1)

    desk.ops = desk.job()
    desk.run(2)

    assert len(desk.said()) == 1


def test_once_a_day_it_says_that_it_works(desk: Desk) -> None:
    desk.clock.now = datetime(2025, 3, 17, 8, 0, tzinfo=UTC)
    desk.ops = desk.job(heartbeat="09:00")
    desk.run(50)
    assert desk.said() == []

    desk.run(60)
    desk.ops = desk.job(heartbeat="09:00")
    desk.run(60)
    (message,) = desk.said()
    assert "The service works" in message
    assert "40 feeds" in message
    assert "The canary got through 3 min ago" in message

    desk.clock.now += timedelta(days=1)
    desk.jobs = ["polling: the disk is full"]
    desk.run(2)
    assert any(
        "The service runs, and this is wrong" in one and "does not work as it should: 1" in one
        for one in desk.said()
    )


def test_a_webhook_is_for_readers_and_hears_nothing_of_this(desk: Desk) -> None:
    desk.jobs = ["maintenance: a"]

    desk.job(WebhookReceiver(SecretStr(desk.slack.webhook_url)), heartbeat="00:00")()

    with desk.database.reading() as tx:
        assert outbox.latest(tx, limit=9) == ()
