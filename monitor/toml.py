"""TOML to values and where each stands. Values come from tomllib, places from a small scanner."""

from __future__ import annotations

import contextlib
import errno
import re
import tomllib
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from monitor import syntax
from monitor.errors import ConfigError, Problem
from monitor.problems import Where, problems_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Positions", "Scanner", "Where", "parse", "problems_of", "read", "value"]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_QUOTES = re.compile("\"\"\"|'''|\"|'")
_CLOSED = {
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
    "'": re.compile("[^']*'"),
    '"""': re.compile(r'(?:[^"\\]+|\\.|"(?!""))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"(?:[^']+|'(?!''))*'{3,5}"),
}
# tomllib takes time by the square of a dotted key's parts: 7 s for a key of 32 KB.
_DEEP_KEY = re.compile(
    r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')
        (?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')){100}""",
    re.VERBOSE,
)
_MAX_DOTS = 100
_FOLD = re.compile(r"\\[ \t]*\r?\n[ \t\r\n]*")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class Positions:
    """Where keys and values stand: line and column from 1, in code points.

    Of a place that is not in the document, where the nearest thing around it stands. They are
    looked up when somebody asks for the first one: that takes longer than reading the values.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def __contains__(self, place: Where) -> bool:
        return place in self._found.keys

    def key(self, place: Where) -> tuple[int, int]:
        """Of a key; of an element of an array, where the element begins."""
        return self._at(_nearest(self._found.keys, place))

    def value(self, place: Where) -> tuple[int, int]:
        """Of a value; of a string, its first character in the quotes; of a [table], its name."""
        return self._at(_nearest(self._found.values, place))

    def within(self, place: Where, offset: int) -> tuple[int, int]:
        """Of the character at `offset` in a string, whatever escapes and lines are before it."""
        quotes = self._found.quotes.get(place)
        if quotes is None:
            return self.value(place)
        return self._at(_inside(self._source, self._found.values[place], offset, quotes=quotes))

    @cached_property
    def _found(self) -> Scanner:
        return _scanned(self._source)

    @cached_property
    def _lines(self) -> list[int]:
        """Offsets at which lines start."""
        return [0, *accumulate(len(line) + 1 for line in self._source.split("\n"))]

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def read(path: Path, *, limit: int = 1_000_000) -> str:
    """The text of a file of at most `limit` bytes; a byte order mark is dropped.

    Raises:
        ConfigError: It is missing, not a file, not readable, too large or not UTF-8.
    """
    try:
        data = _bytes(path, limit)
    except FileNotFoundError:
        cause, remedy = "there is no such file", "Check the name and the folder"
    except IsADirectoryError:
        cause, remedy = "this is a folder, not a file", "Give the name of a file in it"
    except PermissionError:
        cause, remedy = "this user may not read it", "Allow it, for example with `chmod a+r`"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        cause, remedy = f"it cannot be read: {reason}", "Check the name and the disk"
    else:
        if len(data) <= limit:
            return _decoded(data, str(path))
        cause, remedy = f"it is larger than {limit:,} bytes", "Check that it is the right file"
    raise ConfigError([Problem(str(path), None, None, cause, remedy)])


def _bytes(path: Path, limit: int) -> bytes:
    # A pipe or a device would keep us waiting for ever; opening a folder is an error of its own.
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is not an ordinary file")
    with path.open("rb") as file:
        return file.read(limit + 1)


def _decoded(data: bytes, file: str) -> str:
    remedy = 'Save it as UTF-8 (in most editors: "Save as", encoding UTF-8)'
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError([Problem(file, 1, 1, "it is saved as UTF-16, not UTF-8", remedy)])
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().removeprefix("\ufeff")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        cause = "from here the file is not UTF-8 text"
        raise ConfigError([Problem(file, line, column, cause, remedy)]) from None


def parse(source: str, file: str) -> tuple[dict[str, Any], Positions]:
    """The values of a TOML document and where they stand; `file` names it in errors.

    Raises:
        ConfigError: It is not valid TOML.
    """
    # No key goes over a line: most files are seen to be harmless without the slow expression.
    dots = max(line.count(".") for line in source.split("\n"))
    if dots >= _MAX_DOTS and (found := _DEEP_KEY.search(source)):
        line = source.count("\n", 0, found.start()) + 1
        cause, remedy = "a name has more than 100 parts joined by dots", "Shorten it"
        raise ConfigError([Problem(file, line, 1, cause, remedy)])
    try:
        return tomllib.loads(source), Positions(source)
    except RecursionError:
        cause, remedy = "lists or tables are nested too deeply", "Write them flatter"
        raise ConfigError([Problem(file, None, None, cause, remedy)]) from None
    except ValueError as error:
        problem = syntax.problem(source, file, str(error), _scanned)
        raise ConfigError([problem]) from None


def value(text: str) -> object:
    """What a text is as a TOML value; the text itself where it is none."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    # A line break in the text may hide further keys.
    return table["value"] if len(table) == 1 else text


def _scanned(source: str) -> Scanner:
    """What stands in a document, or in the part of it before it ends."""
    scanner = Scanner(source)
    with contextlib.suppress(UnfinishedError, RecursionError):
        scanner.document()
    return scanner


def _nearest(offsets: dict[Where, int], place: Where) -> int:
    while place and place not in offsets:
        place = place[:-1]
    return offsets.get(place, 0)


def _inside(source: str, start: int, offset: int, *, quotes: str) -> int:
    """Where the character at `offset` of a string is written, which begins at `start`."""
    basic = quotes[0] == '"'
    at = start
    for left in range(offset, -1, -1):
        if basic and (folded := _FOLD.match(source, at)):
            at = folded.end()
        if left == 0:
            break
        escape = _ESCAPE.match(source, at) if basic else None
        at = escape.end() if escape else at + 1 + source.startswith("\r\n", at)
    return min(at, len(source))


def _unescaped(escape: re.Match[str]) -> str:
    kind, digits = escape[0][1], escape[0][2:]
    return chr(int(digits, 16)) if kind in "xuU" else _ESCAPED.get(kind, kind)


class UnfinishedError(Exception):
    """The document ends in the middle of something."""


class Scanner:
    """Notes where everything stands in a document whose grammar is known to be right.

    Of a document that is right up to some character, it can read the part before that character:
    what it was in the middle of then is in `at`, `place` and `opened`.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.keys: dict[Where, int] = {(): 0}
        self.values: dict[Where, int] = {(): 0}
        self.quotes: dict[Where, str] = {}
        self.place: Where = ()
        """Of the key or section read last."""
        self.opened: list[int] = []
        """Where the lists and inline tables begin that are not closed yet."""
        self.repeated: tuple[Where, int, int] | None = None
        """A key or section that is there twice, and where both are."""
        self.headers: set[int] = set()
        """Where the names of sections stand, by their last part."""
        self._lengths: dict[Where, int] = {}
        """Of the arrays of tables, so far."""
        self._written: dict[Where, int] = {}

    def document(self) -> None:
        """Read it all.

        Raises:
            UnfinishedError: It ends too early.
        """
        table: Where = ()
        while (self._skip(_BLANK)) < len(self.source):
            if self.source[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.source, self.at)
        if found is None:
            raise UnfinishedError
        self.at = found.end()
        return self.at

    def _char(self) -> str:
        if self.at >= len(self.source):
            raise UnfinishedError
        return self.source[self.at]

    def _header(self) -> Where:
        listed = self.source.startswith("[[", self.at)
        self.at += 1 + listed
        *outer, (name, offset) = self._key()
        table = (*self._below((), outer), name)
        if listed:
            self.keys.setdefault(table, offset)
            self.values.setdefault(table, offset)
            self._lengths[table] = self._lengths.get(table, 0) + 1
            table = (*table, self._lengths[table] - 1)
        self.headers.add(offset)
        self._put(table, offset)
        self.values[table] = offset
        self._char()
        self.at += 1 + listed
        return table

    def _pair(self, table: Where) -> None:
        *outer, (name, offset) = self._key()
        place = (*self._below(table, outer), name)
        self._put(place, offset)
        self._char()
        self.at += 1
        self._skip(_SPACE)
        self._value(place)

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its offset."""
        parts = []
        while True:
            start = self._skip(_SPACE)
            parts.append((self._name(), start))
            self._skip(_SPACE)
            if not self.source.startswith(".", self.at):
                return parts
            self.at += 1

    def _name(self) -> str:
        start = self.at
        if self._char() not in "\"'":
            return self.source[start : self._skip(_BARE)]
        quote, _ = self._string()
        name = self.source[start + 1 : self.at - 1]
        return _ESCAPE.sub(_unescaped, name) if quote == '"' else name

    def _below(self, table: Where, names: list[tuple[str, int]]) -> Where:
        """The table that dotted names lead to; in an array of tables, its last one so far."""
        for name, offset in names:
            table = (*table, name)
            self.keys.setdefault(table, offset)
            self.values.setdefault(table, offset)
            if table in self._lengths:
                table = (*table, self._lengths[table] - 1)
        return table

    def _put(self, place: Where, offset: int) -> None:
        self.place = place
        if place in self._written and self.repeated is None:
            self.repeated = (place, self._written[place], offset)
        self._written[place] = self.keys[place] = offset

    def _value(self, place: Where) -> None:
        self.values[place] = self.at
        char = self._char()
        if char in "\"'":
            self.quotes[place], self.values[place] = self._string()
        elif char == "[":
            self._array(place)
        elif char == "{":
            self._inline_table(place)
        else:
            self._skip(_SCALAR)

    def _string(self) -> tuple[str, int]:
        """Its quotes, and where its text begins."""
        start = self.at
        quotes = self.source[start : self._skip(_QUOTES)]
        closed = _CLOSED[quotes].match(self.source, self.at)
        if closed is None:
            self.at = start
            raise UnfinishedError
        text = self.at
        if len(quotes) > 1 and (newline := re.compile("\r?\n").match(self.source, text)):
            text = newline.end()
        self.at = closed.end()
        return quotes, text

    def _array(self, place: Where) -> None:
        self._open()
        index = 0
        while self._skip(_BLANK) and self._char() != "]":
            element = (*place, index)
            self.keys[element] = self.at
            self._value(element)
            self._comma()
            index += 1
        self._close()

    def _inline_table(self, place: Where) -> None:
        self._open()
        while self._skip(_BLANK) and self._char() != "}":
            self._pair(place)
            self._comma()
        self._close()

    def _open(self) -> None:
        self.opened.append(self.at)
        self.at += 1

    def _close(self) -> None:
        self.opened.pop()
        self.at += 1

    def _comma(self) -> None:
        self._skip(_BLANK)
        self.at += self._char() == ","
