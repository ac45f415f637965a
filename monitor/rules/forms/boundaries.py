"""Whether what stands beside a find allows it to be the word that was looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.forms import korean
from monitor.rules.forms.model import Boundary
from monitor.rules.forms.neighbours import is_hangul, is_katakana, is_spaceless

if TYPE_CHECKING:
    from collections.abc import Callable

_EOJEOL = 32
"""Code points beside a form that are looked at; no real eojeol is longer."""


def fits_left(boundary: Boundary, text: str, start: int) -> bool:
    """Whether the folded text before `start` allows a form to begin there."""
    if start == 0 or boundary is Boundary.FREE:
        return True
    if boundary is Boundary.SCRIPT_RUN:
        return not is_katakana(text[start - 1])
    if boundary is Boundary.COMPOUND:
        return korean.head_is_compound(_eojeol_before(text, start))
    return not _continues(text[start - 1], text[start : start + 1])


def fits_right(boundary: Boundary, text: str, end: int) -> bool:
    """Whether the folded text from `end` on allows a form to end there."""
    if end >= len(text) or boundary is Boundary.FREE:
        return True
    if boundary is Boundary.SCRIPT_RUN:
        return not is_katakana(text[end])
    if boundary in _TAILS:
        return _TAILS[boundary](_eojeol_after(text, end), text[end - 1])
    return not _continues(text[end], text[end - 1 : end])


_TAILS: dict[Boundary, Callable[[str, str], bool]] = {
    Boundary.PARTICLES: korean.tail_is_particles,
    Boundary.COMPOUND: korean.tail_is_compound,
}


def _continues(beside: str, own: str) -> bool:
    """Whether a letter beside a word's own first or last character makes it another word."""
    if is_hangul(own):
        return is_hangul(beside)
    return beside.isalnum() and not is_hangul(beside) and not is_spaceless(beside)


def _eojeol_after(text: str, end: int) -> str:
    last = min(len(text), end + _EOJEOL)
    stop = end
    while stop < last and text[stop].isalnum():
        stop += 1
    return text[end:stop]


def _eojeol_before(text: str, start: int) -> str:
    first = max(0, start - _EOJEOL)
    begin = start
    while begin > first and text[begin - 1].isalnum():
        begin -= 1
    return text[begin:start]
