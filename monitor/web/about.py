"""What the site is about: the parts of the service that its pages look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from monitor.checkup import Report
    from monitor.model import Rule
    from monitor.store.database import Database


@dataclass(frozen=True, slots=True)
class About:
    """The service as the pages see it."""

    name: str
    version: str
    timezone: tzinfo
    """Of the times on the pages."""
    database: Database
    report: Callable[[], Report]
    unready: Callable[[], Sequence[str]]
    """Why it can't work yet or any more, one clause each."""
    rules: Callable[[], Mapping[str, Rule]]
    """Those in force."""
    rule_set: Callable[[], str]
    """By what the rule files in force are told from others."""
    problems: Callable[[], Sequence[str]]
    """What is wrong in the rule files."""
    clock: Callable[[], datetime]
