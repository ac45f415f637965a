"""Which channels a matched item concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Match, Rule


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


def defaults(
    channel: str, by_severity: Mapping[Severity, Sequence[str]] | None = None
) -> Mapping[Severity, Sequence[str]]:
    """The channels of rules that name none: those of their severity, else `channel`."""
    return dict.fromkeys(Severity, (channel,)) | dict(by_severity or {})


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
