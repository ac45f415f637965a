"""Arabic, best effort: the particles and the article that are written on to a word."""

from __future__ import annotations

_PREFIXES = ("و", "ف", "ب", "ل", "ك", "وب", "ول", "فل")


def arabic_forms(text: str, _language: str, _kind: str) -> set[str]:
    """A word with its article and with one or two prefixed particles."""
    if not text or not text[0].isalpha():
        return {text}
    if text.startswith("ال"):
        merged = "لل" + text[2:]
        bare = {text, merged, "و" + merged}
    else:
        bare = {text, "ال" + text, "لل" + text}
    return bare | {
        prefix + word for word in bare if not word.startswith("لل") for prefix in _PREFIXES
    }
