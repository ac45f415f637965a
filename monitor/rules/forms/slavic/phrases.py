"""Which words of a Ukrainian or Russian phrase inflect, and together with which."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from monitor.rules.forms.model import MAX_FORMS
from monitor.rules.forms.slavic import russian, ukrainian
from monitor.rules.forms.slavic.declension import SLOTS, agreeing, all_forms, by_case, singular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    from monitor.rules.forms.slavic.declension import Reading, Slots

_LANGUAGES: dict[str, ModuleType] = {"uk": ukrainian, "ru": russian}
_WORDS = re.compile(r"\d+-[^\W\d]{1,3}(?!\w)|[^\s-]+")
_ORDINAL = re.compile(r"(\d+)-[^\W\d]{1,3}")
_ORDINAL_ENDINGS: Slots = (
    ("й", "я", "е", "а"),
    ("го", "й", "ї"),
    ("му", "й"),
    ("й", "ю", "го", "у"),
    ("м", "й", "ю"),
    ("м", "й", "му"),
    (),
    ("е", "і"),
    ("х",),
    ("м",),
    ("е", "і", "х"),
    ("ми",),
    ("х",),
)
_VOWELS = frozenset("аеєиіїоуюяёыэ")
_MOST_WORDS = 6
_NO_NOUN = frozenset(
    [
        "в",
        "во",
        "на",
        "из",
        "изо",
        "ис",
        "із",
        "зі",
        "з",
        "с",
        "со",
        "у",
        "к",
        "ко",
        "до",
        "от",
        "ото",
        "від",
        "од",
        "об",
        "о",
        "обо",
        "про",
        "по",
        "під",
        "под",
        "надо",
        "над",
        "перед",
        "при",
        "за",
        "для",
        "без",
        "через",
        "між",
        "между",
        "против",
        "проти",
        "після",
        "после",
        "серед",
        "среди",
        "біля",
        "близ",
        "около",
        "і",
        "и",
        "й",
        "та",
        "или",
        "або",
        "чи",
        "не",
    ]
)
"""Prepositions and conjunctions, which no adjective agrees with: a noun or a name stands before them."""
_SINGULAR_KINDS = frozenset(("", "person", "place", "organisation"))


def slavic_forms(text: str, *, language: str, kind: str) -> set[str]:
    """The forms of a word, a name or a term, in the letters' case as written."""
    words = _WORDS.findall(text)
    if len(words) == 1 and words[0] == text:
        return _forms(text, language, kind)
    gaps = _WORDS.split(text)
    if len(words) > _MOST_WORDS or gaps[0] or gaps[-1]:
        return {text}
    patterns = (
        _hyphened(words, language, kind) if " " not in text else _spaced(words, language, kind)
    )
    found = {_join(forms, gaps) for pattern in patterns for forms in agreeing(pattern)}
    return {text, *islice(sorted(found), MAX_FORMS - 1)}


def _join(words: Sequence[str], gaps: Sequence[str]) -> str:
    parts = [part for pair in zip(gaps, words, strict=False) for part in pair]
    return "".join(parts)


def _hyphened(words: list[str], language: str, kind: str) -> Iterator[list[Slots]]:
    """Of a compound the last part inflects (Нью-Йорк), or all (солдат-контрактник), or the first."""
    inflected = [_cases(word, language, kind) for word in words]
    yield [*map(_fixed, words[:-1]), inflected[-1]]
    yield inflected
    if len(words) > 2:  # noqa: PLR2004 - Ростов-на-Дону
        yield [inflected[0], *map(_fixed, words[1:])]


def _spaced(words: list[str], language: str, kind: str) -> Iterator[list[Slots]]:
    capitals = [word[0].isupper() for word in words]
    if kind == "person" or (not kind and all(capitals)):
        yield from _person(words, language)
        if kind == "person":
            return
    elif not kind and any(capitals[1:]):
        yield [_cases(word, language, kind) for word in words]
    for start in _heads(words, language):
        before = [_adjective(word, language) for word in words[:start]]
        yield [*before, _cases(words[start], language, kind), *map(_fixed, words[start + 1 :])]


