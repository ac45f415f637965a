"""Slack: with socket.py the only one that knows slack_sdk. Every call is made once; others decide what next.

The SDK's own retries are off: they post a message twice when its answer is lost.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from monitor.errors import Refused, Unclear
from monitor.model import Alert, Receipt
from monitor.receivers.slack import markup
from monitor.receivers.slack.blocks import EVENT_TYPE, Rendered, plain, render
from monitor.receivers.slack.buttons import headlines
from monitor.receivers.slack.errors import (
    BOT_TOKEN,
    WEBHOOK,
    Answer,
    Malformed,
    failure,
    refusal,
    wrong_secret,
)
from monitor.receivers.slack.views import choice_form, dialogue, reason_form, sections
from monitor.settings import is_channel_id
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from pydantic import SecretStr
    from slack_sdk.web import SlackResponse

    from monitor.errors import DeliveryError
    from monitor.model import Digest, Message, Notice

CLOCK_MARGIN = timedelta(minutes=15)
"""How far Slack's clock and ours may differ when history is searched."""
_PAGE = 200
_MAX_PAGES = 100
_MAX_SPOKEN = 200
# What the SDK raises on answers that are JSON but no object, wrongly encoded, or nested too deep.
_UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)

log = logging.getLogger(__name__)

# The SDK logs addresses, bodies and the texts of exceptions; what matters of them is in our errors.
SILENT = logging.getLogger("monitor.receivers.slack.sdk")
_WORKSPACE = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+){2,5}/", re.ASCII)
SILENT.setLevel(logging.CRITICAL + 1)
"""For the SDK."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to Slack."""

    team: str
    bot: str
    scopes: frozenset[str]
    """What the token may do; empty where Slack did not say."""


