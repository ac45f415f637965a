"""What Slack's answers mean for the sender.

A code nobody here knows is tried some times; then it is a refusal, and says so. Slack's own words never
become ours: a text may hold what we sent, or a proxy's page.
"""

from __future__ import annotations

import errno
import math
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.error import URLError

from monitor.errors import (
    ChannelUnavailable,
    ConfigError,
    Gone,
    NotSent,
    Problem,
    Puzzling,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.errors import DeliveryError

DEFAULT_PAUSE = timedelta(seconds=30)
"""After a 429 that does not say how long."""
LONGEST_PAUSE = timedelta(hours=1)
"""Above this a Retry-After is a mistake, not a wish."""
_MAX_DETAIL = 200

BOT_TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105  (the variable's name, not its value)
WEBHOOK = "SLACK_WEBHOOK_URL"


def wrong_secret(variable: str, cause: str, remedy: str) -> ConfigError:
    """A secret that can't be one; its value is not repeated."""
    return ConfigError([Problem(variable, None, None, cause, remedy)])


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack answered, as far as it matters here."""

    status: int
    code: str = ""
    """Slack's error code, "" where the answer holds none."""
    retry_after: str = ""
    """The header, as sent."""
    detail: str = ""
    """What Slack adds for the developer."""
    needed: str = ""
    """The scope that is missing."""


_RATE = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_UNCLEAR = {
    "fatal_error",
    "internal_error",
    "request_timeout",
    "rollup_error",
    "service_unavailable",
    "team_added_to_org",
}
_NEW_TOKEN = "make a new token on the app's page, set {secret} and restart"  # noqa: S105  (words)
_NEW_HOOK = "make a new webhook on the app's page, set {secret} and restart"
_ADMIN = "ask an administrator of the workspace"
# code: what is wrong, how to mend it
_UNAUTHORISED = {
    "access_denied": ("the workspace does not let this app in", _ADMIN),
    "accesslimited": ("access to the workspace is limited", _ADMIN),
    "account_inactive": (
        "the app was removed from the workspace",
        f"install it again, {_NEW_TOKEN}",
    ),
    "invalid_auth": ("{secret} is not a token Slack knows", f"copy it again or {_NEW_TOKEN}"),
    "invalid_token": ("{secret} is not a webhook Slack knows", _NEW_HOOK),
    "missing_scope": (
        "the app lacks the scope {needed}",
        "add it on the app's page (OAuth & Permissions), install the app again and restart",
    ),
    "no_active_hooks": ("the webhook was switched off", _NEW_HOOK),
    "no_service": ("the webhook was removed or switched off", _NEW_HOOK),
    "no_service_id": ("{secret} is not a whole webhook address", "copy it again and restart"),
    "no_team": ("{secret} names no workspace", "copy it again and restart"),
    "not_allowed_token_type": (
        "{secret} is a token of the wrong type",
        "set the bot token, which begins with xoxb-, and restart",
    ),
    "not_authed": ("no token reached Slack", "set {secret} and restart"),
    "org_login_required": ("the workspace is being moved to an organisation", _ADMIN),
    "team_disabled": ("the workspace is switched off", _ADMIN),
    "token_expired": ("{secret} has expired", _NEW_TOKEN),
    "token_revoked": ("{secret} was revoked", _NEW_TOKEN),
    "two_factor_setup_required": ("the workspace asks for two-factor authentication", _ADMIN),
    "user_not_found": ("the person who made the webhook has left", _NEW_HOOK),
}
_INVITE = "invite the app to it: /invite @monitor"
_CHANNEL = {
    "action_prohibited": ("an administrator does not allow this webhook to post", _ADMIN),
    "channel_is_archived": ("{channel} is archived", "unarchive it or choose another channel"),
    "channel_not_found": (
        "Slack shows the app no channel {channel}",
        f"check the name; if the channel is private, {_INVITE}",
    ),
    "ekm_access_denied": ("the workspace's encryption keys are withdrawn", _ADMIN),
    "is_archived": ("{channel} is archived", "unarchive it or choose another channel"),
    "messages_tab_disabled": ("{channel} takes no messages from apps", "choose a channel"),
    "method_not_supported_for_channel_type": ("{channel} is not a channel", "choose a channel"),
    "no_permission": ("the app may not post in {channel}", _ADMIN),
    "not_in_channel": ("the app is not in {channel}", _INVITE),
    "posting_to_general_channel_denied": ("the app may not post in {channel}", _ADMIN),
    "team_access_not_granted": ("the app was not let into the workspace of {channel}", _ADMIN),
}
_GONE = {
    "cannot_reply_to_message": "the message that was to be answered takes no answers",
    "cant_update_message": "the message can't be changed by this app",
    "edit_window_closed": "the workspace allows no changes so late",
    "message_not_found": "the message was deleted",
    "thread_not_found": "the message that was to be answered was deleted",
}
_BLOCKS = ("invalid_block", "msg_blocks", "msg_too_l")


class Malformed(Refused):
    """Slack takes the message, but not in this form: surely not posted, and a plain one may do."""


_OUR_FAULT = (
    "attachment",
    "block",
    "invalid_arg",
    "invalid_payload",
    "markdown_text",
    "metadata",
    "msg_",
    "no_text",
    "text_too_long",
)


def refusal(answer: Answer, *, channel: str = "", secret: str = BOT_TOKEN) -> DeliveryError:
    """What an answer without success means for the sender.

    Args:
        answer: Slack's.
        channel: Where the message was to go.
        secret: The environment variable to blame for a wrong token or address.
    """
    code = answer.code if re.fullmatch(r"[a-z0-9_]{2,60}", answer.code) else ""
    if answer.status == 429 or code in _RATE:  # noqa: PLR2004  (Too Many Requests)
        return _rate_limited(answer.retry_after)
    if answer.status >= 500 or code in _UNCLEAR:  # noqa: PLR2004  (server errors)
        return Unclear(f"Slack had trouble of its own ({code or f'HTTP {answer.status}'})")
    if not code:
        return Unclear(
            f"Slack's answer can't be read (HTTP {answer.status}): if this goes on, check [slack] "
            "api_url and any proxy on the way"
        )
    return _refused(code, answer, _Words(clean(channel, limit=80), secret, answer.needed))


@dataclass(frozen=True, slots=True)
class _Words:
    """What the texts above leave open."""

    channel: str
    secret: str
    needed: str

    def fill(self, texts: tuple[str, str], code: str) -> str:
        cause, remedy = (
            text.format(
                channel=self.channel or "the channel",
                secret=self.secret,
                needed=clean(self.needed, limit=80) or "it needs",
            )
            for text in texts
        )
        return f"{cause[0].upper()}{cause[1:]} ({code}): {remedy}"


def _refused(code: str, answer: Answer, words: _Words) -> DeliveryError:
    if code in _UNAUTHORISED:
        return Unauthorised(words.fill(_UNAUTHORISED[code], code))
    if code in _CHANNEL:
        return ChannelUnavailable(words.fill(_CHANNEL[code], code))
    if code.startswith("restricted_action"):
        return ChannelUnavailable(words.fill(_CHANNEL["no_permission"], code))
    if code in _GONE:
        return Gone(f"{_GONE[code][0].upper()}{_GONE[code][1:]} ({code})")
    detail = clean(answer.detail, limit=_MAX_DETAIL)
    if any(part in code for part in _OUR_FAULT):
        kind = Malformed if code.startswith(_BLOCKS) else Refused
        return kind(
            f"Slack does not take this message ({code}{f': {detail}' if detail else ''}): "
            "this is a mistake of the monitor, please report it"
        )
    return Puzzling(
        f"Slack refused this message with a code that this version does not know ({code}): look "
        "it up in Slack's documentation of chat.postMessage, mend its cause, send the alert again"
    )


def _rate_limited(header: str) -> RateLimited:
    pause = retry_after(header)
    seconds = round(pause.total_seconds())
    return RateLimited(f"Slack asks for a pause of {seconds} s (ratelimited)", retry_after=pause)


def retry_after(header: str) -> timedelta:
    """The pause a Retry-After asks for; a bounded one whatever it says."""
    try:
        seconds = float(header)
    except ValueError:
        return DEFAULT_PAUSE
    if not math.isfinite(seconds) or seconds < 0:
        return DEFAULT_PAUSE
    return min(timedelta(seconds=min(max(1, math.ceil(seconds)), 86_400)), LONGEST_PAUSE)


_NEVER_LEFT: Mapping[type[BaseException], str] = {
    socket.gaierror: "The address of {host} can't be found: check the network and [slack] api_url",
    ConnectionRefusedError: "{host} takes no connections: check the network and [slack] api_url",
    ssl.SSLCertVerificationError: (
        "The certificate of {host} is not valid here: check the clock, the certificates of this "
        "machine and any proxy on the way"
    ),
}
_UNREACHABLE = {errno.EADDRNOTAVAIL, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH}


def failure(error: BaseException, *, host: str) -> DeliveryError:
    """What it means that no whole answer came back.

    Args:
        error: From the connection. `URLError` means that it came up before or while sending.
        host: For the text.
    """
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(error, URLError):
        for kind, text in _NEVER_LEFT.items():
            if isinstance(cause, kind):
                return NotSent(text.format(host=host))
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return NotSent(f"{host} can't be reached: check the network")
    if isinstance(cause, TimeoutError):
        return Unclear(f"{host} did not answer in time")
    return Unclear(f"The connection to {host} broke before its answer was whole")
