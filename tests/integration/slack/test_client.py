"""Delivery to a Slack that behaves, and to one that does not."""

from __future__ import annotations

import re
import socket
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeslack import SCOPES, FakeSlack
from pydantic import SecretStr
from samplealerts import ENGLISH, KEY, KOREAN, SAMPLES, message

from monitor.errors import (
    ChannelUnavailable,
    ConfigError,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.model import Digest, Receipt
from monitor.online import BUTTON_SCOPES
from monitor.receivers import Finder
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.webhook import WebhookReceiver

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_AGO = timedelta(hours=1)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=["news-alerts", "nk-pow"]) as server:
        yield server


def _receiver(slack: FakeSlack, token: str = "", timeout: float = 5) -> SlackReceiver:
    return SlackReceiver(
        SecretStr(token or slack.token),
        api_url=slack.api_url,
        service="News desk",
        timeout=timeout,
    )


def _since() -> datetime:
    return datetime.now(UTC) - LONG_AGO


def test_a_sent_message_is_in_its_channel_and_the_receipt_says_where(slack: FakeSlack) -> None:
    receipt = _receiver(slack).send(message(ENGLISH, channel="#nk-pow"))

    (stored,) = slack.messages
    assert stored.channel == "nk-pow"
    assert stored.key == KEY
    assert receipt == Receipt(slack.channel_id("nk-pow"), stored.ts)


