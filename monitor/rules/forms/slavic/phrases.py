"""Which words of a Ukrainian or Russian phrase inflect, and together with which."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from monitor.rules.forms.model import MAX_FORMS
from monitor.rules.forms.slavic import russian, ukrainian
from monitor.rules.forms.slavic.declension import SLOTS, Reading, agreeing, all_forms, by_case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from monitor.rules.forms.slavic.declension import Slots

_LANGUAGES: dict[str, ModuleType] = {"uk": ukrainian, "ru": russian}
_PARTS = re.compile(r"[^\s-]+|[\s-]+")
_ORDINAL = re.compile(r"\d+-?(?:й|я|е|ша|га|та|а|го|му|м|ая|ой|ый|ий|та|ої|ій|і)", re.IGNORECASE)
_ACRONYM = ("а", "у", "ом", "е", "і")
_VOWELS = frozenset("аеєиіїоуюяёыэ")
_SHORT_NAME = 4
_MOST_WORDS = 6


def slavic_forms(text: str, *, language: str, kind: str) -> set[str]:
    """The forms of a word or a phrase in small and capital letters as it is written."""
    if " " not in text and "-" not in text:
        return _word(text, language, kind)
    pieces = _PARTS.findall(text)
    words, gaps = pieces[::2], pieces[1::2]
    if len(words) > _MOST_WORDS or len(words) != len(gaps) + 1:
        return {text}
    return _phrase(text, words, gaps, language, kind)
