"""When jobs run. The only door to apscheduler, which is no more than a tick here.

What is due stands in the database, so a late or missed tick loses nothing.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

STEP = timedelta(seconds=2)
"""A wall clock that moved this much against the monotonic one was set."""


class Scheduler:
    """Runs each job again and again, each in one thread at a time."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(10)},
            # Late ticks are folded into one and never dropped; a job never overtakes itself.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._offset = _offset()

    def every(self, period: timedelta, job: Callable[[], None], *, name: str) -> None:
        """Run a job now and then with this pause between two starts, or later if it takes longer."""
        self._scheduler.add_job(
            job,
            "interval",
            seconds=period.total_seconds(),
            id=name,
            name=name,
            next_run_time=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin to tick, in threads of its own."""
        # It warns at each tick that finds the last run still at work: for us that is the normal case.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start()

    def clock_was_set(self) -> bool:
        """Whether the wall clock was set since the last call; if so every job is made due now.

        Ask about once a second. Without it a clock stepped back an hour stops every job for an hour.
        """
        moved = _offset() - self._offset
        if abs(moved) < STEP:
            return False
        self._offset += moved
        log.warning("clock was set, jobs are re-planned: by=%.0fs", moved.total_seconds())
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        return True

    def stop(self) -> None:
        """Start nothing more and wait for what runs."""
        self._scheduler.shutdown(wait=True)


def _offset() -> timedelta:
    return timedelta(seconds=time.time() - time.monotonic())
