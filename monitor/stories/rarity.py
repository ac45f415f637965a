"""How much a shared term or concept says: the rarer among recent reports, the more."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.stories.report import Report

_KINDS = {"person": 1.5, "place": 0.8}
"""Persons tell events apart best, places worst."""
_USUAL = {"person": 0.03, "place": 0.2, "organisation": 0.1, "group": 0.15, "event": 0.05}
_USUAL_TERMS = 0.15
"""The share of reports that mention a concept of a kind, until counting knows better."""
_PRIOR = 60
"""Reports that the usual shares count for."""
_FEW = 20
"""Reports of a language below which its counts say little about its terms."""


@dataclass(slots=True)
class Rarity:
    """Counts of the reports in the window."""

    reports: int = 0
    concepts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    terms: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, report: Report, sign: int = 1) -> None:
        """Count a report in, or out with -1."""
        self.reports += sign
        self.languages[report.language] += sign
        counts = self.concepts
        for concept in report.concepts:
            self.kinds[concept.id] = concept.kind
            counts[concept.id] += sign
            if not counts[concept.id]:
                del counts[concept.id], self.kinds[concept.id]
        known = self.terms.setdefault(report.language, Counter())
        for term in report.terms:
            known[term] += sign
            if not known[term]:
                del known[term]

    def concept(self, id_: str, kind: str) -> float:
        """0 for one that every report mentions, about 1 for one that none did; persons count more."""
        held = self.concepts[id_] + _PRIOR * _USUAL.get(kind, _USUAL_TERMS)
        return _KINDS.get(kind, 1.0) * _rarity(held, self.reports + _PRIOR)

    def weights(self, report: Report) -> Weights:
        """Of all concepts that a report and the counted ones mention."""
        return Weights(self, {one.id: one.kind for one in report.concepts})

    def term(self, language: str, term: int) -> float:
        """The same for a term of a language."""
        known = self.terms.get(language)
        held = known[term] if known else 0
        return math.log((max(self.languages[language], _FEW) + 1) / (held + 0.5))


class Weights(dict[str, float]):
    """Weights of concepts by their ids, each worked out when it is first asked for."""

    def __init__(self, rarity: Rarity, kinds: Mapping[str, str]) -> None:
        super().__init__()
        self._rarity = rarity
        self._kinds = kinds

    def __missing__(self, id_: str) -> float:
        kind = self._kinds.get(id_) or self._rarity.kinds.get(id_, "")
        weight = self[id_] = self._rarity.concept(id_, kind)
        return weight


def _rarity(held: float, total: float) -> float:
    return max(0.0, math.log((total + 4) / (held + 2)) / math.log((total + 4) / 2))
