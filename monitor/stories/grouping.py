"""Which story a report joins: pure comparisons, one decision, and the reason for people to read.

A false merge hides news and is worse than a split, so every doubt makes a story of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Assignment, Outcome
from monitor.stories import copies, words
from monitor.stories.story import alike, product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import Concept
    from monitor.stories.report import Report
    from monitor.stories.story import Story

ALGORITHM = 1
"""Stored with every decision; raised whenever the same input may be decided otherwise."""

COPY_WINDOW = timedelta(hours=36)
"""How long the same text means the same report."""
UPDATE_WINDOW = timedelta(hours=6)
"""How long other figures in the same words may be news of one event rather than the next bulletin."""
REPEAT_WINDOW = timedelta(hours=1)
"""How long an outlet that shows a short text again, under another address, says nothing new."""
LONGEST = timedelta(days=7)
"""After which reports start another story beside the one that goes on and on."""
HALF_LIFE = timedelta(hours=36)
"""After which two reports must be twice as alike: a busy desk sees several events of one kind a week."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How alike a report and a story must be."""

    facts: float
    """Cosine of what they mention, that means the same in every language."""
    weight: float
    """How many unmistakable concepts they must share for that cosine to count in full."""
    text: float
    """Cosine of their words, in one language."""
    text_beside_facts: float
    """The same where both mention enough to be compared by it."""


TIMED = Bar(facts=0.4, weight=1.6, text=0.19, text_beside_facts=0.3)
UNTIMED = Bar(facts=0.7, weight=3.3, text=0.6, text_beside_facts=0.6)
"""Where it is not known when one of them happened: a file that gives no dates."""
RELATED = 0.65
"""Share of the bar from which two stories are told to have to do with each other."""

MERGE = 1.2
"""Share of the bar over which a report must be with two stories to make them one."""

OTHER_PERSONS = 0.7
"""What it counts that both name persons, and not one of them is the same."""
OTHER_DAYS = 0.8
"""What it counts that two texts name days, and not the same ones."""
_NEAR_DAYS = 4
_YEAR = 372

