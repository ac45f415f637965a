"""Names of states and of large cities, from CLDR. The only module that knows Babel, which is optional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.namesake import Namesake
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SCRIPTS = {"zh": ("zh_Hans", "zh_Hant")}
"""Languages that CLDR has in two scripts; a rule file has both under one code."""


def is_installed() -> bool:
    """Whether the optional package is there."""
    try:
        import babel  # noqa: F401, PLC0415 - optional
    except ImportError:
        return False
    return True


def namesakes(name: str, languages: Sequence[str]) -> Iterator[Namesake]:
    """States, and cities that time zones are named after, that have the name in one of the languages."""
    wanted = fold(name)
    known: dict[str, dict[str, list[str]]] = {}
    for language in languages:
        for locale in _SCRIPTS.get(language, (language,)):
            for key, called in _names(locale).items():
                known.setdefault(key, {}).setdefault(language, []).append(called)
    for key, names in known.items():
        # Where nobody translated a city, its zone's name is the English one.
        if "/" in key and "en" in languages:
            names.setdefault("en", [key.rpartition("/")[2].replace("_", " ")])
        if any(fold(one) == wanted for called in names.values() for one in called):
            distinct = {code: tuple(dict.fromkeys(called)) for code, called in names.items()}
            yield Namesake(f"CLDR {key}", distinct)


def _names(locale: str) -> Mapping[str, str]:
    """By territory code and by time zone."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - optional

    try:
        data = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return {}
    states = {code: str(called) for code, called in data.territories.items() if code.isalpha()}
    cities = {
        zone: str(found["city"])
        for zone, found in data.time_zones.items()
        if "/" in zone and "city" in found
    }
    return {**cities, **states}
