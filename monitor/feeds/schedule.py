"""When to ask a feed again. Pure: the time and the dice come in as arguments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.settings import PollingSettings

SPREAD = 0.1
"""Polls are spread by a tenth to both sides, so that feeds added together drift apart."""

LONGEST_RETRY_AFTER = timedelta(hours=24)
"""A publisher may ask for more; nobody means it, and news would be missed."""


def next_poll(
    interval: timedelta | None,
    settings: PollingSettings,
    *,
    now: datetime,
    failures: int = 0,
    retry_after: timedelta | None = None,
    wish: datetime | None = None,
    gap: bool = False,
    jitter: float,
) -> datetime:
    """When a feed is due again.

    Args:
        interval: The feed's own ceiling; None is the configured one.
        settings: What the operator configured.
        now: The time of the poll that just ended.
        failures: Polls that failed in a row, this one included; 0 after a success.
        retry_after: How long the publisher asked us to wait.
        wish: When the publisher would like to be asked again; kept within the interval.
        gap: Entries may have been missed since the poll before: the floor is its interval for once.
        jitter: From 0 to 1, drawn anew for each poll.
    """
    usual = max(interval or settings.interval, settings.min_interval)
    # A feed that outran us does not say truly how fast it is.
    wished = min(wish - now, usual) if wish and not gap else timedelta(0)
    usual = settings.min_interval if gap else usual
    pause = _back_off(usual, settings, failures, jitter) if failures else _spread(usual, jitter)
    asked = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return now + max(pause, asked, wished, settings.min_interval)


def _spread(pause: timedelta, jitter: float) -> timedelta:
    return pause * (1 + SPREAD * (2 * jitter - 1))


def _back_off(
    usual: timedelta, settings: PollingSettings, failures: int, jitter: float
) -> timedelta:
    """Twice as long after each further failure; half by chance: feeds must not return at once."""
    # Bounded, for a feed may fail for years.
    doubled: int = 1 << min(failures, 16)
    pause = min(usual * doubled, max(settings.max_backoff, usual))
    return pause * (0.5 + 0.5 * jitter)
