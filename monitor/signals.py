"""SIGTERM and Ctrl-C end the service with exit code 0, whenever they come."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKING = (signal.SIGTERM, signal.SIGINT)


def leave_at_once(*, service: bool) -> None:
    """While nothing is open yet, a signal ends the process without a word.

    That is how a `service` ends; another command was broken off.
    """
    for number in _ASKING:
        code = 0 if service else 128 + number
        signal.signal(number, lambda *_, code=code: os._exit(code))


def as_usual() -> None:
    """From now on signals do what they do in any program."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Stopping:
    """What a signal does now."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] | None = None
        self._asked = False

    def by(self, stop: Callable[[], None]) -> None:
        """From now on signals call this; at once if one has come already."""
        self._stop = stop
        if self._asked:
            stop()

    def signal(self, number: int, _frame: object) -> None:
        """Take a signal."""
        # A second one means: at once. The database is safe at any instruction.
        signal.signal(number, signal.SIG_DFL)
        self._asked = True
        if self._stop is None:
            # Still starting: whatever it waits for (a database that does not answer) is left.
            sys.exit(0)
        self._stop()


def taken() -> Stopping:
    """Take the signals that ask a program to end."""
    stopping = Stopping()
    for number in _ASKING:
        signal.signal(number, stopping.signal)
    return stopping
