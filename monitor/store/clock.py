"""The time that counts: this machine's for a file, the server's where processes may share a database."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.store.database import Database


class Timekeeper:
    """Tells the time to everything that compares times in a database.

    Leases, paces and attempts of one process are judged by others, whose machines may be minutes off.
    So the server is asked for its time now and then, and between two answers only what has passed
    since is counted: a clock that is wrong, or that somebody sets, plays no part.

    Args:
        database: Whose time it is.
        machine: This machine's clock, for a database that is a file of this machine.

    Raises:
        StoreError: The server did not answer.
    """

    def __init__(self, database: Database, machine: Callable[[], datetime]) -> None:
        self._database = database
        self._machine = machine
        self._answer: tuple[datetime, float] | None = None
        """The server's last answer, and what `_passed` said at that moment."""
        self.sync()

    def __call__(self) -> datetime:
        """The time."""
        if self._answer is None:
            return self._machine()
        then, passed = self._answer
        return then + timedelta(seconds=_passed() - passed)

    def sync(self) -> timedelta:
        """Ask the server again; returns how far its clock has moved against what has passed since.

        Raises:
            StoreError: It did not answer; its last answer counts on.
        """
        if self._database.path is not None:
            return timedelta(0)
        with self._database.reading() as tx:
            asked = _passed()
            said = tx.execute(select(func.clock_timestamp())).scalar_one()
            answered = _passed()
        expected = self() if self._answer else None
        self._answer = (said, (asked + answered) / 2)
        return self() - expected if expected else timedelta(0)


def _passed() -> float:
    """Seconds since the machine was started, whatever its clock was set to."""
    # Unlike `monotonic` it counts the time in which the machine was suspended.
    return time.clock_gettime(_BOOTTIME) if _BOOTTIME is not None else time.monotonic()


_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
