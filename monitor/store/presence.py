"""Whether the SQLite file that was opened is still the one at its path, and can grow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from monitor.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

ENOUGH = 20_000_000
"""Free bytes below which a database is about to stop: some hours of items."""


class Presence:
    """Remembers which file was opened. Who deletes it goes on working in a file that nobody sees."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None

    def remember(self) -> None:
        """The file was opened; the first one counts."""
        self._opened = self._opened or self._at_path()

    def require(self) -> None:
        """Make sure that what is written now will be found again.

        Raises:
            StoreError: The file is gone, or another one is in its place.
        """
        if self._opened and self._at_path() != self._opened:
            raise StoreError(
                f"the database {self._path} was deleted or replaced while the service runs, and "
                "what is stored now would be lost: stop the service, put the file or the newest "
                "backup back (docs/operations.md), start again"
            )

    def _at_path(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

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
