"""What other rules would have told of the stored items, and how that differs from what is told now."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from monitor.alerts import policy, routing
from monitor.model import Outcome
from monitor.recent import happened
from monitor.stories import report as reports
from monitor.stories.window import Window

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime, timedelta, tzinfo

    from monitor.model import Match, Severity
    from monitor.rules import Matcher
    from monitor.store.history import Past
    from monitor.store.tellings import Recorded, Verdict

ENOUGH = 5
"""Alerts of a rule that say how many of the next ones readers will find out of place."""

MOST_SPANS = 35
"""Lines of a chart; of more days each line is a week."""


class Key(NamedTuple):
    """One alert: a story in a channel, or an item where a rule tells every item."""

    story: int
    """As the database numbers it; below 0 for one that only other rules would have begun."""
    channel: str
    item: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel would have been told."""

    rules: frozenset[str]
    at: datetime
    item: int
    """The one that was told first; 0 where the record does not say."""


Tellings = dict[Key, Told]


@dataclass(slots=True)
class Baseline:
    """What was told in fact, as the database has it."""

    told: Tellings = field(default_factory=dict)
    earlier: set[Key] = field(default_factory=set)
    """Told before the time that is looked at, or held back because a reader asked for that."""
    older: set[int] = field(default_factory=set)
    """Stories that began before: of their items not all are looked at."""
    irrelevant: set[Key] = field(default_factory=set)
    """Alerts that readers found out of place."""


def baseline(
    recorded: Iterable[Recorded], held_back: Iterable[tuple[int, str]], *, since: datetime
) -> Baseline:
    """What the record says, for comparing."""
    found = Baseline()
    found.earlier = {Key(story, channel) for story, channel in held_back}
    for one in recorded:
        item = int(one.scope.removeprefix("item:")) if one.scope.startswith("item:") else 0
        key = Key(one.story, one.channel, item)
        if one.began_before:
            found.older.add(one.story)
        if one.irrelevant:
            found.irrelevant.add(key)
        if one.at < since:
            found.earlier.add(key)
        else:
            known = found.told.get(key, Told(frozenset(), one.at, item))
            found.told[key] = Told(known.rules | one.rules, min(known.at, one.at), item)
    for key in found.earlier & found.told.keys():  # of two stories that became one
        del found.told[key]
    return found


class Replay:
    """Takes stored items, oldest first, and decides as the service would.

    Both rule sets share one set of stories: those of the database, and for items that no story holds
    those that grouping finds. So equal rules make no difference.
    """

    def __init__(
        self,
        rules: Matcher,
        other: Matcher | None = None,
        *,
        channel: str,
        by_severity: Mapping[Severity, Sequence[str]] | None = None,
        lookback: timedelta,
        window: timedelta,
    ) -> None:
        """Begin with nothing told.

        Args:
            rules: The rules to try.
            other: Those they are compared with; None where that is what was told in fact.
            channel: Of the rules that name none.
            by_severity: The same by the severity of the rule; severities that it lacks go to `channel`.
            lookback: At first sight of a feed, older items are not told.
            window: How long a story can be joined.
        """
        self._rules = rules
        self._other = other
        self._channels = routing.defaults(channel, by_severity)
        self._lookback = lookback
        self._stories = _Stories(window)
        self.items = 0
        self.after: Tellings = {}
        """What the rules would have told."""
        self.before: Tellings = {}
        """What those they are compared with would have told."""

    def add(self, past: Past) -> None:
        """Take the next item."""
        self.items += 1
        after = _matches(self._rules, past)
        before = _matches(self._other, past) if self._other else ()
        if not (after or before):
            return
        story = self._stories.of(past, self._rules if after else self._other or self._rules)
        item = past.stored.item
        if policy.is_too_old(
            item.published,
            first_sight=past.first_sight,
            lookback=self._lookback,
            now=past.stored.seen,
        ):
            return
        self._tell(self.after, self._rules, after, past, story)
        if self._other:
            self._tell(self.before, self._other, before, past, story)

    def _tell(
        self, told: Tellings, rules: Matcher, found: tuple[Match, ...], past: Past, story: int
    ) -> None:
        for route in routing.routes(found, rules.rules, default=self._channels):
            key = Key(story, route.channel, past.stored.id if route.every_item else 0)
            known = told.get(key)
            if known is None:
                told[key] = Told(frozenset(route.rules), past.stored.seen, past.stored.id)
            elif not known.rules.issuperset(route.rules):
                told[key] = Told(known.rules.union(route.rules), known.at, known.item)


def _matches(rules: Matcher, past: Past) -> tuple[Match, ...]:
    """What an item matches in any of its wordings."""
    found = rules.match(past.stored.item)
    if not past.wordings:
        return found
    by_rule = {match.rule: match for match in found}
    for wording in past.wordings:
        for match in rules.match(wording):
            by_rule.setdefault(match.rule, match)
    return tuple(by_rule.values())


