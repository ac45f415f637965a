"""The deliver job: from the outbox to the receiver, in order within each channel, surely and unhurried.

fold what piles up | the oldest message of each channel | mark it as being sent | send | record the receipt
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor import messages, metrics, outcomes, update
from monitor.alerts import policy
from monitor.alerts.quiet import Loudness
from monitor.errors import DeliveryError, Gone, Refused
from monitor.model import Alert, Digest
from monitor.receivers import Finder
from monitor.store import alerts as stored_alerts
from monitor.store import folding, mutes, outbox, pauses
from monitor.store.folding import Holding
from monitor.store.outbox import Kind, Queued, State
from monitor.store.pauses import Cause, Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.model import Content, Mark, Receipt
    from monitor.receivers import Receiver
    from monitor.store.database import Database
    from monitor.update import Update

log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGEST_SIZE = 25
"""Alerts in one digest: what a person still reads, and well below what a message may hold."""
_NEAR = timedelta(seconds=2)
"""What is due so soon is waited for: a tick a second would halve the pace."""
BUSY = timedelta(hours=1)
"""A channel is busy by what it was told in so long."""
BUSY_DIGESTS = timedelta(minutes=10)
"""Between two digests of a busy channel."""
_BUSY_LOOK = timedelta(seconds=10)
_CHANNELS_AT_ONCE = 4
"""What a workspace takes, in paces of one channel: Slack allows several hundred messages a minute."""
_SPELL = timedelta(minutes=1)
"""How long one call goes on at most while there is something to do."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast messages are sent, and how long an attempt may take."""

    pace: timedelta = timedelta(seconds=1.05)
    """Between two messages in one channel: Slack allows one a second."""
    settle: timedelta = timedelta(seconds=15)
    """How long a message may take to appear in a channel's history after an unclear answer."""
    timeout: timedelta = timedelta(seconds=10)
    """Of each wait on the network."""

    @property
    def silent_for(self) -> timedelta:
        """After so long in `sending`, whoever was sending is gone."""
        # There may be four waits: for the name, the connection, TLS and the answer.
        return 4 * self.timeout + timedelta(seconds=5)


