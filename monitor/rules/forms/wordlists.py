"""Lists of words as they are written in this package: texts, which people can read and edit."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a list."""
    return tuple(text.split())


def pairs(text: str) -> dict[str, str]:
    """A list of `word:other` as a mapping."""
    return dict(pair.split(":") for pair in text.split())


def groups(text: str) -> tuple[tuple[str, ...], ...]:
    """A list of `one/other/third`, whose members belong together."""
    return tuple(tuple(group.split("/")) for group in text.split())
