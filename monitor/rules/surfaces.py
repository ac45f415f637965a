"""A word of a rule -> the texts to look for, and what may stand beside each of them.

The one module that knows the forms package.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from monitor.rules.reading import scannable

if TYPE_CHECKING:
    from monitor.rules.ast import Term


class Edge(IntEnum):
    """What may not stand right before or after a hit."""

    FREE = 0
    LETTER = 1
    """A letter or digit, other than of the scripts without spaces and Hangul."""
    HANGUL = 2
    KATAKANA = 3
    PARTICLES = 4
    """Hangul, unless it is a chain of particles to the end of the word."""
    PREFIX = 5
    """Nothing is forbidden; the hit grows to the end of the word."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One text to look for."""

    text: str
    """As `scannable` gives it."""
    left: Edge
    right: Edge
    exact: str = ""
    """What the text as written must be, where case and marks count."""


def surfaces(term: Term, *, language: str, kind: str) -> list[Surface]:
    """Everything to look for when a rule says this; `language` "" is guessed from the script."""
    if term.exact:
        return [_surface(term.text, exact=True)]
    if term.prefix:
        text = scannable(term.text)
        return [Surface(text, _edge(text[0]), Edge.PREFIX)]
    texts = {term.text, term.text + "s"} if term.text.isascii() else {term.text}
    return [_surface(text) for text in sorted(texts)]


def excluded_surfaces(term: Term, *, language: str, kind: str) -> list[Surface]:
    """What an `except` entry covers: a phrase in all its forms, a single word as it is written."""
    if " " in term.text or term.exact or term.prefix:
        return surfaces(term, language=language, kind=kind)
    text = scannable(term.text)
    left, right = _edge(text[0]), _edge(text[-1])
    hangul = Edge.FREE if Edge.HANGUL in (left, right) else None
    return [Surface(text, hangul or left, hangul or right)]


def _surface(text: str, *, exact: bool = False) -> Surface:
    folded = scannable(text)
    right = _edge(folded[-1])
    if right is Edge.HANGUL and not exact:
        right = Edge.FREE
    return Surface(folded, _edge(folded[0]), right, text if exact else "")


def _edge(char: str) -> Edge:
    """What must not stand beside this character if a word begins or ends with it."""
    if not char.isalnum():
        return Edge.FREE
    if "\uac00" <= char <= "\ud7a3":
        return Edge.HANGUL
    if "\u30a1" <= char <= "\u30ff":
        return Edge.KATAKANA
    if "\u3041" <= char <= "\u309f" or "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
        return Edge.FREE
    return Edge.LETTER


def only_particles(text: str, start: int) -> bool:
    """Whether the Hangul from here to the end of the word is nothing or a chain of particles."""
    return True
