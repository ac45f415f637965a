"""The maintenance job: what is too old goes in small steps; once a day the database is looked after."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from monitor.store import backup, feedback, retention

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, timedelta

    from monitor.store.database import Database

log = logging.getLogger(__name__)

STEP = 200
"""Rows of each kind that go in one transaction: some milliseconds, so that polls do not wait."""
LEAST_PAUSE_S = 0.02


class Maintain:
    """Prunes the database."""

    def __init__(
        self,
        database: Database,
        *,
        keep: timedelta,
        clock: Callable[[], datetime],
        step: int = STEP,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._keep = keep
        self._clock = clock
        self._rows = step
        self._wait = wait
        self._took_s = 0.0
        """How long the last step kept others from writing."""
        self._looked_after: date | None = None
        self._stopped = False

    def __call__(self) -> None:
        """Delete what is too old, some hundred rows a transaction; once a day see that all is sound.

        Raises:
            StoreError: The database refused, and the rest goes next time; or it is damaged.
        """
        before = self._clock() - self._keep
        total = 0
        while not self._stopped and (deleted := self._step(before)):
            total += deleted
            # SQLite has no queue for writers: who asks again at once shuts the others out.
            self._wait(max(self._took_s, LEAST_PAUSE_S))
        if total:
            log.info("old rows deleted: rows=%d before=%s", total, before.date())
        today = self._clock().date()
        if today != self._looked_after and not self._stopped:
            backup.look_after(self._database)
            self._looked_after = today

    def _step(self, before: datetime) -> int:
        with self._database.transaction() as tx:
            began = time.monotonic()
            deleted = retention.prune(tx, before=before, limit=self._rows)
            said_before = self._clock() - max(self._keep, feedback.KEPT)
            deleted += feedback.prune(tx, before=said_before, limit=self._rows)
        self._took_s = time.monotonic() - began
        return deleted

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._stopped = True
