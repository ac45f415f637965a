"""Pages from templates, every text escaped; the one door to jinja2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import show
from monitor.receivers.names import country_name, language_name
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

_FOLDER = Path(__file__).with_name("templates")
_LONGEST = 300


class Templates:
    """Renders the templates of this room."""

    def __init__(self, *, timezone: tzinfo) -> None:
        self._timezone = timezone
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "brief": brief,
            "country": country_name,
            "language": language_name,
            "marked": marked,
            "span": show.span,
            "clock": self._clock,
            "urlquery": urlencode,
        }
        self._environment.globals |= {"ago": show.ago, "plural": show.plural}

    def render(self, template: str, **values: object) -> bytes:
        """A page."""
        return self._environment.get_template(template).render(values).encode()

    def _clock(self, moment: datetime) -> str:
        return moment.astimezone(self._timezone).strftime("%Y-%m-%d %H:%M %Z")


def brief(text: str, limit: int = _LONGEST) -> str:
    """A text of strangers, on one line, cut where it is too long."""
    shown = clean(text[: 2 * limit], limit=limit + 1)
    return f"{shown[:limit]}…" if len(shown) > limit else shown


def marked(
    text: str, spans: Iterable[tuple[int, int]], limit: int = _LONGEST
) -> list[tuple[str, bool]]:
    """A text cut to a length, in parts that are evidence and parts that are not."""
    parts: list[tuple[str, bool]] = []
    at, end = 0, min(len(text), limit)
    for start, stop in _joined(spans):
        if max(start, at) < min(stop, end):
            parts += [(text[at:start], False), (text[start : min(stop, end)], True)]
            at = min(stop, end)
    parts.append((text[at:end] + ("…" if end < len(text) else ""), False))
    return [part for part in parts if part[0]]


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places, each once."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined
