"""A text -> its terms and numbers: what two reports in one language are compared by."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor import text

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 600
"""Code points of an item that are compared: a report says what it is about at its beginning."""
STEM = 5
"""Letters of a word that are compared: cheaper than a stemmer, and the same for every alphabet."""

_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_PIECE = re.compile(f"[{_WIDE}]+|[^\\W\\d_{_WIDE}]+")
_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    "|січ|лют|берез|квіт|трав|черв|лип|серп|верес|жовт|листоп|груд"
    "|янв|фев|март|апр|ма[йя]|июн|июл|авг|сент|окт|нояб|дек"
    "|janv|fev|avr|mai|juin|juil|aou|ene|abr|ago|dic|okt|dez|lug|giu|gen|set"
)
_DATE = re.compile(
    r"\b\d{4}[-./]\d{1,2}[-./]\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)?(?: de| of)? (?:{_MONTHS})[^\W\d_]*\.?(?:,? \d{{4}})?"
    rf"|\b(?:{_MONTHS})[^\W\d_]*\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
    r"|\d{1,4} ?[年년]|\d{1,2} ?[月월]|\d{1,2} ?[日일]|\b(?:19|20)\d{2}\b(?![\d,.])"
)
_NUMBER = re.compile(r"\d+(?:[ ,.\u202f']\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_MAGNITUDE = re.compile(
    r"\s?(?:(thousand|тыс|тис|천|千)|(万|萬|만)|(million|mln|млн|миллион|мільйон|millones|millionen)"
    r"|(억|億|亿)|(billion|bn|млрд|миллиард|мільярд|milliarden))"
)
_THOUSANDS = {3}
_FACTORS = (10**3, 10**4, 10**6, 10**8, 10**9)


def terms(folded: str) -> Iterator[str]:
    """The terms of a folded text in its order: beginnings of words, pairs of wide characters."""
    for piece in _PIECE.findall(folded):
        if piece[0] < "\u3040":
            if len(piece) > 1:
                yield piece[:STEM]
        elif len(piece) == 1:
            yield piece
        else:
            for first in range(len(piece) - 1):
                yield piece[first : first + 2]


_NAME = re.compile(r"(?<=[\w,;:)] )[^\W\d_a-zа-яіїєґё]\w+")
NAME_WORTH = 1.5
SHORT_WORTH = (1.0, 0.3, 0.3, 0.3, 0.7)
"""Of words by their letters: short ones are mostly grammar, and counting takes a while to tell."""


def names(written: str) -> frozenset[str]:
    """The terms of words that are capitalised within a sentence."""
    found = (name for name in _NAME.findall(written[:MAX_TEXT]) if name[0].isupper())
    return frozenset(text.fold(name)[:STEM] for name in found)


_MONTH_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            "jan|січ|янв|ene|gen|sty|1",
            "feb|лют|фев|fev|fév|lut|2",
            "mar|берез|март|mär|mrz|3",
            "apr|квіт|апр|avr|abr|kwi|4",
            "may|трав|мая|май|mai|mag|maj|5",
            "jun|черв|июн|juin|giu|cze|6",
            "jul|лип|июл|juil|lug|lip|7",
            "aug|серп|авг|aou|aoû|ago|sie|8",
            "sep|верес|сент|set|wrz|9",
            "oct|жовт|окт|okt|ott|paź|10",
            "nov|листоп|нояб|lis|11",
            "dec|груд|дек|dez|dic|déc|gru|12",
        ),
        1,
    )
    for name in names.split("|")
}
_LONGEST_FIRST = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_MONTH_NAMES = "|".join(name for name in _LONGEST_FIRST.split("|") if not name.isdigit())
_DAY = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:de |of )?(?P<month>{_MONTH_NAMES})[^\W\d_]*"
    rf"|\b(?P<month_first>{_MONTH_NAMES})[^\W\d_]*\.? (?P<then_day>\d{{1,2}})(?:st|nd|rd|th)?\b(?! ?:)"
    r"|(?<!\d)(?P<number>\d{1,2}) ?[月월] ?(?P<its_day>\d{1,2}) ?[日일]"
)
_MAX_DAYS = 8


def days(folded: str) -> frozenset[int]:
    """The days of the year that a text names; see `day_of_year`."""
    found: set[int] = set()
    for one in _DAY.finditer(folded):
        month = one["month"] or one["month_first"] or one["number"]
        day = int(one["day"] or one["then_day"] or one["its_day"])
        if (number := _MONTH_NUMBERS.get(month.lstrip("0"))) and 1 <= day <= _LONGEST_MONTH:
            found.add(day_of_year(number, day))
        if len(found) == _MAX_DAYS:
            break
    return frozenset(found)


_LONGEST_MONTH = 31


def day_of_year(month: int, day: int) -> int:
    """1 to 372, every month as long as the longest: near enough to tell how far apart days are."""
    return (month - 1) * _LONGEST_MONTH + day


def worth(term: str, *, named: bool) -> float:
    """How much a term counts before anything is known of how usual it is."""
    if named:
        return NAME_WORTH
    if term[0] >= "\u3040" or term[0] <= "9" or len(term) >= len(SHORT_WORTH):
        return 1.0
    return SHORT_WORTH[len(term)]


@lru_cache(maxsize=200_000)
def number_of(term: str) -> int:
    """The number a term goes by in every process and on every machine; fits any integer column."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=6).digest())


def numbers(folded: str) -> frozenset[str]:
    """The figures that a text gives, without dates and times, in one way of writing."""
    return frozenset(_numbers(_DATE.sub(" ; ", folded)))


def _numbers(undated: str) -> Iterator[str]:
    for found in _NUMBER.finditer(undated):
        value = _value(found[0])
        magnitude = _MAGNITUDE.match(undated, found.end())
        if magnitude and magnitude.lastindex:
            value *= _FACTORS[magnitude.lastindex - 1]
        yield f"{value:.10g}"


def figures(folded: str) -> tuple[tuple[str, str], ...]:
    """What a text counts, each with its number: the term right after a figure, "12 killed"."""
    undated = _DATE.sub(" ; ", folded)
    found: dict[str, str] = {}
    for one in _NUMBER.finditer(undated):
        if _WITHIN_WORD.match(undated, one.start() - 1):
            continue  # "f16 fighters", "mi8 crews"
        magnitude = _MAGNITUDE.match(undated, one.end())
        after = magnitude.end() if magnitude and magnitude.lastindex else one.end()
        counted = _COUNTED.match(undated, after)
        if counted and (term := next(terms(counted[0].strip()), "")):
            value = next(_numbers(undated[one.start() : after]))
            found.setdefault(term, value)
        if len(found) == _MAX_FIGURES:
            break
    return tuple(found.items())


_WITHIN_WORD = re.compile(f"[^\\W\\d_{_WIDE}]")
_COUNTED = re.compile(f"\\s?(?:[{_WIDE}]+|[^\\W\\d_{_WIDE}]{{2,}})")
_MAX_FIGURES = 8


def _value(written: str) -> float:
    groups = re.split(r"[ ,.\u202f']", written[:30])
    # "1,010" is a thousand; "12.5" and "0.250" are not.
    if len(groups) > 1 and groups[0] != "0" and {len(group) for group in groups[1:]} == _THOUSANDS:
        return float("".join(groups))
    return float(".".join(groups[:2]))


def compared(*texts: str) -> str:
    """The part of an item that is compared, folded."""
    return text.fold(" \n ".join(texts)[:MAX_TEXT])
