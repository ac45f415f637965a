"""A word of a rule -> the texts to look for, and what may stand beside each of them.

The one module that knows the forms package.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from monitor.rules import forms
from monitor.rules.forms import Boundary
from monitor.rules.reading import scannable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from monitor.rules.ast import Term


class Edge(IntEnum):
    """What may stand right beside a hit; small numbers, because there are very many."""

    FREE = 0
    WORD = 1
    SCRIPT_RUN = 2
    PARTICLES = 3
    COMPOUND = 4
    PREFIX = 5
    """Anything; the hit grows to the end of the word."""


_SEPARATOR = "\0"
_EDGES = {boundary: Edge[boundary.name] for boundary in Boundary}
_BOUNDARIES = [boundary for boundary, _ in sorted(_EDGES.items(), key=lambda pair: pair[1])]


class Surfaces(NamedTuple):
    """Texts to look for that may stand between the same things."""

    texts: list[str]
    """As `scannable` gives them, in order."""
    left: Edge
    right: Edge
    exact: str = ""
    """What the text as written must be, where case and marks count."""


def surfaces(term: Term, *, language: str, kind: str) -> Surfaces:
    """Everything to look for when a rule says this; `language` "" is guessed from the script."""
    if term.exact:
        return _as_written(term.text, exact=term.text)
    if term.prefix:
        text = scannable(term.text)
        return Surfaces([text], _own_edge(text[0]), Edge.PREFIX)
    found = forms.phrase(term.text, language=language, kind=kind)
    return Surfaces(_distinct(found.texts), _EDGES[found.left], _EDGES[found.right])


def respelled(term: Term, *, language: str, kind: str) -> Surfaces:
    """The other spellings in Latin letters of a person's or a place's name."""
    found: Iterable[str] = ()
    if not (term.exact or term.prefix):
        found = forms.spellings(term.text, language=language, kind=kind)
    return Surfaces(_distinct(found) if found else [], Edge.WORD, Edge.WORD)


def _distinct(texts: Iterable[str]) -> list[str]:
    # All at once, which is several times faster: no form holds the separator.
    found = set(scannable(_SEPARATOR.join(texts)).split(_SEPARATOR)) - {""}
    # An apostrophe ends a word: "sybiha" is found in "sybiha's" too.
    return sorted(text for text in found if "'" not in text or not _is_possessive(text, found))


def _is_possessive(text: str, others: Container[str]) -> bool:
    return (text.endswith("'s") and text[:-2] in others) or (
        text.endswith("'") and text[:-1] in others
    )


def excluded_surfaces(term: Term) -> Surfaces:
    """What an `except` entry covers: a phrase in all its forms, a single word as it is written."""
    if " " in term.text or term.exact or term.prefix:
        return surfaces(term, language="", kind="")
    found = _as_written(term.text)
    if _is_hangul(found.texts[0][0]) or _is_hangul(found.texts[0][-1]):
        return Surfaces(found.texts, Edge.FREE, Edge.FREE)
    return found


def fits_left(edge: int, text: str, start: int) -> bool:
    """Whether what stands before a hit allows it."""
    return forms.fits_left(_BOUNDARIES[edge], text, start)


def fits_right(edge: int, text: str, end: int) -> bool:
    """Whether what stands after a hit allows it."""
    return forms.fits_right(_BOUNDARIES[edge], text, end)


def _as_written(text: str, *, exact: str = "") -> Surfaces:
    folded = scannable(text)
    return Surfaces([folded], _own_edge(folded[0]), _own_edge(folded[-1]), exact)


def _own_edge(char: str) -> Edge:
    """What keeps a word whole that begins or ends with this character."""
    if "\u30a1" <= char <= "\u30ff":
        return Edge.SCRIPT_RUN
    if "\u3041" <= char <= "\u309f" or "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
        return Edge.FREE
    return Edge.WORD if char.isalnum() else Edge.FREE


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"
