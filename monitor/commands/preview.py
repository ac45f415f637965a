"""What a feed carries now, and which rules its items would match. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor import text, urls
from monitor.feeds.normalise import normalise_document
from monitor.feeds.settings import FeedSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.discover import Found
    from monitor.model import Item
    from monitor.rules import Matcher

_NEWEST = 5
_MATCHED = 10
_MAX_NAME = 80
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Line:
    """An item, and the rules it would match."""

    item: Item
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed as it would be followed, and what it carries."""

    settings: FeedSettings
    found: Found
    lines: tuple[Line, ...]
    """Newest first."""
    followed: str = ""
    """Where it is written that it is followed, "" for nowhere."""

    @property
    def newest(self) -> datetime | None:
        """When its newest item was published; None where no item says."""
        return next((line.item.published for line in self.lines if line.item.published), None)

    @property
    def matches(self) -> dict[str, int]:
        """How many items each rule would match, most first."""
        return dict(Counter(rule for line in self.lines for rule in line.rules).most_common())

    @property
    def telling(self) -> list[Line]:
        """The newest items, and those that match."""
        matching = [number for number, line in enumerate(self.lines) if line.rules][:_MATCHED]
        chosen = {*range(min(_NEWEST, len(self.lines))), *matching}
        return [self.lines[number] for number in sorted(chosen)]


def preview(
    found: Found,
    given: Mapping[str, Any],
    matcher: Matcher | None,
    *,
    followed: str = "",
    now: datetime,
) -> Preview:
    """What a feed that was read would bring.

    Args:
        found: The feed.
        given: What the user says of it, as [[feeds]] has it; the rest is taken from the feed.
        matcher: The rules; None where they can't be tried.
        followed: Where it is written that it is followed already.
        now: The time.

    Raises:
        ValidationError: What the user says of it is wrong.
    """
    settings = FeedSettings.model_validate({**_own(found), **given, "url": found.url})
    items = normalise_document(found.parsed, settings.to_feed(), seen=now)
    lines = tuple(Line(item, _rules(item, matcher)) for item in reversed(items))
    return Preview(settings, found, lines, followed)


def _own(found: Found) -> dict[str, str]:
    """What the feed says of itself."""
    language = _LANGUAGE.match(found.parsed.language)
    return {
        "name": text.clean(found.title, limit=_MAX_NAME) or urls.host(found.url),
        "language": language[1].lower() if language else "",
    }


def _rules(item: Item, matcher: Matcher | None) -> tuple[str, ...]:
    return tuple(match.rule for match in matcher.match(item)) if matcher else ()
