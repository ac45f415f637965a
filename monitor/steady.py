"""Jobs that go on after a failure: it is said once when it starts and once when it ends."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

log = logging.getLogger(__name__)

_MAX_SAID = 10
"""Different errors told of one failure: a job that fails in ever new words does not fill the log."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a job is."""

    name: str
    ok_s: float | None
    """Seconds since it last ended well; None for never."""
    failing_s: float | None
    """Seconds since its first failure in a row; None for a job that works."""
    error: str
    """Of its last failure, also of one that is over; "" for none."""
    hangs: bool
    """It has shown no sign of life for longer than it may."""

    @property
    def works(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.failing_s is None and not self.hangs


class Steady:
    """A job as the scheduler runs it. No exception leaves it: the next tick tries again."""

    def __init__(
        self,
        name: str,
        job: Callable[[], None],
        *,
        may_take: timedelta,
        alive_at: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap a job.

        Args:
            name: For the log and for people.
            job: What to do at each tick.
            may_take: After so long without a sign of life it hangs; more than the pause between ticks.
            alive_at: When it last showed a sign of life while running, by the same clock.
            clock: Seconds, monotonic.
        """
        self.name = name
        self._job = job
        self._may_take = may_take.total_seconds()
        self._alive_at = alive_at
        self._clock = clock
        self._began_at = clock()
        self._ok_at: float | None = None
        self._failed_at = 0.0
        self._failing_at: float | None = None
        self._error = ""
        self._said: set[str] = set()
        self._stopped = False

    def stop(self) -> None:
        """From now on a run may end early, which says nothing of how the job is. Safe in a signal handler."""
        self._stopped = True

    def __call__(self) -> None:
        """Run the job."""
        try:
            self._job()
        except MonitorError as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs and the next tick go on
            self._failed(f"this program has a bug ({type(error).__name__})", error)
        else:
            self._worked()

    def condition(self) -> Condition:
        """How it is now. Safe in any thread."""
        now = self._clock()
        signs = (self._began_at, self._ok_at or 0.0, self._failed_at, self._alive_at())
        return Condition(
            name=self.name,
            ok_s=None if self._ok_at is None else now - self._ok_at,
            failing_s=None if self._failing_at is None else now - self._failing_at,
            error=self._error,
            hangs=now - max(signs) > self._may_take,
        )

    def _failed(self, text: str, bug: Exception | None = None) -> None:
        self._failed_at = self._clock()
        if self._failing_at is None:
            self._failing_at = self._failed_at
        self._error = text
        if text in self._said or len(self._said) >= _MAX_SAID:
            return
        self._said.add(text)
        if bug:
            log.error("%s failed, please report: it is tried again", self.name, exc_info=bug)
        else:
            log.error("%s waits: %s", self.name, text)

    def _worked(self) -> None:
        if self._stopped:
            return
        if self._failing_at is not None:
            seconds = self._clock() - self._failing_at
            log.info("%s works again after %.0f s", self.name, seconds)
        self._failing_at = None
        self._said.clear()
        self._ok_at = self._clock()
