"""The listening job: one replica holds the connection that tells what people do on Slack.

What is heard is acknowledged at the door, and done here one after the other in a thread of its own.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError, MonitorError, StoreError
from monitor.receivers.slack import interact
from monitor.store import leases

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.receivers import Ear
    from monitor.receivers.slack.interact import Asked
    from monitor.store.database import Database

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""After a crash another replica listens once this is over."""
RENEW = timedelta(seconds=5)
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two attempts to connect that fail, doubled each time."""
STEADY = timedelta(seconds=30)
"""A connection that lasted so long was a good one, and may be renewed at once."""
MAX_WAITING = 500
_NAME = "listening"


class Listening:
    """Keeps one connection open, and hands on what is asked."""

    def __init__(
        self,
        database: Database,
        ear: Ear,
        answer: Callable[[Asked], None],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._ear = ear
        self._answer = answer
        self._clock = clock
        self._me = uuid.uuid4().hex
        self._held_until: datetime | None = None
        self._opened_at: datetime | None = None
        self._next_try: datetime | None = None
        self._pause = FIRST_PAUSE
        self._trouble: DeliveryError | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answering")
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._stopped = False

    def __call__(self) -> None:
        """See that somebody listens: this one, or another replica.

        Raises:
            StoreError: The database refused; then nobody listens here, for nothing could be done.
            DeliveryError: Slack can't be listened to; the text says how to mend that.
        """
        if self._stopped:
            return
        now = self._clock()
        try:
            mine = self._holds(now)
        except StoreError:
            self._be_deaf()
            raise
        if not mine:
            self._be_deaf()
        elif not (self._opened_at and self._ear.works()):
            self._listen(now)

    def stop(self) -> None:
        """Begin nothing more. Safe in a signal handler."""
        self._stopped = True

    def close(self) -> None:
        """Disconnect, finish what was asked, and let another replica listen."""
        self._stopped = True
        self._be_deaf()
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._held_until:
            with contextlib.suppress(StoreError):  # it ends by itself
                self._database.run(lambda tx: leases.give_up(tx, _NAME, self._me))

    @property
    def listens(self) -> bool:
        """Whether this process holds the connection."""
        return self._opened_at is not None

    def _holds(self, now: datetime) -> bool:
        """Whether the work is this one's."""
        until = self._held_until
        if until and now < until - LEASE + RENEW and until <= now + LEASE:
            return True
        end = now + LEASE
        taken = self._database.run(lambda tx: leases.take(tx, _NAME, self._me, now=now, until=end))
        self._held_until = end if taken else None
        return taken

    def _listen(self, now: datetime) -> None:
        """Connect, again where there was a connection; not more often than makes sense."""
        if self._opened_at:
            lasted = now - self._opened_at
            log.info("listening is begun anew: after=%.0fs", lasted.total_seconds())
            self._opened_at = None
            if lasted >= STEADY:
                self._pause, self._next_try = FIRST_PAUSE, None
            else:
                self._next_try = now + self._next_pause()
        if self._next_try and now < self._next_try <= now + LONGEST_PAUSE:
            if self._trouble:
                raise self._trouble
            return
        try:
            self._ear.open(self._heard)
        except DeliveryError as error:
            self._trouble = error
            self._next_try = now + self._next_pause()
            raise
        if self._trouble or self._opened_at is None:
            log.info("listening to Slack")
        self._trouble, self._next_try, self._opened_at = None, None, now

    def _next_pause(self) -> timedelta:
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause

    def _be_deaf(self) -> None:
        if self._opened_at:
            log.info("listening ends here")
        self._opened_at = None
        self._ear.close()

    def _heard(self, kind: str, payload: object, envelope: str) -> None:
        """Take what was heard; in a thread of the connection's."""
        self._pause = FIRST_PAUSE
        asked = interact.read(kind, payload, envelope=envelope)
        if asked is None:
            # People react to much that is not ours, in every channel that we are in.
            level = logging.DEBUG if kind == "events_api" else logging.INFO
            log.log(level, "something on Slack is nothing to us: kind=%s", kind[:40])
        elif self._stopped or not self._waiting.acquire(blocking=False):
            log.warning("too much is asked at once: action=%s by=%s", asked.action, asked.by.slack)
        else:
            self._worker.submit(self._do, asked)

    def _do(self, asked: Asked) -> None:
        try:
            self._answer(asked)
        except MonitorError as error:
            log.error("not done: action=%s by=%s cause=%s", asked.action, asked.by.slack, error)
        except Exception:  # whatever it is, the next one is answered
            log.exception("not done, please report: action=%s", asked.action)
        finally:
            self._waiting.release()
