"""What the fixtures of the rules room's tests give: rules from text, as a user would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from monitor.rules import Matcher, RuleSet


class Loads(Protocol):
    """Rule set of files given as name=text."""

    def __call__(self, **files: str) -> RuleSet: ...


class Matches(Protocol):
    """Matcher of one rule named r, with entities and terms before it and other keys after it."""

    def __call__(self, query: str, names: str = "", **keys: str) -> Matcher: ...
