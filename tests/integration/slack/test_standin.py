"""The same receiver against a Slack that nobody here wrote."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from samplealerts import ENGLISH, SAMPLES, message

from monitor.errors import ChannelUnavailable, RateLimited, Unauthorised, Unclear
from monitor.model import Digest
from monitor.receivers.slack.client import SlackReceiver

if TYPE_CHECKING:
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
