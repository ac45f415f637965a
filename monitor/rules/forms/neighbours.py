"""Which characters continue a word, by script."""

from __future__ import annotations


def is_hangul(char: str) -> bool:
    """Whether this is a Hangul syllable."""
    return "\uac00" <= char <= "\ud7a3"


def is_katakana(char: str) -> bool:
    """Whether this is katakana or its long mark; the middle dot parts words."""
    return "\u30a1" <= char <= "\u30ff" and char != "\u30fb"


def is_spaceless(char: str) -> bool:
    """Whether this belongs to a script that writes words without spaces: Han and kana."""
    return (
        "\u3041" <= char <= "\u30ff"
        or "\u3400" <= char <= "\u9fff"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
    )
