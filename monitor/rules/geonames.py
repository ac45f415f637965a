"""Names of places from a file of GeoNames, which whoever wants it downloads: alternateNamesV2.txt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.namesake import Namesake
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

MAX_LINE = 2_000
MAX_PLACES = 50
"""Places of one name whose names are collected; those with most names are told."""
_COLUMNS = 4
_PREFERRED, _COLLOQUIAL, _HISTORIC = 4, 6, 7


def namesakes(name: str, file: Path, languages: Sequence[str]) -> list[Namesake]:
    """Places that have the name in any language, those with names in most languages first.

    Raises:
        OSError: The file can't be read.
        UnicodeDecodeError: It is not text in UTF-8.
    """
    wanted = fold(name)
    places: dict[str, None] = {}
    for row in _rows(file):
        if fold(row[3]) == wanted and len(places) < MAX_PLACES:
            places[row[1]] = None
    found = _names(file, places, languages)
    made = [Namesake(f"GeoNames {place}", names) for place, names in found.items()]
    return sorted(made, key=lambda one: -len(one.names))


def _names(
    file: Path, places: Collection[str], languages: Sequence[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    preferred: dict[tuple[str, str], list[str]] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for row in _rows(file) if places else ():
        language = row[2].partition("-")[0]
        if row[1] in places and language in languages:
            into = preferred if _is(row, _PREFERRED) else others
            into.setdefault((row[1], language), []).append(row[3])
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for place in places:
        for language in languages:
            key = place, language
            if names := preferred.get(key, []) + others.get(key, []):
                found.setdefault(place, {})[language] = tuple(dict.fromkeys(names))
    return found


def _rows(file: Path) -> Iterator[list[str]]:
    """The rows that a newspaper of today could use."""
    with file.open(encoding="utf-8") as lines:
        while line := lines.readline(MAX_LINE):
            row = line.rstrip("\n").split("\t")
            if len(row) >= _COLUMNS and not (_is(row, _COLLOQUIAL) or _is(row, _HISTORIC)):
                yield row


def _is(row: Sequence[str], column: int) -> bool:
    return len(row) > column and row[column] == "1"
