"""The deliver job: from the outbox to the receiver, in order within each channel, surely and unhurried.

fold what piles up | the oldest message of each channel | mark it as being sent | send | record the receipt
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import (
    ChannelUnavailable,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.receivers import Finder
from monitor.store import outbox
from monitor.store.outbox import Queued, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Receipt
    from monitor.receivers import Receiver
    from monitor.store.database import Database

log = logging.getLogger(__name__)

PACE = timedelta(seconds=1.05)
"""Between two messages in one channel: Slack allows one a second."""
DIGEST_SIZE = 25
"""Alerts in one digest: what a person still reads, and well below what a message may hold."""
SETTLE = timedelta(seconds=15)
"""How long a message may take to appear in a channel's history after an unclear answer."""
PROBE = timedelta(hours=1)
"""How often something that a person must mend is tried again by itself."""
ABANDONED = timedelta(minutes=1)
"""After this long in `sending`, whoever was sending is gone: no attempt takes that long."""
LOOK_AGAIN = timedelta(minutes=1)
"""After a look-up that could not read everything."""
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=5)


class Deliver:
    """Sends what is due, at most one message a channel each time it is called."""

    def __init__(
        self,
        database: Database,
        receiver: Receiver,
        *,
        collapse_above: int,
        clock: Callable[[], datetime],
        settle: timedelta = SETTLE,
    ) -> None:
        self._database = database
        self._receiver = receiver
        self._collapse_above = collapse_above
        self._clock = clock
        self._settle = settle
        self._paused_until: datetime | None = None
        self._last_sent: dict[str, datetime] = {}
        self._stopped = False
        self.alive_at = time.monotonic()
        """When it last looked for something to send, by the monotonic clock."""

    def __call__(self) -> None:
        """Send what is due.

        Raises:
            StoreError: The database refused; nothing is lost, what was being sent is looked up later.
        """
        self.alive_at = time.monotonic()
        self._recover(self._clock() - ABANDONED)
        self._collapse()
        with self._database.reading() as tx:
            heads = outbox.heads(tx)
        for queued in heads:
            if not self._stopped and self._is_due(queued):
                self._attempt(queued)

    def stop(self) -> None:
        """Send nothing more after the message that is on its way."""
        self._stopped = True

    def start(self, *, alone: bool) -> None:
        """Put in order what a killed process left behind; `alone` if no other can be sending."""
        now = self._clock()
        self._recover(now if alone else now - ABANDONED)
        with self._database.transaction() as tx:
            outbox.unpark(tx, now=now)

    def _recover(self, tried_before: datetime) -> None:
        with self._database.reading() as tx:
            if not outbox.interrupted(tx, tried_before=tried_before):
                return
        with self._database.transaction() as tx:
            found = outbox.recover(tx, tried_before=tried_before, settle=self._settle)
        log.warning("messages interrupted by a crash, looked up before sending: n=%d", found)

    def _collapse(self) -> None:
        if not self._collapse_above:
            return
        with self._database.reading() as tx:
            channels = outbox.crowded(tx, above=self._collapse_above)
        for channel in channels:
            with self._database.transaction() as tx:
                folded = outbox.collapse(
                    tx, channel, above=self._collapse_above, size=DIGEST_SIZE, now=self._clock()
                )
            log.info("alerts folded into digests: channel=%s alerts=%d", channel, folded)

    def _is_due(self, queued: Queued) -> bool:
        now = self._clock()
        if queued.state is State.SENDING or queued.not_before > now:
            return False
        if queued.state is State.UNKNOWN:
            return True
        last = self._last_sent.get(queued.message.channel)
        paced = last is None or not timedelta(0) <= now - last < PACE
        return paced and (self._paused_until is None or now >= self._paused_until)

    def _attempt(self, queued: Queued) -> None:
        if queued.state is State.UNKNOWN and isinstance(self._receiver, Finder):
            self._look_up(queued, self._receiver)
            return
        with self._database.transaction() as tx:
            if not outbox.start(tx, queued, now=self._clock()):
                return
        self._last_sent[queued.message.channel] = self._clock()
        try:
            receipt = self._receiver.send(queued.message)
        except DeliveryError as error:
            self._not_confirmed(queued, error)
        else:
            self._sent(queued, receipt)

    def _look_up(self, queued: Queued, finder: Finder) -> None:
        since = queued.first_tried_at or queued.created_at
        try:
            receipt = finder.find(queued.message, since=since)
        except DeliveryError as error:
            self._put_back(queued, State.UNKNOWN, LOOK_AGAIN, error)
            _log_trouble(queued, State.UNKNOWN, error)
            return
        if receipt:
            self._sent(queued, receipt)
        else:
            self._put_back(queued, State.PENDING, timedelta(0))

    def _sent(self, queued: Queued, receipt: Receipt) -> None:
        with self._database.transaction() as tx:
            outbox.sent(tx, queued.id, receipt, now=self._clock())
        log.info(
            "alert delivered: message=%d channel=%s attempts=%d",
            queued.id,
            queued.message.channel,
            queued.attempts + 1,
        )

    def _not_confirmed(self, queued: Queued, error: DeliveryError) -> None:
        jitter = random.random()
        state, pause = after(
            error, attempts=queued.attempts + 1, settle=self._settle, jitter=jitter
        )
        if isinstance(error, RateLimited | Unauthorised):
            self._paused_until = self._clock() + pause
        self._put_back(queued, state, pause, error)
        _log_trouble(queued, state, error)

    def _put_back(
        self, queued: Queued, state: State, pause: timedelta, error: DeliveryError | None = None
    ) -> None:
        with self._database.transaction() as tx:
            outbox.put_back(
                tx,
                queued.id,
                state,
                not_before=self._clock() + pause,
                error=str(error) if error else "",
            )


def _log_trouble(queued: Queued, state: State, error: DeliveryError) -> None:
    """Say what went wrong, unless the last attempt said just that."""
    if str(error) == queued.error:
        return
    held = state in {State.PARKED, State.DEAD}
    log.log(
        logging.ERROR if held else logging.WARNING,
        "alert not delivered: message=%d channel=%s state=%s cause=%s",
        queued.id,
        queued.message.channel,
        state.value,
        error,
    )


def after(
    error: DeliveryError, *, attempts: int, settle: timedelta, jitter: float
) -> tuple[State, timedelta]:
    """Where a message goes that was not confirmed, and when it is looked at again."""
    match error:
        case RateLimited(retry_after=pause):
            # A 429 does not prove that the message was not stored: look before sending again.
            return State.UNKNOWN, max(pause, settle)
        case Unclear():
            return State.UNKNOWN, settle
        case NotSent():
            return State.PENDING, backoff(attempts, jitter=jitter)
        case ChannelUnavailable() | Unauthorised():
            return State.PARKED, PROBE
        case Refused():
            return State.DEAD, timedelta(0)
    raise AssertionError(error)


def backoff(attempts: int, *, jitter: float) -> timedelta:
    """The pause after this many failed attempts: doubling from 2 s to 5 min, less up to a quarter."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE) * (1 - jitter / 4)
