"""Which entries of a document are new, by their bytes: only those need be parsed. Pure.

Splitting is not parsing: what is unusual in any way is left whole. What remains of a usual document
is its head, its new entries and its tail, which the parser reads as it would read the whole.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST = 8
_MARKUP = re.compile(
    rb"<!--|<!\[CDATA\[|<[?]|<!|</?(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_NAMES = (b"item", b"entry")
_START_TAG = re.compile(rb"""<\w+(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")
_TAG = re.compile(rb"<(?!rdf:li\b)[^>]*>")
"""The list of contents of RSS 1.0 changes with every entry and says nothing about any."""
_IDENTITY = re.compile(
    rb"""<link\s[^<>]*?href\s*=\s*["']([^"'<>]+)"""
    rb"""|<(?:link|guid|id)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?\s*([^<\]]+)"""
)
_LANGUAGE = re.compile(rb"<(?:dc:)?language[^>]*>([^<]*)")


@dataclass(frozen=True, slots=True)
class Delta:
    """What is left to parse."""

    head: bytes
    """What comes before the first entry; the whole where the document can't be split."""
    new: tuple[bytes, ...]
    """The entries that are new."""
    tail: bytes
    """What comes after the last entry."""
    known: int
    """Entries left out."""
    marks: bytes
    """To know the entries by next time; b"" where the document can't be split."""

    @property
    def document(self) -> bytes:
        """With only the entries that are new; b"" for none new."""
        if self.marks and not self.new:
            return b""
        return b"".join((self.head, *self.new, self.tail))


def delta(document: bytes, marks: bytes, *, url: str) -> Delta:
    """The entries of a document that were not in the one that gave `marks`.

    Args:
        document: XML in UTF-8, whole.
        marks: Of the document read last from this feed, b"" for none.
        url: Where it came from: links are resolved against it.
    """
    spans = _entries(document)
    if not spans:
        return Delta(document, (), b"", 0, b"")
    head, tail = document[: spans[0][0]], document[spans[-1][1] :]
    entries = [document[start:end] for start, end in spans]
    context = _context(head, tail, url)
    digests = [_digest(entry) for entry in entries]
    made = b"".join((context, *digests))
    if not marks.startswith(context):
        return Delta(head, tuple(entries), tail, 0, made)
    known = {marks[at : at + _DIGEST] for at in range(_DIGEST, len(marks), _DIGEST)}
    new = tuple(entry for entry, own in zip(entries, digests, strict=True) if own not in known)
    if new and _share_an_identity(new, entries):
        # One page or one guid for several entries is no identity of any: that shows in the whole only.
        return Delta(head, tuple(entries), tail, 0, made)
    return Delta(head, new, tail, len(entries) - len(new), made)


def _share_an_identity(new: Iterable[bytes], entries: list[bytes]) -> bool:
    """Whether a new entry has a link or guid of its own that another entry of the document has too."""
    named = Counter(name for entry in entries for name in _identities(entry))
    return any(named[name] > 1 for entry in new for name in _identities(entry))


def _identities(entry: bytes) -> set[bytes]:
    return {b"".join(found).strip() for found in _IDENTITY.findall(entry)} - {b""}


def _context(head: bytes, tail: bytes, url: str) -> bytes:
    """A digest of what entries depend on besides themselves.

    Markup and language only: texts such as the time of the last build change with every entry.
    """
    outside = head + b"\0" + tail
    parts = (*_TAG.findall(outside), *_LANGUAGE.findall(outside), url.encode("utf-8", "replace"))
    return _digest(b"\0".join(parts))


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()


def _entries(document: bytes) -> list[tuple[int, int]]:
    """Where each entry begins and ends; none for a document that is not as simple as can be.

    That is: well-formed, without a DTD, its entries siblings with nothing but blanks between them.
    """
    spans: list[tuple[int, int]] = []
    position = 0
    while found := _MARKUP.search(document, position):
        start, markup = found.start(), found[0]
        if ending := _ENDS.get(markup):
            end = document.find(ending, found.end())
            if end < 0:
                return []
            position = end + len(ending)
            continue
        end = _end_of_entry(document, start, markup)
        if not end or (spans and document[spans[-1][1] : start].strip()):
            return []
        spans.append((start, end))
        position = end
    return spans if _is_well_formed(document) else []


def _end_of_entry(document: bytes, start: int, markup: bytes) -> int:
    """Where the entry that begins here ends; 0 where that takes more than a look."""
    name, tag = markup[1:], _START_TAG.match(document, start)
    if name not in _NAMES or tag is None or tag[0].endswith(b"/>"):
        return 0
    position = tag.end()
    while found := _MARKUP.search(document, position):
        if ending := _ENDS.get(found[0]):
            position = document.find(ending, found.end()) + len(ending)
            if position < len(ending):
                return 0
        elif found[0] == b"</" + name:
            return document.find(b">", found.end()) + 1
        else:
            return 0
    return 0


def _is_well_formed(document: bytes) -> bool:
    parser = expat.ParserCreate("utf-8", " ")
    try:
        parser.Parse(document, True)
    except expat.ExpatError:
        return False
    return True
