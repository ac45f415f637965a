"""Buttons, commands and the shortcut, from the click to the message, on a Slack that behaves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from blockkit import texts
from fakes import Clock
from fakeslack import APP_TOKEN, FakeSlack
from fakesocket import chosen, command, press, reaction, shortcut, submit
from pydantic import SecretStr
from sqlalchemy import update

from monitor.answering import Answering
from monitor.deliver import Deliver, Pacing
from monitor.errors import Unauthorised
from monitor.feeds.identity import keys_of_address
from monitor.intake import Intake, Source
from monitor.listening import LEASE, RENEW, Listening
from monitor.model import Feed, Item, Line, Notice, Outlet
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.interact import read
from monitor.receivers.slack.socket import Socket
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import folding, migrate, mutes
from monitor.store.database import Database
from monitor.store.schema import outbox
from monitor.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fakeslack import Stored

RULES = """
[entities.sybiha]
name = "Andrii Sybiha"
kind = "person"
names.en = ["Sybiha"]
names.ko = ["시비하"]

[[rules]]
id = "talks"
name = "Talks <!channel>"
query = '@sybiha AND talks'

[[rules]]
id = "visits"
name = "Visits"
query = 'visits'
severity = "high"
"""
FIRST = "Sybiha talks in Seoul about grain"
SECONDS = 20


class Desk:
    """A service with buttons in small: rules, a database, the jobs that tell, and one that listens."""

    def __init__(self, folder: Path, slack: FakeSlack) -> None:
        self.slack = slack
        self.clock = Clock(datetime.now(UTC))
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.toml").write_text(RULES)
        self.matcher = compile_rules(load(folder / "rules"))
        self.database = Database(f"sqlite:///{folder / 'm.db'}")
        migrate.upgrade(self.database)
        self.intake = Intake(self.matcher, channel="#desk", lookback=timedelta(days=1))
        with self.database.transaction() as tx:
            stored_feeds.sync(
                tx, [Feed("https://wire.example/rss", Outlet("Wire", "en"))], now=self.clock()
            )
            self.feed = stored_feeds.states(tx)[0].id
        self.items = 0
        self.receiver = SlackReceiver(
            SecretStr(slack.token), api_url=slack.api_url, timeout=5, buttons=True
        )
        self.update = Update(self.database, self.receiver, clock=self.clock, wait=self.clock.pass_)
        self.deliver = Deliver(
            self.database,
            self.receiver,
            Pacing(),
            update=self.update,
            collapse_above=20,
            clock=self.clock,
            wait=self.clock.pass_,
        )
        self.listening = self.another()

    def another(self, app_token: str = APP_TOKEN) -> Listening:
        """A replica that wants to listen."""
        ear = Socket(SecretStr(app_token), api_url=self.slack.api_url, timeout=5)
        return Listening(self.database, ear, self.answering(), clock=self.clock)

    def answering(self, wait: Callable[[float], None] = time.sleep) -> Answering:
        """Does what is asked."""
        return Answering(
            self.database,
            self.receiver,
            matcher=lambda: self.matcher,
            status=lambda: Notice("The service is ok", (Line("all well"),)),
            clock=self.clock,
            wait=wait,
        )

    def listen(self) -> None:
        self.listening()
        assert self.slack.sockets.wait_open()

    def report(self, title: str) -> None:
        """An outlet reports something, and it is told."""
        self.report_quietly(title)
        self.deliver()

    def report_quietly(self, title: str) -> None:
        """An outlet reports something."""
        self.items += 1
        item = Item(
            title,
            url=f"https://wire.example/{self.items}",
            outlet=Outlet("Wire", "en"),
            language="en",
            keys=(f"x:{self.items}", *keys_of_address(f"https://wire.example/{self.items}")),
        )
        source = Source(self.feed, first_sight=False)
        with self.database.transaction() as tx:
            self.intake.take(tx, [item], source, now=self.clock())

    def press(self, action: str, **changes: object) -> None:
        """Press a button of the first message, and let what comes of it be shown."""
        payload = press(self.root.channel_id, self.root.ts, action, base=self.slack.base, **changes)
        assert self.slack.sockets.send("interactive", payload), "acknowledged within 3 s"
        self.quiesce()
        self.update()

    def react(self, name: str = "-1", **changes: object) -> None:
        """Put an emoji on the first message, and let what comes of it be shown."""
        payload = reaction(self.root.channel_id, self.root.ts, name, **changes)
        assert self.slack.sockets.send("events_api", payload)
        self.quiesce()
        self.update()

    def submit(self, view: dict[str, Any], **values: dict[str, Any]) -> None:
        """Fill in a form, and let what comes of it be shown."""
        assert self.slack.sockets.send("interactive", submit(view, **values))
        self.quiesce()
        self.update()

    def ask(self, text: str) -> str:
        """What /monitor answers."""
        before = len(self.slack.answers)
        payload = command(text, base=self.slack.base)
        assert self.slack.sockets.send("slash_commands", payload)
        assert self.slack.wait_told(answers=before + 1)
        answer = self.slack.answers[-1]
        assert answer["response_type"] == "ephemeral"
        return "\n".join(texts(answer["blocks"]))

    def quiesce(self) -> None:
        """Wait until everything heard was dealt with: a command is answered after what came before."""
        self.ask("help")

    @property
    def root(self) -> Stored:
        return self.slack.in_channel("desk")[0]

    @property
    def said(self) -> str:
        """All texts of the first message."""
        return "\n".join(texts(self.root.blocks))

    @property
    def buttons(self) -> dict[str, str]:
        """The actions of the first message, and what they are called."""
        return {
            element["action_id"]: element["text"]["text"]
            for block in self.root.blocks
            if block["type"] == "actions"
            for element in block["elements"]
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with FakeSlack(channels=["desk"]) as slack:
        made = Desk(tmp_path, slack)
        yield made
        made.listening.close()
        made.database.close()


def until(claim: Callable[[], bool]) -> bool:
    """Wait for something another thread does; False if it does not in time."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return False


