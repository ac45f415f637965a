"""The canary: a made-up item on the way of every item, up to a promised alert, and then undone.

Nothing of it is kept: no item, no story, no alert. So it can pollute nothing and reach no reader.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from monitor.errors import MonitorError
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import parse_at_once
from monitor.intake import Intake, Source
from monitor.model import Alert, Feed, Line, Message, Notice, Outlet
from monitor.receivers.slack import blocks
from monitor.recent import RecentStories
from monitor.rules import RuleSet, adhoc
from monitor.store import feeds as stored_feeds
from monitor.store import outbox
from monitor.stories.settings import StoriesSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from monitor.intake import Taken
    from monitor.model import Item
    from monitor.rules import Matcher
    from monitor.store.database import Database, Transaction
    from monitor.store.outbox import Queued

EVERY = timedelta(minutes=10)
"""Often, for one that fails is an alarm until the next."""
NOWHERE = "#canary"
"""A channel that is never sent anything: what is promised to it is undone."""
_FEED = Feed("https://canary.invalid/rss", Outlet("Canary", "en"))
_TITLE = "Made-up item {token}: nothing happened"
_RECENT = StoriesSettings(window=timedelta(hours=1))
"""Few stories are read while others wait to write; the item is like none of them anyway."""
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Canary</title><link>https://canary.invalid/</link>
<description>Made up</description><item><guid>{token}</guid><title>{title}</title>
<link>https://canary.invalid/{token}</link><pubDate>{date}</pubDate>
<description>The monitor made this item up to see that items get through.</description>
</item></channel></rss>
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the way, passed."""

    name: str
    said: str
    seconds: float


class Lost(MonitorError):
    """The item did not get through; the text says where and why."""


def rehearse(database: Database, rules: Matcher, *, now: datetime) -> Iterator[Step]:
    """Send a made-up item on its way and undo it; the steps, as it passes them.

    Args:
        database: Where it is stored, grouped and promised, in a transaction that is undone.
        rules: The rules in force, which read it too, for nothing.
        now: The time.

    Raises:
        Lost: It got stuck.
        StoreError: The database refused.
    """
    token = f"canary{uuid.uuid4().hex[:12]}"
    watch = _Watch()
    item = _read(token, now)
    yield watch.step("parse", "read from a feed as plain RSS")
    own = adhoc.matcher_of(token, RuleSet({}, {}, {}))
    if not own.match(item):
        raise Lost("match: a rule for the very word of the item does not match it")
    rules.match(item)
    yield watch.step("match", f"a rule of its own found it; {len(rules.rules)} in force read it")
    taken, promised = _taken(database, own, item, now)
    if taken.new != 1 or len(taken.decisions) != 1:
        raise Lost(
            f"store: {taken.new} new items and {len(taken.decisions)} decisions, not 1 and 1"
        )
    decision = taken.decisions[0]
    yield watch.step("store, story", f"a story of its own, told because: {decision.reason}")
    yield watch.step("outbox", _in_outbox(promised, token))


def _read(token: str, now: datetime) -> Item:
    title = _TITLE.format(token=token)
    document = _DOCUMENT.format(token=token, title=title, date=format_datetime(now))
    parsed = parse_at_once(document.encode(), url=_FEED.url)
    if parsed is None:
        raise Lost("parse: a plain RSS document is not taken for one")
    items = normalise_document(parsed, _FEED, seen=now)
    if [one.title for one in items] != [title]:
        raise Lost(
            f"parse: {len(items)} items were read from a document of one, or its title is lost"
        )
    return items[0]


def _taken(
    database: Database, own: Matcher, item: Item, now: datetime
) -> tuple[Taken, Queued | None]:
    """What intake makes of the item, and what it promises; all of it is undone."""
    intake = Intake(own, channel=NOWHERE, lookback=timedelta(days=1), recent=RecentStories(_RECENT))
    with contextlib.suppress(_Undone), database.transaction() as tx:
        source = Source(_feed(tx, now), first_sight=False)
        taken = intake.take(tx, [item], source, now=now)
        message = taken.decisions[0].message if taken.decisions else None
        promised = None if message is None else outbox.find(tx, message)
        raise _Undone
    return taken, promised


class _Undone(Exception):
    """Nothing of this transaction is kept."""


def _feed(tx: Transaction, now: datetime) -> int:
    """Any feed: what is undone need not be of its own."""
    if (known := stored_feeds.any_of(tx)) is not None:
        return known
    stored_feeds.sync(tx, [_FEED], now=now)
    return stored_feeds.states(tx)[0].id


def _in_outbox(promised: Queued | None, token: str) -> str:
    content = promised.message.content if promised else None
    if not isinstance(content, Alert) or token not in content.title:
        raise Lost("outbox: no alert was promised")
    rendered = blocks.render(Message("canary", NOWHERE, content), service="Canary")
    if token not in str(rendered):
        raise Lost("outbox: the message does not say what the alert says")
    return "an alert was promised, laid out for Slack, and undone"


class _Watch:
    """Times one step after the other."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def step(self, name: str, said: str) -> Step:
        """A step that ends now."""
        began, self._began = self._began, time.perf_counter()
        return Step(name, said, self._began - began)


class Canary:
    """The job: an item gets through, or this fails."""

    def __init__(
        self, database: Database, *, rules: Callable[[], Matcher], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock

    def __call__(self) -> None:
        """Send an item on its way and undo it.

        Raises:
            Lost: It got stuck.
            StoreError: The database refused.
        """
        for _ in rehearse(self._database, self._rules(), now=self._clock()):
            pass


def promise(database: Database, steps: Sequence[Step], *, channel: str, now: datetime) -> str:
    """Promise those who run the service a message that says so; its key.

    Raises:
        StoreError: The database refused.
    """
    lines = tuple(Line(f"{step.name}: {step.said}") for step in steps)
    notice = Notice("Canary: a made-up item gets through", lines)
    with database.transaction() as tx:
        name = f"canary:{uuid.uuid4()}"
        key = outbox.notify(tx, notice, name=name, channel=channel, now=now)
    if key is None:
        raise Lost("outbox: a message was not promised")
    return key
