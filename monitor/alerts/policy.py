"""Whether a channel is told of an item now, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from monitor.alerts.routing import Route


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel already knows of a story."""

    rules: frozenset[str]
    severity: Severity


def is_too_old(
    published: datetime | None, *, first_sight: bool, lookback: timedelta, now: datetime
) -> bool:
    """Whether an item is history: already old when its feed was first seen.

    An item without a date may be new, so it is not. Once a feed is known, whatever appears in it is
    new to it, however old its date: publishers date things late.
    """
    return first_sight and published is not None and now - published > lookback


def decide(route: Route, told: Told | None, *, too_old: bool, changed: bool = False) -> Reason:
    """The reason that holds first; `changed` where the item materially changes its story.

    A changed story is not told as a new one: what is said of it belongs to the message that told it.
    """
    if too_old:
        return Reason.TOO_OLD
    if route.every_item:
        return Reason.EVERY_ITEM
    if told is None:
        return Reason.NEW_STORY
    if any(match.rule not in told.rules for match in route.matches):
        return Reason.NEW_RULE
    if highest(match.severity for match in route.matches).rank > told.severity.rank:
        return Reason.NEW_SEVERITY
    return Reason.CHANGED_STORY if changed else Reason.KNOWN_STORY


def highest(severities: Iterable[Severity]) -> Severity:
    """The one that matters most."""
    return max(severities, key=lambda severity: severity.rank)
