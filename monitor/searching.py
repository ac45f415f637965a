"""Looking for stored items with a query of the rule language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Evidence
    from monitor.rules import Matcher
    from monitor.store.history import Stored


@dataclass(frozen=True, slots=True)
class Hit:
    """A stored item that a query describes, and where."""

    stored: Stored
    evidence: tuple[Evidence, ...]


def hits(stored: Iterable[Stored], matcher: Matcher) -> Iterator[Hit]:
    """Those of the items that match, as they come."""
    for one in stored:
        for match in matcher.match(one.item):
            yield Hit(one, match.evidence)


@dataclass(slots=True)
class Trial:
    """What a query would find if it were a rule."""

    items: int = 0
    """That were looked at."""
    matched: int = 0
    unmatched_before: int = 0
    """Of those that match, the ones that no rule in force matches."""
    languages: Counter[str] = field(default_factory=Counter)
    newest: list[Hit] = field(default_factory=list)

    def add(self, one: Stored, query: Matcher, rules: Matcher, *, limit: int) -> None:
        """Look at one more item."""
        self.items += 1
        for match in query.match(one.item):
            self.matched += 1
            self.unmatched_before += not rules.match(one.item)
            self.languages[one.item.language or "?"] += 1
            if len(self.newest) < limit:
                self.newest.append(Hit(one, match.evidence))
