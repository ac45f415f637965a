"""Whether the SQLite file that was opened is still the one at its path, and can grow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from monitor.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

ENOUGH = 20_000_000
"""Free bytes below which a database is about to stop: some hours of items."""
LARGE_LOG = 256_000_000
"""Bytes of a write-ahead log that somebody keeps from being folded: it is cut to a quarter by itself."""

_LONG_LOG = (
    "the write-ahead log of the database {} has grown to {:.0f} MB, because something keeps reading: end "
    "the backup or tool that has it open"
)
_SECOND_NAME = (
    "the database {} has another name too (a hard link), and the next start will refuse it: delete the "
    "other name"
)


class Presence:
    """Remembers which file was opened. Who deletes it goes on working in a file that nobody sees."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None
        self._had_content = False

    def remember(self) -> None:
        """The file was opened; the first one counts."""
        found = self._found()
        self._opened = self._opened or (found and _identity(found))

    def require(self) -> None:
        """Make sure that what is written now will be found again.

        Raises:
            StoreError: The file is gone, empty, or another one is in its place.
        """
        if self._opened is None:
            return
        found = self._found()
        if found is None or _identity(found) != self._opened:
            raise StoreError(self._lost("deleted or replaced"))
        if found.st_size == 0 and self._had_content:
            raise StoreError(self._lost("emptied"))
        self._had_content = self._had_content or found.st_size > 0

    def _lost(self, how: str) -> str:
        return (
            f"the database {self._path} was {how} while the service runs, and what is stored now "
            "would be lost: stop the service, put the file or the newest backup back "
            "(docs/operations.md), start again"
        )

    def _found(self) -> os.stat_result | None:
        try:
            return self._path.stat()
        except OSError:
            return None

    def warnings(self) -> tuple[str, ...]:
        """What will be a trouble later, one sentence each."""
        found = self._found()
        said = []
        if found is not None and found.st_nlink > 1:
            said.append(_SECOND_NAME.format(self._path))
        if (size := self._log_size()) > LARGE_LOG:
            said.append(_LONG_LOG.format(self._path, size / 1e6))
        return tuple(said)

    def _log_size(self) -> int:
        try:
            return self._path.with_name(self._path.name + "-wal").stat().st_size
        except OSError:
            return 0

    def troubles(self) -> tuple[str, ...]:
        """What keeps the file from being written or will soon, one sentence each."""
        found = []
        if not os.access(self._path, os.W_OK) or not os.access(self._path.parent, os.W_OK):
            found.append(
                f"the database {self._path} is read-only: give the service write permission on the "
                "file and its folder"
            )
        disk = os.statvfs(self._path.parent)
        free = disk.f_bavail * disk.f_frsize
        if free < ENOUGH:
            found.append(
                f"the disk of the database {self._path} has {free / 1e6:.0f} MB left: free some space"
            )
        return tuple(found)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
