"""Names in other languages as a draft of an entity, for a person to read, correct and keep."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.parser import QueryError, parse_entry
from monitor.rules.surfaces import respelled
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.rules.namesake import Namesake

LANGUAGES = ("en", "ko", "uk", "ru", "zh", "ja", "de", "fr", "es")
MAX_DRAFTS = 5
MAX_NAMES = 8
"""Of one language: what comes later is hardly ever printed."""
UNKNOWN = """\
# What these sources can't know: persons, organisations, army formations; what the press really writes,
# which may be another spelling; whether a name is also an ordinary word. Regions and villages are known to
# GeoNames only. Read each name before you keep it, and look at `monitor rules list --forms` after.
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entity as the sources would write it."""

    id: str
    name: str
    names: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    spellings: tuple[str, ...] = ()
    """Other spellings in Latin letters that are found without being listed."""


def drafts(
    name: str, namesakes: Iterable[Namesake], languages: Sequence[str] = LANGUAGES
) -> list[Draft]:
    """What may be meant by a name: one draft for each thing, things of two sources told as one."""
    merged: list[tuple[list[str], dict[str, list[str]]]] = []
    for namesake in namesakes:
        known = next((one for one in merged if _same(one[1], namesake.names)), None)
        if known is None:
            merged.append(known := ([], {}))
        sources, names = known
        sources.append(namesake.source)
        for language, called in namesake.names.items():
            names.setdefault(language, []).extend(filter(_usable, called))
    return [
        _draft(name, number, sources, names, languages)
        for number, (sources, names) in enumerate(merged[:MAX_DRAFTS], 1)
    ]


def _same(one: Mapping[str, Sequence[str]], two: Mapping[str, Sequence[str]]) -> bool:
    """Whether two things share their names in two languages: one is chance."""
    shared = [
        language
        for language in one.keys() & two.keys()
        if not {*map(fold, one[language])}.isdisjoint(map(fold, two[language]))
    ]
    return len(shared) > 1


def _usable(name: str) -> bool:
    try:
        term = parse_entry(name)
    except QueryError:
        return False
    return not (term.exact or term.prefix) and not re.search(r'[(){}\[\]/;"]', name)


def _draft(
    name: str,
    number: int,
    sources: Sequence[str],
    names: Mapping[str, Sequence[str]],
    languages: Sequence[str],
) -> Draft:
    kept = {code: _distinct(names[code])[:MAX_NAMES] for code in languages if names.get(code)}
    called = next(iter(kept.get("en", ())), name)
    slug = re.sub("[^a-z0-9]+", "-", fold(called)).strip("-") or "a-name"
    listed = {fold(one) for some in kept.values() for one in some}
    spelled = {
        text
        for code, some in kept.items()
        for one in some
        for text in respelled(parse_entry(one), language=code, kind="place").texts
    }
    return Draft(
        slug if number == 1 else f"{slug}-{number}",
        called,
        kept,
        tuple(sources),
        tuple(sorted(spelled - listed)),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names that fold to the same text are found together: the first will do."""
    return tuple({fold(one): one for one in reversed(list(names))}.values())[::-1]


def as_toml(draft: Draft, languages: Sequence[str] = LANGUAGES) -> str:
    """The draft as a table of a rule file."""
    lines = [
        f"# from {', '.join(draft.sources)}",
        f"[entities.{draft.id}]",
        f"name = {_quoted(draft.name)}",
        'kind = "place"',
    ]
    lines += [
        f"names.{code} = [{', '.join(map(_quoted, draft.names[code]))}]"
        for code in languages
        if code in draft.names
    ]
    if missing := [code for code in languages if code not in draft.names]:
        lines.append(f"# no name known in: {', '.join(missing)}")
    if draft.spellings:
        lines.append(f"# found without being listed: {', '.join(draft.spellings)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
