"""Which channels a matched item concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Match, Rule, Severity


@dataclass(frozen=True, slots=True)
class Route:
    """A channel, and the matches it is to hear of."""

    channel: str
    every_item: bool
    """The rules tell every item on its own."""
    matches: tuple[Match, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that matched."""
        return tuple(match.rule for match in self.matches)


def routes(
    matches: Sequence[Match],
    rules: Mapping[str, Rule],
    *,
    default: Mapping[Severity, Sequence[str]],
) -> tuple[Route, ...]:
    """One route for each channel and way of grouping, in the order in which the matches name them.

    `default` holds the channels of the rules of each severity that name none.
    """
    found: dict[tuple[str, bool], list[Match]] = {}
    for match in matches:
        rule = rules[match.rule]
        for channel in dict.fromkeys(rule.channels or default[rule.severity]):
            found.setdefault((channel, rule.group == "item"), []).append(match)
    return tuple(Route(channel, every, tuple(of)) for (channel, every), of in found.items())
