"""The growing job: the message of a story tells what is known of it now, at most once a minute."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import growth, metrics, outcomes
from monitor.errors import (
    ChannelUnavailable,
    DeliveryError,
    Gone,
    RateLimited,
    Refused,
    Unauthorised,
)
from monitor.model import Message
from monitor.receivers import Updater
from monitor.store import alerts as stored_alerts
from monitor.store import outbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.receivers import Receiver
    from monitor.store.alerts import Shown
    from monitor.store.database import Database

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)
"""Between two updates of one message: readers see it move, and Slack counts every one."""
PACE = timedelta(seconds=1.2)
"""Between two updates of any: Slack allows 50 a minute in a workspace."""
_REFUSED = timedelta(hours=1)


class Growing:
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
            if shown is None:
                return
            if not self._update(self._updater, shown):
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
            content = growth.now_reads(
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
            metrics.updated(error)
            self._failed(shown, error)
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

    def _failed(self, shown: Shown, error: DeliveryError) -> None:
        now = self._clock()
        if isinstance(error, RateLimited):
            self._paused_until = now + min(error.retry_after, outcomes.LONGEST_HOLD)
        elif isinstance(error, Unauthorised):
            self._paused_until = now + outcomes.PROBE
        pause = _pause_after(error)
        with self._database.transaction() as tx:
            stored_alerts.delay(tx, shown.alert, until=now + pause)
        if str(error) != self._said:
            self._said = str(error)
            log.warning(
                "message not updated: alert=%d channel=%s cause=%s",
                shown.alert,
                shown.channel,
                error,
            )


def _pause_after(error: DeliveryError) -> timedelta:
    """When an update is tried again. It says the same however often it is made: nothing is lost."""
    match error:
        case ChannelUnavailable():
            return outcomes.PROBE
        case Refused():
            return _REFUSED
    return REST