def test_nothing_unfolds_under_a_message(slack: FakeSlack) -> None:
    _receiver(slack).send(message(ENGLISH))

    args = slack.messages[0].args
    assert (args["unfurl_links"], args["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("content", [*SAMPLES, Digest(SAMPLES, 60)])
def test_slack_takes_every_sample(slack: FakeSlack, content: Digest) -> None:
    _receiver(slack).send(message(content))

    assert slack.keys == [KEY]


def test_a_channel_may_be_given_by_id(slack: FakeSlack) -> None:
    channel = slack.channel_id("nk-pow")

    assert _receiver(slack).send(message(ENGLISH, channel=channel)).channel == channel


FAULTS = ["http", "html", "empty", "cut", "short", "reset", "close", "hang"]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_broken_answer_is_unclear_and_nothing_is_sent_twice(
    slack: FakeSlack, kind: str, phase: str
) -> None:
    slack.fault("chat.postMessage", kind, phase=phase)

    with pytest.raises(Unclear):
        _receiver(slack, timeout=0.3).send(message(ENGLISH))

    assert slack.keys == ([KEY] if phase == "after" else [])
    assert len(slack.calls) == 1


@pytest.mark.parametrize(
    "body", ["[]", "[1]", '"x"', "null", "{}", '{"ok": true}', '{"ok": false}', "[" * 100_000]
)
def test_an_answer_of_the_wrong_shape_is_unclear(slack: FakeSlack, body: str) -> None:
    slack.fault("chat.postMessage", "http", status=200, body=body, content_type="application/json")

    with pytest.raises(Unclear):
        _receiver(slack).send(message(ENGLISH))


def test_a_rate_limit_says_how_long_to_wait(slack: FakeSlack) -> None:
    slack.fault("chat.postMessage", "ratelimit", retry_after=12)

    with pytest.raises(RateLimited) as raised:
        _receiver(slack).send(message(ENGLISH))

    assert raised.value.retry_after == timedelta(seconds=12)


@pytest.mark.parametrize("header", [None, "soon"])
def test_a_rate_limit_without_a_usable_time_still_pauses(
    slack: FakeSlack, header: str | None
) -> None:
    slack.fault("chat.postMessage", "ratelimit", header=header is not None, retry_after=header)

    with pytest.raises(RateLimited) as raised:
        _receiver(slack).send(message(ENGLISH))

    assert raised.value.retry_after == timedelta(seconds=30)


def test_a_rate_limit_proves_nothing_about_the_message(slack: FakeSlack) -> None:
    slack.fault("chat.postMessage", "ratelimit", phase="after")
    receiver = _receiver(slack)

    with pytest.raises(RateLimited):
        receiver.send(message(ENGLISH))

    assert receiver.find(message(ENGLISH), since=_since()) is not None


def test_refused_connections_are_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    receiver = SlackReceiver(SecretStr("xoxb-x"), api_url=f"http://127.0.0.1:{port}/api/")

    with pytest.raises(NotSent, match=r"127\.0\.0\.1 takes no connections"):
        receiver.send(message(ENGLISH))


def test_a_proxy_from_the_environment_spares_what_no_proxy_names(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    _receiver(slack).send(message(ENGLISH))

    assert slack.keys == [KEY]


def test_a_channel_that_takes_nothing_names_the_remedy(slack: FakeSlack) -> None:
    slack.add_channel("closed", member=False)
    slack.add_channel("old", archived=True)
    receiver = _receiver(slack)

    for channel, remedy in [
        ("#closed", "/invite @monitor"),
        ("#old", "unarchive it"),
        ("#nowhere", "check the name"),
    ]:
        with pytest.raises(ChannelUnavailable, match=remedy) as raised:
            receiver.send(message(ENGLISH, channel=channel))
        assert channel in str(raised.value)


def test_a_wrong_token_and_a_missing_scope_stop_everything(slack: FakeSlack) -> None:
    with pytest.raises(Unauthorised, match="SLACK_BOT_TOKEN is not a token Slack knows"):
        _receiver(slack, token="xoxb-wrong").send(message(ENGLISH))
    slack.scopes.discard("chat:write")

    with pytest.raises(Unauthorised, match="lacks the scope chat:write"):
        _receiver(slack).send(message(ENGLISH))


def test_a_code_of_tomorrow_is_refused_and_named(slack: FakeSlack) -> None:
    slack.fault("chat.postMessage", "error", error="brand_new_reason")

    with pytest.raises(Refused, match="brand_new_reason"):
        _receiver(slack).send(message(ENGLISH))


@pytest.mark.parametrize("fault", [*FAULTS, "error", "ratelimit"])
def test_a_token_is_in_no_error_of_any_kind(
    slack: FakeSlack,
    fault: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    slack.fault("chat.postMessage", fault, error="invalid_auth")

    with caplog.at_level(0), pytest.raises(DeliveryError) as raised:
        _receiver(slack, timeout=0.3).send(message(ENGLISH))

    told = "".join(traceback.format_exception(raised.value))
    assert slack.token not in told + caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        ("xapp-1-abc", "app-level token"),
        ("https://hooks.slack.com/services/T/B/x", "address, not a token"),
        ("", "not a token"),
        ("xoxb-a\nb", "not a token"),
        ("xoxb-ключ", "not a token"),
    ],
)
def test_what_can_not_be_a_bot_token_is_told_at_once_and_not_repeated(
    token: str, cause: str
) -> None:
    with pytest.raises(ConfigError, match=cause) as raised:
        SlackReceiver(SecretStr(token))

    assert not token or token not in str(raised.value)


def test_a_line_break_at_the_end_of_a_secrets_file_does_no_harm(slack: FakeSlack) -> None:
    _receiver(slack, token=f"{slack.token}\n").send(message(ENGLISH))

    assert slack.keys == [KEY]


# Finding


def test_a_message_is_found_by_its_key(slack: FakeSlack) -> None:
    receiver = _receiver(slack)
    receipts = [receiver.send(message(KOREAN, key=key)) for key in ("a", "b", "c")]

    assert receiver.find(message(KOREAN, key="b"), since=_since()) == receipts[1]
    assert receiver.find(message(KOREAN, key="d"), since=_since()) is None


def test_a_new_process_finds_what_an_old_one_sent(slack: FakeSlack) -> None:
    receipt = _receiver(slack).send(message(KOREAN))

    assert _receiver(slack).find(message(KOREAN), since=_since()) == receipt


def test_a_message_is_found_though_slacks_clock_is_minutes_behind(slack: FakeSlack) -> None:
    receipt = _receiver(slack).send(message(KOREAN))
    tried = datetime.now(UTC) + timedelta(minutes=12)

    assert _receiver(slack).find(message(KOREAN), since=tried) == receipt


def test_all_pages_are_read(slack: FakeSlack) -> None:
    slack.page_size = 2
    receiver = _receiver(slack)
    receipts = [receiver.send(message(KOREAN, key=f"k{n}")) for n in range(7)]

    assert _receiver(slack).find(message(KOREAN, key="k0"), since=_since()) == receipts[0]


def test_the_earliest_of_two_copies_is_found(slack: FakeSlack) -> None:
    receiver = _receiver(slack)
    first, _ = [receiver.send(message(KOREAN)) for _ in range(2)]

    assert receiver.find(message(KOREAN), since=_since()) == first


def test_a_message_in_another_channel_does_not_count(slack: FakeSlack) -> None:
    receiver = _receiver(slack)
    receiver.send(message(KOREAN, channel="#nk-pow"))

    assert receiver.find(message(KOREAN, channel="#news-alerts"), since=_since()) is None


def test_what_is_older_than_the_first_try_is_not_searched(slack: FakeSlack) -> None:
    receiver = _receiver(slack)
    receipt = receiver.send(message(KOREAN))
    slack.backdate(receipt.ts, 7200)

    assert receiver.find(message(KOREAN), since=_since()) is None


def test_a_clock_that_is_half_a_minute_ahead_of_slacks_finds_all_the_same(slack: FakeSlack) -> None:
    receiver = _receiver(slack)
    receipt = receiver.send(message(KOREAN))

    ahead = datetime.now(UTC) + timedelta(seconds=30)
    assert receiver.find(message(KOREAN), since=ahead) == receipt


@pytest.mark.parametrize("kind", [*FAULTS, "ratelimit"])
def test_history_that_can_not_be_read_to_the_end_never_means_absent(
    slack: FakeSlack, kind: str
) -> None:
    slack.page_size = 1
    receiver = _receiver(slack, timeout=0.3)
    for n in range(3):
        receiver.send(message(KOREAN, key=f"k{n}"))
    slack.fault("conversations.history", kind, skip=1)

    with pytest.raises(DeliveryError):
        receiver.find(message(KOREAN, key="k9"), since=_since())


def test_history_without_end_is_given_up(slack: FakeSlack) -> None:
    body = '{"ok": true, "messages": [], "response_metadata": {"next_cursor": "1"}}'
    slack.fault("conversations.history", "http", status=200, body=body, times=1000)

    with pytest.raises(Unclear, match="more in #nk-pow than can be searched"):
        _receiver(slack).find(message(KOREAN, channel="#nk-pow"), since=_since())


def test_an_answer_without_messages_is_not_an_empty_history(slack: FakeSlack) -> None:
    slack.fault("conversations.history", "http", status=200, body='{"ok": true}')

    with pytest.raises(Unclear, match="holds no messages"):
        _receiver(slack).find(message(KOREAN), since=_since())


def test_a_channel_nobody_knows_can_not_be_searched(slack: FakeSlack) -> None:
    with pytest.raises(ChannelUnavailable, match="#nowhere"):
        _receiver(slack).find(message(KOREAN, channel="#nowhere"), since=_since())


# Checking


def test_a_check_says_who_we_are_to_slack(slack: FakeSlack) -> None:
    identity = _receiver(slack).check()

    assert (identity.team, identity.bot) == ("Newsroom", "monitor")
    assert "chat:write" in identity.scopes


def test_a_check_of_a_wrong_token_says_how_to_mend_it(slack: FakeSlack) -> None:
    with pytest.raises(Unauthorised, match="copy it again"):
        _receiver(slack, token="xoxb-wrong").check()


# The webhook


def test_only_a_receiver_that_can_look_says_that_it_can(slack: FakeSlack) -> None:
    assert isinstance(_receiver(slack), Finder)
    assert not isinstance(_webhook(slack), Finder)


def _webhook(slack: FakeSlack, timeout: float = 5) -> WebhookReceiver:
    return WebhookReceiver(SecretStr(slack.webhook_url), service="News desk", timeout=timeout)


def test_a_webhook_posts_to_its_own_channel(slack: FakeSlack) -> None:
    receipt = _webhook(slack).send(message(KOREAN, channel="#nk-pow"))

    assert [stored.channel for stored in slack.messages] == ["news-alerts"]
    assert receipt == Receipt()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_broken_answer_of_a_webhook_is_unclear(slack: FakeSlack, kind: str) -> None:
    slack.fault("webhook", kind, phase="after")

    with pytest.raises(Unclear):
        _webhook(slack, timeout=0.3).send(message(KOREAN))

    assert len(slack.calls) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, "invalid_token", Unauthorised),
        (404, "no_service", Unauthorised),
        (410, "channel_is_archived", ChannelUnavailable),
        (400, "invalid_blocks", Refused),
        (500, "rollup_error", Unclear),
        (429, "rate_limited", RateLimited),
        (404, "<html>", Unclear),
    ],
)
def test_a_webhooks_code_says_what_to_do_next(
    slack: FakeSlack, status: int, body: str, kind: type[DeliveryError]
) -> None:
    slack.fault("webhook", "http", status=status, body=body, content_type="text/plain")

    with pytest.raises(kind) as raised:
        _webhook(slack).send(message(KOREAN))

    assert slack.webhook_url not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("url", ["", "http://hooks.slack.com/services/x", "xoxb-1", "https:// x"])
