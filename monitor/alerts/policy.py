"""Whether a channel is told of an item now, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.alerts.routing import Route
    from monitor.model import Mark, Rule


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel already knows of a story."""

    rules: frozenset[str]
    severity: Severity
    ago: timedelta = timedelta(0)
    """How long ago it was last told of it."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How often one story is told."""

    repeat: timedelta = timedelta(0)
    """A story that goes on is told again after so long; zero is never."""
    cooldown: timedelta = timedelta(0)
    """After a story was told, what changes it waits for so long."""


EVEN = Tempo()
"""Every change is told, and nothing twice."""


def tempo(route: Route, rules: Mapping[str, Rule], default: Tempo) -> Tempo:
    """The tempo of a route: of its rules those count that want to be told most."""
    mine = [rules[match.rule] for match in route.matches]
    repeats = [default.repeat if rule.repeat is None else rule.repeat for rule in mine]
    cooldowns = [default.cooldown if rule.cooldown is None else rule.cooldown for rule in mine]
    return Tempo(min(filter(None, repeats), default=timedelta(0)), min(cooldowns))


def is_too_old(
    published: datetime | None, *, first_sight: bool, lookback: timedelta, now: datetime
) -> bool:
    """Whether an item is history: already old when its feed was first seen.

    An item without a date may be new, so it is not. Once a feed is known, whatever appears in it is
    new to it, however old its date: publishers date things late.
    """
    return first_sight and published is not None and now - published > lookback


@dataclass(frozen=True, slots=True)
class Silence:
    """What readers asked not to be told now."""

    stories: frozenset[int] = frozenset()
    rules: frozenset[str] = frozenset()

    @staticmethod
    def of(marks: Iterable[Mark]) -> Silence:
        """What these mutes and snoozes silence."""
        found = tuple(marks)
        return Silence(
            frozenset(mark.story for mark in found if mark.story is not None),
            frozenset(mark.rule for mark in found if mark.rule),
        )

    def over(self, story: int, rules: Iterable[str]) -> Reason | None:
        """Why an alert of these rules on a story is not told; None if nothing forbids it."""
        if story in self.stories:
            return Reason.MUTED_STORY
        return Reason.SNOOZED_RULE if self.rules.issuperset(rules) else None


def silencers(marks: Iterable[Mark], story: int, rules: Iterable[str]) -> str:
    """Who silences an alert, for people: "muted by ann until ..."."""
    concerned = set(rules)
    found = [mark for mark in marks if mark.story == story or mark.rule in concerned]
    muted = [mark for mark in found if mark.story is not None]
    return "; ".join(dict.fromkeys(map(str, muted or found)))


def audible(route: Route, snoozed: frozenset[str]) -> Route:
    """The route less the matches of snoozed rules; as it is where nothing would be left."""
    left = tuple(match for match in route.matches if match.rule not in snoozed)
    return replace(route, matches=left) if left else route


def decide(
    route: Route,
    told: Told | None,
    *,
    too_old: bool,
    changed: bool = False,
    edited: bool = False,
    tempo: Tempo = EVEN,
    silenced: Reason | None = None,
) -> Reason:
    """The reason that holds first; `changed` where the item materially changes its story.

    An item that was only `edited`, and matched these rules before, is never told by itself: what it
    changes is told where its story was.
    A changed story is not told as a new one: what is said of it belongs to the message that told it.
    A cooldown never delays a rule or a severity that the channel does not know yet.
    What would be told and is silenced by a reader gives that as the reason.
    """
    if edited:
        reason = _of_edit(route, told, changed=changed, tempo=tempo)
    else:
        reason = _wanted(route, told, too_old=too_old, changed=changed, tempo=tempo)
    return silenced if silenced and reason.tells else reason


def _wanted(
    route: Route, told: Told | None, *, too_old: bool, changed: bool, tempo: Tempo
) -> Reason:
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
    return _of_known(told, changed=changed, tempo=tempo)


def _of_edit(route: Route, told: Told | None, *, changed: bool, tempo: Tempo) -> Reason:
    if told is None or route.every_item:
        return Reason.KNOWN_STORY
    return _of_known(told, changed=changed, tempo=replace(tempo, repeat=timedelta(0)))


def _of_known(told: Told, *, changed: bool, tempo: Tempo) -> Reason:
    """Of a story that the channel knows, with nothing new but time and what changes it."""
    if changed:
        return Reason.COOLING_DOWN if told.ago < tempo.cooldown else Reason.CHANGED_STORY
    return Reason.REPEATED if timedelta(0) < tempo.repeat <= told.ago else Reason.KNOWN_STORY


def highest(severities: Iterable[Severity]) -> Severity:
    """The one that matters most."""
    return max(severities, key=lambda severity: severity.rank)
