"""OPML, in which readers of feeds exchange what they follow. Pure; what comes in is hostile."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from monitor import text, urls
from monitor.errors import ConfigError, Problem
from monitor.feeds import charset, plainxml
from monitor.feeds.plainxml import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import Feed

MAX_SIZE = 5_000_000
MAX_FEEDS = 10_000
_DEEPEST = 100
_MAX_TAGS = 20
_MAX_TEXT = 200
_MAX_URL = 2 * urls.MAX_LENGTH
"""Long enough to be refused as too long rather than cut."""
_FEEDS = {"rss", "rss1", "rss2", "atom", "feed", "jsonfeed", "pie"}
_TAG_SPACE = re.compile(r"[\s,;:/]+")


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed, as the file names it."""

    url: str
    title: str
    language: str
    tags: tuple[str, ...]
    """The outlines around it, outermost first, and its categories."""
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the file that is not followed, and why."""

    what: str
    line: int
    why: str


def read(data: bytes, file: str) -> tuple[tuple[Outline, ...], tuple[Skipped, ...]]:
    """The feeds of an OPML document in its order, and what else it names.

    Raises:
        ConfigError: It is no OPML, damaged, or beyond the limits; nothing of it is taken.
    """
    xml = charset.decode(data).encode("utf-8", "replace")
    root = plainxml.root(xml)
    if root != "opml":
        cause = f"this is not OPML: it begins with <{root}>" if root else "this is not OPML"
        raise _refusal(file, None, None, cause, _INSTEAD)
    outlines = _Outlines(file)
    try:
        plainxml.read(xml, outlines)
    except DamagedError as error:
        remedy = "Export it once more; nothing of it was taken"
        raise _refusal(file, error.line, error.column, str(error), remedy) from None
    return tuple(outlines.feeds), tuple(outlines.skipped)


_INSTEAD = (
    "Give the file that another reader exported; `monitor feeds add` takes the address of a feed"
)


def _refusal(
    file: str, line: int | None, column: int | None, cause: str, remedy: str
) -> ConfigError:
    return ConfigError([Problem(file, line, column, cause, remedy)])


@dataclass(slots=True)
class _Outlines:
    """What was told of so far."""

    file: str
    feeds: list[Outline] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    """For each open outline the tag it gives what is inside; "" for none."""
    in_body: bool = False

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        if name == "body":
            self.in_body = True
        if name != "outline" or not self.in_body:
            return
        if len(self.path) >= _DEEPEST or len(self.feeds) + len(self.skipped) >= MAX_FEEDS:
            deep = len(self.path) >= _DEEPEST
            cause = (
                "its outlines are nested too deeply" if deep else f"more than {MAX_FEEDS:,} feeds"
            )
            raise _refusal(self.file, line, None, cause, "Split it, and import the parts")
        title = _text(attributes, "title") or _text(attributes, "text")
        self._take(attributes, title, line)
        is_folder = not _address(attributes)
        self.path.append(_tag(title) if is_folder else "")

    def _take(self, attributes: Mapping[str, str], title: str, line: int) -> None:
        kind, url = attributes.get("type", "").strip().lower(), _address(attributes)
        if url and kind in _FEEDS | {""}:
            categories = re.split("[,/]", attributes.get("category", "")[: _MAX_TEXT * _MAX_TAGS])
            tags = dict.fromkeys(filter(None, [*self.path, *map(_tag, categories)]))
            language = _text(attributes, "language")
            self.feeds.append(Outline(url, title, language, (*tags,)[:_MAX_TAGS], line))
        elif kind in _FEEDS:
            self._skip(title, line, "it has no address of a feed (xmlUrl)")
        elif kind or url:
            self._skip(title or urls.shown(url), line, f'its type is "{kind[:40]}", not "rss"')

    def _skip(self, what: str, line: int, why: str) -> None:
        self.skipped.append(Skipped(text.clean(what, limit=_MAX_TEXT), line, text.clean(why)))

    def text(self, data: str) -> None:
        """Outlines have none."""

    def end(self, name: str) -> None:
        if name == "outline" and self.path:
            self.path.pop()


def _text(attributes: Mapping[str, str], name: str) -> str:
    return text.clean(attributes.get(name, ""), limit=_MAX_TEXT)


def _address(attributes: Mapping[str, str]) -> str:
    written = attributes.get("xmlurl", "") or attributes.get("url", "")
    return written.strip()[:_MAX_URL]


def _tag(words: str) -> str:
    """Words as a tag that rules can name: `tag:middle-east`."""
    return _TAG_SPACE.sub("-", text.clean(words, limit=_MAX_TEXT).lower()).strip("-")


def write(feeds: Iterable[Feed], *, title: str, now: datetime) -> str:
    """The feeds as OPML 2.0, each in a folder named for its first tag; never with credentials."""
    folders: dict[str, list[Feed]] = {}
    for feed in feeds:
        folders.setdefault(next(iter(feed.outlet.tags), ""), []).append(feed)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "<head>",
        f"<title>{_escaped(title)}</title>",
        f"<dateCreated>{format_datetime(now, usegmt=True)}</dateCreated>",
        "</head>",
        "<body>",
    ]
    for tag, inside in folders.items():
        lines += _folder(tag, inside) if tag else [_outline(feed) for feed in inside]
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _folder(tag: str, inside: Sequence[Feed]) -> list[str]:
    name = _quoted(tag)
    opening = f"<outline text={name} title={name}>"
    return [opening, *(f"  {_outline(feed)}" for feed in inside), "</outline>"]


def _outline(feed: Feed) -> str:
    outlet = feed.outlet
    attributes = {
        "type": "rss",
        "text": outlet.name,
        "title": outlet.name,
        "xmlUrl": urls.without_credentials(feed.url),
        "language": outlet.language,
        "category": ",".join(outlet.tags),
    }
    said = " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items() if value)
    return f"<outline {said}/>"


def _quoted(value: str) -> str:
    return quoteattr(text.clean(value))


def _escaped(value: str) -> str:
    return text.clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