def test_an_alert_has_buttons_and_a_confirmation_names_the_rule_harmlessly(desk: Desk) -> None:
    desk.report(FIRST)

    assert desk.buttons == {
        "mute": "Mute story",
        "snooze": "Snooze rule 24 h",
        "irrelevant": "Not relevant",
        "why": "Why?",
    }
    confirmed = next(
        element["confirm"]
        for block in desk.root.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if "confirm" in element
    )
    assert "Talks &lt;!channel&gt;" in confirmed["text"]["text"]


def test_a_story_is_muted_by_its_button_and_told_again_after_undo(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.press("mute")

    assert "Story muted by <@U0ANN>" in desk.said
    assert "unmute" in desk.buttons
    desk.report(f"{FIRST} and visits the port")
    assert len(desk.slack.in_channel("desk")) == 1

    desk.press("unmute")

    assert "muted" not in desk.said
    desk.report(f"{FIRST} and visits the port again")
    assert len(desk.slack.in_channel("desk")) == 2


def test_a_rule_is_snoozed_for_a_day_with_who_did_it(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.press("snooze", value="talks")

    assert "snoozed by <@U0ANN> until <!date^" in desk.said
    assert desk.buttons["unsnooze.0"] == "Undo snooze"
    assert "snooze" not in desk.buttons, "no other rule is left"
    with desk.database.reading() as tx:
        (mark,) = mutes.active(tx, now=desk.clock())
    assert mark.until == mark.made_at + timedelta(hours=24)

    desk.press("unsnooze.0", value="talks")

    assert desk.buttons["snooze"] == "Snooze rule 24 h"


def test_a_rule_that_the_message_does_not_name_is_not_snoozed(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    for value in ("visits", "", "../etc", "talks' OR 1=1"):
        desk.press("snooze", value=value)

    with desk.database.reading() as tx:
        assert mutes.active(tx, now=desk.clock()) == ()


def test_feedback_is_shown_with_its_author_and_taken_back(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.press("irrelevant")
    desk.press("irrelevant")

    assert desk.said.count("Not relevant, says <@U0ANN>") == 1
    desk.press("relevant")
    assert "Not relevant" not in desk.said


@pytest.mark.parametrize("name", ["-1", "thumbsdown", "-1::skin-tone-4"])
def test_a_thumb_down_says_not_relevant_until_it_is_taken_away(desk: Desk, name: str) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.react(name)
    assert "Not relevant, says <@U0ANN>" in desk.said

    desk.react(name, type="reaction_removed")
    assert "Not relevant" not in desk.said


def test_a_thumb_that_goes_takes_back_only_what_its_owner_said(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)
    desk.react()

    desk.react(type="reaction_removed", user="U0BOB")

    assert "Not relevant, says <@U0ANN>" in desk.said


@pytest.mark.parametrize(
    "changes",
    [
        {"reaction": "tada"},
        {"type": "message"},
        {"user": None},
        {"item": {"type": "file"}},
        {"item": {"type": "message", "channel": "C0FAKE0000", "ts": "1.000001"}},
    ],
    ids=["another emoji", "no reaction", "nobody", "no message", "a message of somebody's"],
)
def test_other_reactions_say_nothing(desk: Desk, changes: dict[str, Any]) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.react(**changes)

    assert "Not relevant" not in desk.said


def test_whoever_finds_an_alert_not_relevant_may_say_why(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)
    desk.press("irrelevant")
    assert desk.slack.wait_told(views=1)
    form = desk.slack.views[0]
    assert "says <@U0ANN>" in desk.said, "noted, whether or not they say why"

    desk.submit(form, reason=chosen("Old or known already"), words={"value": "told on <Monday>"})

    assert "says <@U0ANN>: Old or known already: told on &lt;Monday&gt;" in desk.said
    desk.press("relevant")
    assert "Monday" not in desk.said


def test_a_reason_for_what_was_taken_back_says_nothing(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)
    desk.press("irrelevant")
    assert desk.slack.wait_told(views=1)
    desk.press("relevant")

    desk.submit(desk.slack.views[0], words={"value": "too late"})

    assert "too late" not in desk.said
    assert "Not relevant" not in desk.said


def digest(desk: Desk) -> None:
    """Two alerts told in one message."""
    desk.report_quietly(FIRST)
    desk.report_quietly("Minister visits the harbour of Odesa")
    with desk.database.transaction() as tx:
        assert folding.collapse(tx, "#desk", above=1, size=25, now=desk.clock()) == 2
    desk.deliver()


def test_an_alert_in_a_digest_is_muted_by_choosing_it(desk: Desk) -> None:
    desk.listen()
    digest(desk)
    assert desk.buttons == {"one": "Mute, not relevant, why?"}

    desk.press("one")
    assert desk.slack.wait_told(views=1)
    desk.submit(desk.slack.views[0], which=chosen("1"), deed=chosen("mute"))

    assert "Minister visits the harbour of Odesa: 🔕 Story muted by <@U0ANN>" in desk.said
    assert desk.buttons["unmute.1"] == "Undo mute (2)"
    with desk.database.reading() as tx:
        assert [mark.story for mark in mutes.active(tx, now=desk.clock())] == [2]

    desk.press("unmute.1")

    assert "muted" not in desk.said
    assert list(desk.buttons) == ["one"]


def test_an_alert_in_a_digest_is_not_relevant_for_a_reason(desk: Desk) -> None:
    desk.listen()
    digest(desk)
    desk.press("one")
    assert desk.slack.wait_told(views=1)
    desk.submit(desk.slack.views[0], which=chosen("0"), deed=chosen("irrelevant"))
    assert desk.slack.wait_told(views=2)

    desk.submit(desk.slack.views[1], reason=chosen("Not news"))

    assert f"{FIRST}: 👎 Not relevant, says <@U0ANN>: Not news" in desk.said
    desk.press("relevant.0")
    assert "Not relevant, says" not in desk.said


def test_why_is_answered_for_one_alert_of_a_digest(desk: Desk) -> None:
    desk.listen()
    digest(desk)
    desk.press("one")
    assert desk.slack.wait_told(views=1)
    desk.submit(desk.slack.views[0], which=chosen("1"), deed=chosen("why"))

    assert desk.slack.wait_told(views=2)
    told = "\n".join(texts(desk.slack.views[1]["blocks"]))
    assert "Rule Visits (visits), high" in told
    assert "sybiha" not in told


def test_a_story_muted_by_command_says_so_in_its_digest(desk: Desk) -> None:
    desk.listen()
    digest(desk)

    desk.ask("mute 1")
    desk.update()

    assert f"1. {FIRST}: 🔕 Story muted by <@U0ANN>" in desk.said


def test_a_form_about_what_is_not_there_does_nothing(desk: Desk) -> None:
    desk.listen()
    digest(desk)
    desk.press("one")
    assert desk.slack.wait_told(views=1)
    form = desk.slack.views[0]

    for place in ("2", "99", "-1", "x"):
        desk.submit(form, which=chosen(place), deed=chosen("mute"))
    desk.submit(form | {"private_metadata": "C1 1 1; x"}, which=chosen("0"), deed=chosen("mute"))
    desk.submit(form, which=chosen("0"), deed=chosen("unheard-of"))

    with desk.database.reading() as tx:
        assert mutes.active(tx, now=desk.clock()) == ()


def test_a_click_that_comes_again_after_its_undo_does_nothing(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)
    root = desk.root
    payload = press(root.channel_id, root.ts, "mute", base=desk.slack.base)
    desk.slack.sockets.send("interactive", payload, envelope="e-1")
    desk.press("unmute")

    for envelope in ("e-1", "e-2"):
        assert desk.slack.sockets.send("interactive", payload, envelope=envelope)
    desk.quiesce()

    with desk.database.reading() as tx:
        assert mutes.active(tx, now=desk.clock()) == ()


def test_a_click_that_is_faster_than_the_receipt_is_done(desk: Desk) -> None:
    desk.report(FIRST)
    root = desk.root
    with desk.database.transaction() as tx:
        tx.execute(update(outbox).values(receipt_ts=""))

    def receipt_comes(_: float) -> None:
        with desk.database.transaction() as tx:
            tx.execute(update(outbox).values(receipt_ts=root.ts))

    payload = press(root.channel_id, root.ts, "mute", base=desk.slack.base)
    asked = read("interactive", payload, envelope="e")
    assert asked
    desk.answering(wait=receipt_comes)(asked)

    with desk.database.reading() as tx:
        assert [mark.story for mark in mutes.active(tx, now=desk.clock())] == [1]


def test_a_second_person_who_mutes_changes_nothing(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)
    desk.press("mute")

    desk.press("mute", user={"id": "U0BOB", "username": "bob"})

    assert "muted by <@U0ANN>" in desk.said
    assert "U0BOB" not in desk.said


def test_why_opens_a_dialogue_with_rule_words_and_story(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    desk.press("why")
    payload = shortcut(desk.root.channel_id, desk.root.ts)
    assert desk.slack.sockets.send("interactive", payload)

    assert desk.slack.wait_told(views=2)
    first, second = desk.slack.views
    assert first == second
    told = "\n".join(texts(first["blocks"]))
    assert "@sybiha AND talks" in told
    assert "“Sybiha” (Andrii Sybiha) in the title" in told
    assert "new story" in told
    assert "Wire: " + FIRST in told
    assert "<!channel>" not in told


def test_a_message_of_somebody_else_is_said_to_be_unknown(desk: Desk) -> None:
    desk.listen()

    payload = press("C0OTHER", "1700000000.000100", "mute", base=desk.slack.base)
    payload.pop("trigger_id")
    assert desk.slack.sockets.send("interactive", payload)

    assert desk.slack.wait_told(answers=1)
    assert "not known here" in desk.slack.answers[0]["text"]


def test_commands_answer_only_whoever_asks(desk: Desk) -> None:
    desk.listen()
    desk.report(FIRST)

    assert "The service is ok" in desk.ask("status")
    assert "talks: Talks &lt;!channel&gt;, medium" in desk.ask("rules")
    assert "muted by ann until" in desk.ask("mute 1 7d")
    assert "Story 1 muted by ann" in desk.ask("status")
    assert "Story 1 is told again" in desk.ask("unmute 1")
    assert "snoozed by ann until" in desk.ask("snooze talks")
    assert "snoozed by ann" in desk.ask("rules")
    assert "is told again" in desk.ask("unsnooze talks")
    assert "@sybiha AND talks" in desk.ask("explain https://wire.example/1")
    assert "No item with this address" in desk.ask("explain https://wire.example/unheard-of")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mute",
        "mute 99",
        "mute x",
        "mute 1 never",
        f"mute {'9' * 400}",
        "snooze nope",
        "<!channel>",
    ],
)
def test_a_command_that_can_not_be_done_says_so_harmlessly(desk: Desk, text: str) -> None:
    desk.listen()

    answer = desk.ask(text)

    assert answer
    assert "<!" not in answer
    with desk.database.reading() as tx:
        assert mutes.active(tx, now=desk.clock()) == ()


HOSTILE = [
    ("interactive", {"type": "block_actions"}),
    ("interactive", {"type": "block_actions", "actions": "x", "container": [], "user": 7}),
    ("interactive", {"type": "view_submission", "view": {}}),
    ("interactive", {"type": "message_action", "callback_id": "other"}),
    ("slash_commands", {"text": ["x"], "user_id": "u'; DROP TABLE"}),
    ("events_api", {"event": {"type": "app_home_opened"}}),
    ("unheard-of", {}),
]


@pytest.mark.parametrize(("kind", "payload"), HOSTILE)
def test_what_is_not_as_slack_sends_it_is_acknowledged_and_left(
    desk: Desk, kind: str, payload: dict[str, object]
) -> None:
    desk.listen()

    assert desk.slack.sockets.send(kind, payload)

    assert "The service is ok" in desk.ask("status"), "and the next one is answered"


def test_an_answer_goes_to_no_stranger(desk: Desk) -> None:
    desk.listen()
    with FakeSlack() as stranger:
        payload = command("status", base=stranger.base.replace("127.0.0.1", "localhost"))
        assert desk.slack.sockets.send("slash_commands", payload)
        desk.quiesce()

        assert stranger.answers == []


@pytest.mark.parametrize("how", ["warning", "cut"])
def test_a_connection_that_ends_is_made_anew(desk: Desk, how: str) -> None:
    desk.listen()
    desk.report(FIRST)
    desk.clock.pass_(60)

    if how == "cut":
        desk.slack.sockets.cut()
    else:
        desk.slack.sockets.disconnect(how)

    def again() -> bool:
        desk.clock.pass_(1)
        desk.listening()
        return desk.slack.sockets.opened > 1

    assert until(again)
    desk.press("mute")
    assert "Story muted" in desk.said


def test_a_deaf_connection_is_noticed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.receivers.slack.socket.PING_S", 0.1)
    monkeypatch.setattr("monitor.receivers.slack.socket.DEAF_S", 0.5)
    desk.listen()
    desk.clock.pass_(60)

    desk.slack.sockets.deafen()

    def again() -> bool:
        desk.listening()
        return desk.slack.sockets.opened > 1

    assert until(again)
    assert "The service is ok" in desk.ask("status")


def test_one_replica_listens_and_another_takes_over_after_a_crash(desk: Desk) -> None:
    other = desk.another()
    desk.listen()

    for _ in range(2 * int(LEASE / RENEW)):
        desk.clock.pass_(RENEW.total_seconds())
        desk.listening()
        other()
    assert (desk.listening.listens, other.listens) == (True, False)

    # Killed: it gives nothing up.
    desk.clock.pass_(LEASE.total_seconds())
    other()

    assert other.listens
    desk.listening()
    assert not desk.listening.listens
    other.close()


def test_a_stopped_replica_hands_over_at_once(desk: Desk) -> None:
    other = desk.another()
    desk.listen()
    desk.listening.close()

    other()

    assert other.listens
    other.close()


def test_a_wrong_app_token_is_told_with_its_remedy_and_not_tried_every_second(desk: Desk) -> None:
    listening = desk.another("xapp-wrong")

    for _ in range(120):
        with pytest.raises(Unauthorised, match="SLACK_APP_TOKEN"):
            listening()
        desk.clock.pass_(1)

    tried = [one for one in desk.slack.calls if one.method == "apps.connections.open"]
    assert 3 <= len(tried) <= 8
    listening.close()


def test_slack_that_refuses_more_connections_is_not_stormed(desk: Desk) -> None:
    desk.listen()
    for _ in range(60):
        desk.slack.sockets.disconnect("too_many_websockets")
        desk.clock.pass_(1)
        desk.listening()

    assert desk.slack.sockets.opened <= 10
