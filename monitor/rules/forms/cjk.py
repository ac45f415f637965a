"""Chinese and Japanese: no spaces, no endings; a run of katakana is one word."""

from __future__ import annotations

from monitor.rules.forms.model import Boundary
from monitor.rules.forms.neighbours import is_katakana, is_spaceless

_DOTS = ("\u30fb", "\u00b7", "\u2022", "\uff65")


def cjk_forms(text: str, _language: str, _kind: str) -> set[str]:
    """The ways to part the names of a foreigner: 弗拉基米尔·泽连斯基, ウラジーミル・プーチン."""
    parted = text
    for dot in (*_DOTS, " ", "="):
        parted = parted.replace(dot, "\0")
    if "\0" not in parted:
        return {text}
    return {text, *[parted.replace("\0", dot) for dot in ("\u30fb", "\u00b7", " ", "", "=")]}


def boundary(char: str) -> Boundary:
    """What keeps a word whole that begins or ends with this character."""
    if is_katakana(char):
        return Boundary.SCRIPT_RUN
    if not char.isalnum() or is_spaceless(char):
        return Boundary.FREE
    return Boundary.WORD