_FACTS_SHARE = 0.6
_ENOUGH_FACTS = 4
_SELDOM = 10
_LITTLE_EVIDENCE = 1.5
"""Power by which few shared concepts count less than in proportion."""
_MAX_NAMES = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report beside one story."""

    story: int
    strength: float
    """1 is the bar."""
    facts: float = 0.0
    text: float = 0.0
    apart: timedelta | None = None
    shared: tuple[Concept, ...] = ()
    """Heaviest first."""
    nearest: Report | None = None
    """In the same language, or else by what it mentions."""
    other_figures: bool = False
    repeated: bool = False
    """The outlet had this very headline in the story before."""
    goes_on: bool = False
    """The story began too long ago."""

    @property
    def may_join(self) -> bool:
        """Whether nothing but its strength decides."""
        return not (self.other_figures or self.repeated or self.goes_on)

    @property
    def may_merge(self) -> bool:
        """Whether the report ties the story to another one that it belongs to as clearly."""
        # Without times two stories that are years apart look the same.
        return self.strength >= MERGE and self.apart is not None and self.may_join


@dataclass(frozen=True, slots=True)
class Subject:
    """A report that looks for its story."""

    report: Report
    vector: Mapping[int, float]
    """Its terms and their weights."""
    _known: dict[int, float] = field(default_factory=dict)

    def alike(self, other: Report) -> float:
        """The cosine of its words and those of another report in its language; else 0."""
        if other.language != self.report.language:
            return 0.0
        found = self._known.get(other.item)
        if found is None:
            found = self._known[other.item] = alike(self.vector, other)
        return found


def copy_of(subject: Subject, stories: Iterable[Story]) -> tuple[Story, Report, float] | None:
    """The story with the report whose text this one repeats: the likest, then the earliest."""
    likely = [
        (-round(found, 6), one.item, story.id, story, one)
        for story in stories
        if not (_repeated(subject, story) or _goes_on(subject.report.at, story))
        for one in story.compared
        if (found := _copied(subject, one)) >= copies.COPY
    ]
    if not likely:
        return None
    found, *_, story, one = min(likely, key=lambda found: found[:3])
    return story, one, -found


def _copied(subject: Subject, other: Report) -> float:
    """How much of a text a report repeats, where it may be a copy of it at all; else 0."""
    report = subject.report
    if subject.alike(other) < _WORTH_A_LOOK:
        return 0.0
    if report.at and other.at and abs(report.at - other.at) > COPY_WINDOW:
        return 0.0
    if copies.figures_differ(report, other):
        return 0.0
    found = copies.likeness(report, other)
    # What one outlet says twice in much the same words is two reports.
    return found if found >= _UNCHANGED or not report.outlet or report.outlet != other.outlet else 0


def _repeated(subject: Subject, story: Story) -> bool:
    """Whether an outlet shows a short text again ("War in Ukraine: what we know"), for other news.

    Whoever else had the text meanwhile: an agency's headline of the day is repeated by all.
    """
    report = subject.report
    if not report.outlet or report.at is None:
        return False
    since = [
        abs(report.at - one.at)
        for one in story.of_outlets.get(report.outlet, ())
        if one.at
        and min(len(report.words), len(one.words)) <= _HEADLINE
        and subject.alike(one) >= _UNCHANGED
    ]
    # Shown again and again without a pause, it is one entry that gets a new address at every poll.
    return bool(since) and min(since) > REPEAT_WINDOW


def _goes_on(at: datetime | None, story: Story) -> bool:
    return at is not None and story.earliest is not None and at - story.earliest > LONGEST


_WORTH_A_LOOK = 0.2
"""Cosine below which a text is no copy; far cheaper than likeness."""
_HEADLINE = 20
_UNCHANGED = 0.9


def compare(
    subject: Subject, story: Story, weights: Mapping[str, float], *, window: timedelta
) -> Comparison | None:
    """A report beside a story; None where they are too far apart in time."""
    report = subject.report
    apart = _apart(report.at, story)
    if apart is not None and apart > window:
        return None
    bar = UNTIMED if apart is None else TIMED
    facts, shared, nearest = _facts(report, story, weights)
    facts *= min(1.0, _weight(shared, story, weights) / bar.weight) ** _LITTLE_EVIDENCE
    text, said_alike = _text(subject, story)
    strength = _strength(facts, text, bar, beside_facts=_both_rich(report, story))
    strength *= _days(report, story) if apart is None else _decay(apart)
    strength *= _persons(report, story)
    return Comparison(
        story.id,
        strength,
        facts,
        text,
        apart,
        shared,
        said_alike or nearest,
        _other_figures(subject, story),
        _repeated(subject, story),
        _goes_on(report.at, story),
    )


def _apart(at: datetime | None, story: Story) -> timedelta | None:
    if at is None or story.earliest is None or story.latest is None:
        return None
    return max(story.earliest - at, at - story.latest, timedelta())


def _decay(apart: timedelta) -> float:
    return float(0.5 ** (apart / HALF_LIFE))


def _days(report: Report, story: Story) -> float:
    """Whether the days that texts name agree, where it is not known when they were written."""
    ours = report.days | _day(report.at)
    theirs = frozenset().union(*(one.days | _day(one.at) for one in story.compared))
    if not ours or not theirs:
        return 1.0
    nearest = min(abs(one - other) for one in ours for other in theirs)
    return 1.0 if min(nearest, _YEAR - nearest) <= _NEAR_DAYS else OTHER_DAYS


def _day(at: datetime | None) -> frozenset[int]:
    return frozenset([words.day_of_year(at.month, at.day)]) if at else frozenset()


def _both_rich(report: Report, story: Story) -> bool:
    return min(len(report.concepts), len(story.named)) >= _ENOUGH_FACTS


def _persons(report: Report, story: Story) -> float:
    ours = {one.id for one in report.concepts if one.kind == "person"}
    theirs = {one.id for one in story.named.values() if one.kind == "person"}
    return OTHER_PERSONS if ours and theirs and not ours & theirs else 1.0


def _strength(facts: float, text: float, bar: Bar, *, beside_facts: bool) -> float:
    by_facts = facts / bar.facts
    together = _FACTS_SHARE * by_facts + 0.8 * text / bar.facts if facts else 0.0
    # Two events of one kind are told in much the same words; then what they mention decides.
    return max(by_facts, together, text / (bar.text_beside_facts if beside_facts else bar.text))


def _facts(
    report: Report, story: Story, weights: Mapping[str, float]
) -> tuple[float, tuple[Concept, ...], Report | None]:
    """How alike what both mention is, what they share, and the report that is nearest by it."""
    own = {one.id: weights[one.id] for one in report.concepts}
    length = math.sqrt(sum([weight * weight for weight in own.values()]))
    shared = [one for one in report.concepts if one.id in story.named]
    if not shared or not length:
        return 0.0, (), None
    size = len(story.reports)
    # What few reports mention adds next to nothing to the length.
    usual = [(id_, count) for id_, count in story.mentions.items() if _SELDOM * count >= size]
    heavy = sum([(weights[id_] * count / size) ** 2 for id_, count in usual])
    dot = sum([own[one.id] ** 2 * story.mentions[one.id] / size for one in shared])
    best, nearest = 0.0, None
    for one in story.compared:
        found = _cosine(own, length, one, weights)
        if found > best:
            best, nearest = found, one
    shared.sort(key=lambda one: -own[one.id])
    profile = dot / (length * math.sqrt(heavy)) if heavy else 0.0
    return (profile + best) / 2, tuple(shared), nearest


def _cosine(
    own: Mapping[str, float], length: float, other: Report, weights: Mapping[str, float]
) -> float:
    dot = square = 0.0
    for one in other.concepts:
        weight = weights[one.id]
        square += weight * weight
        if one.id in own:
            dot += weight * weight
    return dot / (length * math.sqrt(square)) if dot else 0.0


def _weight(shared: Iterable[Concept], story: Story, weights: Mapping[str, float]) -> float:
    """How much evidence the shared concepts are; one that few of the reports mention is less."""
    return sum(
        weights[one.id] * min(1.0, 2 * story.mentions[one.id] / len(story.reports))
        for one in shared
    )


def _text(subject: Subject, story: Story) -> tuple[float, Report | None]:
    """How alike the words are, and the report whose words are nearest; of one language only."""
    language = subject.report.language
    length = story.length(language)
    if not length:
        return 0.0, None
    together = product(subject.vector, story.centroids[language]) / length
    best, nearest = 0.0, None
    for one in story.compared:
        found = subject.alike(one)
        if found > best:
            best, nearest = found, one
    return (together + best) / 2, nearest


def _other_figures(subject: Subject, story: Story) -> bool:
    """Whether this is the next bulletin of a series rather than a report of the same event."""
    return any(
        subject.alike(one) >= _WORTH_A_LOOK
        and copies.figures_differ(subject.report, one)
        and copies.likeness(subject.report, one) >= copies.ALIKE
        for one in story.compared
    )


def decide(comparisons: Sequence[Comparison]) -> Assignment:
    """The story that a report belongs to, given all that come into question."""
    ranked = sorted(comparisons, key=lambda one: (-round(one.strength, 6), one.story))
    for one in ranked:
        if one.strength < RELATED:
            break
        if one.strength >= 1 and one.may_join:
            return _fold(one, ranked)
        if not one.repeated and not _next_of_series(one):
            return Assignment(Outcome.RELATED, explain(one), one.story, score=score(one.strength))
    reason = _why_new(ranked[0]) if ranked else _UNLIKE
    return Assignment(Outcome.NEW, reason, score=score(ranked[0].strength) if ranked else 0.0)


_UNLIKE = "no recent story like it"


def _next_of_series(one: Comparison) -> bool:
    return one.other_figures and (one.apart is None or one.apart > UPDATE_WINDOW)


def _why_new(best: Comparison) -> str:
    if best.strength >= RELATED and best.repeated:
        return f"its outlet had the same headline in story {best.story}: the next of a series"
    if best.strength >= RELATED and best.other_figures:
        return f"same words as story {best.story} with other figures: the next of a series"
    return _UNLIKE


def _fold(one: Comparison, ranked: Sequence[Comparison]) -> Assignment:
    """Join a story; a second one that the report belongs to as clearly is the same story."""
    same = [other for other in ranked if other is not one and other.may_merge]
    into, gone = one.story, None
    if same and one.may_merge:
        into, gone = sorted((one.story, same[0].story))
    return Assignment(Outcome.FOLD, explain(one), into, score=score(one.strength), merge=gone)


def score(strength: float) -> float:
    """0 to 1; 0.5 is the bar."""
    return round(strength / (1 + strength), 4)


def explain(one: Comparison) -> str:
    """One clause for a person: "same persons: Cho Tae-yul, Andrii Sybiha; same action: call; 3 h apart"."""
    parts = [
        f"same {label}: {', '.join(names[:_MAX_NAMES])}"
        for kinds, label in _LABELS
        if (names := [shared.name for shared in one.shared if shared.kind in kinds])
    ]
    if one.text >= _SAY_TEXT:
        parts.append(f"{one.text:.0%} of the words")
    if one.other_figures:
        parts.append("other figures")
    if one.goes_on:
        parts.append(f"the story began more than {LONGEST.days} days ago")
    if one.apart is not None:
        parts.append(_hours(one.apart))
    return "; ".join(parts)


_LABELS = (
    (("person",), "persons"),
    (("organisation", "group"), "organisations"),
    (("event",), "event"),
    (("",), "subject"),
    (("place",), "places"),
)
_SAY_TEXT = 0.1


def _hours(apart: timedelta) -> str:
    hours = round(apart / timedelta(hours=1))
    return f"{hours} h apart" if hours < 72 else f"{round(hours / 24)} days apart"  # noqa: PLR2004
