"""How many words lie between two places of a text, whatever its script.

Counted in half words: a word counts two, a character of a script without spaces one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate

_WIDE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[^\\W_{_WIDE}]+(?:'[^\\W_{_WIDE}]+)*")
_ANY_WIDE = re.compile(f"[{_WIDE}]")
_UNIT = re.compile(f"([{_WIDE}])|{_WORD.pattern}")


class Words:
    """The words of one field, from one offset of a text to another."""

    __slots__ = ("_end", "_starts", "_sums", "_text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._end = end
        self._sums: list[int] | None = None
        if _ANY_WIDE.search(text, start, end) is None:
            self._starts = [found.start() for found in _WORD.finditer(text, start, end)]
            return
        units = list(_UNIT.finditer(text, start, end))
        self._starts = [found.start() for found in units]
        self._sums = list(accumulate((1 if found[1] else 2 for found in units), initial=0))

    def between(self, end: int, start: int) -> int:
        """Half words after the word in which something ends, before that in which another starts."""
        return self._before(start) - self._sum(bisect_left(self._starts, end))

    def end_of(self, words: int) -> int:
        """Where so many words from the beginning end: where the next one begins."""
        sums = self._sums
        position = words if sums is None else bisect_left(sums, 2 * words)
        return self._starts[position] if position < len(self._starts) else self._end

    def _before(self, start: int) -> int:
        position = bisect_left(self._starts, start)
        if position and self._reaches_over(self._starts[position - 1], start):
            position -= 1
        return self._sum(position)

    def _sum(self, position: int) -> int:
        return 2 * position if self._sums is None else self._sums[position]

    def _reaches_over(self, start: int, offset: int) -> bool:
        if offset - start == 1 and _ANY_WIDE.match(self._text, start):
            return False
        found = _WORD.match(self._text, start)
        return found is not None and found.end() > offset
