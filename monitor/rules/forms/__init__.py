"""The forms a word takes in texts, made when rules are compiled: no dictionary, no language model.

An analyst writes the dictionary form; `expand` and `phrase` give what to look for and what may
stand beside it. `fits_left` and `fits_right` say whether the surroundings of a find allow it.
"""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from monitor.rules.forms import arabic, cjk, korean, latin, romanise
from monitor.rules.forms.boundaries import fits_left, fits_right
from monitor.rules.forms.model import MAX_FORMS, MAX_LENGTH, Boundary, Forms
from monitor.rules.forms.neighbours import is_hangul
from monitor.rules.forms.scripts import language_of, script_of
from monitor.rules.forms.slavic import slavic_forms

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "spellings",
]

_SLAVIC = ("ru", "uk")


def expand(word: str, *, language: str, kind: str) -> Forms:
    """All forms of a word; see `phrase`."""
    return phrase(word, language=language, kind=kind)


def phrase(text: str, *, language: str, kind: str) -> Forms:
    """All forms of a word, or of a name or term of several words.

    Args:
        text: The dictionary form, as an analyst writes it.
        language: Its ISO 639-1 code; "", or one that is not written in the text's script, means
            what the script tells, in Cyrillic both Ukrainian and Russian.
        kind: An entity's kind, "" for a plain word.
    """
    script = script_of(text)
    texts = {text}
    if len(text) <= MAX_LENGTH:
        texts |= _EXPAND[script](text, language, kind)
    if len(texts) > MAX_FORMS:
        texts = {text, *islice(sorted(texts), MAX_FORMS - 1)}
    left, right = _boundaries(text, kind)
    if not unicodedata.is_normalized("NFC", "\0".join(texts)):
        texts = {unicodedata.normalize("NFC", one) for one in texts}
    return Forms(frozenset(texts), left, right)


def romanisations(name: str, *, language: str) -> frozenset[str]:
    """How else the name of a person or place from Korea, Ukraine or Russia is spelled in Latin."""
    return frozenset(romanise.variants(name, language)) if len(name) <= MAX_LENGTH else frozenset()


def spellings(name: str, *, language: str, kind: str) -> frozenset[str]:
    """The romanisations that are safe to look for: of names that can only be a person's or a place's."""
    if not romanise.is_safe(name, language, kind):
        return frozenset()
    return romanisations(name, language=language)


def _boundaries(text: str, kind: str) -> tuple[Boundary, Boundary]:
    first, last = text[:1], text[-1:]
    left = korean.left_boundary(kind) if is_hangul(first) else cjk.boundary(first)
    right = korean.right_boundary(kind) if is_hangul(last) else cjk.boundary(last)
    return left, right


def _cyrillic(text: str, language: str, kind: str) -> set[str]:
    codes = (language,) if language in _SLAVIC else _SLAVIC
    found: set[str] = set()
    for code in codes:
        found |= slavic_forms(text, language=code, kind=kind)
    return found


def _as_written(text: str, _language: str, _kind: str) -> set[str]:
    return {text}


_EXPAND: dict[str, Callable[[str, str, str], set[str]]] = {
    "latin": latin.latin_forms,
    "cyrillic": _cyrillic,
    "arabic": arabic.arabic_forms,
    "hangul": korean.korean_forms,
    "han": cjk.cjk_forms,
    "kana": cjk.cjk_forms,
    "": _as_written,
}
