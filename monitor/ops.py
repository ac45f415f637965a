"""The ops job: what does not work is told to those who run the service, each matter in one message.

A matter begins with a message in the ops channel, which is edited in place while the matter changes and
when it is mended. Troubles with Slack itself are not told on Slack: /healthz and the log have them.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor import show
from monitor.errors import DeliveryError, Gone
from monitor.feeds import rhythm
from monitor.model import Line, Message, Notice
from monitor.receivers import Updater
from monitor.store import boards, outbox, pauses, tallies
from monitor.store import feeds as stored_feeds
from monitor.store.outbox import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from monitor.model import Receipt
    from monitor.receivers import Receiver
    from monitor.store.boards import Board
    from monitor.store.database import Database, Transaction
    from monitor.store.feeds import FeedState

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)
"""Between two edits of one message."""
RENEW = timedelta(minutes=15)
"""Between two messages about one matter that goes on: an edit makes no sound, so what is new gets one."""
FAILING = timedelta(minutes=15)
"""A feed that fails for less mends itself mostly."""
SILENCE_LOOK = timedelta(minutes=10)
"""Between two looks at the rhythm of every feed, which take time."""
GAP_TOLD = timedelta(days=1)
"""How long after a feed's last gap that is over."""
MAX_LINES = 15
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
HEADINGS = {
    "rules": ("Rules are not reloaded, the last good ones stay in force", "Rules are mended"),
    "feeds": ("Feeds that do not answer", "All feeds answer again"),
    "gone": ("Feeds that are gone for good", "No feed is followed any more that is gone"),
    "silent": ("Feeds that have fallen silent, unlike them", "All feeds bring news again"),
    "gaps": (
        "Entries may have been missed between two polls",
        "For a day no entries can have been missed",
    ),
    "alerts": ("Alerts that are held", "All alerts are delivered again"),
    "jobs": ("The service does not work as it should", "The service works as it should again"),
}
"""What a message says while something is wrong, and after, by topic."""


class Ops:
    """Keeps the messages of the ops channel true."""

    def __init__(
        self,
        database: Database,
        receiver: Receiver,
        *,
        channel: str,
        heartbeat: str,
        timezone: tzinfo,
        rules: Callable[[], Sequence[str]],
        jobs: Callable[[], Sequence[str]],
        canary: Callable[[], str] = str,
        clock: Callable[[], datetime],
    ) -> None:
        """Make the job.

        Args:
            database: What is told of.
            receiver: Tells only where messages can be edited: else there would be too many.
            channel: Where; "" for nowhere.
            heartbeat: The time of day, "09:00", at which it says that it works; "" for never.
            timezone: Of that day.
            rules: What is wrong in the rule files now.
            jobs: What is wrong with the jobs now.
            canary: What the daily message says of the canary; "" for nothing.
            clock: The time.
        """
        self._database = database
        self._updater = receiver if channel and isinstance(receiver, Updater) else None
        self._channel = channel
        self._heartbeat_at = heartbeat
        self._timezone = timezone
        self._rules = rules
        self._jobs = jobs
        self._canary = canary
        self._clock = clock
        self._silent: tuple[Line, ...] = ()
        self._silent_at: datetime | None = None

    def __call__(self) -> None:
        """Tell what began, changed or ended.

        Raises:
            StoreError: The database refused.
        """
        if self._updater is None:
            return
        now = self._clock()
        with self._database.reading() as tx:
            states = [state for state in stored_feeds.states(tx) if state.active]
            found = {
                "rules": tuple(Line(text) for text in self._rules()),
                "feeds": tuple(_failing(states, now)),
                "gone": tuple(_gone(states)),
                "silent": self._fallen_silent(states, now),
                "gaps": tuple(_gaps(states, now)),
                "alerts": tuple(_held(tx, self._channel)),
                "jobs": tuple(Line(text) for text in self._jobs()),
            }
            before = {topic: _open(tx, topic) for topic in found}
        for topic, lines in found.items():
            self._tell(self._updater, topic, before[topic], lines, now)
        self._heartbeat(found, now)

    def _fallen_silent(self, states: Sequence[FeedState], now: datetime) -> tuple[Line, ...]:
        if self._silent_at is None or not timedelta(0) <= now - self._silent_at < SILENCE_LOOK:
            self._silent, self._silent_at = tuple(_silent(states, now)), now
        return self._silent

    def _tell(
        self,
        updater: Updater,
        topic: str,
        board: Board | None,
        lines: tuple[Line, ...],
        now: datetime,
    ) -> None:
        if board is None or _begins_anew(board, lines, now):
            if lines:
                self._begin(updater, topic, board, lines, now)
        elif lines != board.shown and now >= board.update_after:
            self._edit(updater, board, lines, now)

    def _begin(
        self,
        updater: Updater,
        topic: str,
        before: Board | None,
        lines: tuple[Line, ...],
        now: datetime,
    ) -> None:
        heading = HEADINGS[topic][0]

        def begin(tx: Transaction) -> Receipt | None:
            board = _open(tx, topic)
            if (board and board.key) != (before and before.key):
                return None  # another replica was first
            name = f"{topic}:{now.isoformat()}"
            notice = _notice(heading, lines)
            key = outbox.notify(tx, notice, name=name, channel=self._channel, now=now)
            if key:
                told, after = tuple(map(_matter, lines)), now + REST
                boards.begin(tx, topic, key, lines, told=told, now=now, update_after=after)
            return outbox.receipt_of(tx, board.key) if board and key else None

        receipt = self._database.run(begin)
        if before and receipt:
            old = _notice(f"{heading}. This goes on in a newer message. Before", before.shown)
            self._update(updater, before, receipt, old)

    def _edit(self, updater: Updater, board: Board, lines: tuple[Line, ...], now: datetime) -> None:
        with self._database.transaction() as tx:
            receipt = outbox.receipt_of(tx, board.key)
            if receipt is None or not boards.claim(tx, board, update_after=now + REST):
                return
        heading, mended = HEADINGS[board.topic]
        # Of what is mended the last state stays readable below.
        notice = _notice(heading, lines) if lines else _notice(f"{mended}. Before", board.shown)
        if not self._update(updater, board, receipt, notice):
            return
        told = tuple((Counter(board.told) & Counter(map(_matter, lines))).elements())
        with self._database.transaction() as tx:
            boards.shown(tx, board, lines, told=told, ended=not lines)

    def _update(self, updater: Updater, board: Board, receipt: Receipt, notice: Notice) -> bool:
        """Whether the message says so now, if it is there at all."""
        message = Message(board.key, self._channel, notice)
        try:
            updater.update(message, receipt, revision=board.updates + 1)
        except Gone:
            log.info("notice was deleted and stays so: topic=%s", board.topic)
        except DeliveryError as error:
            log.warning("notice not updated: topic=%s cause=%s", board.topic, error)
            return False
        return True

    def _heartbeat(self, found: Mapping[str, tuple[Line, ...]], now: datetime) -> None:
        local = now.astimezone(self._timezone)
        if not self._heartbeat_at or f"{local:%H:%M}" < self._heartbeat_at:
            return
        name = f"heartbeat:{local.date()}"
        with self._database.reading() as tx:
            if outbox.was_notified(tx, name):
                return
            counted = tallies.since(tx, now - timedelta(days=1))
            states = stored_feeds.states(tx)
            waiting = sum(held.number for held in outbox.undelivered(tx))
        failing = sum(state.failures > 0 for state in states)
        wrong = [
            Line(f"{HEADINGS[topic][0]}: {len(lines)}") for topic, lines in found.items() if lines
        ]
        heading = "The service runs, and this is wrong" if wrong else "The service works"
        lines = (
            *wrong,
            Line(f"{show.plural(len(states), 'feed', 'feeds')}, {failing} of them failing"),
            Line(f"{counted.items} new items, {counted.matched} matched a rule"),
            Line(f"{counted.delivered} messages delivered, {waiting} waiting"),
            *([Line(said)] if (said := self._canary()) else []),
        )
        with self._database.transaction() as tx:
            notice = Notice(f"{heading}. In the last 24 hours", lines)
            outbox.notify(tx, notice, name=name, channel=self._channel, now=now)