class _Stories:
    """The stories of the database; for items that it has in none, those that grouping finds."""

    def __init__(self, window: timedelta) -> None:
        self._span = window
        self._window = Window(window)
        self._waiting: deque[tuple[int, str, datetime]] = deque()
        """Stored reports, not unpacked before something is to be compared with them."""
        self._next = -1

    def of(self, past: Past, rules: Matcher) -> int:
        """The story of an item, as numbered here."""
        since = past.stored.seen - self._span
        while self._waiting and self._waiting[0][2] < since:
            self._waiting.popleft()
        if past.story is not None:
            self._waiting.append((past.story, past.report, past.stored.seen))
            return past.story
        while self._waiting:
            story, report, seen = self._waiting.popleft()
            self._window.add(reports.from_json(report), story, seen=seen)
        self._window.forget_before(since)
        return self._placed(past, rules)

    def _placed(self, past: Past, rules: Matcher) -> int:
        item, seen = past.stored.item, past.stored.seen
        item = self._window.own_words(item)
        concepts = rules.concepts(item)
        at = happened(item, now=seen)
        report = self._window.report(past.stored.id, item, concepts, at=at)
        assignment = self._window.decide(report)
        # A merge is left out: what was told of two stories was told twice.
        story = assignment.story if assignment.outcome is Outcome.FOLD else None
        if story is None:
            story, self._next = self._next, self._next - 1
        self._window.add(report, story, seen=seen)
        return story


@dataclass(frozen=True, slots=True)
class Shift:
    """An alert that both would tell, for other rules."""

    key: Key
    gained: frozenset[str]
    lost: frozenset[str]
    told: Told


@dataclass(frozen=True, slots=True)
class Difference:
    """How what is told changes."""

    before: Tellings
    after: Tellings
    added: tuple[tuple[Key, Told], ...]
    """Newest first, as all of these."""
    lost: tuple[tuple[Key, Told], ...]
    changed: tuple[Shift, ...]
    lost_stories: frozenset[int]
    """Stories of which no channel would have been told any more."""

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return not (self.added or self.lost or self.changed)

    @property
    def moved(self) -> frozenset[int]:
        """Stories that are lost in one channel and added in another."""
        come = {(key.story, key.channel) for key, _ in self.added}
        gone = {(key.story, key.channel) for key, _ in self.lost}
        return frozenset({story for story, _ in come - gone} & {story for story, _ in gone - come})


def compare(
    before: Mapping[Key, Told],
    after: Mapping[Key, Told],
    *,
    earlier: Collection[Key] = (),
    older: Collection[int] = (),
) -> Difference:
    """What changes between two sets of alerts.

    Args:
        before: What is told now.
        after: What would be told.
        earlier: Alerts that are not new, whatever tells them.
        older: Stories of which too little is known to say that they are lost.
    """
    held = frozenset(earlier)
    # What was held back in a channel says nothing of an item that a rule tells by itself, but may be it.
    fresh = {
        key: told
        for key, told in after.items()
        if key in before or not (key in held or key._replace(item=0) in held)
    }
    known = {key: told for key, told in before.items() if key in fresh or key.story not in older}
    lost = {key: told for key, told in known.items() if key not in fresh}
    still = {key.story for key in after}
    return Difference(
        known,
        fresh,
        _newest((key, told) for key, told in fresh.items() if key not in before),
        _newest(lost.items()),
        tuple(
            Shift(key, told.rules - before[key].rules, before[key].rules - told.rules, told)
            for key, told in sorted(fresh.items(), key=lambda one: one[1].at, reverse=True)
            if key in before and key.story not in older and told.rules != before[key].rules
        ),
        frozenset(key.story for key in lost) - still,
    )


def _newest(found: Iterable[tuple[Key, Told]]) -> tuple[tuple[Key, Told], ...]:
    return tuple(sorted(found, key=lambda one: (one[1].at, one[0]), reverse=True))


@dataclass(frozen=True, slots=True)
class Span:
    """The alerts of a day, or of several."""

    first: date
    kept: int
    added: int
    lost: int


def volume(difference: Difference, days: Sequence[date], *, timezone: tzinfo) -> tuple[Span, ...]:
    """How many alerts each day has and would have; of many days, weeks."""
    length = 1 if len(days) <= MOST_SPANS else 7
    spans = [days[first : first + length] for first in range(0, len(days), length)]
    of_day = {day: number for number, span in enumerate(spans) for day in span}
    kept = [told for key, told in difference.before.items() if key in difference.after]
    counts = [
        Counter(of_day.get(one.at.astimezone(timezone).date()) for one in told)
        for told in (
            kept,
            [told for _, told in difference.added],
            [told for _, told in difference.lost],
        )
    ]
    return tuple(
        Span(span[0], *(count[number] for count in counts)) for number, span in enumerate(spans)
    )


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of what changes readers would find, or found, out of place."""

    expected: float
    """Of the alerts added, going by what readers said of other alerts of their rules."""
    unknown: int
    """Of the alerts added, those of rules that told too little to say."""
    spared: int
    """Of the alerts lost, those that readers found out of place."""


def noise(
    difference: Difference, verdicts: Mapping[str, Verdict], irrelevant: Collection[Key]
) -> Noise:
    """An estimate from what readers said; an alert of several rules is as good as the best of them."""
    expected, unknown = 0.0, 0
    for _, told in difference.added:
        known = [one for rule in told.rules if (one := verdicts.get(rule)) and one.alerts >= ENOUGH]
        expected += min((one.share for one in known), default=0.0)
        unknown += not known
    spared = sum(key in irrelevant for key, _ in difference.lost)
    return Noise(round(expected, 1), unknown, spared)


def by_rule(difference: Difference) -> dict[str, tuple[int, int]]:
    """How many alerts each rule adds and loses, those first that change most."""
    added = Counter(rule for _, told in difference.added for rule in told.rules)
    lost = Counter(rule for _, told in difference.lost for rule in told.rules)
    found = {rule: (added[rule], lost[rule]) for rule in {*added, *lost}}
    return dict(sorted(found.items(), key=lambda one: (-sum(one[1]), one[0])))
