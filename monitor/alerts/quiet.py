"""When an alert is held: in quiet hours, and until the next digest where it matters little."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.alerts.cron import Cron

NOTHING = 0
"""Rank below which nothing lies."""


@dataclass(frozen=True, slots=True)
class Held:
    """Which alerts are held at a moment."""

    below: int = NOTHING
    """Ranks of severity below this are held whenever they were promised."""
    until_digest_below: int = NOTHING
    """Ranks below this are held if they were promised after `opened`."""
    opened: datetime | None = None
    """When the last digest was due; None where there is none."""
    channels: Mapping[str, datetime | None] = field(default_factory=dict)
    """The channels with a schedule of their own, and when their last digest was due."""
    channels_below: int = NOTHING
    """Ranks below this wait for that."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """When to be quiet."""

    quiet: tuple[time, time] | None = None
    """From and to, local; over midnight where they are so."""
    breaks: Severity = Severity.CRITICAL
    """What is told in quiet hours all the same, and above."""
    digests: tuple[time, ...] = ()
    """Local times of digests."""
    digest_below: Severity | None = None
    """What is told in digests only."""
    schedules: Mapping[str, Cron] = field(default_factory=dict)
    """When the digests of single channels are due; `breaks` is told there at once all the same."""
    timezone: tzinfo = field(default=UTC)

    def held(self, now: datetime) -> Held:
        """What is held now."""
        waits = self.digest_below is not None and bool(self.digests)
        return Held(
            below=self.breaks.rank if self._is_quiet(now) else NOTHING,
            until_digest_below=self.digest_below.rank if waits and self.digest_below else NOTHING,
            opened=self._last_digest(now) if waits else None,
            channels={name: cron.last(now, self.timezone) for name, cron in self.schedules.items()},
            channels_below=self.breaks.rank,
        )

    def _is_quiet(self, now: datetime) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        local = now.astimezone(self.timezone).time()
        return start <= local < end if start < end else local >= start or local < end

    def _last_digest(self, now: datetime) -> datetime:
        today = now.astimezone(self.timezone).date()
        days = (today, today - timedelta(days=1))
        # In UTC: across a change of the clocks local times do not compare.
        moments = (
            datetime.combine(day, at, self.timezone).astimezone(UTC)
            for day in days
            for at in self.digests
        )
        return max(moment for moment in moments if moment <= now)
