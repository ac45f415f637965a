"""An item as the matcher reads it: one folded text of all its fields, and the way back from it."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from monitor.rules.distance import Words
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Item

MAX_TEXT = 50_000
"""Code points of an item that are read: title first, then summary, then content."""
LEAD_WORDS = 40
FIELDS = ("title", "summary", "content")
TITLE, SUMMARY, CONTENT, LEAD = 1, 2, 4, 8
ALL = TITLE | SUMMARY | CONTENT

# What NFC leaves to be taken out, because it changes nothing about which word it is: stray accents,
# vowel points, invisible characters, and loose Hangul letters, which only NFC of the whole joins.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u3099\u309a"
_INVISIBLE = "\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_ODD = re.compile(f"[{_MARKS}{_INVISIBLE}\u1100-\u11ff\ud800-\udfff]")
_MARK = re.compile(f"[{_MARKS}]")
_DROPPED = re.compile(f"[{_INVISIBLE}]")
# Long plain stretches are taken as they are; what is left goes character by character.
_PIECE = re.compile(
    f"(?P<plain>(?:[^\\s{_MARKS}{_INVISIBLE}\u1100-\u11ff\ud800-\udfff]+| (?!\\s))+(?![{_MARKS}]))"
    f"|\\s+|[{_INVISIBLE}]+|[\\s\\S](?:[{_MARKS}]|[\u1160-\u11ff])*"
)
MAX_PIECES = 5_000
"""Irregular places of one field, and plain stretches between them, that are read."""

# By what a beginning of a word ends in: text that writes no spaces would make it grow to the next comma.
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a1-\u30ff"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ENDINGS = (
    (re.compile(f"[{_HAN}]"), re.compile("")),
    (re.compile(f"[{_HIRAGANA}]"), re.compile(f"[{_HIRAGANA}]*")),
    (re.compile(f"[{_KATAKANA}]"), re.compile(f"[{_KATAKANA}]*")),
)
_WIDE = re.compile(f"[{_HIRAGANA}{_KATAKANA}{_HAN}]")
_REST_OF_WORD = re.compile(f"[^\\W_{_HIRAGANA}{_KATAKANA}{_HAN}]*")


def scannable(text: str) -> str:
    """A text as the automaton sees it: folded, without stray marks, hyphens as spaces."""
    return (_folded(text) or fold(_flat(text)[0])).replace("-", " ")


def _folded(text: str) -> str:
    """The text folded; "" where that alone does not make equal texts equal."""
    if not text.isascii() and (
        not unicodedata.is_normalized("NFC", text) or _ODD.search(text) is not None
    ):
        return ""
    folded = fold(text)
    return "" if "  " in folded else folded


def _flat(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text to search, and for each of its characters the span it comes from."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    for found in islice(_PIECE.finditer(text), MAX_PIECES):
        piece, (start, end) = found[0], found.span()
        if found.lastgroup and unicodedata.is_normalized("NFC", piece):
            spans.extend(zip(range(start, end), range(start + 1, end + 1), strict=True))
        elif found.lastgroup:
            piece, singly = _flat_singly(piece, start)
            spans.extend(singly)
        else:
            piece = _flat_cluster(piece)
            spans.extend(((start, end),) * len(piece))
        pieces.append(piece)
    return "".join(pieces), spans


def _flat_singly(piece: str, start: int) -> tuple[str, list[tuple[int, int]]]:
    """Characters without marks that NFC replaces all the same, some by more than one."""
    flat = [(char, at) for at, one in enumerate(piece, start) for char in _flat_cluster(one)]
    return "".join(char for char, _ in flat), [(at, at + 1) for _, at in flat]


def _flat_cluster(cluster: str) -> str:
    if cluster.isspace():
        return " "
    if _DROPPED.match(cluster):
        return ""
    if "\ud800" <= cluster[0] <= "\udfff":
        return "\ufffd"
    return _MARK.sub("", unicodedata.normalize("NFC", cluster))


class Reading:
    """One item, read once for all rules. Offsets are into `text` unless said otherwise."""

    __slots__ = ("_fields", "_lead", "_spans", "bounds", "item", "text", "written")

    def __init__(self, item: Item) -> None:
        self.item = item
        parts: tuple[str, ...] = (item.title, item.summary, item.content)
        if len(parts[0]) + len(parts[1]) + len(parts[2]) > MAX_TEXT:
            parts = _cut(parts)
        self._spans: tuple[list[tuple[int, int]], ...] | None = None
        self.written = _joined(parts)
        """The text before folding, of the same length."""
        folded = _folded(self.written)
        if not folded:
            flat = [_flat(part) for part in parts]
            parts = tuple(text for text, _ in flat)
            self._spans = tuple(spans for _, spans in flat)
            self.written = _joined(parts)
            folded = fold(self.written)
        self.text = folded.replace("-", " ")
        summary = len(parts[0]) + 2
        self.bounds = (1, summary, summary + len(parts[1]) + 1)
        """Where title, summary and content begin."""
        self._fields: list[Words | None] = [None, None, None]
        self._lead = -1

    def field_of(self, start: int) -> int:
        """0, 1 or 2: the field that holds an offset."""
        return 0 if start < self.bounds[1] else 1 if start < self.bounds[2] else 2

    def inside(self, mask: int, start: int) -> bool:
        """Whether an offset lies in one of the fields of a mask."""
        if mask & LEAD and (start < self.bounds[1] or start < self.lead_end()):
            return True
        return bool(mask & (1 << self.field_of(start)))

    def lead_end(self) -> int:
        """Where the first words after the title end: of the summary, or of the content without one."""
        if self._lead < 0:
            empty = self.bounds[2] - self.bounds[1] == 1
            self._lead = self._words(1 + empty).end_of(LEAD_WORDS)
        return self._lead

    def between(self, end: int, start: int) -> int | None:
        """Half words from the end of one mention to the start of a later one; None across fields."""
        field = self.field_of(start)
        return self._words(field).between(end, start) if end > self.bounds[field] else None

    def _words(self, field: int) -> Words:
        words = self._fields[field]
        if words is None:
            words = self._fields[field] = Words(self.text, *self.field_bounds(field))
        return words

    def field_bounds(self, field: int) -> tuple[int, int]:
        """Where a field begins and ends."""
        end = self.bounds[field + 1] if field < len(FIELDS) - 1 else len(self.text)
        return self.bounds[field], end - 1

    def span(self, start: int, end: int) -> tuple[int, int, int]:
        """The field (0, 1, 2) and the offsets in it, as given, of a stretch of the text."""
        field = self.field_of(start)
        base = self.bounds[field]
        if self._spans is None:
            return field, start - base, end - base
        spans = self._spans[field]
        return field, spans[start - base][0], spans[end - base - 1][1]

    def word_end(self, end: int) -> int:
        """Where the word that reaches to `end` really ends; after a Han character, right there."""
        ending = _REST_OF_WORD
        if _WIDE.match(self.text, end - 1):
            ending = next(rest for last, rest in _ENDINGS if last.match(self.text, end - 1))
        found = ending.match(self.text, end)
        return found.end() if found else end

    def originals(self) -> Iterator[tuple[int, str]]:
        """The fields before folding, each with the offset where it begins."""
        for start, end in map(self.field_bounds, range(len(FIELDS))):
            yield start, self.written[start:end]


def _joined(parts: tuple[str, ...]) -> str:
    return f"\0{parts[0]}\0{parts[1]}\0{parts[2]}\0"


def _cut(parts: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    left = MAX_TEXT
    for part in parts:
        kept.append(part[:left])
        left -= len(kept[-1])
    return tuple(kept)
