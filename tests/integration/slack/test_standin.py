"""The same receiver against a Slack that nobody here wrote."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Clock
from pydantic import SecretStr
from samplealerts import ENGLISH, SAMPLES, message

from monitor import online
from monitor.answering import Answering
from monitor.deliver import Deliver, Pacing
from monitor.errors import ChannelUnavailable, RateLimited, Unauthorised, Unclear
from monitor.intake import Intake, Source
from monitor.listening import Listening
from monitor.model import Digest, Feed, Item, Notice, Outlet
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.socket import Socket
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import migrate, outbox
from monitor.store.database import Database
from monitor.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from slackstandin import StandIn

    from monitor.model import Message

TOKEN = "xoxb-local-feedwatch"


def _receiver(standin: StandIn, token: str = TOKEN, timeout: float = 10) -> SlackReceiver:
    return SlackReceiver(
        SecretStr(token), api_url=standin.api_url, service="News desk", timeout=timeout
    )


def _new(channel: str = "#news-alerts") -> Message:
    return message(ENGLISH, key=str(uuid.uuid4()), channel=channel)


def _since() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=5)


def test_every_sample_is_taken_and_found_again(standin: StandIn) -> None:
    receiver = _receiver(standin)

    for content in (*SAMPLES, Digest(SAMPLES * 5, 60)):
        sent = message(content, key=str(uuid.uuid4()))
        assert receiver.find(sent, since=_since()) is None
        receipt = receiver.send(sent)
        assert receiver.find(sent, since=_since()) == receipt
        assert _receiver(standin).find(sent, since=_since()) == receipt


@pytest.mark.parametrize(
    "kind", ["http", "html200", "badjson", "empty", "truncate", "reset", "close", "hang"]
)
def test_what_slack_stored_before_its_answer_was_lost_is_found(standin: StandIn, kind: str) -> None:
    standin.control(
        "faults", {"method": "chat.postMessage", "kind": kind, "phase": "after", "seconds": 3}
    )
    receiver = _receiver(standin, timeout=1)
    sent = _new()

    with pytest.raises(Unclear):
        receiver.send(sent)

    assert receiver.find(sent, since=_since()) is not None


def test_too_much_at_once_is_told_to_wait(standin: StandIn) -> None:
    standin.control("limits", {"on": True, "channel_rate": 0.1, "channel_burst": 1})
    receiver = _receiver(standin)
    receiver.send(_new())

    with pytest.raises(RateLimited) as raised:
        receiver.send(_new())

    assert timedelta(seconds=1) <= raised.value.retry_after <= timedelta(seconds=10)


def test_a_channel_without_the_app_and_a_wrong_token_are_told_apart(standin: StandIn) -> None:
    with pytest.raises(ChannelUnavailable, match="/invite"):
        _receiver(standin).send(_new("#news-noise"))
    with pytest.raises(ChannelUnavailable, match="#nowhere"):
        _receiver(standin).send(_new("#nowhere"))
    with pytest.raises(Unauthorised):
        _receiver(standin, token="xoxb-wrong").send(_new())
    with pytest.raises(Unauthorised, match="chat:write"):
        _receiver(standin, token="xoxb-local-noscope").send(_new(_id(standin)))


def _id(standin: StandIn) -> str:
    channels: dict[str, str] = standin.control("channels")["channels"]
    return channels["news-alerts"]


def test_a_check_names_the_workspace(standin: StandIn) -> None:
    assert _receiver(standin).check().team == "Newsroom"


# Socket Mode

RULES = """
[[rules]]
id = "talks"
name = "Talks"
query = 'grain AND talks'
"""


class Desk:
    """One alert with buttons in the stand-in's channel, and a process that listens."""

    def __init__(self, standin: StandIn, folder: Path) -> None:
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.toml").write_text(RULES)
        matcher = compile_rules(load(folder / "rules"))
        self.standin = standin
        self.clock = Clock(datetime.now(UTC))
        self.database = Database(f"sqlite:///{folder / 'm.db'}")
        migrate.upgrade(self.database)
        receiver = SlackReceiver(
            SecretStr(TOKEN), api_url=standin.api_url, service="News desk", buttons=True
        )
        self.update = Update(self.database, receiver, clock=self.clock, wait=self.clock.pass_)
        deliver = Deliver(
            self.database,
            receiver,
            Pacing(),
            update=self.update,
            collapse_above=20,
            clock=self.clock,
            wait=self.clock.pass_,
        )
        answering = Answering(
            self.database,
            receiver,
            matcher=lambda: matcher,
            status=lambda: Notice("The service is ok"),
            clock=self.clock,
        )
        ear = Socket(SecretStr("xapp-local-feedwatch"), api_url=standin.api_url, timeout=5)
        self.listening = Listening(self.database, ear, answering, clock=self.clock)
        item = Item(f"Grain talks {uuid.uuid4()}", outlet=Outlet("Wire"), keys=("x:1",))
        intake = Intake(matcher, channel="#news-alerts", lookback=timedelta(days=1))
        with self.database.transaction() as tx:
            stored_feeds.sync(
                tx, [Feed("https://wire.example/rss", Outlet("Wire"))], now=self.clock()
            )
            feed = stored_feeds.states(tx)[0].id
            intake.take(tx, [item], Source(feed, first_sight=False), now=self.clock())
        deliver()
        with self.database.reading() as tx:
            self.place = outbox.latest(tx, limit=1)[0].receipt

    def click(self, action: str, **more: object) -> list[dict[str, Any]]:
        where = {"channel": self.place.channel, "ts": self.place.ts, "action_id": action}
        deliveries: list[dict[str, Any]] = self.standin.control("click", where | more)["deliveries"]
        return deliveries

    def shows(self, text: str) -> bool:
        """Whether the message says something soon."""

        def said() -> bool:
            self.update()
            found = self.standin.control("messages?channel=news-alerts")["messages"]
            message = next(one for one in found if one["ts"] == self.place.ts)
            return text in json.dumps(message["blocks"], ensure_ascii=False)

        return soon(said)

    def told(self, method: str) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.standin.control(f"calls?method={method}")["calls"]
        return calls


