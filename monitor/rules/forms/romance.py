"""French, Spanish, Portuguese, Italian: number and gender, in agreement within a phrase."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.rules.forms.wordlists import words

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = re.compile(r"[^\s-]+|[\s-]+")
_NAMES = frozenset(("person", "place", "organisation"))
_LINKS = frozenset(
    words(
        """
    de du des d' à au aux en la le les del y e do da dos das di della dei contra contre
    """
    )
)
_Agreed = tuple[str, str, str, str]
"""Masculine and feminine singular, masculine and feminine plural; the word itself where it lacks one."""


def french(text: str, kind: str) -> set[str]:
    """Forms of a French word or phrase."""
    return _phrase(text, kind, _french_word)


def spanish(text: str, kind: str) -> set[str]:
    """Forms of a Spanish or Portuguese word or phrase."""
    return _phrase(text, kind, _spanish_word)


def italian(text: str, kind: str) -> set[str]:
    """Forms of an Italian word or phrase."""
    return _phrase(text, kind, _italian_word)


def _phrase(text: str, kind: str, inflect: Callable[[str], _Agreed]) -> set[str]:
    """The phrase up to its first preposition in all four; a hyphened first part stays."""
    if kind in _NAMES:
        return {text}
    pieces = _WORDS.findall(text)
    linked = [index for index, piece in enumerate(pieces) if piece.lower() in _LINKS]
    last = linked[0] if linked else len(pieces)
    four = [""] * 4
    for index, piece in enumerate(pieces):
        changes = index < last and piece.isalpha() and not _is_first_part(pieces, index)
        words = inflect(piece) if changes else (piece,) * 4
        four = [start + word for start, word in zip(four, words, strict=True)]
    return {text, *four}


def _is_first_part(pieces: list[str], index: int) -> bool:
    return index + 1 < len(pieces) and pieces[index + 1] == "-"


def _french_word(word: str) -> _Agreed:
    if len(word) < 3 or word.isupper():  # noqa: PLR2004
        return word, word, word, word
    many = word
    if word.endswith("al"):
        many = word[:-2] + "aux"
    elif word.endswith(("au", "eu", "ou")):
        many = word + "x"
    elif word[-1] not in "sxz":
        many = word + "s"
    feminine = _french_feminine(word)
    return word, feminine, many, feminine + "s" if feminine != word else many


def _french_feminine(word: str) -> str:
    for end, change in (("en", "enne"), ("eux", "euse"), ("if", "ive"), ("ier", "ière")):
        if word.endswith(end):
            return word[: -len(end)] + change
    if word[0].islower() and word.endswith(("ais", "ois", "ain", "é", "eur", "and", "al", "el")):
        return word + ("le" if word.endswith("el") else "e")
    return word


def _spanish_word(word: str) -> _Agreed:
    if len(word) < 3 or word.isupper():  # noqa: PLR2004
        return word, word, word, word
    if word.endswith("o") and word[0].islower():
        return word, word[:-1] + "a", word + "s", word[:-1] + "as"
    if word.endswith(("or", "és", "án", "ín")) or (
        word.endswith("ón") and not word.endswith("ión")
    ):
        return word, word + "a", word + "es", word + "as"
    if word[-1] in "aeiouáéó":
        many = word + "s"
    elif word.endswith("z"):
        many = word[:-1] + "ces"
    elif word.endswith("ção"):
        many = word[:-2] + "ões"
    else:
        many = word + ("" if word[-1] == "s" else "es")
    return word, word, many, many


def _italian_word(word: str) -> _Agreed:
    if len(word) < 4 or not word[0].islower():  # noqa: PLR2004
        return word, word, word, word
    stem, last = word[:-1], word[-1]
    if last == "o":
        return word, stem + "a", stem.removesuffix("i") + "i", stem + "e"
    if last == "a":
        many = stem + ("he" if stem[-1] in "cg" else "e")
        return word, word, many, stem + "i" if stem.endswith("ist") else many
    return (word, word, stem + "i", stem + "i") if last == "e" else (word, word, word, word)
