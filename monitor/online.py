"""`monitor check --online`: does Slack take our token and messages, can feeds be read? Changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError, FeedError
from monitor.feeds.exchange import Request
from monitor.model import (
    Act,
    Alert,
    Digest,
    Evidence,
    Mark,
    Message,
    Outlet,
    Person,
    Reason,
    RuleLabel,
    Severity,
    SoFar,
    Validators,
)
from monitor.receivers.slack.client import SlackReceiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.feeds.exchange import Fetched
    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.reading import Reading
    from monitor.model import Feed
    from monitor.receivers import Ear, Receiver

NEEDED_SCOPES = frozenset(
    {"chat:write", "channels:history", "groups:history", "channels:read", "groups:read"}
)
"""What the app's manifest asks for: posting, and finding a message again after a lost answer."""


BUTTON_SCOPES = frozenset({"commands", "reactions:read"})
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


def channels(receiver: Receiver, names: Iterable[str]) -> tuple[bool, str]:
    """Whether messages can be sent to every channel in use, and how to mend that where not."""
    if not isinstance(receiver, SlackReceiver):
        return True, "no bot token: no channels to ask for"
    wanted = tuple(dict.fromkeys(names))
    try:
        wrong = receiver.unreachable(wanted)
    except DeliveryError as error:
        return False, str(error)
    if wrong:
        return False, "; ".join(map(str, wrong))
    return True, f"the app is in every channel in use: {', '.join(wanted)}"


def layout(receiver: Receiver) -> tuple[bool, str]:
    """Whether Slack would take our messages; it is shown samples, and posts none."""
    if not isinstance(receiver, SlackReceiver):
        return True, "no bot token: nobody to show messages to"
    try:
        for sample in samples(datetime.now(UTC)):
            receiver.validate(sample)
    except DeliveryError as error:
        return False, f"Slack would refuse a message like ours: {error}"
    return True, "Slack takes messages like ours"


def samples(now: datetime) -> tuple[Message, ...]:
    """Messages with everything on them that a message can bear."""
    rule = RuleLabel("sample", "Sample rule <&>", Severity.HIGH)
    title, summary = (
        "북한군 포로 2명 <한국행> 희망 & 정부 수용 방침",
        "생포된 북한군이 조사를 받는다. " * 20,
    )
    alert = Alert(
        story=1,
        reason=Reason.CHANGED_STORY,
        rules=(rule,),
        title=title,
        summary=summary,
        url="https://news.example.org/world/1?a=1&b=2",
        outlet=Outlet("보기통신", "ko", "wire", "KR"),
        language="ko",
        published=now,
        seen=now,
        evidence=(
            Evidence("@pow", "포로", "title", 4, 6, "포로", "prisoner of war"),
            Evidence("@nk", "북한군", "summary", 4, 7, "북한군", "North Korean soldier"),
        ),
        so_far=SoFar(("보기통신", "Example Wire"), ("ko", "en"), 5, 2, now),
        changes=("12, now 31",),
        marks=(
            Mark(Act.MUTE, Person("ann", "U0000000001"), now, story=1),
            Mark(Act.SNOOZE, Person("ann"), now, rule="sample", until=now),
            Mark(Act.IRRELEVANT, Person("ann", "U0000000001"), now, story=1),
        ),
    )
    key = "00000000-0000-0000-0000-000000000000"
    contents = (alert, Digest((alert,) * 25, 40))
    return tuple(Message(key, "#sample", content) for content in contents)


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
