"""Alerts on the console: readable and coloured on a terminal, plain text elsewhere.

Feed text reaches the terminal as `Text` only, never as rich's markup, and without control
characters.
"""

from __future__ import annotations

import io
import re
import sys
import threading
from datetime import UTC
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from monitor import show
from monitor.errors import MonitorError, NotSent
from monitor.model import Digest, Notice, Receipt, Severity
from monitor.receivers.telling import MARKS, REPEAT, Marked, digest_heading, groups, tell
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo
    from typing import TextIO

    from monitor.model import Message
    from monitor.receivers.telling import Group, Spread, Telling

MAX_TITLE = 300
MAX_SUMMARY = 400
_INDENT = 2
_COLOURS = {
    Severity.LOW: "bright_black",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "dark_orange",
    Severity.CRITICAL: "red",
}
_MATCHED = "not bold black on yellow"


class ConsoleReceiver:
    """Prints messages, each in one piece, to standard output."""

    def __init__(
        self, *, stream: TextIO | None = None, timezone: tzinfo = UTC, width: int | None = None
    ) -> None:
        """Make a receiver.

        Args:
            stream: Where to print; standard output.
            timezone: In which times are shown.
            width: In columns; the terminal's, else COLUMNS, else 80.

        Raises:
            MonitorError: There is no standard output.
        """
        opened = stream or sys.stdout
        if opened is None:  # Python's way to say that there is no descriptor 1
            raise MonitorError(
                "alerts go to the console, but standard output is closed: leave it open, or set "
                "SLACK_BOT_TOKEN"
            )
        self._stream: TextIO = opened
        self._timezone = timezone
        # Rich never sees the real output: on a broken pipe it would end the whole service.
        self._page = io.StringIO()
        self._console = show.wide_enough(
            Console(
                file=self._page,
                force_terminal=self._stream.isatty() or None,
                width=width,
                highlight=False,
                emoji=False,
            )
        )
        self._lock = threading.Lock()

    def send(self, message: Message) -> Receipt:
        """Print a message.

        Raises:
            NotSent: The output is closed or full.
        """
        with self._lock:
            try:
                self._write(self._rendered(message))
            except (OSError, ValueError) as error:
                raise NotSent("Standard output takes nothing: is its reader gone?") from error
        return Receipt(channel="console")

    def close(self) -> None:
        """Nothing to let go of: standard output is not ours."""

    def _write(self, text: str) -> None:
        # A terminal that can't show a letter gets a question mark, not an end of the service.
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, errors="replace").decode(encoding))
        self._stream.flush()

    def _rendered(self, message: Message) -> str:
        channel = clean(message.channel, limit=80)
        self._page.seek(0)
        self._page.truncate()
        if isinstance(message.content, Notice):
            self._notice(message.content, channel)
        elif isinstance(message.content, Digest):
            self._digest(message.content, channel)
        else:
            self._alert(tell(message.content), channel)
        if message.repeat:
            self._line([f"({REPEAT})"], style="italic")
        self._console.print()
        return re.sub(r" +$", "", self._page.getvalue(), flags=re.MULTILINE)

    def _alert(self, telling: Telling, channel: str) -> None:
        colour = _COLOURS[telling.severity]
        mark = Text(f"{MARKS[telling.severity]} {telling.severity.upper()}", style=f"bold {colour}")
        self._line([mark, Text(channel, style="dim")], indent=0)
        self._console.print(self._indented(_marked(telling.title.cut(MAX_TITLE), "bold")))
        if telling.summary.text:
            self._console.print(self._indented(_marked(telling.summary.cut(MAX_SUMMARY), "")))
        self._line([telling.source, self._when(telling), telling.language])
        self._address(telling.url)
        self._line(_why(telling), style="italic")
        if telling.spread:
            self._line(self._so_far(telling.spread))

    def _notice(self, notice: Notice, channel: str) -> None:
        heading = Text(clean(notice.heading, limit=MAX_TITLE), style="bold")
        self._line([heading, Text(channel, style="dim")], indent=0)
        for line in notice.lines:
            since = line.since and f"since {_local(line.since, self._timezone):%Y-%m-%d %H:%M %Z}"
            self._line([clean(line.text, limit=MAX_SUMMARY), since or ""])

    def _digest(self, digest: Digest, channel: str) -> None:
        heading = Text(f"{digest_heading(digest)}, told together", style="bold")
        self._line([heading, Text(channel, style="dim")], indent=0)
        for group in groups(digest):
            self._group(group)

    def _group(self, group: Group) -> None:
        style = f"bold {_COLOURS[group.severity]}"
        count = f"{MARKS[group.severity]} {group.rule} ({len(group.tellings)})"
        self._line([Text(count, style=style)])
        for telling in group.tellings:
            title = _marked(telling.title.cut(MAX_TITLE), "bold")
            self._console.print(Padding(title, (0, 0, 0, 2 * _INDENT)))
            self._line([telling.outlet, self._when(telling)], indent=2 * _INDENT)
            self._address(telling.url, indent=2 * _INDENT)

    def _when(self, telling: Telling) -> str:
        told = f"{_local(telling.time, self._timezone):%Y-%m-%d %H:%M %Z}"
        return told if telling.published else f"seen {told}"

    def _so_far(self, spread: Spread) -> list[str]:
        return [
            f"So far: {spread.reports}",
            f"also {', '.join(spread.others)}" if spread.others else "",
            ", ".join(spread.languages),
            f"first seen {_local(spread.since, self._timezone):%Y-%m-%d %H:%M %Z}",
        ]

    def _address(self, url: str, indent: int = _INDENT) -> None:
        # Never wrapped: a broken address can be neither clicked nor copied.
        if url:
            self._console.print(Text(" " * indent + url, style="blue"), soft_wrap=True)

    def _line(self, parts: Iterable[Text | str], *, style: str = "", indent: int = _INDENT) -> None:
        line = Text(" · ", style=style).join(
            Text(part) if isinstance(part, str) else part for part in parts if part
        )
        self._console.print(Padding(line, (0, 0, 0, indent)))

    def _indented(self, text: Text) -> Padding:
        return Padding(text, (0, 0, 0, _INDENT))


def _local(when: datetime, timezone: tzinfo) -> datetime:
    try:
        return when.astimezone(timezone)
    except OverflowError:  # at the ends of the calendar, where feeds put entries without a date
        return when


def _marked(marked: Marked, style: str) -> Text:
    text = Text(marked.text, style=style)
    for start, end in marked.spans:
        text.stylize(_MATCHED, start, end)
    return text


def _why(telling: Telling) -> list[str]:
    hidden = ", ".join(telling.words_in_content)
    return [
        f"Why: {', '.join(telling.rules) or 'a rule'}",
        ", ".join(telling.words),
        f"in the article: {hidden}" if hidden else "",
        f"again: {telling.again}" if telling.again else "",
    ]
