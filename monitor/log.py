"""Log lines on standard error: text on a terminal, JSON otherwise; one line per thing done."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

# Last defence: nothing should log a secret, and nothing that does gets it out.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|https://hooks\.slack\.com/\S+|(?<=://)[^/\s@]+(?=@)"
)
_COLOURS = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31;1"}


def set_up(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log line of this process to a stream, standard error unless told otherwise."""
    out = stream or sys.stderr
    handler: logging.Handler = logging.NullHandler()
    if out is not None:  # started with standard error closed
        handler = logging.StreamHandler(out)
        handler.setFormatter(TextFormatter() if out.isatty() else JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries speak up when something is wrong; what they do all day is not our log's business.
    for noisy in ("apscheduler", "alembic", "slack_sdk", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def masked(text: str) -> str:
    """The text without anything that looks like a credential."""
    return _SECRETS.sub("***", text)


def _one_line(text: str) -> str:
    """No line break or control character from a feed can forge a log line."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


class TextFormatter(logging.Formatter):
    """`12:00:03 warning monitor.poll: feed failing ...`, coloured by level."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it where there is one."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{time} {record.levelname.lower()} {record.name}: {_one_line(record.getMessage())}"
        colour = _COLOURS.get(record.levelno)
        line = f"\x1b[{colour}m{line}\x1b[0m" if colour else line
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return masked(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for whatever collects a container's log."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, a traceback inside it where there is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
