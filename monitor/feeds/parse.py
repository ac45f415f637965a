"""Bytes to entries. The only module that knows feedparser.

Plain documents are read without it (`plainfeed.py`), with the same result. feedparser is slow on some
small inputs: the service lets it work in a process that can be stopped (`parsing.ParsePool`). It also
opens a body that looks like a path: always `io.BytesIO`.
"""

from __future__ import annotations

import calendar
import heapq
import io
import re
import warnings
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from monitor.errors import ParseError
from monitor.feeds import charset, delta, hints, jsonfeed, plainfeed, plainxml, sitemap
from monitor.model import Entry, Hints

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.feeds.delta import Delta

NO_HINTS = Hints()
PARSER_VERSION = 1
"""Raise it whenever the same bytes would give other entries: every feed is then read anew."""

MAX_ENTRIES = 5_000
MOST_AT_ONCE = 256_000
"""Bytes of a document that is read where it is, in some milliseconds at most."""
_MAX_GUID = 2_000
_MAX_LINK = 10_000
_MAX_TITLE = 20_000
_MAX_SUMMARY = 100_000
_MAX_CONTENT = 500_000
_HEAD = 64_000

_Raw: TypeAlias = Any
"""feedparser's own dictionary; it stays in this module."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D}) + b"\x7f"
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+))")
_MAX_CODE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_MAX_DIGITS = 8

_ROOT = re.compile(rb"<((?:[a-z_][\w.-]*:)?(?:rss|feed|rdf|channel))[\s/>]", re.IGNORECASE)
_ENTRY_START = re.compile(rb"<(?:[a-z_][\w.-]*:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:[a-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_BLANK = b"\xef\xbb\xbf \t\r\n"
_TAG = re.compile(rb"<\w")
_BLANKS = re.compile(rb"\s+")
_ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]{0,40})")
_KINDS = (
    (b"\x89PNG", "a PNG image, not a feed"),
    (b"\xff\xd8\xff", "a JPEG image, not a feed"),
    (b"GIF8", "a GIF image, not a feed"),
    (b"%PDF", "a PDF document, not a feed"),
    (b"PK\x03\x04", "a ZIP archive, not a feed"),
    (b"\x1f\x8b", "compressed data, not a feed"),
)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document said."""

    title: str
    language: str
    """As the document has it, such as en-US; "" where it says nothing."""
    entries: tuple[Entry, ...]
    """In the document's order."""
    complete: bool
    """False for a document that was cut off: what it is validated by must not be kept."""
    left_out: int = 0
    """Entries beyond the newest 5,000."""
    known: int = 0
    """Entries that were not read because the document read last had them, byte for byte."""
    marks: bytes = b""
    """What to give `parse` next time; b"" where every entry must be read again."""
    hints: Hints = NO_HINTS
    """About when to ask for it again."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A mistake of ours that a document brought to light."""

    kind: str
    """Type of the exception and where it was raised: the same for all documents that it befalls."""
    trace: str
    """The end of the traceback."""


def parse(body: bytes, *, url: str, content_type: str = "", marks: bytes = b"") -> ParsedFeed:
    """Read a feed of any kind; what kind is read from the document, not from its label.

    Args:
        body: The document, whole and decompressed.
        url: Where it came from in the end; relative links are resolved against it.
        content_type: The header, for its charset.
        marks: Of the document of this feed that was read last: its entries are not read again.

    Raises:
        ParseError: It is not a feed, or nothing in it can be read; the text says what it is.
    """
    _refuse_other_kinds(body[:_HEAD].lstrip(_BLANK))
    text = charset.decode(body, content_type=content_type).strip()
    if not text.strip("\0"):
        raise ParseError("an empty body")
    if text.startswith(("{", "[")):
        title, language, entries = jsonfeed.read(text, url=url)
        return _parsed(title, language, entries, complete=True)
    xml = _mended(text.encode("utf-8", "replace"))
    if plainxml.root(xml) in sitemap.ROOTS:
        title, language, entries, complete = sitemap.read(xml, url=url)
        return _parsed(title, language, entries, complete=complete)
    root = _ROOT.search(xml[:_HEAD])
    if root and not _is_closed(xml, root[1]):
        # Of an entry that was cut, title and text may be half there: it is left for the next poll.
        return _parse_whole(_up_to_last_entry(xml), url, root, complete=False)
    new = delta.delta(xml, marks, url=url)
    return _with_frame(_parse_plain(new, url) or _parse_new(new, url, root), new)


