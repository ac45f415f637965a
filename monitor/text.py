"""The one definition of "the same text": what is kept of a feed's text, and how it is compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MAX_COMBINING = 4
"""Combining marks kept after one base character; real scripts need up to four, "zalgo" uses dozens."""

_TAGS = range(0xE0020, 0xE0080)
"""Invisible characters that spell the flags of England, Scotland and Wales after 🏴."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Cn"}
_KEEP = {
    "\N{ZERO WIDTH JOINER}",
    "\N{ZERO WIDTH NON-JOINER}",
}  # emoji, Persian and Indic words need them


_MAX_PILE = 64
_MAY_COMBINE = re.compile(
    "[^\x00-\u02ff\u0370-\u0482\u048a-\u0590\u2000-\u20cf\u2100-\u2cee\u2e00-\u3029\u3030-\u3098"
    "\u309b-\ua66e\uac00-\ud7ff\uff00-\uffef]"
)
"""Anything but what most news are written in; marks that combine with letters are all in here."""


def clean(text: str, *, limit: int = 1_000_000) -> str:
    """The text as we keep it: NFC, one line, no invisible characters, at most `limit` code points.

    Idempotent. Removes control characters, bidi overrides (Trojan Source, CVE-2021-42574),
    unassigned code points and lone surrogates; cuts piles of combining marks; collapses white space.
    """
    # Cut first: nothing here should see a hostile megabyte. Twice leaves room for collapsing.
    text = text[: 2 * limit]
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text[:limit].rstrip()
    if not text.isprintable():
        text = " ".join("".join(char for char in text if _is_wanted(char)).split())
    if _MAY_COMBINE.search(text) and any(map(unicodedata.combining, text)):
        text = _cut_piles(text)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text)[:limit]).strip()


def _is_wanted(char: str) -> bool:
    """Whether a character may reach a reader: no controls, bidi overrides, surrogates."""
    if char.isprintable() or char.isspace() or char in _KEEP or ord(char) in _TAGS:
        return True
    return unicodedata.category(char) not in _INVISIBLE


def _cut_piles(text: str) -> str:
    # Also before NFC, which sorts marks in quadratic time; and after it, for it may take some apart.
    text = unicodedata.normalize("NFC", _with_piles_of(_MAX_PILE, text))
    return _with_piles_of(MAX_COMBINING, text)


def _with_piles_of(most: int, text: str) -> str:
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= most:
            kept.append(char)
    return "".join(kept)


def _fold_char(char: str) -> str:
    """The one code point that stands for this one when texts are compared."""
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    wide = unicodedata.normalize("NFKC", char)
    folded = (wide if len(wide) == 1 else char).casefold()
    if len(folded) != 1:
        folded = char.lower() if len(char.lower()) == 1 else char
    if folded in _LOOKALIKES:
        return _LOOKALIKES[folded]
    base = unicodedata.normalize("NFD", folded)[0]
    # Diacritics are dropped in Latin and Greek only: in Cyrillic й and ї are letters of their own.
    if unicodedata.name(base, "").startswith(("LATIN", "GREEK")):
        return _LOOKALIKES.get(base, base)
    return folded


_LOOKALIKES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u2028\u2029", " "),
    "\u0451": "\u0435",  # ё is mostly written е
    "\u0130": "i",
    "\u0131": "i",
    "\u00f8": "o",
    "\u0142": "l",
    "\u0111": "d",
}
_COMPATIBILITY_IDEOGRAPHS = range(0x2F800, 0x2FA20)


def _after_lower() -> dict[str, str]:
    """What `str.lower` leaves to be folded. Lowering first changes no result: a test goes through all."""
    # Hangul syllables fold to themselves; of the rest, most are told in a tenth of the time.
    codes = (*range(0xAC00), *range(0xE000, 0x20000), *_COMPATIBILITY_IDEOGRAPHS)
    letters = (char for char in map(chr, codes) if char == char.lower() and _may_fold(char))
    return {char: folded for char in letters if (folded := _fold_char(char)) != char}


def _may_fold(char: str) -> bool:
    plain = unicodedata.is_normalized("NFKD", char) and char == char.casefold()
    return not plain or char in _LOOKALIKES


class _Folding:
    """The tables of `fold`; made when first needed, for most commands fold nothing."""

    def __init__(self) -> None:
        self.table = _after_lower()
        self.ascii = {ord(char): to for char, to in self.table.items() if char.isascii()}
        # Every code point above the BMP is looked up: single ones in the class make it 60 times slower.
        folded = "".join(re.escape(char) for char in self.table if char <= "\uffff")
        self.foldable = re.compile(f"[{folded}\U00010000-\U0010ffff]")

    def folded(self, found: re.Match[str]) -> str:
        char = found[0]
        return self.table.get(char, char)


_folding = cache(_Folding)


def fold(text: str) -> str:
    """The text as it is compared: case, width, Latin diacritics, quotes, dashes and spaces made alike.

    One code point for each code point, so that offsets into the result are offsets into the text.
    """
    lower = text.lower()
    if len(lower) != len(text):  # the one letter that grows when lowered
        lower = text.replace("\u0130", "i").lower()
    folding = _folding()
    if lower.isascii():
        return lower.translate(folding.ascii)
    return folding.foldable.sub(folding.folded, lower)
