"""What commands print: tables for a terminal, JSON for programs. Text from feeds is made harmless first."""

from __future__ import annotations

import json
import sys
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

T = TypeVar("T")
_NARROWEST = 20


def wide_enough(console: Console) -> Console:
    """The console; one that says it has no width to speak of (COLUMNS=0) is taken for a usual one."""
    if console.width < _NARROWEST:
        console.width = 80
    return console


out = wide_enough(Console(highlight=False, soft_wrap=False))
err = wide_enough(Console(stderr=True, highlight=False, soft_wrap=True))


_MARKED = "bold yellow"


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell with a style."""

    text: str
    style: str = ""


def say(text: str, style: str = "") -> None:
    """One line for a person on standard output."""
    out.print(Text(printable(text), style=style), soft_wrap=True)


def warn(text: str, style: str = "") -> None:
    """One line for a person on standard error."""
    err.print(Text(printable(text), style=style))


def fail(text: str) -> None:
    """What went wrong, on standard error."""
    err.print(Text.assemble(("error ", "bold red"), printable(text)))


def point_at(text: str, place: int) -> None:
    """On standard error a part of one line of what was written, with a mark below a character of it.

    Offsets are code points; the mark is where a terminal shows the character, wide or not.
    """
    line, start = _line_around(text, place)
    before = printable(line[: place - start])
    shown = before + printable(line[place - start :])
    mark = " " * cell_len(before) + "^"
    err.print(Text(f"  {shown}\n  {mark}"), overflow="crop", no_wrap=True)


_AROUND = 30


def _line_around(text: str, place: int) -> tuple[str, int]:
    """The line of a place, as far as it is near, and the place where that begins."""
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    start, end = max(start, place - _AROUND), min(len(text) if end < 0 else end, place + _AROUND)
    return text[start:end], start


def quote(
    text: str, spans: Iterable[tuple[int, int]] = (), *, style: str = "", indent: int = 0
) -> None:
    """A text as it was written, with parts of it marked, wrapped within an indent."""
    shown = Text(printable(text), style=style)
    for start, end in spans:
        # What is left out before a part moves it.
        shown.stylize(_MARKED, len(printable(text[:start])), len(printable(text[:end])))
    out.print(Padding(shown, (0, 0, 0, indent), expand=False))


def address(url: str, *, indent: int = 0) -> None:
    """An address, never wrapped: broken it can be neither clicked nor copied."""
    out.print(Text(" " * indent + printable(url), style="blue"), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> None:
    """A table; nothing in a cell is taken as markup."""
    heading = Text(printable(title))
    shown = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        shown.add_column(Text(printable(column)), overflow="fold")
    for row in rows:
        cells = (one if isinstance(one, Cell) else Cell(one) for one in row)
        shown.add_row(*(Text(printable(one.text), style=one.style) for one in cells))
    out.print(shown)


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart."""

    label: str
    figure: str
    lengths: tuple[int, ...]
    """Of its parts, in characters."""
    note: str = ""


BAR = 40
"""Characters of the longest bar: with its label it fits a narrow terminal."""


def bars(rows: Sequence[Bar], blocks: Sequence[str], styles: Sequence[str]) -> None:
    """A chart of bars, each part of its own block and style."""
    label = max((len(row.label) for row in rows), default=0)
    figure = max((len(row.figure) for row in rows), default=0)
    for row in rows:
        text = Text(f"{row.label:>{label}}  {row.figure:>{figure}}  ")
        for length, block, style in zip(row.lengths, blocks, styles, strict=True):
            text.append(block * length, style)
        text.append(f"  {row.note}" if row.note else "", "dim")
        out.print(text, soft_wrap=True)


def progress(steps: Iterable[T], total: int) -> Iterator[T]:
    """The steps as they come, with a bar on standard error where that is a terminal."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        yield from bar.track(steps, total=total)


@contextmanager
def working(text: str) -> Iterator[None]:
    """Say on standard error what is going on, where that is a terminal, until it is over."""
    if not err.is_terminal:
        yield
        return
    with err.status(Text(printable(text))):
        yield


def data(rows: object) -> None:
    """JSON on standard output."""
    _write(json.dumps(rows, ensure_ascii=False, indent=2, default=_plain))


def line(row: object) -> None:
    """One JSON object on a line."""
    _write(json.dumps(row, ensure_ascii=False, default=_plain))


def _write(made: str) -> None:
    # Half a character has no bytes, and others steer a terminal; as escapes they are JSON all the same.
    if not made.replace("\n", "").isprintable():
        made = "".join(
            char if char.isprintable() or char == "\n" else _escaped(char) for char in made
        )
    page(made + "\n")


def _escaped(char: str) -> str:
    halves = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[at : at + 4]}" for at in range(0, len(halves), 4))


def page(made: str) -> None:
    """Text for programs on standard output, as it is.

    Raises:
        MonitorError: Nobody takes it.
    """
    if not sys.stdout:  # closed before we came (`>&-`)
        raise MonitorError("standard output is closed: nothing can be printed")
    sys.stdout.write(made)


def in_utf_8() -> None:
    """From now on print in UTF-8, whatever the locale: what we print is in six scripts."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)


def printable(text: str) -> str:
    """The text without what could steer a terminal, or be read in another order than it stands.

    Control characters become blanks; what has no width (bidi overrides and isolates, joiners) goes.
    """
    if text.isprintable():
        return text
    return "".join(map(_harmless, text))


def _harmless(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    return "" if unicodedata.category(char) == "Cf" else " "


def plural(count: int, one: str, many: str) -> str:
    """A number of things: `1 feed`, `2 feeds`."""
    return f"{count} {one if count == 1 else many}"


def ago(moment: datetime | None, *, now: datetime) -> str:
    """How long ago, roughly: "3 min ago", "in 2 h", "never"."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    size = span(abs(seconds))
    return f"in {size}" if seconds < 0 else f"{size} ago"


def span(seconds: float) -> str:
    """A length of time, roughly: "12 s", "3 min", "2 h", "5 d"."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
