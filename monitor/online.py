"""`monitor check --online`: whether Slack takes our token and every feed can be read, storing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import DeliveryError, FeedError
from monitor.feeds.exchange import Request
from monitor.model import Validators
from monitor.receivers.slack.client import SlackReceiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.feeds.exchange import Fetched
    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.reading import Reading
    from monitor.model import Feed
    from monitor.receivers import Ear, Receiver

NEEDED_SCOPES = frozenset(
    {"chat:write", "channels:history", "groups:history", "channels:read", "groups:read"}
)
"""What the app's manifest asks for: posting, and finding a message again after a lost answer."""


BUTTON_SCOPES = frozenset({"commands"})
"""What the command and the shortcut need besides."""


def listening(ear: Ear) -> tuple[bool, str]:
    """Whether buttons and commands will be heard; connects for a moment."""
    try:
        ear.open(lambda _kind, _payload, _envelope: None)
    except DeliveryError as error:
        return False, str(error)
    finally:
        ear.close()
    return True, "buttons and /monitor can be heard"


def slack(receiver: Receiver, *, buttons: bool = False) -> tuple[bool, str]:
    """Whether the receiver can work, with buttons where asked, and what Slack says of us."""
    if not isinstance(receiver, SlackReceiver):
        return True, "no bot token: nothing to ask Slack"
    try:
        identity = receiver.check()
    except DeliveryError as error:
        return False, str(error)
    needed = NEEDED_SCOPES | BUTTON_SCOPES if buttons else NEEDED_SCOPES
    missing = needed - identity.scopes if identity.scopes else frozenset()
    if missing:
        names = ", ".join(sorted(missing))
        return False, f"the token lacks {names}: add them to the app's bot scopes and reinstall it"
    return True, f"we are {identity.bot} in {identity.team}"


def feeds(
    configured: Sequence[Feed], fetcher: Fetcher, reading: Reading
) -> Iterator[tuple[Feed, bool, str]]:
    """Each feed as it answers: whether it can be read, and how many entries or what is wrong."""
    waiting = list(enumerate(configured))

    def take(free: int) -> list[Request]:
        taken = [waiting.pop(0) for _ in range(min(free, len(waiting)))]
        return [Request(number, feed.url, Validators()) for number, feed in taken]

    for fetched in fetcher.fetch(take, reading):
        feed = configured[fetched.request.feed]
        try:
            yield feed, True, _summary(fetched)
        except FeedError as error:
            yield feed, False, str(error)


def _summary(fetched: Fetched) -> str:
    if isinstance(fetched.outcome, FeedError):
        raise fetched.outcome
    entries = fetched.parsed.entries if fetched.parsed else ()
    return f"{len(entries)} entries"
