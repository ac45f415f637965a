"""What Slack's answers mean for the sender."""

from __future__ import annotations

import errno
import socket
import ssl
from datetime import timedelta
from http.client import IncompleteRead, RemoteDisconnected
from urllib.error import URLError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import (
    ChannelUnavailable,
    DeliveryError,
    Gone,
    NotSent,
    Puzzling,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.receivers.slack.errors import (
    DEFAULT_PAUSE,
    LONGEST_PAUSE,
    Answer,
    Malformed,
    failure,
    refusal,
    retry_after,
)

CODES: dict[type[DeliveryError], str] = {
    RateLimited: "ratelimited rate_limited message_limit_exceeded",
    Unclear: """
        internal_error fatal_error request_timeout service_unavailable team_added_to_org
        rollup_error
    """,
    Unauthorised: """
        invalid_auth not_authed token_revoked token_expired account_inactive missing_scope
        not_allowed_token_type accesslimited two_factor_setup_required no_service invalid_token
    """,
    ChannelUnavailable: """
        channel_not_found not_in_channel is_archived restricted_action no_permission
        restricted_action_read_only_channel restricted_action_thread_only_channel
        ekm_access_denied team_access_not_granted channel_is_archived
    """,
    Malformed: """
        invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_large
    """,
    Refused: """
        no_text
        too_many_attachments metadata_too_large invalid_metadata_format markdown_text_conflict
        invalid_arguments invalid_arg_name
    """,
    Puzzling: """
        a_code_of_tomorrow
    """,
    Gone: """
        message_not_found thread_not_found cant_update_message edit_window_closed
        cannot_reply_to_message
    """,
}


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in CODES.items() for code in codes.split()]
)
def test_every_code_says_what_the_sender_can_do_next(kind: type[DeliveryError], code: str) -> None:
    error = refusal(Answer(200, code), channel="#nk-pow")

    assert type(error) is kind
    assert "\n" not in str(error)


def test_a_channel_without_the_app_says_how_to_invite_it() -> None:
    assert str(refusal(Answer(200, "not_in_channel"), channel="#nk-pow")) == (
        "The app is not in #nk-pow (not_in_channel): invite the app to it: /invite @monitor"
    )


def test_a_revoked_token_says_how_to_replace_it() -> None:
    assert str(refusal(Answer(200, "token_revoked"))) == (
        "SLACK_BOT_TOKEN was revoked (token_revoked): "
        "make a new token on the app's page, set SLACK_BOT_TOKEN and restart"
    )


def test_a_missing_scope_is_named() -> None:
    error = refusal(Answer(200, "missing_scope", needed="channels:history"))

    assert "lacks the scope channels:history" in str(error)


def test_an_unknown_code_is_named_so_that_someone_can_look_it_up() -> None:
    assert "a_code_of_tomorrow" in str(refusal(Answer(200, "a_code_of_tomorrow")))


def test_refused_blocks_say_which() -> None:
    answer = Answer(200, "invalid_blocks", detail="[ERROR] too long [json-pointer:/blocks/0]")

    assert "/blocks/0" in str(refusal(answer))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(503, "internal_error"),
        Answer(502, "channel_not_found"),
        Answer(200),
        Answer(200, "Received a response in a non-JSON format: <html>"),
        Answer(404),
        Answer(200, "x" * 90),
    ],
)
def test_an_answer_without_a_code_never_means_not_posted(answer: Answer) -> None:
    assert type(refusal(answer)) is Unclear


@given(st.builds(Answer, st.integers(100, 599), st.text(), st.text(), st.text(), st.text()))
def test_any_answer_is_one_line_with_a_meaning(answer: Answer) -> None:
    error = refusal(answer, channel="#a\nb")

    assert isinstance(error, DeliveryError)
    assert str(error).splitlines() == [str(error)]
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("12", timedelta(seconds=12)),
        ("0", timedelta(seconds=1)),
        ("1.2", timedelta(seconds=2)),
        ("", DEFAULT_PAUSE),
        ("soon", DEFAULT_PAUSE),
        ("-5", DEFAULT_PAUSE),
        ("nan", DEFAULT_PAUSE),
        ("inf", DEFAULT_PAUSE),
        ("9" * 400, DEFAULT_PAUSE),
        ("1e300", LONGEST_PAUSE),
        ("86400", LONGEST_PAUSE),
    ],
)
def test_a_pause_is_honoured_within_reason(header: str, pause: timedelta) -> None:
    assert retry_after(header) == pause

    error = refusal(Answer(429, "", header))
    assert isinstance(error, RateLimited)
    assert error.retry_after == pause


@pytest.mark.parametrize(
    "reason",
    [
        ConnectionRefusedError(),
        socket.gaierror(),
        ssl.SSLCertVerificationError(),
        OSError(errno.ENETUNREACH, ""),
        OSError(errno.EHOSTUNREACH, ""),
    ],
)
def test_what_never_left_is_not_sent(reason: OSError) -> None:
    assert type(failure(URLError(reason), host="slack.com")) is NotSent


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        RemoteDisconnected(""),
        IncompleteRead(b"x"),
        URLError(TimeoutError()),
        URLError(BrokenPipeError()),
        URLError(ConnectionResetError()),
        ssl.SSLEOFError(),
        OSError(errno.ENETUNREACH, ""),
    ],
)
def test_what_broke_after_leaving_is_unclear(error: Exception) -> None:
    assert type(failure(error, host="slack.com")) is Unclear