def soon(claim: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def desk(standin: StandIn, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(standin, tmp_path)
    made.listening()
    yield made
    made.listening.close()
    made.database.close()


def test_clicks_are_acknowledged_in_time_and_their_message_says_who_did_what(desk: Desk) -> None:
    deliveries = desk.click("mute", repeat=5)

    assert all(one["acked"] for one in deliveries)
    assert max(one["attempts"][-1]["ack_ms"] for one in deliveries) < 3_000
    assert desk.shows("Story muted by <@U000000001>")
    assert desk.click("unmute")[0]["acked"]
    assert desk.shows("Mute story")
    assert desk.click("snooze")[0]["acked"]
    assert desk.shows("snoozed by <@U000000001>")
    assert desk.click("irrelevant")[0]["acked"]
    assert desk.shows("Not relevant, says <@U000000001>")


def test_the_form_that_asks_for_a_reason_is_taken_and_its_answer_shown(desk: Desk) -> None:
    desk.click("irrelevant")
    assert soon(lambda: len(desk.told("views.open")) == 1)
    opened = desk.told("views.open")[0]
    assert opened.get("error") is None
    view = opened["args"]["view"]
    view = json.loads(view) if isinstance(view, str) else view

    desk.clock.pass_(1)
    values = {"reason": {"reason": {"selected_option": {"value": "Not news"}}}}
    desk.standin.control("submit", {"view": view | {"id": "V012345"}, "values": values})

    assert desk.shows("says <@U000000001>: Not news")


def test_no_channel_in_use_is_out_of_reach_and_every_sample_is_taken(standin: StandIn) -> None:
    receiver = _receiver(standin)

    (wrong,) = receiver.unreachable(["#news-alerts", "#news-noise"])

    assert "/invite" in str(wrong)
    for sample in online.samples(datetime.now(UTC)):
        receiver.validate(sample)


def test_the_button_and_the_shortcut_open_a_dialogue(desk: Desk) -> None:
    desk.click("why")
    where = {"channel": desk.place.channel, "ts": desk.place.ts, "callback_id": "why"}
    desk.standin.control("shortcut", where)

    assert soon(lambda: len(desk.told("views.open")) == 2)
    assert [one.get("error") for one in desk.told("views.open")] == [None, None]


def test_a_command_is_answered_to_whoever_asked(desk: Desk) -> None:
    asked = desk.standin.control("slash", {"command": "/monitor", "text": "rules"})

    assert asked["deliveries"][0]["acked"]
    assert soon(lambda: len(desk.told("response_url")) == 1)
    assert "talks: Talks, medium" in json.dumps(desk.told("response_url")[0]["args"])


@pytest.mark.parametrize(
    "how",
    [
        {"abrupt": True},
        {"reason": "warning", "close": False},
        {"reason": "refresh_requested", "close": True},
        {"reason": "link_disabled", "close": True},
    ],
    ids=str,
)
def test_clicks_arrive_after_the_connection_was_ended(desk: Desk, how: dict[str, object]) -> None:
    desk.clock.pass_(60)
    desk.standin.control("disconnect", how)

    def arrives() -> bool:
        desk.clock.pass_(1)
        desk.listening()
        deliveries = desk.click("why")
        return bool(deliveries[0]["acked"])

    assert soon(arrives)
