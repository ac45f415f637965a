"""Which story an item joins. Pure; so far only the same headline at another outlet joins.

A false merge hides news and is worse than a split, so every doubt makes a story of its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor import text
from monitor.model import Assignment, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

COPY_WINDOW = timedelta(hours=36)
"""How long the same headline means the same report."""

_MIN_WORDS = 5
_MIN_HAN = 10
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that is in a story already."""

    item: int
    story: int
    outlet: str
    added_at: datetime


def title_key(title: str) -> str:
    """What two headlines have in common when they say the same; "" for one too short to tell."""
    folded = text.fold(title)
    words = _WORD.findall(folded)
    if len(words) < _MIN_WORDS and len(_HAN.findall(folded)) < _MIN_HAN:
        return ""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()


def assign(outlet: str, same_title: Sequence[Candidate], *, now: datetime) -> Assignment:
    """The story of an item, given the items of stories that carry the same headline.

    The same outlet repeating a headline ("War in Ukraine: what we know") is a new report.
    """
    recent = [one for one in same_title if now - one.added_at <= COPY_WINDOW]
    others = [one for one in recent if text.fold(one.outlet) != text.fold(outlet)]
    if not others:
        return Assignment(Outcome.NEW, "no earlier report like it")
    first = others[0]
    reason = f"same headline as item {first.item} ({first.outlet})"
    return Assignment(Outcome.FOLD, reason, first.story, copy_of=first.item, score=1.0)
