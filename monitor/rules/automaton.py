"""All texts of all rules found in one pass. The only module that knows daachorse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daachorse import CharwiseDoubleArrayAhoCorasick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Hit = tuple[int, int, int]
"""Start, end, index of the text that was found."""


def finder(texts: Sequence[str]) -> Callable[[str], list[Hit]]:
    """A function that finds all occurrences of distinct texts, overlapping ones too."""
    if not texts:
        return lambda _: []
    find: Callable[[str], list[Hit]] = CharwiseDoubleArrayAhoCorasick(list(texts)).find_overlapping
    return find
