"""The message of a story from its first report to its last, on a Slack that behaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from blockkit import texts
from fakes import Clock
from fakeslack import FakeSlack
from pydantic import SecretStr

from monitor.alerts.policy import EVEN, Tempo
from monitor.deliver import Deliver, Pacing
from monitor.intake import Intake, Source
from monitor.model import Act, Feed, Item, Mark, Outlet, Person
from monitor.receivers.slack.client import SlackReceiver
from monitor.recent import RecentStories
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import migrate, mutes
from monitor.store.database import Database
from monitor.update import Update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakeslack import Stored

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

[[rules]]
id = "talks"
name = "Talks"
query = '@cho OR @sybiha'

[[rules]]
id = "asylum"
name = "Asylum"
query = '@asylum'
severity = "high"
broadcast = BROADCAST

[[rules]]
id = "every"
name = "Every report"
query = '@sybiha AND monthly'
group = "item"
"""
EN = "Cho Tae-yul and Sybiha talk by telephone"
KO = "조태열 장관, 시비하 장관과 통화"
OUTLETS = {"Wire": "en", "Gazette": "en", "보기통신": "ko", "Post": "en"}
REST = timedelta(minutes=1)


class Desk:
    """Feeds of four outlets, rules, a database, the jobs that tell, and Slack."""

    def __init__(
        self, folder: Path, slack: FakeSlack, *, broadcast: bool = False, tempo: Tempo = EVEN
    ) -> None:
        self.slack = slack
        # Slack's own clock decides what is found in a channel's history.
        self.clock = Clock(datetime.now(UTC))
        (folder / "rules").mkdir()
        rules = RULES.replace("BROADCAST", str(broadcast).lower())
        (folder / "rules" / "rules.toml").write_text(rules)
        self.matcher = compile_rules(load(folder / "rules"))
        self.database = Database(f"sqlite:///{folder / 'm.db'}")
        migrate.upgrade(self.database)
        self.intake = Intake(
            self.matcher,
            channel="#desk",
            lookback=timedelta(days=1),
            recent=RecentStories(),
            tempo=tempo,
        )
        with self.database.transaction() as tx:
            feeds = [
                Feed(f"https://{n}.example/rss", Outlet(name, language))
                for n, (name, language) in enumerate(OUTLETS.items())
            ]
            stored_feeds.sync(tx, feeds, now=self.clock())
            self.feeds = {one.feed.outlet.name: one.id for one in stored_feeds.states(tx)}
        self.items = 0
        self.restart()

    def restart(self, *, settle: timedelta = timedelta(seconds=1)) -> None:
        """The jobs of another process on the same database."""
        receiver = SlackReceiver(
            SecretStr(self.slack.token), api_url=self.slack.api_url, timeout=5, service="Desk"
        )
        self.update = Update(self.database, receiver, clock=self.clock, wait=self.clock.pass_)
        self.deliver = Deliver(
            self.database,
            receiver,
            Pacing(settle=settle),
            update=self.update,
            collapse_above=20,
            clock=self.clock,
            wait=self.clock.pass_,
        )

    def report(self, outlet: str, title: str, *, summary: str = "") -> None:
        """An outlet reports something."""
        self.items += 1
        item = Item(
            title=title,
            summary=summary,
            url=f"https://{outlet}.example/{self.items}",
            language=OUTLETS[outlet],
            outlet=Outlet(outlet, OUTLETS[outlet]),
            keys=(f"g:{self.items}",),
        )
        source = Source(self.feeds[outlet], first_sight=False)
        self.database.run(lambda tx: self.intake.take(tx, [item], source, now=self.clock()))

    def run(self, minutes: float = 0.0) -> None:
        """Let the jobs tick, once a second of ten minutes would be too many."""
        end = self.clock() + timedelta(minutes=minutes)
        while True:
            self.deliver()
            self.update()
            if self.clock() >= end:
                return
            self.clock.pass_(5)

    def shown(self, place: int = 0) -> str:
        """What a message says, all its blocks in one text."""
        return "\n".join(texts(self.slack.messages[place].blocks))

    def updates(self) -> int:
        return sum(call.method == "chat.update" for call in self.slack.calls)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=["desk"]) as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, slack: FakeSlack) -> Iterator[Desk]:
    made = Desk(tmp_path, slack)
    yield made
    made.database.close()


