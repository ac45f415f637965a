"""What became of one item and why, as one value for whatever shows it: pure, from stored rows and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Evidence, Item, Mark, Receipt, Rule, Severity
    from monitor.rules import Explanation as Verdict
    from monitor.rules import Matcher
    from monitor.store.decisions import Decided
    from monitor.store.record import Delivery, Record, Sighting, Wording
    from monitor.store.stories import Member

MAX_NEAR = 10
"""Rules that came near and are explained; the nearest."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that an item matched."""

    rule: str
    name: str
    severity: Severity
    query: str
    """As it is now; "" where the rule is not in the files any more."""
    evidence: tuple[Evidence, ...]
    failed: str = ""
    """The clause that keeps it from matching now; "" where it still matches."""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """A rule of which something is there, and which does not match."""

    rule: str
    name: str
    found: tuple[Evidence, ...]
    """What of it is there."""
    failed: str
    """The first clause that does not hold."""
    cause: str


@dataclass(frozen=True, slots=True)
class InStory:
    """An item's place in its story."""

    member: Member
    items: int
    place: int
    """It is the first, second... of them."""
    muted: Mark | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was decided for a channel, and what became of that."""

    decided: Decided
    delivery: Delivery | None
    """None where nothing was promised, or what was is forgotten."""
    shown_in: Receipt | None
    """The message of its story in this channel, which grew by it."""
    link: str = ""
    """To the message, or to that of its story; "" where there is none or its workspace is not known."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one item, and why."""

    id: int
    item: Item
    seen: datetime
    sightings: tuple[Sighting, ...]
    wordings: tuple[Wording, ...]
    """What else it said, or says in other feeds."""
    matched: tuple[Matched, ...]
    """When it came, most severe first."""
    matches_now: tuple[Matched, ...]
    """Rules that match it as they are now, and did not when it came."""
    near: tuple[Near, ...]
    """The nearest first."""
    more_near: int
    """How many came less near."""
    story: InStory | None
    told: tuple[Told, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The words that matched, of all rules."""
        every = (*self.matched, *self.matches_now)
        return tuple(dict.fromkeys(one for rule in every for one in rule.evidence))

    @property
    def is_told(self) -> bool:
        """Whether any channel was to be told of it."""
        return any(one.decided.reason.tells for one in self.told)


def explain(record: Record, matcher: Matcher) -> Explanation:
    """What a record says, under the rules in force."""
    item = record.stored.item
    verdicts = {one.rule: one for one in matcher.explain(item)}
    matched = tuple(
        _matched(match.rule, match.severity, match.evidence, matcher, verdicts.get(match.rule))
        for match in record.matches
    )
    before = {one.rule for one in matched}
    rest = [one for one in verdicts.values() if one.rule not in before]
    near = sorted(
        (one for one in rest if not one.matched and one.found),
        key=lambda one: _nearness(one, matcher),
    )
    return Explanation(
        record.stored.id,
        item,
        record.stored.seen,
        record.sightings,
        record.wordings,
        tuple(sorted(matched, key=lambda one: -one.severity.rank)),
        tuple(
            _matched(one.rule, matcher.rules[one.rule].severity, one.evidence, matcher, one)
            for one in rest
            if one.matched
        ),
        tuple(_near(one, matcher) for one in near[:MAX_NEAR]),
        max(0, len(near) - MAX_NEAR),
        _in_story(record),
        tuple(_told(one, record) for one in record.decisions),
    )


def _matched(
    rule: str,
    severity: Severity,
    evidence: tuple[Evidence, ...],
    matcher: Matcher,
    verdict: Verdict | None,
) -> Matched:
    known = matcher.rules.get(rule)
    return Matched(
        rule,
        known.name if known else rule,
        severity,
        known.query if known else "",
        evidence,
        verdict.failed if verdict else "",
        verdict.cause if verdict else "",
    )


def _nearness(verdict: Verdict, matcher: Matcher) -> tuple[int, int, str]:
    terms = {one.term for one in verdict.found}
    return -len(terms), -_rule(verdict, matcher).severity.rank, verdict.rule


def _near(verdict: Verdict, matcher: Matcher) -> Near:
    name = _rule(verdict, matcher).name
    return Near(verdict.rule, name, verdict.found, verdict.failed, verdict.cause)


def _rule(verdict: Verdict, matcher: Matcher) -> Rule:
    return matcher.rules[verdict.rule]


def _in_story(record: Record) -> InStory | None:
    if record.member is None:
        return None
    return InStory(record.member, record.story_items, record.story_place, record.muted)


def _told(decided: Decided, record: Record) -> Told:
    delivery = None if decided.message is None else record.deliveries.get(decided.message)
    shown = record.messages.get(decided.channel)
    place = delivery.receipt if decided.message is not None and delivery else shown
    return Told(decided, delivery, shown, place.link(record.workspace) if place else "")
