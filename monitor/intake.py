"""From a document's items to promised alerts, all in the caller's transaction.

for each item: known already? reworded? | store | match every rule | find its story | decide for each
channel | promise
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.alerts import policy, routing
from monitor.arrivals import Arrivals
from monitor.model import Alert, Change, Item, Match, Reason, RuleLabel, Severity
from monitor.recent import RecentStories
from monitor.store import alerts as stored_alerts
from monitor.store import decisions as stored_decisions
from monitor.store import mutes, outbox
from monitor.store import stories as stored_stories
from monitor.store.decisions import Decided
from monitor.store.outbox import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.alerts.routing import Route
    from monitor.arrivals import Arrived
    from monitor.model import Mark
    from monitor.rules import Matcher
    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Source:
    """Where items came from, as far as decisions depend on it."""

    feed: int
    first_sight: bool
    """No earlier poll of the feed succeeded, so it may hold history."""
    whole: bool = True
    """All entries of the document are here, not only those that changed since the last poll."""
    beside: frozenset[int] = frozenset()
    """Items that other parts of the document stand for, where it is taken in parts."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one channel about one matched item."""

    item: int
    story: int
    channel: str
    rules: tuple[str, ...]
    reason: Reason
    changes: tuple[Change, ...] = ()
    """What it adds to its story, weightiest first."""
    edited: bool = False
    """Because its publisher changed it, for rules that it had matched."""
    why: str = ""
    """Who silences it; "" where the reason says it all."""
    message: int | None = None
    """What was promised, by its number in the outbox."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a document brought."""

    new: int
    matched: int
    first_here: int
    """Items that this feed had not carried before, though another may have."""
    revised: int
    """Known items whose publisher changed their words."""
    decisions: tuple[Decision, ...]
    items: frozenset[int] = frozenset()
    """All that the document stands for, where it is whole."""

    def __add__(self, other: Taken) -> Taken:
        """What two parts of a document brought."""
        return Taken(
            self.new + other.new,
            self.matched + other.matched,
            self.first_here + other.first_here,
            self.revised + other.revised,
            self.decisions + other.decisions,
            self.items | other.items,
        )


