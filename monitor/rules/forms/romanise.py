"""How names from Korea, Ukraine and Russia are spelled in Latin letters.

Only names that show by their build where they come from get variants: precision before recall.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING

from monitor.rules.forms.romanise_tables import (
    CYRILLIC,
    ENDINGS,
    FINALS,
    GIVEN_NAMES,
    INITIALS,
    SURNAMES,
    SYLLABLES,
    VOWELS,
)
from monitor.rules.forms.scripts import script_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST = 60
_KOREAN_PARTS = re.compile(r"[A-Za-z]+")
_SYLLABLES_OF_A_NAME = (2, 3)
_FIRST_HANGUL = 0xAC00
_LONG = 5
"""Letters of a Cyrillic surname or place that make its spelling nobody else's word."""
_SURNAME = re.compile(
    ".*(?:[сцз]ьк(?:ий|а)|[сц]к(?:ий|ая)|[ое]в|єв|ёв|[ое]ва|єва|[иі]н|[иі]на|ко|[чщ]ук|юк|[аяі]к|ик|ець|аль|[бг]а)"
)
"""How names of Ukrainians and Russians end; Трамп would become tramp."""


def is_safe(name: str, language: str, kind: str) -> bool:
    """Whether a name can be respelled without finding others: by its kind, its script, its build."""
    if kind not in ("person", "place"):
        return False
    script = script_of(name)
    if script == "cyrillic" and language in ("", "uk", "ru"):
        last = name.rsplit(" ", 1)[-1]
        if kind == "place":
            return len(name) >= _LONG
        return kind == "person" and len(last) >= _LONG and bool(_SURNAME.fullmatch(last.lower()))
    # A place's syllables are no family name: 서울 is no Seo Ul.
    return kind == "person" and script in ("hangul", "latin")


def variants(name: str, language: str) -> set[str]:
    """Other spellings of a name, the name itself left out where it is not Latin."""
    script = script_of(name)
    if script == "hangul":
        found = _from_hangul(name)
    elif script == "cyrillic":
        found = _from_cyrillic(name, "uk" if language == "uk" else "ru")
    elif script == "latin":
        found = _from_latin(name, language)
    else:
        found = set()
    return set(islice(sorted(found - {name}), _MOST))


def _from_latin(name: str, language: str) -> set[str]:
    if language in ("", "en", "ko") and (found := _korean(name)):
        return found
    if language in ("uk", "ru") or _looks_slavic(name):
        return _slavic(name)
    return set()


def _korean(name: str) -> set[str]:
    """Cho Tae-yul: a known surname and two syllables that Koreans are named with."""
    words = _KOREAN_PARTS.findall(name)
    if len(words) == 2:  # noqa: PLR2004 - Cho Taeyul
        words = [words[0], *_split(words[1].lower())]
    if len(words) != 3 or words[0].lower() not in _surnames():  # noqa: PLR2004
        return set()
    first, second = (_syllables().get(word.lower()) for word in words[1:])
    if not first or not second:
        return set()
    return _spelled(_surnames()[words[0].lower()], first, second)


def _spelled(surnames: Sequence[str], first: Sequence[str], second: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for surname, one, two in product(surnames, first, second):
        given = one.capitalize()
        found |= {
            f"{surname} {given}-{two}",
            f"{surname} {given}{two}",
            f"{surname} {given} {two.capitalize()}",
        }
        if len(found) >= _MOST * 3:
            break
    return found


def _split(given: str) -> list[str]:
    known = _syllables()
    cuts = [i for i in range(2, len(given) - 1) if given[:i] in known and given[i:] in known]
    return [given[: cuts[0]], given[cuts[0] :]] if len(cuts) == 1 else [given]


@cache
def _surnames() -> dict[str, tuple[str, ...]]:
    return {one.lower(): spelled for spelled in SURNAMES.values() for one in spelled}


@cache
def _syllables() -> dict[str, tuple[str, ...]]:
    """Each spelling of a syllable and the others; the first group that has it counts."""
    found: dict[str, tuple[str, ...]] = {}
    for group in SYLLABLES:
        for one in group:
            found.setdefault(one, group)
    return found


def _from_hangul(name: str) -> set[str]:
    if name[0] in SURNAMES and len(name) in _SYLLABLES_OF_A_NAME and len(name) == 3:  # noqa: PLR2004
        first, second = (_spellings(char) for char in name[1:])
        return _spelled(SURNAMES[name[0]], first, second)
    if name[0] in SURNAMES and len(name) == 2:  # noqa: PLR2004 - 조현
        given = _spellings(name[1])
        return {f"{surname} {one.capitalize()}" for surname in SURNAMES[name[0]] for one in given}
    return set()


def _spellings(char: str) -> tuple[str, ...]:
    index = ord(char) - _FIRST_HANGUL
    if not 0 <= index < 11172:  # noqa: PLR2004 - the syllables of Unicode
        return ()
    plain = INITIALS[index // 588] + VOWELS[index // 28 % 21] + FINALS[index % 28]
    return _syllables().get(plain, (plain,))


def _looks_slavic(name: str) -> bool:
    words = name.lower().split()
    return any(
        word in _given_names() or word.endswith(("skyi", "skyy", "enko", "chuk")) for word in words
    )


@cache
def _given_names() -> dict[str, tuple[str, ...]]:
    return {one.lower(): group for group in GIVEN_NAMES for one in group}


def _slavic(name: str) -> set[str]:
    words = name.split()
    options = [
        _slavic_word(word, is_given=len(words) > 1 and not i) for i, word in enumerate(words)
    ]
    return {" ".join(choice) for choice in islice(product(*options), _MOST)}


def _slavic_word(word: str, *, is_given: bool) -> list[str]:
    if is_given and word.lower() in _given_names():
        return list(_given_names()[word.lower()])
    found = [word]
    for end, others in ENDINGS.items():
        if word.endswith(end):
            found += [word[: -len(end)] + other for other in others]
            break
    else:
        found += _letters(word)
    return list(dict.fromkeys(found))


def _letters(word: str) -> Iterable[str]:
    """Sybiha, Sybiga, Sibiha, Sibiga: h of Ukrainian is g elsewhere, y between consonants is i."""
    hard = re.sub(r"(?<=[aeiouy])h(?=[aeiouy])", "g", word)
    plain = [
        re.sub(r"(?i)(?<=[bcdfghklmnprstvz])y(?=[bcdfghklmnprstvz])", "i", one)
        for one in (word, hard)
    ]
    return [hard, *plain]


def _from_cyrillic(name: str, language: str) -> set[str]:
    words = name.lower().split()
    options = [_spell_cyrillic(word, language) for word in words]
    choices = islice(product(*options), _MOST)
    base = {" ".join(word.capitalize() for word in choice) for choice in choices}
    known = {other for one in base for other in _slavic(one)}
    return base | set(islice(sorted(known), _MOST))


def _spell_cyrillic(word: str, language: str) -> list[str]:
    first, inner = CYRILLIC[language]
    letters = [
        (first if not i else inner).get(char, inner.get(char, "")) for i, char in enumerate(word)
    ]
    plain = "".join(letters)
    return [plain, *[word for word in _letters(plain) if word != plain]]
