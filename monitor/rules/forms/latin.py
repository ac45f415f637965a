"""English and other languages in Latin letters: plural, possessive, ways to join and to spell words.

Verbs do not inflect here: nobody can tell "capture" the verb from the noun, and "captur*" says it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from monitor.rules.forms import german, romance
from monitor.rules.forms.wordlists import words

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = re.compile(r"[^\s-]+")
_APOSTROPHES = ("'", "\u2019")
_PREPOSITIONS = frozenset(
    words(
        """
    of for in on at to from by with against under over and
    """
    )
)
_NAMES = frozenset(("person", "place", "organisation"))
_MOST_WORDS = 8
_MOST_JOINED = 4

_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "ox": "oxen",
}
_NOT_MEN = (
    "german",
    "human",
    "roman",
    "ottoman",
    "shaman",
    "talisman",
    "norman",
    "caiman",
    "turkoman",
)
_VES = frozenset(
    words(
        """
    life wife knife half thief leaf loaf wolf calf shelf self elf sheaf
    """
    )
)
_OES = frozenset(
    words(
        """
    hero veto echo embargo torpedo potato tomato mosquito cargo volcano
    """
    )
)
_UNCHANGING = frozenset(
    words(
        """
    series species aircraft sheep police spacecraft hovercraft watercraft
    """
    )
)
_SPELLINGS = tuple(
    (re.compile(f"(?<![a-z]){one}", re.IGNORECASE), other)
    for pair in (
        "defence defense",
        "offence offense",
        "centre center",
        "programme program",
        "theatre theater",
        "labour labor",
        "armour armor",
        "harbour harbor",
        "neighbour neighbor",
        "rumour rumor",
        "defence defense",
        "manoeuvre maneuver",
        "grey gray",
    )
    for one, other in (pair.split(), pair.split()[::-1])
    if not (one == "program")  # noqa: SIM201 - a program is no programme elsewhere
)
_ANY_SPELLING = re.compile("|".join(one.pattern for one, _ in _SPELLINGS), re.IGNORECASE)
_IZATION = re.compile(r"(?<=\w{2})i([sz])(?=ation)", re.IGNORECASE)


def latin_forms(text: str, language: str, kind: str) -> set[str]:
    """All forms of a word or phrase; other languages than six stay as they are written."""
    if len(_WORDS.findall(text)) > _MOST_WORDS:
        return {text}
    return _BY_LANGUAGE.get(language, _unchanged if len(language) == 2 else _english)(text, kind)  # noqa: PLR2004


def _unchanged(text: str, _kind: str) -> set[str]:
    return {text}


def _english(text: str, kind: str) -> set[str]:
    found: set[str] = set()
    for spelling in _spellings(text):
        for base in _joined(spelling):
            found.update(_inflected(base, kind))
    return found


def _spellings(text: str) -> set[str]:
    found = {text}
    if "isation" in text or "ization" in text:
        found.add(_IZATION.sub(lambda m: "iz" if m[1] == "s" else "is", text))
    if not _ANY_SPELLING.search(text):
        return found
    for pattern, other in _SPELLINGS:
        if pattern.search(text):
            found.add(pattern.sub(partial(_cased, new=other), text))
    return found


def _cased(found: re.Match[str], new: str) -> str:
    old = found[0]
    if old.isupper():
        return new.upper()
    return new.capitalize() if old[0].isupper() else new


def _joined(text: str) -> list[str]:
    """With hyphens, with spaces, and what was hyphened in one word."""
    spaced = text.replace("-", " ")
    if spaced.count(" ") + 1 > _MOST_JOINED:
        return [text]
    found = [text, spaced, spaced.replace(" ", "-")]
    if text.count("-") == 1:
        found.append(text.replace("-", ""))
    return list(dict.fromkeys(found))


def _inflected(text: str, kind: str) -> list[str]:
    bases = [text]
    if kind not in _NAMES and (plural := _plural_phrase(text)):
        bases.append(plural)
    return bases + [base + end for base in bases for end in _possessive(base)]


def _possessive(text: str) -> list[str]:
    if not text[-1].isalpha():
        return []
    ends = [mark + "s" for mark in _APOSTROPHES]
    return ends + list(_APOSTROPHES) if text[-1] in "sSxXzZ" else ends


def _plural_phrase(text: str) -> str:
    """The phrase with its head in the plural: prisoners of war, foreign ministers."""
    words = list(_WORDS.finditer(text))
    heads = [i for i, word in enumerate(words) if word[0].lower() in _PREPOSITIONS]
    head = words[heads[0] - 1 if heads and heads[0] else len(words) - 1]
    plural = _plural(head[0])
    return text[: head.start()] + plural + text[head.end() :] if plural else ""


def _plural(word: str) -> str:
    """The plural of an English noun, "" where it has none or is one."""
    lower = word.lower()
    if len(word) < 3 or not word.isalpha() or lower in _UNCHANGING:  # noqa: PLR2004
        return ""
    if word.isupper():
        return word + "s"
    for one, many in _IRREGULAR.items():
        if lower.endswith(one) and _is_compound(lower, one):
            return word[: -len(one)] + (many if word[-1].islower() else many.upper())
    return _regular(word, lower)


def _is_compound(word: str, last: str) -> bool:
    if last in ("man", "woman"):
        return not word.endswith(_NOT_MEN)
    return word == last or (last == "child" and word.endswith("child"))


def _regular(word: str, lower: str) -> str:
    if lower.endswith("sis"):
        return word[:-2] + "es"
    if lower.endswith(("ss", "sh", "ch", "x", "zz", "us")):
        return word + "es"
    if lower.endswith("s"):
        return ""
    if lower.endswith("y") and lower[-2] not in "aeiou":
        return word[:-1] + "ies"
    if lower in _VES:
        return (word[:-2] if lower.endswith("fe") else word[:-1]) + "ves"
    return word + ("es" if lower in _OES else "s")


_BY_LANGUAGE: dict[str, Callable[[str, str], set[str]]] = {
    "": _english,
    "en": _english,
    "de": german.forms,
    "fr": romance.french,
    "es": romance.spanish,
    "pt": romance.spanish,
    "it": romance.italian,
    **dict.fromkeys(("ko", "uk", "ru", "zh", "ja", "ar"), _english),
}
