"""A story as grouping keeps it: its reports, and what they have in common."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.model import Concept
    from monitor.stories.report import Report

Vector = dict[int, float]

NEWEST = 8
"""Reports that a new one is compared with, beside the first one of each language; or of one outlet."""
MAX_CENTROID = 128
"""Terms that are kept of what a story's reports in one language say together."""


@dataclass(slots=True)
class Story:
    """What is known of one story."""

    id: int
    seen: datetime
    """When the last report came."""
    reports: list[Report] = field(default_factory=list)
    """All of them, as they came."""
    firsts: list[Report] = field(default_factory=list)
    newest: list[Report] = field(default_factory=list)
    earliest: datetime | None = None
    latest: datetime | None = None
    """Of the times of its reports."""
    mentions: Counter[str] = field(default_factory=Counter)
    """Reports that mention a concept."""
    named: dict[str, Concept] = field(default_factory=dict)
    of_outlets: dict[str, tuple[Report, ...]] = field(default_factory=dict)
    """The newest reports of each."""
    figures: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    """By language and what is counted, the newest."""
    centroids: dict[str, Vector] = field(default_factory=dict)
    """What its reports of a language say together."""
    _lengths: dict[str, float] = field(default_factory=dict)
    """Of the centroids that were asked for since they changed."""

    def add(self, report: Report, *, seen: datetime) -> None:
        """Take a report in."""
        self.reports.append(report)
        self.seen = max(self.seen, seen)
        if report.at:
            self.earliest = min(self.earliest or report.at, report.at)
            self.latest = max(self.latest or report.at, report.at)
        for concept in report.concepts:
            self.mentions[concept.id] += 1
            self.named[concept.id] = concept
        of_outlet = self.of_outlets.get(report.outlet, ())
        self.of_outlets[report.outlet] = (*of_outlet[1 - NEWEST :], report)
        for counted, figure in report.figures:
            key = report.language, counted
            self.figures[key] = (*self.figures.get(key, ())[1 - NEWEST :], float(figure))
        self._learn(report)
        self._compare_with(report)

    def _learn(self, report: Report) -> None:
        centroid = self.centroids.setdefault(report.language, {})
        for term, weight in zip(report.terms, report.weights, strict=True):
            centroid[term] = centroid.get(term, 0.0) + weight
        if len(centroid) > 2 * MAX_CENTROID:
            kept = sorted(centroid.items(), key=lambda pair: (-round(pair[1], 6), pair[0]))
            centroid = self.centroids[report.language] = dict(kept[:MAX_CENTROID])
        self._lengths.pop(report.language, None)

    def length(self, language: str) -> float:
        """Of the centroid of a language; 0 where there is none."""
        found = self._lengths.get(language)
        if found is None:
            weights = self.centroids.get(language, {}).values()
            found = self._lengths[language] = math.sqrt(sum([w * w for w in weights]))
        return found

    def _compare_with(self, report: Report) -> None:
        if all(one.language != report.language for one in self.firsts):
            self.firsts.append(report)
            return
        self.newest = [*self.newest[-NEWEST + 1 :], report]

    @property
    def compared(self) -> list[Report]:
        """Reports that a new one is compared with: the first of each language, and the newest."""
        return self.firsts + self.newest


def product(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """The sum over the terms that both have."""
    return sum([one[term] * other[term] for term in one.keys() & other.keys()])


def unit(vector: Mapping[int, float]) -> Vector:
    """The same direction, of length one."""
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {term: weight / length for term, weight in vector.items()} if length else {}


def alike(own: Mapping[int, float], report: Report) -> float:
    """The cosine of a unit vector and a report's."""
    return product(own, _vector(report))


@lru_cache(maxsize=5_000)
def _vector(report: Report) -> Vector:
    # Ten times the memory of the arrays, so only for what is compared often.
    return dict(zip(report.terms, report.weights, strict=True))