class Deliver:
    """Sends what is due, in turn, one message a channel at a time."""

    def __init__(
        self,
        database: Database,
        receiver: Receiver,
        pacing: Pacing,
        *,
        update: Update,
        collapse_above: int,
        hourly: int = 0,
        loudness: Loudness | None = None,
        clock: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._receiver = receiver
        self._pacing = pacing
        self._update = update
        self._collapse_above = collapse_above
        self._hourly = hourly
        self._busy: tuple[str, ...] = ()
        self._busy_looked: datetime | None = None
        self._gathers_until: datetime | None = None
        self._tried_at: datetime | None = None
        self._loudness = loudness or Loudness()
        self._clock = clock
        self._wait = wait
        self._pauses: dict[Cause, Pause] = {}
        self._silenced: frozenset[Mark] = frozenset()
        self._stopped = False
        self.alive_at = time.monotonic()
        """When it last looked for something to send, by the monotonic clock."""

    def __call__(self) -> None:
        """Send what is due, and what becomes due in a moment.

        Raises:
            StoreError: The database refused; nothing is lost, what was being sent is looked up later.
        """
        end = self._clock() + _SPELL
        while not self._stopped and self._clock() < end:
            self.alive_at = time.monotonic()
            self._recover(self._pacing.silent_for)
            self._silence()
            self._hold()
            self._collapse()
            heads = self._heads()
            if not heads or heads[0][0] > self._clock() + _NEAR:
                return
            if (ahead := (heads[0][0] - self._clock()).total_seconds()) > 0:
                self._wait(ahead)
            self._send_due(heads)

    def stop(self) -> None:
        """Send nothing more after the message that is on its way."""
        self._stopped = True

    def gather(self, until: datetime) -> None:
        """Until then tell only what breaks through quiet hours; the rest comes in digests."""
        self._gathers_until = until

    def start(self, *, alone: bool) -> None:
        """Put in order what an earlier process left behind; `alone` if no other can be sending."""
        self._recover(timedelta(0) if alone else self._pacing.silent_for)
        with self._database.transaction() as tx:
            # Whoever restarts has mended something.
            pauses.lift(tx, Cause.CREDENTIALS)
            outbox.unpark(tx, now=self._clock())

    def can_send_by(self, moment: datetime) -> bool:
        """Whether anything can be tried by then, as things stand."""
        heads = self._heads()
        return bool(heads) and heads[0][0] <= moment

    def _recover(self, silent_for: timedelta) -> None:
        now = self._clock()
        with self._database.reading() as tx:
            if not outbox.interrupted(tx, now=now, silent_for=silent_for):
                return
        with self._database.transaction() as tx:
            # What a killed process had sent may still be stored for as long as it would have waited.
            settle = self._pacing.timeout + self._pacing.settle
            found = outbox.recover(tx, now=now, silent_for=silent_for, settle=settle)
        log.warning("messages interrupted by a crash, looked up before sending: n=%d", found)

    def _silence(self) -> None:
        """Set aside what was promised before a reader asked not to be told of it."""
        with self._database.reading() as tx:
            marks = mutes.active(tx, now=self._clock())
        # What was promised since knows of the mark already.
        if not self._silenced.issuperset(marks):
            silence = policy.Silence.of(marks)

            def why(story: int, alert: Alert) -> str:
                rules = [rule.id for rule in alert.rules]
                reason = silence.over(story, rules)
                return policy.silencers(marks, story, rules) if reason else ""

            with self._database.transaction() as tx:
                aside = outbox.silence(tx, why)
            if aside:
                log.info("alerts muted before they were sent: n=%d", aside)
        self._silenced = frozenset(marks)

    def _hold(self) -> None:
        """Hold what is not told now, and tell what was held long enough."""
        now = self._clock()
        held = self._loudness.held(now)
        gathers = self._gathers_until is not None and now < self._gathers_until
        holding = Holding(
            now,
            max(held.below, held.channels_below) if gathers else held.below,
            held.until_digest_below,
            held.opened,
            channels=held.channels,
            channels_below=held.channels_below,
            busy=self._busy_channels(now),
            busy_opened=now - (now - _EPOCH) % BUSY_DIGESTS,
        )
        with self._database.reading() as tx:
            if not folding.must_hold_or_release(tx, holding):
                return
        with self._database.transaction() as tx:
            kept = folding.hold(tx, holding)
            told = folding.release(tx, holding, size=DIGEST_SIZE, now=now)
        log.info("alerts held: n=%d told=%d", kept, told)

    def _busy_channels(self, now: datetime) -> tuple[str, ...]:
        """The channels that were told so much lately that digests will do."""
        last = self._busy_looked
        if self._hourly and not (last and timedelta(0) <= now - last < _BUSY_LOOK):
            with self._database.reading() as tx:
                self._busy = outbox.busy(tx, since=now - BUSY, above=self._hourly)
            self._busy_looked = now
        return self._busy

    def _collapse(self) -> None:
        if not self._collapse_above:
            return
        with self._database.reading() as tx:
            channels = folding.crowded(tx, above=self._collapse_above)
        for channel in channels:
            with self._database.transaction() as tx:
                folded = folding.collapse(
                    tx, channel, above=self._collapse_above, size=DIGEST_SIZE, now=self._clock()
                )
            if folded:
                log.info("alerts folded into digests: channel=%s alerts=%d", channel, folded)

    def _heads(self) -> list[tuple[datetime, Queued]]:
        """The oldest message of each channel and when it may be tried, soonest first."""
        now = self._clock()
        with self._database.reading() as tx:
            heads = outbox.heads(tx)
            tries = outbox.latest_tries(tx, since=now - max(self._pacing.pace, _NEAR))
            self._pauses = {pause.cause: pause for pause in pauses.all_of(tx)}
        found = [
            (moment, queued)
            for queued in heads
            if (moment := self._due_at(queued, now, tries.get(queued.message.channel)))
        ]
        return sorted(found, key=lambda head: (head[0], head[1].id))

    def _due_at(self, queued: Queued, now: datetime, last_try: datetime | None) -> datetime | None:
        return outcomes.due_at(
            queued,
            now=now,
            pauses=self._pauses.values(),
            last_try=last_try,
            pace=self._pacing.pace,
            finds=isinstance(self._receiver, Finder),
        )

    def _send_due(self, heads: Iterable[tuple[datetime, Queued]]) -> None:
        for moment, queued in heads:
            self._space_out()
            if self._stopped or moment > self._clock() or not self._attempt(queued):
                return

    def _space_out(self) -> None:
        """Let a workspace have no more at once than it takes."""
        space = self._pacing.pace / _CHANNELS_AT_ONCE
        if self._tried_at and (rest := self._tried_at + space - self._clock()) > timedelta(0):
            self._wait(min(rest, space).total_seconds())
        self._tried_at = self._clock()

    def _attempt(self, queued: Queued) -> bool:
        """Take a message one step further; whether those of other channels may follow."""
        unclear = queued.state is State.UNKNOWN
        if unclear and isinstance(self._receiver, Finder) and self._look_up(queued, self._receiver):
            return True
        if queued.kind is Kind.REPLY and queued.alert:
            # Its story's message tells it too; and if that is gone, it is told in the channel.
            self._update.refresh(queued.alert)
        with self._database.transaction() as tx:
            claim = outbox.start(tx, queued, now=self._clock())
            if claim is None:
                return True
            message, says = messages.prepared(tx, claim, now=self._clock())
        try:
            receipt = self._receiver.send(replace(message, repeat=unclear))
        except DeliveryError as error:
            return self._not_confirmed(claim, error, repeat=unclear, thread=message.thread)
        self._sent(claim, receipt, says=says, thread=message.thread)
        return True

    def _look_up(self, queued: Queued, finder: Finder) -> bool:
        """See whether a message is there already; False if that can't be told, now or ever."""
        with self._database.reading() as tx:
            message, _ = messages.prepared(tx, queued, now=self._clock())
        # A clock that was set back since must not hide the message in the future.
        since = min(queued.first_tried_at or queued.created_at, self._clock())
        try:
            receipt = finder.find(message, since=since)
        except Gone:
            receipt = None  # with the thread, whatever stood in it is gone
        except DeliveryError as error:
            return self._not_found_out(queued, error)
        if receipt:
            self._sent(queued, receipt, thread=message.thread)
        else:
            self._put_back(queued, State.PENDING, timedelta(0))
        return True

    def _not_found_out(self, queued: Queued, error: DeliveryError) -> bool:
        looks = queued.looks + 1
        pause = self._pauses.get(Cause.RATE)
        if outcomes.gives_up_looking(error, looks) and not (pause and pause.until > self._clock()):
            log.warning(
                "alert sent again without look-up: message=%d channel=%s looks=%d cause=%s",
                queued.id,
                queued.message.channel,
                looks,
                error,
            )
            return False
        self._put_back(queued, State.UNKNOWN, outcomes.look_again(error, looks), error, looks=looks)
        _log_trouble(queued, State.UNKNOWN, error)
        return True

    def _sent(
        self,
        claim: Queued,
        receipt: Receipt,
        *,
        says: datetime | None = None,
        thread: Receipt | None,
    ) -> None:
        with self._database.transaction() as tx:
            first = outbox.sent(tx, claim, receipt, now=self._clock())
            if first and claim.alert and thread is None:
                next_update = self._clock() + update.REST
                stored_alerts.posted(tx, claim.alert, receipt, says=says, next_update=next_update)
            if Cause.CREDENTIALS in self._pauses and pauses.lift(tx, Cause.CREDENTIALS):
                outbox.unpark(tx, now=self._clock())
        if first:
            metrics.attempted()
            metrics.delivered(_alerts_in(claim.message.content), now=self._clock())
            log.info(
                "alert delivered: message=%d channel=%s attempts=%d",
                claim.id,
                claim.message.channel,
                claim.attempts,
            )

    def _not_confirmed(
        self, claim: Queued, error: DeliveryError, *, repeat: bool, thread: Receipt | None
    ) -> bool:
        if isinstance(error, Gone):
            if thread is None or claim.alert is None:
                error = Refused(str(error))
            else:
                with self._database.transaction() as tx:
                    stored_alerts.close(tx, claim.alert, why=str(error))
        state, pause = outcomes.after(
            error,
            attempts=claim.attempts,
            settle=self._pacing.settle,
            jitter=random.random(),
            repeat=repeat,
        )
        self._put_back(claim, state, pause, error, looks=outcomes.looks_kept(error, claim.looks))
        metrics.attempted(error)
        _log_trouble(claim, state, error)
        concerns_all = outcomes.pause_after(error)
        if concerns_all is None:
            return True
        cause, length = concerns_all
        pausing = Pause(cause, self._clock() + length, str(error))
        self._database.run(lambda tx: pauses.begin(tx, pausing))
        return False

    def _put_back(
        self,
        claim: Queued,
        state: State,
        pause: timedelta,
        error: DeliveryError | None = None,
        *,
        looks: int = 0,
    ) -> None:
        with self._database.transaction() as tx:
            outbox.put_back(
                tx,
                claim,
                state,
                not_before=self._clock() + pause,
                error=str(error) if error else "",
                looks=looks,
            )


def _alerts_in(content: Content) -> tuple[Alert, ...]:
    if isinstance(content, Digest):
        return content.alerts
    return (content,) if isinstance(content, Alert) else ()


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