@pytest.fixture
def broadcasting(tmp_path: Path, slack: FakeSlack) -> Iterator[Desk]:
    made = Desk(tmp_path, slack, broadcast=True)
    yield made
    made.database.close()


@pytest.fixture
def resting(tmp_path: Path, slack: FakeSlack) -> Iterator[Desk]:
    """Changes of a story wait until it was not told for ten minutes."""
    made = Desk(tmp_path, slack, tempo=Tempo(cooldown=timedelta(minutes=10)))
    yield made
    made.database.close()


def replies(slack: FakeSlack) -> list[Stored]:
    return [one for one in slack.messages if one.thread_ts]


def test_a_story_is_one_message_that_grows(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run()
    assert "So far" not in desk.shown()

    desk.report("Gazette", EN)
    desk.report("보기통신", KO)
    desk.run(2)

    assert len(desk.slack.messages) == 1
    assert "So far: *2 reports, 1 copy* · also Gazette, 보기통신 · English, Korean" in desk.shown()
    assert EN in desk.shown()
    assert desk.slack.messages[0].key, "its key for a look-up stays"


def test_a_message_is_updated_once_a_minute_with_all_that_came(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run()
    for outlet in ("Gazette", "보기통신", "Post"):
        desk.report(outlet, EN if OUTLETS[outlet] == "en" else KO)
        desk.run(0.2)
    assert desk.updates() == 0, "the message is not a minute old"

    desk.run(1)
    assert desk.updates() == 1
    assert "Post" in desk.shown()

    desk.run(5)
    assert desk.updates() == 1, "nothing has come since"


def test_what_comes_before_the_message_is_sent_is_in_it_from_the_start(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.report("Gazette", EN)

    desk.run(3)

    assert "also Gazette" in desk.shown()
    assert desk.updates() == 0


def test_a_rule_that_a_story_adds_is_told_in_the_thread_and_in_the_message(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(2)

    desk.report("Gazette", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.run(2)

    root, reply = desk.slack.messages
    assert reply.thread_ts == root.ts
    assert not reply.broadcast
    assert "Asylum" in desk.shown(1)
    assert "Asylum" in desk.shown(0)
    assert "High" in desk.shown(0)


def test_what_a_report_changes_in_a_story_is_told_in_its_thread_once(desk: Desk) -> None:
    before = "Cho Tae-yul and Sybiha talk by telephone about 12 soldiers in the camp, said Seoul"
    after = "In talk by telephone Cho Tae-yul and Sybiha count 31 soldiers in the camp, Seoul says"
    rest = (
        "They spoke of the camp for 40 minutes, said the ministry in Seoul, and of 7 other places."
    )
    desk.report("Wire", before, summary=rest)
    desk.run(2)

    desk.report("Gazette", after, summary=rest)
    desk.run(2)
    desk.report("Post", after, summary=rest)
    desk.run(2)

    root, reply = desk.slack.messages
    assert reply.thread_ts == root.ts
    assert "12, now 31" in desk.shown(1)


CAMP = "Cho Tae-yul and Sybiha talk by telephone about {} soldiers in the camp, said Seoul"
CAMP_REST = (
    "They spoke of the camp for 40 minutes, said the ministry in Seoul, and of 7 other places."
)


def test_changes_within_a_cooldown_are_told_together_when_it_ends(resting: Desk) -> None:
    desk = resting
    desk.report("Wire", CAMP.format(12), summary=CAMP_REST)
    desk.run(2)
    desk.report("Gazette", CAMP.format(31), summary=CAMP_REST)
    desk.report("Post", CAMP.format(45), summary=CAMP_REST)
    desk.run(7)
    assert replies(desk.slack) == []

    desk.restart()
    desk.run(3)

    (reply,) = replies(desk.slack)
    assert reply.thread_ts == desk.slack.messages[0].ts
    assert "12, now 31" in desk.shown(1)
    assert "now 45" in desk.shown(1)


def test_a_cooldown_begins_again_when_what_rested_was_told(resting: Desk) -> None:
    desk = resting
    desk.report("Wire", CAMP.format(12), summary=CAMP_REST)
    desk.run(9)
    desk.report("Gazette", CAMP.format(31), summary=CAMP_REST)
    desk.run(3)
    assert len(replies(desk.slack)) == 1

    desk.report("Post", CAMP.format(45), summary=CAMP_REST)
    desk.run(6)
    assert len(replies(desk.slack)) == 1
    desk.run(4)
    assert len(replies(desk.slack)) == 2


def test_another_rule_is_told_within_a_cooldown(resting: Desk) -> None:
    desk = resting
    desk.report("Wire", EN)
    desk.run(1)
    desk.report("Gazette", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.run(1)

    assert "Asylum" in desk.shown(1)


def test_what_rests_is_not_told_of_a_story_that_was_muted_meanwhile(resting: Desk) -> None:
    desk = resting
    desk.report("Wire", CAMP.format(12), summary=CAMP_REST)
    desk.run(1)
    desk.report("Gazette", CAMP.format(31), summary=CAMP_REST)
    with desk.database.transaction() as tx:
        mutes.begin(tx, Mark(Act.MUTE, Person("ann"), desk.clock(), story=1))

    desk.run(12)

    assert replies(desk.slack) == []


def test_a_rule_may_show_what_it_adds_in_the_channel_too(broadcasting: Desk) -> None:
    desk = broadcasting
    desk.report("Wire", EN)
    desk.run()

    desk.report("Gazette", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.run(1)

    assert [one.broadcast for one in replies(desk.slack)] == [True]


def test_a_reply_whose_answer_is_lost_is_found_in_its_thread(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(1)
    desk.slack.fault("chat.postMessage", "reset", phase="after")

    desk.report("Gazette", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.run(1)

    assert len(replies(desk.slack)) == 1
    assert any(call.method == "conversations.replies" for call in desk.slack.calls)


def test_a_reply_whose_thread_was_deleted_meanwhile_goes_to_the_channel(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(1)
    desk.restart(settle=timedelta(seconds=15))
    desk.slack.fault("chat.postMessage", "reset", phase="before")
    desk.report("Gazette", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.deliver()
    desk.slack.delete(desk.slack.messages[0].ts)

    desk.run(2)

    (message,) = desk.slack.messages
    assert not message.thread_ts
    assert "Asylum" in desk.shown()


def test_a_deleted_message_is_left_deleted_until_there_is_news(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(2)
    desk.slack.delete(desk.slack.messages[0].ts)

    desk.report("Gazette", EN)
    desk.run(5)
    assert desk.slack.messages == []
    assert desk.updates() == 1, "it is not tried again"

    desk.report("Post", EN, summary="Cho Tae-yul and Sybiha spoke of asylum by telephone.")
    desk.run(5)
    (again,) = desk.slack.messages
    assert not again.thread_ts
    desk.report("보기통신", KO)
    desk.run(2)
    assert "보기통신" in desk.shown(), "the new message grows"


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
def test_a_message_that_cannot_be_changed_is_left_as_it_is(desk: Desk, code: str) -> None:
    desk.slack.fault("chat.update", "error", error=code, times=99)
    desk.report("Wire", EN)
    desk.run(2)

    desk.report("Gazette", EN)
    desk.run(5)

    assert desk.updates() == 1
    assert len(desk.slack.messages) == 1


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_update_whose_answer_is_lost_is_made_again(desk: Desk, phase: str) -> None:
    desk.report("Wire", EN)
    desk.run(2)
    desk.slack.fault("chat.update", "reset", phase=phase, times=2)

    desk.report("Gazette", EN)
    desk.run(5)

    assert desk.updates() == 3
    assert "Gazette" in desk.shown()


def test_slack_is_left_alone_for_as_long_as_it_asks(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(2)
    desk.slack.fault("chat.update", "ratelimit", retry_after=600)

    desk.report("Gazette", EN)
    desk.run(9)
    assert desk.updates() == 1

    desk.run(3)
    assert desk.updates() == 2
    assert "Gazette" in desk.shown()


def test_an_update_survives_a_restart(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run()
    desk.report("Gazette", EN)

    desk.restart()
    desk.run(2)

    assert "Gazette" in desk.shown()


def test_two_updaters_of_one_database_update_once(desk: Desk) -> None:
    desk.report("Wire", EN)
    desk.run(2)
    desk.report("Gazette", EN)
    first = desk.update
    desk.restart()

    first()
    desk.update()

    assert desk.updates() == 1


def test_what_is_told_item_by_item_does_not_grow(desk: Desk) -> None:
    desk.report("Wire", "Sybiha opens the monthly meeting of ministers")
    desk.report("Gazette", "Sybiha opens the monthly meeting of ministers")
    desk.run(5)

    every = [one for one in desk.slack.messages if "Every report" in str(one.blocks)]
    assert len(every) == 2
    assert all(one.edits == 0 for one in every)