def test_what_can_not_be_a_webhook_is_told_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match="SLACK_WEBHOOK_URL"):
        WebhookReceiver(SecretStr(url))


def test_the_manifest_asks_for_the_scopes_that_are_used_and_no_others() -> None:
    manifest = Path(__file__).parents[3] / "docs/slack-app-manifest.yaml"

    scopes = manifest.read_text().partition("scopes:")[2].partition("settings:")[0]
    asked = re.findall(r"^ +- ([a-z:.]+)", scopes, flags=re.MULTILINE)

    assert sorted(asked) == sorted([*SCOPES, *BUTTON_SCOPES])


# The stand-in itself


def test_the_fake_slack_stops_at_once_even_while_an_answer_hangs() -> None:
    with FakeSlack() as slack:
        slack.fault("chat.postMessage", "hang", seconds=60)
        with pytest.raises(Unclear):
            _receiver(slack, timeout=0.1).send(message(ENGLISH))
        asked = len(slack.calls)

    assert asked == 1


def test_the_fake_slack_limits_posts_in_one_channel(slack: FakeSlack) -> None:
    slack.pace(per_second=1, burst=2)
    receiver = _receiver(slack)
    for key in ("a", "b"):
        receiver.send(message(ENGLISH, key=key))

    with pytest.raises(RateLimited):
        receiver.send(message(ENGLISH, key="c"))
    receiver.send(message(ENGLISH, key="d", channel="#nk-pow"))

    assert slack.keys == ["a", "b", "d"]


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "msg_too_large"])
def test_an_alert_whose_layout_slack_refuses_is_sent_plain(slack: FakeSlack, code: str) -> None:
    slack.fault("chat.postMessage", "error", error=code)

    _receiver(slack).send(message(ENGLISH))

    (plain,) = slack.messages
    assert plain.blocks == []
    assert ENGLISH.title in plain.text
    assert f"<{ENGLISH.url.replace('&', '&amp;')}>" in plain.text
    assert plain.key == message(ENGLISH).key


def test_a_layout_refused_twice_is_a_refusal(slack: FakeSlack) -> None:
    slack.fault("chat.postMessage", "error", error="invalid_blocks", times=2)

    with pytest.raises(Refused):
        _receiver(slack).send(message(ENGLISH))