def parse_at_once(
    body: bytes, *, url: str, content_type: str = "", marks: bytes = b""
) -> ParsedFeed | None:
    """Read a document as `parse` does, if that takes next to no time; None if it may take more.

    Safe outside of a worker: in the length of a document, which is bounded, it is linear.
    """
    if len(body) > MOST_AT_ONCE:
        return None
    text = charset.decode(body, content_type=content_type).strip()
    xml = _mended(text.encode("utf-8", "replace"))
    if plainxml.root(xml) not in plainfeed.ROOTS:
        return None
    new = delta.delta(xml, marks, url=url)
    read = _parse_plain(new, url)
    return _with_frame(read, new) if read else None


def _refuse_other_kinds(start: bytes) -> None:
    for magic, kind in _KINDS:
        if start.startswith(magic):
            raise ParseError(kind)
    if _HTML.match(_without_comments(start)):
        raise ParseError("an HTML page, not a feed")


def _without_comments(start: bytes) -> bytes:
    while start.startswith(b"<!--"):
        start = start.partition(b"-->")[2].lstrip()
    return start


def _mended(xml: bytes) -> bytes:
    """Without what feedparser stumbles over: what no XML may hold, and blanks before the root."""
    xml = _REFERENCE.sub(_mended_reference, xml.translate(None, _NOT_XML))
    if b"\r" in xml:
        xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    root = _TAG.search(xml)
    head = root.start() if root else 0
    return _BLANKS.sub(b"\n", xml[:head]) + xml[head:]


def _mended_reference(found: re.Match[bytes]) -> bytes:
    digits, base = (found[1], 16) if found[1] else (found[2], 10)
    code = int(digits, base) if len(digits) <= _MAX_DIGITS else _MAX_CODE + 1
    return b"&#65533" if code > _MAX_CODE or code in _SURROGATES or code == 0 else found[0]


def _with_frame(read: ParsedFeed, new: Delta) -> ParsedFeed:
    return replace(read, known=new.known, marks=new.marks, hints=hints.of_document(new.head))


def _parse_plain(new: Delta, url: str) -> ParsedFeed | None:
    if not new.marks:
        return None
    if not new.new:
        return ParsedFeed("", "", (), complete=True)
    entries = [entry.decode() for entry in new.new]
    read = plainfeed.read(new.head.decode(), entries, new.tail.decode(), url=url)
    return read and _parsed(*read, complete=True)


def _parse_new(new: Delta, url: str, root: re.Match[bytes] | None) -> ParsedFeed:
    return _parse_whole(new.document, url, root, complete=True)


def _parse_whole(
    xml: bytes, url: str, root: re.Match[bytes] | None, *, complete: bool
) -> ParsedFeed:
    read = _feedparsed(xml, url)
    if not read.entries and not read.get("version") and not root:
        raise ParseError(_other_kind(xml))
    if not read.entries and not complete:
        raise ParseError("cut off before the end of its first entry")
    language = _string(read.feed, "language")
    entries = [_entry(raw, language) for raw in read.entries]
    return _parsed(_string(read.feed, "title"), language, entries, complete=complete)


def _is_closed(xml: bytes, root: bytes) -> bool:
    """Whether the document's end was reached: its root is closed after its last entry."""
    end = xml.rfind(b"</" + root)
    if end < 0:
        return re.search(b"<" + re.escape(root) + rb"[^<>]*/>", xml[:_HEAD]) is not None
    return _ENTRY_START.search(xml, end) is None


def _up_to_last_entry(xml: bytes) -> bytes:
    end = max((found.end() for found in _ENTRY_END.finditer(xml)), default=0)
    return xml[:end]


