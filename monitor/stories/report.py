"""An item as grouping sees it: who reports when, in which words and figures, about whom and what."""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor import text
from monitor.model import Concept
from monitor.stories import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Item

MAX_TERMS = 96
"""Terms of a report that are compared: those that it repeats, and those that stand first."""
MAX_SAMPLE = 160
"""Words, and pairs of words, by which copies are known; a longer text is sampled, always alike."""
TITLE_WEIGHT = 2
MAX_CONCEPTS = 64
MAX_HEADLINE = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart."""

    terms: Mapping[int, float]
    """How much it speaks of each term, by the term's number."""
    words: array[int]
    pairs: array[int]
    numbers: frozenset[str]
    days: frozenset[int]
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What grouping keeps of an item; complete, so that a restart needs nothing else."""

    item: int
    outlet: str
    """Folded."""
    language: str
    at: datetime | None
    """When it was published, or else seen; None only in a file that does not say."""
    terms: array[int]
    """Heaviest first."""
    weights: array[float]
    """Of the terms, by how rare they were when it came; together of length one."""
    words: array[int]
    pairs: array[int]
    """Numbers in ascending order."""
    numbers: frozenset[str]
    days: frozenset[int]
    """Of the year, that the text names."""
    concepts: tuple[Concept, ...]
    figures: tuple[tuple[str, str], ...] = ()
    """What is counted, and how many, as the text has it."""
    headline: frozenset[int] = frozenset()
    """The terms of its headline."""
    below: int = 0
    """What stands below the headline, by a number that the same text has again; 0 for nothing."""


def headline_of(item: Item) -> frozenset[int]:
    """The terms of an item's headline, by their numbers."""
    terms = words.terms(words.compared(item.title))
    return frozenset(sorted({words.number_of(term) for term in terms})[:MAX_HEADLINE])


def below_of(item: Item) -> int:
    """What stands below an item's headline, as a number; 0 for nothing."""
    below = item.summary or item.content
    return words.number_of(text.fold(below)) if below else 0


def read(item: Item) -> Reading:
    """The words and figures of an item."""
    title, rest = words.compared(item.title), words.compared(item.summary or item.content)
    first, others = list(words.terms(title)), list(words.terms(rest))
    figures = words.numbers(f"{title} ; {rest}")
    names = words.names(item.summary or item.content)
    counted = Counter(first * TITLE_WEIGHT + others + sorted(figures))
    chosen = sorted(counted.items(), key=lambda pair: -pair[1])[:MAX_TERMS]
    pairs = [f"{one} {other}" for part in (first, others) for one, other in pairwise(part)]
    return Reading(
        terms={
            words.number_of(term): (1 + math.log(count)) * words.worth(term, named=term in names)
            for term, count in chosen
        },
        words=_sample(counted),
        pairs=_sample(pairs),
        numbers=figures,
        days=words.days(f"{title} ; {rest}"),
        figures=words.figures(f"{title} ; {rest}"),
    )


def _sample(terms: Iterable[str]) -> array[int]:
    """The smallest of their numbers: of two texts the same ones, so that samples can be compared."""
    return array("q", sorted({words.number_of(term) for term in terms})[:MAX_SAMPLE])


def make(
    number: int,
    item: Item,
    reading: Reading,
    weighed: Mapping[int, float],
    concepts: Iterable[Concept],
    *,
    at: datetime | None,
) -> Report:
    """The report of an item, its terms weighed."""
    # Rounded as it will be stored: a restart must not change a decision.
    rounded = {term: round(weight, 4) for term, weight in weighed.items()}
    heaviest = sorted(rounded.items(), key=lambda pair: (-pair[1], pair[0]))
    return Report(
        item=number,
        outlet=text.fold(item.outlet.name),
        language=language_of(item),
        at=at,
        terms=array("q", [term for term, _ in heaviest]),
        weights=array("d", [weight for _, weight in heaviest]),
        words=reading.words,
        pairs=reading.pairs,
        numbers=reading.numbers,
        days=reading.days,
        concepts=tuple(concepts)[:MAX_CONCEPTS],
        figures=reading.figures,
        headline=headline_of(item),
        below=below_of(item),
    )


def language_of(item: Item) -> str:
    """The language whose words an item's are compared with."""
    return item.language.lower().partition("-")[0]


def to_json(report: Report) -> str:
    """A report as it is stored."""
    return json.dumps(
        [
            report.item,
            report.outlet,
            report.language,
            report.at.isoformat() if report.at else None,
            list(report.terms),
            list(report.weights),
            list(report.words),
            list(report.pairs),
            sorted(report.numbers),
            sorted(report.days),
            [[one.id, one.kind, one.name, one.count, *one.follows] for one in report.concepts],
            report.figures,
            sorted(report.headline),
            report.below,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def from_json(stored: str) -> Report:
    """The report that was stored."""
    item, outlet, language, at, terms, weights, one, two, numbers, days, *rest = json.loads(stored)
    concepts, figures, headline, below = rest
    return Report(
        item=item,
        outlet=outlet,
        language=language,
        at=datetime.fromisoformat(at) if at else None,
        terms=array("q", terms),
        weights=array("d", weights),
        words=array("q", one),
        pairs=array("q", two),
        numbers=frozenset(numbers),
        days=frozenset(days),
        concepts=tuple(_concept(*concept) for concept in concepts),
        figures=tuple((counted, figure) for counted, figure in figures),
        headline=frozenset(headline),
        below=below,
    )


@lru_cache(maxsize=10_000)
def _concept(id_: str, kind: str, name: str, count: int, *follows: str) -> Concept:
    return Concept(id_, kind, name, count, follows)
