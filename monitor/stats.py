"""What the stored figures say: delays, rules that went silent, words that find nothing or only noise."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.rules import ast
from monitor.rules.languages import primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, tzinfo

    from monitor.rules import RuleSet
    from monitor.rules.coverage import Coverage
    from monitor.store.figures import Found, Told

MOST_POINTS = 60
"""Characters of a sparkline; of more days each is a week."""
UNLIKELY = 0.01
"""A silence that a rule's own rhythm makes less likely is told."""
ACTIVE_DAYS = 5
"""Days with matches from which a rhythm is known."""
MARKED = 3
"""Alerts found out of place from which a word can be called noisy."""
_MEDIAN, _MOST = 0.5, 0.95


def moments(now: datetime, days: int, *, timezone: tzinfo) -> list[datetime]:
    """Where days begin, so many of them and then now; of many days, weeks."""
    step = 1 if days <= MOST_POINTS else 7
    today = now.astimezone(timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    begun = [today - timedelta(days=number) for number in range(0, days, step)]
    return [*reversed(begun), now]


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took, in seconds."""

    number: int
    median: float
    most: float
    """19 of 20 took no longer."""


def delay(seconds: Iterable[float]) -> Delay | None:
    """The delay that these show; None for none."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Delay(len(ordered), _quantile(ordered, _MEDIAN), _quantile(ordered, _MOST))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that so many of all do not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass(frozen=True, slots=True)
class FeedDelays:
    """How late the items of a feed are seen and told."""

    feed: str
    """"" for all of them."""
    items: int
    undated: int
    seen: Delay | None
    """After the publisher's date."""
    delivered: Delay | None
    """After they were seen."""


def feed_delays(
    arrived: Iterable[tuple[str, timedelta | None]],
    delivered: Iterable[tuple[str, timedelta]],
) -> list[FeedDelays]:
    """All feeds together first, then each, those with most items first."""
    seen: dict[str, array[float]] = {}
    told: dict[str, array[float]] = {}
    number, undated = Counter[str](), Counter[str]()
    for feed, late in arrived:
        number[feed] += 1
        if late is None:
            undated[feed] += 1
        else:
            seen.setdefault(feed, array("f")).append(late.total_seconds())
    for feed, late in delivered:
        told.setdefault(feed, array("f")).append(late.total_seconds())
    every = FeedDelays(
        "",
        number.total(),
        undated.total(),
        delay(one for many in seen.values() for one in many),
        delay(one for many in told.values() for one in many),
    )
    each = [
        FeedDelays(
            feed, number[feed], undated[feed], delay(seen.get(feed, ())), delay(told.get(feed, ()))
        )
        for feed in {*number, *told}
    ]
    return [every, *sorted(each, key=lambda one: (-one.items, one.feed))]


def silence(active: Iterable[date], today: date) -> int:
    """For how many days a rule has been silent, where its own rhythm makes that unlikely; else 0.

    Args:
        active: Days on which it matched.
        today: Not over yet, so it counts for nothing.
    """
    days = sorted({day for day in active if day < today})
    if not days or today in set(active) or len(days) < ACTIVE_DAYS:
        return 0
    quiet = (today - days[-1]).days - 1
    share = len(days) / ((days[-1] - days[0]).days + 2)  # never certain
    return quiet if quiet and (1 - share) ** quiet < UNLIKELY else 0


@dataclass(slots=True)
class RuleFigures:
    """What a rule did."""

    rule: str
    name: str
    matches: int = 0
    stories: int = 0
    alerts: int = 0
    irrelevant: int = 0
    last: datetime | None = None
    silent_days: int = 0
    """Against its own rhythm."""
    languages: Counter[str] = field(default_factory=Counter)
    terms: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Matches, by term and by the name or word that was found."""
    dead: tuple[tuple[str, str, str], ...] = ()
    """Term, language and name of those that were in no match; "" for the language of plain words."""
    words: int = 0
    """Names and words that the rule asks for."""
    noisy: tuple[tuple[str, str, int, int], ...] = ()
    """Term, name, alerts with it, and those of them that readers found out of place."""
    coverage: Coverage | None = None

    @property
    def share(self) -> float:
        """Of the alerts, those that readers found out of place."""
        return self.irrelevant / self.alerts if self.alerts else 0.0


def rule_figures(
    rule_set: RuleSet,
    coverage: Mapping[str, Coverage],
    found: Iterable[Found],
    told: Iterable[Told],
    *,
    today: date,
    timezone: tzinfo,
) -> list[RuleFigures]:
    """What each rule did, in the order of the files."""
    figures = {id_: RuleFigures(id_, one.rule.name) for id_, one in rule_set.rules.items()}
    stories: dict[str, set[int]] = {id_: set() for id_ in figures}
    active: dict[str, set[date]] = {id_: set() for id_ in figures}
    for one in found:
        if (rule := figures.get(one.rule)) is None:
            continue  # it is gone from the files
        rule.matches += 1
        rule.languages[primary(one.language) or "?"] += 1
        rule.terms.update(one.terms)
        rule.last = max(rule.last or one.seen, one.seen)
        active[one.rule].add(one.seen.astimezone(timezone).date())
        if one.story is not None:
            stories[one.rule].add(one.story)
    carried, marked = _alerts(figures, told)
    for id_, rule in figures.items():
        tree = rule_set.rules[id_].tree
        rule.stories = len(stories[id_])
        rule.silent_days = silence(active[id_], today)
        rule.coverage = coverage.get(id_)
        asked = tuple(dict.fromkeys(_asked(tree, rule_set)))
        rule.words = len(asked)
        rule.dead = tuple(one for one in asked if (one[0], one[2]) not in rule.terms)
        rule.noisy = tuple(_noisy(carried[id_], marked[id_], _labels(tree, rule_set)))
    return list(figures.values())


Carried = dict[str, Counter[tuple[str, str]]]


def _alerts(figures: Mapping[str, RuleFigures], told: Iterable[Told]) -> tuple[Carried, Carried]:
    """Count alerts; of each rule the alerts with a term, all and those out of place."""
    carried: Carried = {id_: Counter() for id_ in figures}
    marked: Carried = {id_: Counter() for id_ in figures}
    for one in told:
        for id_ in one.rules:
            if (rule := figures.get(id_)) is None:
                continue
            rule.alerts += 1
            carried[id_].update(one.terms)
            if one.irrelevant:
                rule.irrelevant += 1
                marked[id_].update(one.terms)
    return carried, marked


def _labels(tree: ast.Node, rule_set: RuleSet) -> set[str]:
    """The terms of a query as evidence names them."""
    return {term for term, _, _ in _asked(tree, rule_set)}


def _noisy(
    carried: Counter[tuple[str, str]], marked: Counter[tuple[str, str]], mine: set[str]
) -> Iterable[tuple[str, str, int, int]]:
    for (term, name), out_of_place in marked.most_common():
        alerts = carried[term, name]
        if term in mine and out_of_place >= MARKED and out_of_place * 2 > alerts:
            yield term, name, alerts, out_of_place


def _asked(tree: ast.Node, rule_set: RuleSet) -> Iterable[tuple[str, str, str]]:
    """Term, language and name of everything that a query looks for."""
    leaves = (one for one in _positive(tree) if isinstance(one, ast.Leaf))
    for leaf in dict.fromkeys(leaves):
        if not isinstance(leaf, ast.Ref):
            yield str(leaf), "", str(leaf)
            continue
        for id_ in rule_set.members(leaf.name):
            for language, names in rule_set.named(id_).names.items():
                yield from ((f"@{id_}", language, name) for name in names)


def _is_meta(node: ast.Node) -> bool:
    return isinstance(node, ast.Field) and node.name in ast.META_FIELDS


def _positive(tree: ast.Node) -> Iterable[ast.Node]:
    """A query without what it excludes and what is asked of the item's address or outlet."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Not) or _is_meta(node):
            continue
        yield node
        waiting.extend(reversed(_wanted(node)))


def _wanted(node: ast.Node) -> list[ast.Node]:
    if not isinstance(node, ast.Near):
        return list(ast.children(node))
    near = zip(node.operands[1:], node.steps, strict=True)
    return [node.operands[0], *(one for one, step in near if not step.negated)]
