"""English and other languages in Latin letters: plural, possessive, ways to join words."""

from __future__ import annotations


def latin_forms(text: str, language: str, kind: str) -> set[str]:
    """All forms of a word or phrase."""
    return {text}