class Intake:
    """Takes items in under the rules in force."""

    def __init__(
        self,
        matcher: Matcher,
        *,
        channel: str,
        by_severity: Mapping[Severity, Sequence[str]] | None = None,
        lookback: timedelta,
        recent: RecentStories | None = None,
        threads: bool = True,
        tempo: policy.Tempo = policy.EVEN,
    ) -> None:
        """What follows from the rules and settings in force.

        Args:
            matcher: The rules.
            channel: Of the rules that name none.
            by_severity: The same by the severity of the rule; severities that it lacks go to `channel`.
            lookback: At first sight of a feed, older items are never told.
            recent: The stories that an item may still join.
            threads: Whether messages have threads. Without, what a report changes in a story that
                was told would be one more message beside it: it only stands in the log.
            tempo: How often a story is told, for rules that do not say it.
        """
        self._matcher = matcher
        self._recent = recent or RecentStories()
        self._channels = routing.defaults(channel, by_severity)
        self._lookback = lookback
        self._threads = threads
        self._tempo = tempo

    def take(
        self, tx: Transaction, items: Sequence[Item], source: Source, *, now: datetime
    ) -> Taken:
        """Keep what nobody had and promise the alerts that follow."""
        arrivals = self._arrivals(tx, source, now=now)
        arrived = arrivals.of(items)
        matched = [one for one in arrived if one.found or one.again]
        marks: tuple[Mark, ...] = ()
        if matched:
            self._recent.catch_up(tx, now=now)
            marks = mutes.active(tx, now=now)
        decisions = [
            decision
            for one in matched
            for decision in self._tell(tx, one, source, marks=marks, now=now)
        ]
        stored_decisions.add(tx, [_record(decision, now) for decision in decisions])
        for story in {decision.story for decision in decisions}:
            stored_alerts.grow(tx, story, now=now)
        new = sum(one.new for one in arrived)
        told = sum(bool(one.found) for one in arrived)
        return Taken(
            new,
            told,
            arrivals.first_here,
            len(arrived) - new,
            tuple(decisions),
            frozenset(arrivals.stood_for),
        )

    def standing(
        self, tx: Transaction, items: Sequence[Item], source: Source, *, now: datetime
    ) -> frozenset[int]:
        """The stored items that a document stands for, to be `beside` each part of it."""
        return self._arrivals(tx, source, now=now).standing(items)

    def _arrivals(self, tx: Transaction, source: Source, *, now: datetime) -> Arrivals:
        return Arrivals(
            tx,
            self._matcher.match,
            feed=source.feed,
            whole=source.whole,
            now=now,
            beside=source.beside,
        )

    def _tell(
        self,
        tx: Transaction,
        one: Arrived,
        source: Source,
        *,
        marks: tuple[Mark, ...],
        now: datetime,
    ) -> Iterator[Decision]:
        story, changes = self._story(tx, one, now=now)
        too_old = policy.is_too_old(
            one.item.published, first_sight=source.first_sight, lookback=self._lookback, now=now
        )
        told = set()
        for route in routing.routes(one.found, self._matcher.rules, default=self._channels):
            told.add(route.channel)
            yield self._promise(
                tx, one, story, route, too_old=too_old, changes=changes, marks=marks, now=now
            )
        if not _material(changes):
            return
        for route in routing.routes(one.again, self._matcher.rules, default=self._channels):
            if route.channel in told:
                continue  # what else it matches says it all
            yield self._promise(
                tx,
                one,
                story,
                route,
                too_old=too_old,
                changes=changes,
                marks=marks,
                now=now,
                edited=True,
            )

    def _story(
        self, tx: Transaction, one: Arrived, *, now: datetime
    ) -> tuple[int, tuple[Change, ...]]:
        """Where it belongs and what it changes there; an item that was edited stays where it is."""
        if not one.new and (member := stored_stories.of_item(tx, one.id)):
            concepts = self._matcher.concepts(one.item)
            changes = self._recent.revise(tx, one.id, one.item, concepts, member.story, now=now)
            return member.story, changes
        item = self._recent.own_words(one.item)
        concepts = self._matcher.concepts(item)
        story, assignment = self._recent.place(tx, one.id, item, concepts, now=now)
        return story, assignment.changes

    def _promise(
        self,
        tx: Transaction,
        one: Arrived,
        story: int,
        route: Route,
        *,
        too_old: bool,
        changes: tuple[Change, ...],
        marks: tuple[Mark, ...],
        now: datetime,
        edited: bool = False,
    ) -> Decision:
        silence = policy.Silence.of(marks)
        wanted, route = route, policy.audible(route, silence.rules)
        material = _material(changes)
        scope = f"item:{one.id}" if route.every_item else "story"
        before = stored_alerts.told(tx, story=story, channel=route.channel, scope=scope)
        pace = policy.tempo(route, self._matcher.rules, self._tempo)
        known = policy.Told(before.rules, before.severity, now - before.at) if before else None
        reason = policy.decide(
            route,
            known,
            too_old=too_old,
            changed=bool(material) and self._threads,
            edited=edited,
            tempo=pace,
            silenced=silence.over(story, route.rules),
        )
        decision = Decision(one.id, story, route.channel, wanted.rules, reason, changes, edited)
        if not (reason.tells or reason.silenced):
            return decision
        alert = make_alert(
            one.item, story, route.matches, self._matcher, reason, seen=now, changes=material
        )
        if reason.silenced:
            why = policy.silencers(marks, story, route.rules)
            message = outbox.set_aside(tx, alert, channel=route.channel, why=why, now=now)
            return replace(decision, why=why, message=message)
        until = now
        if before and reason is Reason.COOLING_DOWN:
            waiting = outbox.add_to_resting(tx, alert, alert_id=before.alert, now=now)
            if waiting is not None:
                return replace(decision, message=waiting)
            until = min(before.at, now) + pace.cooldown
        after = stored_alerts.tell(
            tx,
            before,
            story=story,
            channel=route.channel,
            scope=scope,
            rules=[match.rule for match in route.matches],
            severity=policy.highest(match.severity for match in route.matches),
            now=until,
        )
        message = outbox.enqueue(
            tx,
            alert,
            alert=after.alert,
            revision=after.revision,
            channel=route.channel,
            now=now,
            kind=Kind.REPLY if before else Kind.POST,
            rests_until=until if until > now else None,
        )
        return replace(decision, message=message)


def _material(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(change.text for change in changes if change.kind.material)


def _record(decision: Decision, now: datetime) -> Decided:
    return Decided(
        decision.item,
        decision.story,
        decision.channel,
        decision.rules,
        decision.reason,
        now,
        decision.why,
        tuple(change.text for change in decision.changes),
        decision.edited,
        decision.message,
    )


def make_alert(
    item: Item,
    story: int,
    matches: Iterable[Match],
    matcher: Matcher,
    reason: Reason,
    *,
    seen: datetime,
    changes: tuple[str, ...] = (),
) -> Alert:
    """What a reader is shown of an item and of why it matched.

    `changes` is what it says and its story, which was told, did not.
    """
    ordered = sorted(matches, key=lambda match: -match.severity.rank)
    found = dict.fromkeys(one for match in ordered for one in match.evidence)
    rules, names = matcher.rules, matcher.names
    return Alert(
        story=story,
        reason=reason,
        rules=tuple(RuleLabel(m.rule, rules[m.rule].name, m.severity) for m in ordered),
        title=item.title,
        summary=item.summary,
        url=item.url,
        outlet=item.outlet,
        language=item.language,
        published=item.published,
        seen=seen,
        evidence=tuple(replace(one, gloss=names.get(one.term, "")) for one in found),
        broadcast=reason is Reason.REPEATED
        or any(rules[match.rule].broadcast for match in ordered),
        changes=changes,
    )