class SlackReceiver:
    """Posts messages with a bot token, and finds them again by their key."""

    def __init__(
        self,
        token: SecretStr,
        *,
        api_url: str = "https://slack.com/api/",
        service: str = "",
        timeout: float = 10.0,
        buttons: bool = False,
    ) -> None:
        """Make a receiver; nothing is sent yet.

        Args:
            token: The bot token (xoxb-...).
            api_url: With a closing slash; see `SlackSettings`.
            service: The name of this service, shown in messages.
            timeout: In seconds, for each wait on the network.
            buttons: Whether somebody listens to buttons; without, none are shown.

        Raises:
            ConfigError: The token can't be a bot token.
        """
        self._service = service
        self._buttons = buttons
        self._timeout = timeout
        self._host = urlsplit(api_url).hostname or api_url
        self._web = WebClient(
            _checked_token(token),
            base_url=api_url,
            timeout=timeout,  # type: ignore[arg-type]  # typed as int, handed on to a socket
            retry_handlers=[],
            logger=SILENT,
        )
        # Left to itself, the SDK takes a proxy from the environment but ignores NO_PROXY;
        # without one, urllib reads both.
        self._web.proxy = None
        self._ids: dict[str, str] = {}

    def send(self, message: Message) -> Receipt:
        """Post a message once. See `Receiver.send`."""
        try:
            return self._post(
                message, render(message, service=self._service, buttons=self._buttons)
            )
        except Malformed as error:
            # One field that Slack does not like must not cost the reader the alert.
            log.warning("message sent without its layout: cause=%s", error)
            return self._post(message, plain(message, service=self._service))

    def _post(self, message: Message, rendered: Rendered) -> Receipt:
        answer = self._call(
            lambda: self._web.chat_postMessage(
                channel=message.channel,
                text=rendered.text,
                blocks=rendered.blocks or None,
                metadata=rendered.metadata,
                unfurl_links=False,
                unfurl_media=False,
                client_msg_id=message.key,
                **_thread(message),
            ),
            message.channel,
        )
        receipt = Receipt(channel=_text(answer, "channel"), ts=_text(answer, "ts"))
        if not receipt.channel or not receipt.ts:
            raise Unclear("Slack took the message but did not say where it is")
        self._ids[message.channel] = receipt.channel
        return receipt

    def update(self, message: Message, receipt: Receipt, *, revision: int) -> None:
        """Let a message say something else. See `Updater.update`."""
        rendered = render(message, service=self._service, revision=revision, buttons=self._buttons)
        # Without metadata it keeps its own, with the key of its first sending.
        self._call(
            lambda: self._web.chat_update(
                channel=receipt.channel,
                ts=receipt.ts,
                text=rendered.text,
                blocks=rendered.blocks,
            ),
            message.channel,
        )

    def find(self, message: Message, *, since: datetime) -> Receipt | None:
        """Look a message up by its key in the channel's history. See `Finder.find`.

        Needs the app to be a member of the channel and the scopes channels:history, groups:history
        and, for a channel given by name, channels:read and groups:read.
        """
        channel = self._channel_id(message.channel)
        oldest = f"{(since - CLOCK_MARGIN).timestamp():.6f}"
        posts = (
            self._history(channel, oldest, message.channel)
            if message.thread is None
            else self._replies(channel, message.thread.ts, oldest, message.channel)
        )
        stamps = [_text(posted, "ts") for posted in posts if _key(posted) == message.key]
        return Receipt(channel=channel, ts=min(stamps, key=float)) if stamps else None

    def show(self, trigger: str, title: str, notices: Sequence[Notice]) -> None:
        """Open a dialogue for whoever has just done something. See `Answerer.show`."""
        self._open_view(trigger, dialogue(title, notices))

    def ask_reason(self, trigger: str, about: Receipt, place: int | None) -> None:
        """Ask whoever said so why an alert is not relevant. See `Answerer.ask_reason`."""
        self._open_view(trigger, reason_form(about, place))

    def ask_which(self, trigger: str, about: Receipt, digest: Digest) -> None:
        """Ask which alert of a digest is meant. See `Answerer.ask_which`."""
        self._open_view(trigger, choice_form(about, headlines(digest)))

    def _open_view(self, trigger: str, view: dict[str, Any]) -> None:
        self._call(lambda: self._web.views_open(trigger_id=trigger, view=view), "")

    def answer(self, address: str, notices: Sequence[Notice]) -> None:
        """Tell one person something, where they asked. See `Answerer.answer`."""
        # A stranger's address is nothing to send to, whoever put it there.
        parts = urlsplit(address)
        ours = parts.hostname == self._host or (parts.hostname or "").endswith(".slack.com")
        if not ours or parts.scheme not in {"https", urlsplit(self._web.base_url).scheme}:
            raise Refused("The address to answer to is not one of Slack's")
        blocks = sections(notices)
        text = markup.literal(clean(notices[0].heading, limit=_MAX_SPOKEN)) if notices else ""
        answer = post_to_webhook(
            address, Rendered(text, blocks, {}), timeout=self._timeout, private=True
        )
        if answer.status >= 400:  # noqa: PLR2004  (HTTP errors)
            raise Refused(f"Slack did not take the answer (HTTP {answer.status})")

    def check(self) -> Identity:
        """Ask Slack who we are, for `monitor check --online`.

        Raises:
            Unauthorised: The token is no good; the text says how to mend that.
            DeliveryError: Slack could not be asked.
        """
        answer = self._call(self._web.auth_test, "")
        scopes = {name.lower(): value for name, value in (answer.headers or {}).items()}
        given = str(scopes.get("x-oauth-scopes", "")).split(",")
        return Identity(
            team=_text(answer, "team"),
            bot=_text(answer, "user"),
            scopes=frozenset(scope.strip() for scope in given if scope.strip()),
        )

    def workspace(self) -> str:
        """The address below which our messages stand, such as https://team.slack.com/.

        Raises:
            DeliveryError: Slack could not be asked.
        """
        address = _text(self._call(self._web.auth_test, ""), "url")
        return address if _WORKSPACE.fullmatch(address) else ""

    def unreachable(self, channels: Iterable[str]) -> list[DeliveryError]:
        """Which channels would take no message from us, and how to mend that.

        Raises:
            DeliveryError: Slack could not be asked.
        """
        found: dict[str, dict[str, Any]] = {}
        for one in self._channels(""):
            found[_text(one, "id")] = found[f"#{_text(one, 'name')}"] = one
        codes = {name: _closed(found.get(name)) for name in dict.fromkeys(channels)}
        return [refusal(Answer(200, code), channel=name) for name, code in codes.items() if code]

    def validate(self, message: Message) -> None:
        """Have Slack look at a message as it would look, without posting it.

        Raises:
            DeliveryError: Slack would refuse it, or could not be asked.
        """
        rendered = render(message, service=self._service, buttons=True)
        self._call(lambda: self._web.blocks_validate(blocks=rendered.blocks), message.channel)

    def close(self) -> None:
        """Nothing to let go of: the SDK opens a connection for each call."""

    def _history(self, channel: str, oldest: str, name: str) -> Iterator[dict[str, Any]]:
        return self._pages(
            "messages",
            lambda cursor: self._web.conversations_history(
                channel=channel,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            ),
            name,
        )

    def _replies(
        self, channel: str, thread: str, oldest: str, name: str
    ) -> Iterator[dict[str, Any]]:
        """What stands in a thread; history does not show it."""
        return self._pages(
            "messages",
            lambda cursor: self._web.conversations_replies(
                channel=channel,
                ts=thread,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            ),
            name,
        )

    def _channel_id(self, name: str) -> str:
        """The id of a channel: history, unlike chat.postMessage, takes no names."""
        if is_channel_id(name):
            return name
        if name not in self._ids:
            self._ids[name] = self._looked_up(name)
        return self._ids[name]

    def _looked_up(self, name: str) -> str:
        wanted = name.removeprefix("#")
        for channel in self._channels(name):
            if _text(channel, "name") == wanted:
                return _text(channel, "id")
        raise refusal(Answer(200, "channel_not_found"), channel=name)

    def _channels(self, name: str) -> Iterator[dict[str, Any]]:
        """Every channel that Slack shows us, because of the one of this name."""
        return self._pages(
            "channels",
            lambda cursor: self._web.conversations_list(
                types="public_channel,private_channel", limit=_PAGE, cursor=cursor
            ),
            name,
        )

    def _pages(
        self, field: str, page: Callable[[str | None], SlackResponse], channel: str
    ) -> Iterator[dict[str, Any]]:
        """Everything in a list that comes in pages.

        Raises:
            DeliveryError: Not everything could be read.
        """
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            answer = self._call(lambda: page(cursor), channel)  # noqa: B023  (called at once)
            yield from _objects(answer, field)
            cursor = _text(answer.get("response_metadata") or {}, "next_cursor")
            if not cursor:
                return
        raise Unclear(f"There is more in {channel} than can be searched")

    def _call(self, call: Callable[[], SlackResponse], channel: str) -> SlackResponse:
        return called(call, host=self._host, channel=channel)