def _open(tx: Transaction, topic: str) -> Board | None:
    """The message about a matter that goes on, if there is one that can be edited."""
    board = boards.get(tx, topic)
    return board if board and not board.ended and outbox.may_be_there(tx, board.key) else None


def _begins_anew(board: Board, lines: Iterable[Line], now: datetime) -> bool:
    """Whether there is something of which people were not notified, and the last time is long ago."""
    new = Counter(map(_matter, lines)) - Counter(board.told)
    return bool(new) and now - board.began_at > RENEW


def _matter(line: Line) -> str:
    """What a line is about, whatever it says of it, and wherever in a file that is."""
    return _VARYING.sub("", line.text.partition(": ")[0])


_VARYING = re.compile(r" \(.*?\)|(?::\d+)+$")


def _notice(heading: str, lines: tuple[Line, ...]) -> Notice:
    more = len(lines) - MAX_LINES
    # What began last may be all that the reader does not know yet.
    lines = tuple(sorted(lines, key=lambda line: line.since or _LONG_AGO, reverse=True))
    shown = (*lines[:MAX_LINES], Line(f"and {more} more")) if more > 0 else lines
    return Notice(heading, shown)


def _failing(states: Iterable[FeedState], now: datetime) -> Iterator[Line]:
    for state in states:
        since = state.failing_since
        if since and not state.gone_at and now - since >= FAILING and state.failures > 1:
            yield Line(f"{state.feed.outlet.name}: {state.error}", since)


def _gone(states: Iterable[FeedState]) -> Iterator[Line]:
    for state in states:
        if state.gone_at:
            said = "its publisher says so (410), it is asked no more: take it out"
            yield Line(f"{state.feed.outlet.name}: {said}", state.gone_at)


def _silent(states: Iterable[FeedState], now: datetime) -> Iterator[Line]:
    """Feeds that answer, but bring nothing for far longer than their own rhythm allows."""
    for state in states:
        if state.gone_at or state.failures:
            continue
        known = rhythm.unpack(state.rhythm, now=now.timestamp())
        if rhythm.is_silent(known, now.timestamp()):
            since = datetime.fromtimestamp(known.at, UTC)
            yield Line(f"{state.feed.outlet.name}: no news, look at its page", since)


def _gaps(states: Iterable[FeedState], now: datetime) -> Iterator[Line]:
    for state in states:
        if state.gap_at and now - state.gap_at < GAP_TOLD:
            often = "once" if state.gaps == 1 else f"{state.gaps} times by now"
            yield Line(f"{state.feed.outlet.name}: {often}; poll it more often (`interval`)")


def _held(tx: Transaction, ops_channel: str) -> Iterator[Line]:
    """Held alerts, but for what every channel suffers from: that is Slack's refusal of all of them."""
    general = {pause.error for pause in pauses.all_of(tx)}
    for held in outbox.undelivered(tx):
        held_for_good = held.state in {State.PARKED, State.DEAD}
        if held_for_good and held.channel != ops_channel and held.error not in general:
            yield Line(f"{held.channel} ({held.number} {held.state}): {held.error}", held.since)
