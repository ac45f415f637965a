"""The machinery that Ukrainian and Russian share: tables of endings, and words that agree.

A language gives readings of a word: stems with tables. Which reading is right is often unknown
without a dictionary; then all of them are taken, because a wrong form is hardly ever a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SLOTS = 13
"""Nominative, genitive, dative, accusative, instrumental, locative, vocative; plural without it."""
GENITIVE, DATIVE, ACCUSATIVE, INSTRUMENTAL, LOCATIVE = 1, 2, 3, 4, 5
PLURAL = 7
_FORMS_A_CASE = 24
"""Forms of a phrase for one case: three words with two or three variants each, and no more."""

Slots = tuple[tuple[str, ...], ...]
Genders = dict[str, "Table"]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The endings of a declension by case."""

    slots: Slots
    endings: tuple[str, ...]
    """All of them, each once."""
    base: int | None = 0
    """The case of the word as written; None where that is among the endings."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A stem and the table it takes, and the genitive plural where that has no ending."""

    stem: str
    table: Table
    zeros: tuple[str, ...] = ()


def noun(singular: str, plural: str, *, accusative: str = "", base: int = 0) -> Table:
    """A table from its endings, which "/" parts into variants; "_" is no ending, "." no form.

    Args:
        singular: Genitive, dative, instrumental, locative, vocative; the nominative is the word.
        plural: Nominative, genitive, dative, instrumental, locative.
        accusative: Of the singular, where it is neither nominative nor genitive.
        base: The case of the word as written.
    """
    slots: list[tuple[str, ...]] = [()] * SLOTS
    if singular:
        one = _variants(singular)
        slots[1:3] = one[:2]
        slots[3] = _variants(accusative)[0] if accusative else one[0]
        slots[4:7] = one[2:]
    if plural:
        many = _variants(plural)
        slots[7:10] = many[:3]
        slots[10] = many[0] + many[1]
        slots[11:13] = many[3:]
    return _table(slots, base)


def only(case: int, endings: str) -> Table:
    """A table with one case: for a stem that changes there."""
    slots: list[tuple[str, ...]] = [()] * SLOTS
    slots[case] = _variants(endings)[0]
    return _table(slots, None)


def adjective(masculine: str, feminine: str, neuter: str, plural: str) -> Genders:
    """The tables of an adjective: by gender ("m f n", with plural), "p", "m1" (no plural), "".

    Each argument: nominative, genitive, dative, accusative, instrumental, locative.
    """
    m, f, n, p = map(_variants, (masculine, feminine, neuter, plural))
    no_plural: list[tuple[str, ...]] = [()] * len(p)
    mixed = [a + b + c for a, b, c in zip(m, f, n, strict=True)]
    return {
        "m": _table([*m, m[0], *p], 0),
        "f": _table([*f, f[0], *p], 0),
        "n": _table([*n, n[0], *p], 0),
        "": _table([*mixed, mixed[0], *p], 0),
        "m1": _table([*m, m[0], *no_plural], 0),
        "p": _table([*[()] * PLURAL, *p], PLURAL),
    }


def _variants(fields: str) -> list[tuple[str, ...]]:
    meaning = {"_": "", ".": None}
    split = [[meaning.get(one, one) for one in field.split("/")] for field in fields.split()]
    return [tuple(ending for ending in endings if ending is not None) for endings in split]


def _table(slots: Sequence[tuple[str, ...]], base: int | None) -> Table:
    unique = tuple(tuple(dict.fromkeys(endings)) for endings in slots)
    return Table(unique, tuple(dict.fromkeys(e for endings in unique for e in endings)), base)


def singular(reading: Reading) -> Reading:
    """The reading without its plural, unless the word itself is one."""
    table = reading.table
    if table.base == PLURAL:
        return reading
    return Reading(reading.stem, _singular(table))


@cache
def _singular(table: Table) -> Table:
    return _table([*table.slots[:PLURAL], *[()] * (SLOTS - PLURAL)], table.base)


def all_forms(word: str, readings: Iterable[Reading]) -> set[str]:
    """Every form of a word, itself included."""
    forms = {word}
    for reading in readings:
        stem = reading.stem
        forms.update([stem + ending for ending in reading.table.endings])
        forms.update(reading.zeros)
    return forms


def by_case(word: str, readings: Sequence[Reading]) -> Slots:
    """The forms of a word for each case; a word without readings is the same in all."""
    if not readings:
        return ((word,),) * SLOTS
    cases: list[dict[str, None]] = [{} for _ in range(SLOTS)]
    for reading in readings:
        for case, forms in zip(cases, _slots(word, reading), strict=True):
            case.update(dict.fromkeys(forms))
    return tuple(map(tuple, cases))


def _slots(word: str, reading: Reading) -> list[list[str]]:
    table = reading.table
    slots = [[reading.stem + ending for ending in endings] for endings in table.slots]
    if table.base is not None:
        for case in (table.base, table.base + ACCUSATIVE):
            slots[case] = [word, *slots[case]]
    for case in (PLURAL + GENITIVE, PLURAL + ACCUSATIVE):
        slots[case] += reading.zeros
    return slots


def agreeing(words: Sequence[Slots]) -> Iterator[tuple[str, ...]]:
    """The forms of words that stand in the same case."""
    for case in zip(*words, strict=True):
        yield from islice(product(*case), _FORMS_A_CASE)
