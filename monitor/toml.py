"""TOML files to values, and where each value stands. Values come from tomllib, places from a scanner."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.errors import ConfigError, Problem
from monitor.mistakes import problems_of as problems_of
from monitor.mistakes import quoted
from monitor.mistakes import syntax_problem

if TYPE_CHECKING:
    from pathlib import Path as File

Path = tuple[str | int, ...]
"""Where a value is in the document: keys of tables and indexes of arrays."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[^ \t\r\n.=\]\[{}\"'#,]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_QUOTES = re.compile("\"\"\"|'''|\"|'")
_ENDS = {
    '"': re.compile(r'(?:[^"\\]|\\.)*"'),
    "'": re.compile("[^']*'"),
    '"""': re.compile(r'(?s:(?:[^"\\]|\\.|"(?!""))*"{3,5})'),
    "'''": re.compile(r"(?s:(?:[^']|'(?!''))*'{3,5})"),
}
_ESCAPE = re.compile(
    r"\\(?:[ \t]*\r?\n[ \t\r\n]*(?P<fold>)|x(?P<x>..)|u(?P<u>.{4})|U(?P<U>.{8})|(?P<char>.))"
)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the keys and values of a document stand; for an unknown path, where its nearest parent does."""

    _source: str
    _keys: dict[Path, int]
    _values: dict[Path, int]
    _lines: list[int]
    """Offsets at which lines start."""

    def __contains__(self, path: Path) -> bool:
        return path in self._keys

    def key(self, path: Path) -> tuple[int, int]:
        """Line and column of a key, or of an element of an array."""
        return self._place(_nearest(self._keys, path))

    def value(self, path: Path) -> tuple[int, int]:
        """Line and column of a value; of a string, of its first character; of a table, of its key."""
        return self._place(_nearest(self._values, path))

    def within(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset` in a string, whatever escapes stand before it."""
        start = self._values.get(path)
        if start is None or not 0 < start <= len(self._source):
            return self.value(path)
        quotes = _quotes_before(self._source, start)
        if not quotes:
            return self.value(path)
        return self._place(_offset_within(self._source, start, offset, quotes))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def read(file: File, *, limit: int = 1_000_000) -> str:
    """The text of a file of at most `limit` bytes; a byte order mark is dropped.

    Raises:
        ConfigError: It is missing, not a file, not readable, too large or not UTF-8.
    """
    name = str(file)
    try:
        if file.is_dir():
            raise _unreadable(name, "this is a folder, not a file", "Give the path of a file in it")
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise _unreadable(name, "there is no such file", "Check the name and the folder") from None
    except PermissionError:
        raise _unreadable(
            name, "we have no permission to read it", "Let this user read it: chmod a+r"
        ) from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "its name can't be a file's"
        raise _unreadable(name, f"it cannot be read: {cause}", "Check the path and the disk") from None
    if len(data) > limit:
        raise _unreadable(
            name, f"it is larger than {limit} bytes", "Check that it is the right file, or split it"
        )
    return _decoded(name, data)


def _unreadable(name: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(name, None, None, cause, remedy)])


def _decoded(name: str, data: bytes) -> str:
    remedy = 'Save it as UTF-8: in most editors "Save as" and the encoding UTF-8'
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "it is saved as UTF-16, not as UTF-8", remedy)
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()
        column = len(before.removeprefix("\ufeff")) + 1
        cause = "a character here is not UTF-8"
        raise ConfigError([Problem(name, line, column, cause, remedy)]) from None


def parse(source: str, file: str) -> tuple[dict[str, Any], Positions]:
    """The values of a TOML document and their places; `file` names it in errors.

    Raises:
        ConfigError: It is not valid TOML.
    """
    try:
        values = tomllib.loads(source)
        scanner = _Scanner(source)
        scanner.document()
    except RecursionError:
        cause, remedy = "lists or tables are nested too deeply", "Write them flatter"
        raise ConfigError([Problem(file, None, None, cause, remedy)]) from None
    except ValueError as error:
        raise ConfigError([_syntax_problem(source, file, str(error))]) from None
    return values, scanner.positions()
