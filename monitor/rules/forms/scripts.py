"""What a text's letters tell about its language."""

from __future__ import annotations

import re

_RANGES = (
    ("latin", 0x41, 0x24F),
    ("cyrillic", 0x400, 0x52F),
    ("arabic", 0x600, 0x6FF),
    ("kana", 0x3041, 0x30FF),
    ("han", 0x3400, 0x9FFF),
    ("hangul", 0xAC00, 0xD7A3),
    ("han", 0xF900, 0xFAFF),
    ("latin", 0x1E00, 0x1EFF),
    ("arabic", 0x750, 0x77F),
    ("han", 0x20000, 0x3FFFF),
)
_LANGUAGES = {"latin": "en", "arabic": "ar", "kana": "ja", "han": "zh", "hangul": "ko", "": ""}
_UKRAINIAN = frozenset("іїєґІЇЄҐ")
_SAMPLE = 60
_ASCII_LETTER = re.compile("[A-Za-z]")
_WINNER = re.compile("[\u3041-\u30ff\uac00-\ud7a3]")


def script_of(text: str) -> str:
    """The script of the first letters that show one: kana and Hangul win over others."""
    if text.isascii():
        return "latin" if _ASCII_LETTER.search(text, 0, _SAMPLE) else ""
    if winner := _WINNER.search(text, 0, _SAMPLE):
        return _script(winner[0])
    for char in text[:_SAMPLE]:
        if script := _script(char):
            return script
    return ""


def language_of(text: str) -> str:
    """The language a text is probably in; "" where no letter tells.

    Cyrillic without a Ukrainian letter is called Russian; `phrase` takes both unless told.
    """
    script = script_of(text)
    if script == "cyrillic":
        return "uk" if _UKRAINIAN.intersection(text) else "ru"
    return _LANGUAGES[script]


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x80:  # noqa: PLR2004 - ASCII
        return "latin" if char.isalpha() else ""
    for name, first, last in _RANGES:
        if first <= code <= last:
            return name if char.isalpha() or name == "kana" else ""
    return ""