def called(
    call: Callable[[], SlackResponse], *, host: str, channel: str = "", secret: str = BOT_TOKEN
) -> SlackResponse:
    """Call Slack once.

    Args:
        call: Calls it.
        host: For the text of an error, as are the next two.
        channel: Whom it concerns.
        secret: The variable of the token that is used.

    Raises:
        DeliveryError: It did not succeed.
    """
    try:
        return call()
    except SlackApiError as error:
        # Not chained: the SDK's error holds the request with its token.
        raise refusal(_answer(error.response), channel=channel, secret=secret) from None
    except (OSError, HTTPException) as error:
        raise failure(error, host=host) from error
    except _UNREADABLE as error:
        raise refusal(Answer(200), channel=channel, secret=secret) from error


def _thread(message: Message) -> dict[str, Any]:
    """Where in its channel a message goes."""
    if message.thread is None:
        return {}
    shown = isinstance(message.content, Alert) and message.content.broadcast
    return {"thread_ts": message.thread.ts, "reply_broadcast": shown}


def post_to_webhook(
    url: str, rendered: Rendered, *, timeout: float, private: bool = False
) -> Answer:
    """Post to an incoming webhook once and return its answer, whatever it says.

    Args:
        url: Its address.
        rendered: The message.
        timeout: In seconds, for each wait on the network.
        private: For an address to answer to: only who asked sees it, and what they asked at stays.

    Raises:
        DeliveryError: No whole answer came back.
    """
    hook = WebhookClient(
        url,
        timeout=timeout,  # type: ignore[arg-type]  # typed as int, handed on to a socket
        retry_handlers=[],
        logger=SILENT,
    )
    hook.proxy = None  # as above
    try:
        answer = hook.send(
            text=rendered.text,
            blocks=rendered.blocks,
            unfurl_links=False,
            unfurl_media=False,
            response_type="ephemeral" if private else None,
            replace_original=False if private else None,
        )
    except (OSError, HTTPException) as error:
        raise failure(error, host=urlsplit(url).hostname or "Slack") from error
    except _UNREADABLE as error:
        raise refusal(Answer(200)) from error
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, answer.body, headers.get("retry-after", ""))


