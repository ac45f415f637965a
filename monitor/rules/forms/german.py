"""German: the endings of nouns and adjectives; umlauts need none, folding drops them."""

from __future__ import annotations

import re

from monitor.rules.forms.wordlists import words

_WORDS = re.compile(r"[^\s-]+|[\s-]+")
_ADJECTIVE = ("e", "er", "en", "em", "es")
_NAMES = frozenset(("person", "place", "organisation"))
_PREPOSITIONS = frozenset(
    words(
        """
    von der des und in an für zu zur zum auf im am mit über gegen
    """
    )
)
_MOST = 120
_SHORTEST = 3
_NOUN_ENDINGS = (
    (("in",), ("nen",)),
    (("e",), ("n", "s", "ns")),
    (("ung", "heit", "keit", "schaft", "ion", "tät", "enz", "anz"), ("en",)),
    (("er", "el", "en"), ("s", "n")),
    (("a", "i", "o", "u", "y"), ("s",)),
    (("at", "ist", "ent", "ant", "oge"), ("en", "e", "s", "es")),
)


def forms(text: str, kind: str) -> set[str]:
    """The word or phrase in all cases: adjectives, then the noun, what follows it stays."""
    pieces = _WORDS.findall(text)
    words = pieces[::2]
    if kind in _NAMES:
        return {text, *[text + end for end in _genitive(text)]}
    head = _head(words)
    found = [""]
    for index, piece in enumerate(pieces):
        options = [piece]
        if index % 2 == 0 and index // 2 < head and piece.islower():
            options = _adjective(piece)
        elif index // 2 == head and index % 2 == 0:
            options = _adjective(piece) if _is_adjective(piece) else [piece, *_noun(piece)]
        found = [start + option for start in found for option in options][:_MOST]
    return {text, *found}


def _head(words: list[str]) -> int:
    for index, word in enumerate(words[1:]):
        if word.lower() in _PREPOSITIONS:
            return index
    return len(words) - 1


def _genitive(text: str) -> list[str]:
    return ["'", "\u2019"] if text[-1] in "sxzß" else ["s"]


def _is_adjective(word: str) -> bool:
    """Adjectives, and the nouns made of participles: der Gefangene, ein Gefangener."""
    if word[0].islower():
        return True
    return (
        word.lower().rstrip("rnms").endswith(("gefangene", "angehörige", "verletzte", "verwundete"))
    )


def _adjective(word: str) -> list[str]:
    stem = re.sub(r"(?<=\w{3})(?:e|er|en|em|es)$", "", word)
    return [word, stem, *[stem + end for end in _ADJECTIVE]] if word.isalpha() else [word]


def _noun(word: str) -> list[str]:
    """Genitive and plural; which plural only a dictionary knows, so all that are likely."""
    if not word.isalpha():
        return []
    if len(word) < _SHORTEST or word.isupper():
        return [word + "s"]
    for shapes, ends in _NOUN_ENDINGS:
        if word.endswith(shapes):
            return [word + end for end in ends]
    return [word + end for end in ("s", "es", "e", "en", "er", "ern")]
