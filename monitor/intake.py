"""From a document's items to promised alerts, all in the caller's transaction.

for each item: known already? changed? | store | match every rule | find its story | decide for each
channel | promise
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.alerts import policy, routing
from monitor.feeds import identity
from monitor.model import Alert, Item, Match, Reason, RuleLabel
from monitor.recent import RecentStories
from monitor.store import alerts as stored_alerts
from monitor.store import items as stored_items
from monitor.store import outbox
from monitor.store.outbox import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.alerts.routing import Route
    from monitor.model import Known
    from monitor.rules import Matcher
    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Source:
    """Where items came from, as far as decisions depend on it."""

    feed: int
    first_sight: bool
    """No earlier poll of the feed succeeded, so it may hold history."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one channel about one matched item."""

    item: int
    story: int
    channel: str
    rules: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Taken:
    """What a document brought."""

    new: int
    matched: int
    revised: int
    """Known items whose publisher changed their words."""
    decisions: tuple[Decision, ...]


class Intake:
    """Takes items in under the rules in force."""

    def __init__(
        self,
        matcher: Matcher,
        *,
        channel: str,
        lookback: timedelta,
        recent: RecentStories | None = None,
    ) -> None:
        self._matcher = matcher
        self._recent = recent or RecentStories()
        self._channel = channel
        self._lookback = lookback

    def take(
        self, tx: Transaction, items: Sequence[Item], source: Source, *, now: datetime
    ) -> Taken:
        """Keep the items nobody had and promise the alerts that follow."""
        arrived = list(_add(tx, items, source.feed, now=now))
        matched = [
            (one, found)
            for one in arrived
            if (found := self._matcher.match(one.item)) and not one.told(tx)
        ]
        if matched:
            self._recent.catch_up(tx, now=now)
        decisions = [
            decision
            for one, found in matched
            for decision in self._tell(tx, one.id, one.item, found, source, now=now)
        ]
        for story in {decision.story for decision in decisions}:
            stored_alerts.grow(tx, story, now=now)
        new = sum(one.new for one in arrived)
        return Taken(new, len(matched), len(arrived) - new, tuple(decisions))

    def _tell(
        self,
        tx: Transaction,
        id_: int,
        item: Item,
        found: Sequence[Match],
        source: Source,
        *,
        now: datetime,
    ) -> Iterator[Decision]:
        stored_items.add_matches(tx, id_, found)
        concepts = self._matcher.concepts(item)
        story, _ = self._recent.place(tx, id_, item, concepts, now=now)
        too_old = policy.is_too_old(
            item.published, first_sight=source.first_sight, lookback=self._lookback, now=now
        )
        for route in routing.routes(found, self._matcher.rules, default=self._channel):
            reason = self._promise(tx, item, story, id_, route, too_old=too_old, now=now)
            rules = tuple(match.rule for match in route.matches)
            yield Decision(id_, story, route.channel, rules, reason)

    def _promise(
        self,
        tx: Transaction,
        item: Item,
        story: int,
        id_: int,
        route: Route,
        *,
        too_old: bool,
        now: datetime,
    ) -> Reason:
        scope = f"item:{id_}" if route.every_item else "story"
        before = stored_alerts.told(tx, story=story, channel=route.channel, scope=scope)
        known = policy.Told(before.rules, before.severity) if before else None
        reason = policy.decide(route, known, too_old=too_old)
        if reason.tells:
            after = stored_alerts.tell(
                tx,
                before,
                story=story,
                channel=route.channel,
                scope=scope,
                rules=[match.rule for match in route.matches],
                severity=policy.highest(match.severity for match in route.matches),
                now=now,
            )
            alert = make_alert(item, story, route.matches, self._matcher, reason, seen=now)
            outbox.enqueue(
                tx,
                alert,
                alert=after.alert,
                revision=after.revision,
                channel=route.channel,
                now=now,
                kind=Kind.REPLY if before else Kind.POST,
            )
        return reason


@dataclass(frozen=True, slots=True)
class _Arrived:
    """An item that is new, or that its publisher changed."""

    id: int
    item: Item
    new: bool

    def told(self, tx: Transaction) -> bool:
        """Whether it was told when it first matched; a change of its words does not tell it again."""
        return not self.new and stored_items.is_grouped(tx, self.id)


def _add(tx: Transaction, items: Sequence[Item], feed: int, *, now: datetime) -> Iterator[_Arrived]:
    """Store the items that are new and the changes of known ones; these are noted as seen here too."""
    known = stored_items.known(tx, (key for item in items for key in item.keys))
    for item in items:
        if _was_pruned(item, known):
            continue
        same = next(
            (one for one in _holders(item, known) if identity.same(item, one, feed=feed)), None
        )
        if same:
            stored_items.add_keys(tx, same.id, item.keys, now=now)
            stored_items.add_sighting(tx, same.id, feed=feed, now=now)
            # Another feed that words an item in its own way does not change it.
            if same.feed == feed and stored_items.revise(tx, same.id, item, now=now):
                yield _Arrived(same.id, item, new=False)
            continue
        free = [key for key in item.keys if key not in known]
        id_ = stored_items.add(tx, item, keys=free, feed=feed, now=now)
        # The same item may stand twice in one document.
        known |= stored_items.known(tx, item.keys)
        yield _Arrived(id_, item, new=True)


def _was_pruned(item: Item, known: Mapping[str, Known | None]) -> bool:
    """Whether an item was stored once and deleted by age; its identity was kept."""
    gone = {key for key in item.keys if key in known and known[key] is None}
    exact, *others = item.keys
    # One reused guid or link alone does not make a new item an old one.
    return exact in gone or (bool(others) and gone.issuperset(others))


def _holders(item: Item, known: Mapping[str, Known | None]) -> Iterator[Known]:
    return (holder for key in item.keys if (holder := known.get(key)))


def make_alert(
    item: Item,
    story: int,
    matches: Iterable[Match],
    matcher: Matcher,
    reason: Reason,
    *,
    seen: datetime,
) -> Alert:
    """What a reader is shown of an item and of why it matched."""
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
        broadcast=any(rules[match.rule].broadcast for match in ordered),
    )