def _feedparsed(xml: bytes, url: str) -> _Raw:
    import feedparser  # noqa: PLC0415 - few documents need it, and it is slow to load

    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return feedparser.parse(
                io.BytesIO(xml),
                response_headers=headers,
                # We make plain text of markup ourselves; these two cost time, even quadratically.
                resolve_relative_uris=False,
                sanitize_html=False,
            )
    except MemoryError:
        raise
    except Exception as error:
        # feedparser promises no set of exceptions: any of them means that it can't read this.
        raise ParseError("a damaged document that can't be read") from error


def _other_kind(xml: bytes) -> str:
    element = _ELEMENT.search(xml[:_HEAD])
    if element is None:
        return "neither XML nor JSON, not a feed"
    name = element[1].decode("utf-8", "replace").lower()
    if name == "opml":
        return "an OPML list of feeds, not a feed: `monitor feeds import` reads it"
    return f"a document of another kind (<{name}>), not a feed"


def _entry(raw: _Raw, feed_language: str) -> Entry:
    language = _string(raw.get("title_detail") or {}, "language") or _string(raw, "language")
    content = max(map(_markup, _dicts(raw.get("content"))), key=len, default="")
    return Entry(
        guid=_string(raw, "id"),
        link=_string(raw, "feedburner_origlink") or _string(raw, "link"),
        title=_string(raw, "title"),
        title_is_html=_is_html(raw.get("title_detail") or {}),
        summary=_markup({"value": raw.get("summary")} | dict(raw.get("summary_detail") or {})),
        content=content,
        published=_published(raw),
        # What every entry inherits says nothing about this one, and is wrong in many feeds.
        language="" if language.lower() == feed_language.lower() else language,
        source=_string(raw.get("source") or {}, "title"),
    )


def _dicts(value: object) -> Iterable[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _markup(detail: dict[str, Any]) -> str:
    value = _string(detail, "value")
    return value if _is_html(detail) else escape(value, quote=False)


def _is_html(detail: dict[str, Any]) -> bool:
    return bool(detail.get("type", "text/html") != "text/plain")


def _string(holder: _Raw, key: str) -> str:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _published(raw: _Raw) -> datetime | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        # As a plain dict: feedparser answers for absent dates with others, and a warning.
        parts = dict.get(raw, name)
        if parts and (date := _date(parts)):
            return date
    return None


def _date(parts: Sequence[int]) -> datetime | None:
    try:
        # Not fromtimestamp: it reads what the platform's C library can.
        date = _EPOCH + timedelta(seconds=calendar.timegm(tuple(parts)))
    except (ValueError, OverflowError, TypeError):
        return None
    return date if date >= _EPOCH else None


def _parsed(title: str, language: str, entries: Sequence[Entry], *, complete: bool) -> ParsedFeed:
    kept = [_bounded(entry) for entry in _newest(entries)]
    left_out = len(entries) - len(kept)
    return ParsedFeed(title[:_MAX_TITLE], language[:100], tuple(kept), complete, left_out)


def _newest(entries: Sequence[Entry]) -> Sequence[Entry]:
    """At most 5,000, in their order; an entry without a date counts as new, an earlier as newer."""
    if len(entries) <= MAX_ENTRIES:
        return entries
    latest = datetime.max.replace(tzinfo=UTC)

    def age(place: int) -> tuple[datetime, int]:
        return entries[place].published or latest, -place

    return [
        entries[place] for place in sorted(heapq.nlargest(MAX_ENTRIES, range(len(entries)), age))
    ]


def _bounded(entry: Entry) -> Entry:
    """The entry without megabytes that nobody will keep."""
    return replace(
        entry,
        guid=_bounded_guid(entry.guid),
        link=entry.link[:_MAX_LINK],
        title=entry.title[:_MAX_TITLE],
        summary=entry.summary[:_MAX_SUMMARY],
        content=entry.content[:_MAX_CONTENT],
        language=entry.language[:100],
        source=entry.source[:_MAX_TITLE],
    )


def _bounded_guid(guid: str) -> str:
    if len(guid) <= _MAX_GUID:
        return guid
    # Not its beginning: long guids of one feed may begin alike.
    return blake2b(guid.encode("utf-8", "replace"), digest_size=32).hexdigest()
