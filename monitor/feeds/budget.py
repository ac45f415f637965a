"""How patient all feeds must be so that together they cost the requests we may make. Pure.

Delays add up to the same threshold before any feed is asked again: no request could be moved from one
feed to another and save more delay there than it costs here.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HALVINGS = 50
_WIDEST = 1e12


@dataclass(frozen=True, slots=True)
class Demand:
    """What a feed is expected to bring."""

    rates: Sequence[float]
    """News per second, at moments that stand for the day ahead."""
    ceiling: float
    """Longest time between two polls of it, in seconds."""


def threshold(demands: Iterable[Demand], *, floor: float, budget: float) -> float:
    """The sum of delays (in seconds) after which a feed is asked again.

    Where floor and ceilings leave no choice, they win over the budget.

    Args:
        demands: Of all feeds.
        floor: Shortest time between two polls of one, in seconds.
        budget: Requests per second, on average.
    """
    groups = _groups(demands, floor)
    low, high = -math.log(_WIDEST), math.log(_WIDEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        pace = math.exp(middle)
        if sum(group.requests(pace) for group in groups) < budget:
            low = middle
        else:
            high = middle
    return math.exp(-2 * low) / 2


class _Group:
    """The feeds of one ceiling. At a constant rate a feed is asked every `1 / (pace sqrt(rate))`."""

    def __init__(self, roots: list[float], weight: float, slowest: float, fastest: float) -> None:
        roots.sort()
        self._roots = roots
        self._sums = list(accumulate(roots, initial=0.0))
        self._weight = weight
        self._slowest, self._fastest = slowest, fastest

    def requests(self, pace: float) -> float:
        slow = bisect_left(self._roots, self._slowest / pace)
        fast = bisect_left(self._roots, self._fastest / pace, slow)
        at_ceiling = slow * self._slowest
        at_floor = (len(self._roots) - fast) * self._fastest
        between = pace * (self._sums[fast] - self._sums[slow])
        return self._weight * (at_ceiling + between + at_floor)


def _groups(demands: Iterable[Demand], floor: float) -> list[_Group]:
    roots: dict[tuple[float, int], list[float]] = defaultdict(list)
    for demand in demands:
        key = max(demand.ceiling, floor), len(demand.rates)
        roots[key].extend(map(math.sqrt, demand.rates))
    return [
        _Group(values, 1 / samples, 1 / ceiling, 1 / floor)
        for (ceiling, samples), values in roots.items()
    ]
