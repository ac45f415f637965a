"""How names from Korea, Ukraine and Russia are spelled in Latin letters."""

from __future__ import annotations


def variants(name: str, language: str) -> set[str]:
    """Other spellings of a name."""
    return set()