def _checked_token(token: SecretStr) -> str:
    """The token, if it can be one. A stray line break would end up in the text of an exception."""
    value = token.get_secret_value().strip()
    if value.startswith("xapp-"):
        raise wrong_secret(
            BOT_TOKEN, "This is an app-level token", "Set the bot token, which begins with xoxb-"
        )
    if value.startswith("http"):
        raise wrong_secret(
            BOT_TOKEN, "This is an address, not a token", f"Set {WEBHOOK} for a webhook"
        )
    if not re.fullmatch(r"[\x21-\x7e]{1,500}", value):
        raise wrong_secret(BOT_TOKEN, "This is not a token", "Copy it again from the app's page")
    return value


def _answer(response: Any) -> Answer:  # noqa: ANN401  (whatever the SDK made of the answer)
    """What the SDK made of an answer without success: its data may be anything but an object."""
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    headers = {str(name).lower(): str(value) for name, value in (response.headers or {}).items()}
    about = data.get("response_metadata")
    messages = about.get("messages") if isinstance(about, dict) else None
    return Answer(
        status=response.status_code,
        code=_text(data, "error"),
        retry_after=headers.get("retry-after", ""),
        detail="; ".join(map(str, messages[:3])) if isinstance(messages, list) else "",
        needed=_text(data, "needed"),
    )


def _text(data: Any, name: str) -> str:  # noqa: ANN401  (JSON from outside)
    value = data.get(name) if hasattr(data, "get") else None
    return value if isinstance(value, str) else ""


def _objects(answer: SlackResponse, field: str) -> list[dict[str, Any]]:
    """The objects in a list of an answer.

    Raises:
        Unclear: There is no such list, so nothing was read.
    """
    found = answer.get(field)
    if not isinstance(found, list):
        raise Unclear(f"Slack's answer holds no {field}")
    return [one for one in found if isinstance(one, dict)]


def _closed(channel: dict[str, Any] | None) -> str:
    """The code with which Slack would refuse a message to a channel, "" where it would not."""
    if channel is None:
        return "channel_not_found"
    if channel.get("is_archived"):
        return "is_archived"
    return "" if channel.get("is_member") else "not_in_channel"


def _key(posted: dict[str, Any]) -> str:
    """The key in a message's metadata, "" where it is none of ours."""
    about = posted.get("metadata")
    if not isinstance(about, dict) or about.get("event_type") != EVENT_TYPE:
        return ""
    return _text(about.get("event_payload"), "key")
