"""The update job: the message of a story tells what is known of it now, at most once a minute."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import messages, metrics, outcomes
from monitor.errors import (
    ChannelUnavailable,
    DeliveryError,
    Gone,
    RateLimited,
    Refused,
    Unauthorised,
)
from monitor.model import Digest, Message
from monitor.receivers import Updater
from monitor.store import alerts as stored_alerts
from monitor.store import outbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.receivers import Receiver
    from monitor.store.alerts import Shown
    from monitor.store.database import Database
    from monitor.store.outbox import Queued

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)
"""Between two updates of one message: readers see it move, and Slack counts every one."""
PACE = timedelta(seconds=1.2)
"""Between two updates of any: Slack allows 50 a minute in a workspace."""
_REFUSED = timedelta(hours=1)


class Update:
    """Brings messages up to date, those first that have said too little for longest."""

    def __init__(
        self,
        database: Database,
        receiver: Receiver,
        *,
        clock: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._updater = receiver if isinstance(receiver, Updater) else None
        self._clock = clock
        self._wait = wait
        self._stopped = False
        self._paused_until: datetime | None = None
        self._said = ""
        self.alive_at = time.monotonic()
        """When it last looked for something to update, by the monotonic clock."""

    def __call__(self) -> None:
        """Update what has grown.

        Raises:
            StoreError: The database refused; what was updated last is updated again.
        """
        while self._updater and not self._stopped and not self._is_paused():
            self.alive_at = time.monotonic()
            now = self._clock()
            with self._database.reading() as tx:
                shown = stored_alerts.next_grown(tx, now=now, horizon=now + outcomes.LONGEST_HOLD)
                marked = (
                    outbox.next_marked(tx, now=now, horizon=now + outcomes.LONGEST_HOLD)
                    if shown is None
                    else None
                )
            if shown:
                done = self._update(self._updater, shown)
            elif marked:
                done = self._update_digest(self._updater, marked)
            else:
                return
            if not done:
                return  # the next tick looks again, at another one
            self._wait(PACE.total_seconds())

    def stop(self) -> None:
        """Update nothing more after the message at hand. Safe in a signal handler."""
        self._stopped = True

    def refresh(self, alert: int) -> None:
        """Update a message now that something is to be told in its thread; notice if it is gone.

        Raises:
            StoreError: The database refused.
        """
        with self._database.reading() as tx:
            shown = stored_alerts.find(tx, alert)
        if shown and shown.receipt.ts and self._updater and not self._is_paused():
            self._update(self._updater, shown)

    def _is_paused(self) -> bool:
        now = self._clock()
        until = self._paused_until
        return until is not None and now < until <= now + outcomes.LONGEST_HOLD

    def _update(self, updater: Updater, shown: Shown) -> bool:
        """Update a message; False if Slack did not take it."""
        with self._database.transaction() as tx:
            if not stored_alerts.claim(tx, shown, next_update=self._clock() + REST):
                return True
            content = messages.now_reads(
                tx, shown.alert, shown.story, shown.receipt, now=self._clock()
            )
            if content is None:
                stored_alerts.updated(tx, shown)
                return True
            message = Message(outbox.key_of(tx, shown.alert, 1), shown.channel, content)
        try:
            updater.update(message, shown.receipt, revision=shown.updates + 1)
        except Gone as error:
            metrics.updated(error)
            self._close(shown, error)
        except DeliveryError as error:
            until = self._failed(error, f"alert={shown.alert} channel={shown.channel}")
            with self._database.transaction() as tx:
                stored_alerts.delay(tx, shown.alert, until=until)
            return False
        else:
            self._said = ""
            metrics.updated()
            with self._database.transaction() as tx:
                stored_alerts.updated(tx, shown)
            log.info("message updated: alert=%d channel=%s", shown.alert, shown.channel)
        return True

    def _close(self, shown: Shown, error: Gone) -> None:
        # Who deletes a message does not want to see it again; news of the story makes a new one.
        with self._database.transaction() as tx:
            stored_alerts.close(tx, shown.alert, why=str(error))
        log.info(
            "message left as it is: alert=%d channel=%s cause=%s",
            shown.alert,
            shown.channel,
            error,
        )

    def _update_digest(self, updater: Updater, digest: Queued) -> bool:
        """Let a digest show what readers did with it; False if Slack did not take that."""
        content = digest.message.content
        with self._database.transaction() as tx:
            now = self._clock()
            if not outbox.claim_marked(tx, digest, next_update=now + REST):
                return True
            if isinstance(content, Digest):
                content = messages.digest(tx, digest.id, content, now=now)
        try:
            message = replace(digest.message, content=content)
            updater.update(message, digest.receipt, revision=digest.edits + 1)
        except Gone as error:
            metrics.updated(error)
            log.info("digest was deleted and stays so: message=%d", digest.id)
        except DeliveryError as error:
            until = self._failed(error, f"digest={digest.id} channel={digest.message.channel}")
            with self._database.transaction() as tx:
                outbox.delay_marked(tx, digest, until=until)
            return False
        else:
            metrics.updated()
        with self._database.transaction() as tx:
            outbox.shows_marks(tx, digest)
        return True

    def _failed(self, error: DeliveryError, what: str) -> datetime:
        """Say it once; when that message is tried again."""
        metrics.updated(error)
        now = self._clock()
        if isinstance(error, RateLimited):
            self._paused_until = now + min(error.retry_after, outcomes.LONGEST_HOLD)
        elif isinstance(error, Unauthorised):
            self._paused_until = now + outcomes.PROBE
        if str(error) != self._said:
            self._said = str(error)
            log.warning("message not updated: %s cause=%s", what, error)
        return now + _pause_after(error)


def _pause_after(error: DeliveryError) -> timedelta:
    """When an update is tried again. It says the same however often it is made: nothing is lost."""
    match error:
        case ChannelUnavailable():
            return outcomes.PROBE
        case Refused():
            return _REFUSED
    return REST