def _person(words: list[str], language: str) -> Iterator[list[Slots]]:
    cases = [_cases(word, language, "person") for word in words]
    if len(words) > 2 and all(map(_one_syllable, words)):  # noqa: PLR2004 - Ким Чен Ын
        yield [*map(_fixed, words[:-1]), cases[-1]]
        return
    yield cases
    if _one_syllable(words[0]):
        yield [_fixed(words[0]), *cases[1:]]
    if words[0][-1] in "ая":  # a woman's name of a man's shape does not change
        yield [*cases[:-1], _fixed(words[-1])]


def _one_syllable(word: str) -> bool:
    return sum(letter in _VOWELS for letter in word.lower()) <= 1


def _heads(words: list[str], language: str) -> Iterator[int]:
    """Where the noun may be that the words before agree with; those after it stay as they are."""
    agrees = _LANGUAGES[language].agrees
    for index, word in enumerate(words):
        following = words[index + 1].lower() if index + 1 < len(words) else ""
        alone = not following or following in _NO_NOUN
        if alone or (_ORDINAL.fullmatch(word) is None and not agrees(word.lower(), following)):
            yield index
            return
        if not _surely_adjective(word, language):
            yield index


def _surely_adjective(word: str, language: str) -> bool:
    endings = ("ий", "ій") if language == "uk" else ("ый", "ий", "ой", "ая", "яя", "ое", "ые")
    return word.lower().endswith(endings) or _ORDINAL.fullmatch(word) is not None


def _adjective(word: str, language: str) -> Slots:
    """The cases of a word that must be an adjective, in the gender it is written in."""
    if ordinal := _ORDINAL.fullmatch(word):
        number = ordinal[1]
        return tuple((number, *[f"{number}-{end}" for end in ends]) for ends in _ORDINAL_ENDINGS)
    readings = _LANGUAGES[language].adjectives(_plain(word))
    return _cased(word, by_case(_plain(word), readings))


def _cases(word: str, language: str, kind: str) -> Slots:
    if word in _NO_NOUN or (word.isupper() and len(word) > 1):
        return _fixed(word)
    plain = _plain(word)
    return _cased(word, by_case(plain, _readings(word, plain, language, kind)))


def _cased(word: str, cases: Slots) -> Slots:
    if not word[0].isupper():
        return cases
    return tuple(tuple([form[0].upper() + form[1:] for form in forms]) for forms in cases)


def _fixed(word: str) -> Slots:
    return ((word,),) * SLOTS


def _forms(word: str, language: str, kind: str) -> set[str]:
    if word.isupper() and len(word) > 1:
        return _acronym(word, language)
    plain = _plain(word)
    forms = all_forms(plain, _readings(word, plain, language, kind))
    forms -= _LANGUAGES[language].homographs(plain)
    if word[0].isupper():
        forms = {form[0].upper() + form[1:] for form in forms}
    forms.add(word)
    return forms


def _readings(word: str, plain: str, language: str, kind: str) -> Sequence[Reading]:
    """The declensions of a word; a name in the singular has no plural."""
    if _too_short(word, language) or not (word.isalpha() or plain.replace("'", "").isalpha()):
        return ()
    capital = word[0].isupper()
    readings: Sequence[Reading] = _LANGUAGES[language].readings(plain, kind, capital=capital)
    if capital and kind in _SINGULAR_KINDS:
        return [singular(reading) for reading in readings]
    return readings


def _too_short(word: str, language: str) -> bool:
    """Of words of two letters only such as юг and Ын have endings."""
    if len(word) != 2:  # noqa: PLR2004
        return len(word) < 2  # noqa: PLR2004
    open_first = word[0].lower() in _VOWELS and word[1] not in _VOWELS
    return not open_first or (language == "uk" and word[0].islower())


def _acronym(word: str, language: str) -> set[str]:
    """An acronym that is read as a word takes endings: МИДа, МИДом."""
    lower = word.lower()
    if len(word) < 3 or lower[-1] in _VOWELS or not _VOWELS.intersection(lower):  # noqa: PLR2004
        return {word}
    endings: Iterable[str] = ("а", "у", "ом", "е") if language == "ru" else ("у", "а", "ом", "і")
    return {word, *[word + ending for ending in endings]}


def _plain(word: str) -> str:
    return word.lower().replace("\u2019", "'").replace("\u02bc", "'")
