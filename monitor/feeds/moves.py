"""Feeds that moved for good (301, 308): asked at the new address once that has proved itself. Pure.

A redirect called permanent may be a mistake of an hour, or a hotel's login page: it is believed when
it was seen several times over some days and a feed was read behind it each time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Move

if TYPE_CHECKING:
    from datetime import datetime

SIGHTS = 3
OVER = timedelta(days=2)


def noted(before: Move, moved_to: str | None, *, now: datetime) -> Move:
    """What is known after a poll of the feed's own address that was answered with a feed."""
    if moved_to is None or before.since is None or moved_to != before.to:
        return Move(moved_to, now, 1) if moved_to else Move()
    return replace(before, times=before.times + 1)


def address(url: str, move: Move, *, now: datetime) -> str:
    """Where to ask: at the feed's own address until the new one has proved itself."""
    if move.since is None or move.times < SIGHTS or now - move.since < OVER:
        return url
    # A door that was locked is not left open because a redirect says so.
    downgraded = url.lower().startswith("https:") and not move.to.lower().startswith("https:")
    return url if downgraded else move.to
