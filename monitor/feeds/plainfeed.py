"""Plain RSS 2.0 and Atom 1.0 to entries, exactly as feedparser reads them but far faster. Pure.

Whatever is not plain, in the document or in an entry, is left to feedparser, which stays the
reference: tests hold that both read alike, whatever this takes on.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from html import escape
from html.entities import entitydefs
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from monitor.feeds import dates, tags, vocabulary
from monitor.feeds.tags import UnusualError, attributes
from monitor.feeds.vocabulary import Vocabulary
from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.feeds.tags import Element

ROOTS = ("rss", "feed")

_WEB = ("http://", "https://")
_TEXT_TYPES = {"text": False, "text/plain": False, "html": True, "text/html": True}
"""Whether text of this type is markup."""
_PAGE_TYPES = {"text/html", "html", "application/xhtml+xml", "xhtml"}
_CONTEXT = {"lang", "base"}
_OF_ENTRY = _CONTEXT | {"about", "href", "lastmod"}
"""Attributes of an element around others that say something of them."""
_MEANT = _CONTEXT | {"href", "ispermalink", "mode", "rel", "src", "type", "uri", "url"}
"""Attributes that feedparser heeds even where they are of another namespace."""

_OF_WORDPRESS = ' xmlns="com-wordpress:feed-additions:1"'
"""Of two elements that many sites have, in a namespace that means nothing."""

_PLAIN_URL = re.compile(
    r"https?://\w[\w.-]*+(?::\d++)?+(?:/[\w./%~+@,=-]*+)?+(?:\?[\w.%&=+~-]++)?+", re.ASCII
)
_SLASHES = re.compile("^([A-Za-z][A-Za-z0-9+-.]*://)/*")
_AMPERSAND = re.compile("&([A-Za-z0-9_]+);")

_C1 = re.compile("[\x80-\x9f]")
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(128, 160)}
_LIKE_HTML = re.compile(r"</\w+>|&#?\w+;")
_ANY_TAG = re.compile(r"</?\w")
_ENTITY = re.compile(r"&(\w+);")


def read(
    head: str, entries: Iterable[str], tail: str, *, url: str
) -> tuple[str, str, list[Entry]] | None:
    """Title, language and entries of a plain document; None for one that is not plain.

    Args:
        head: Of a well-formed document without a DTD, up to its first entry.
        entries: Those to read.
        tail: What follows the last one.
        url: Where it came from: links are resolved against it.
    """
    try:
        document = _Document(url)
        document.read_frame(head, tail)
        return document.title, document.language, [document.entry(entry) for entry in entries]
    except UnusualError:
        return None


@dataclass(slots=True)
class _Said:
    """What the elements of one entry said."""

    id: str = ""
    link: str | None = None
    title: str = ""
    title_is_html: bool = True
    summary: str | None = None
    content: tuple[str, bool] | None = None
    """With whether it is markup."""
    dates: dict[str, datetime | None] = field(default_factory=dict)
    language: str = ""
    source: str | None = None
    original: str = ""
    seen: set[str] = field(default_factory=set)

    def once(self, name: str) -> None:
        """Note an element of which there must be one.

        Raises:
            UnusualError: It is the second.
        """
        if name in self.seen:
            raise UnusualError
        self.seen.add(name)


class _Document:
    """Reads one document: its frame, then its entries."""

    def __init__(self, url: str) -> None:
        self.title = ""
        self.language = ""
        self._base = _joined(url, url)
        self._lang = ""
        self._atom = False
        self._words = Vocabulary()

    def read_frame(self, head: str, tail: str) -> None:
        """Read what stands around the entries."""
        name, written, position = tags.opening(head)
        if name not in ROOTS:
            raise UnusualError
        self._atom = name == "feed"
        self._root(attributes(written))
        around = ["feed"]
        if not self._atom:
            name, written, position = tags.opening(head, position)
            self._refuse_context(written)
            around = [name, "rss"]
        if around[0] not in {"feed", "channel"} or not self._base.startswith(_WEB):
            raise UnusualError
        self._head(head, position)
        position = 0
        for name in around:
            position = tags.closing(tail, position, name)
        if not tags.is_end(tail, position):
            raise UnusualError

    def _root(self, said: Mapping[str, str]) -> None:
        if (said.get("xmlns", "").lower() != vocabulary.ATOM) is self._atom:
            raise UnusualError
        for name, value in said.items():
            prefix, _, local = name.rpartition(":")
            if prefix == "xmlns":
                self._words.bind(local, value)
            elif name == "xml:lang":
                self.language = self._lang = value.replace("_", "-")
            elif name == "xml:base":
                self._base = _joined(self._base, value)
            elif local.lower() in {"lang", "base"}:
                raise UnusualError

    def _head(self, head: str, position: int) -> None:
        elements, position = tags.children(head, position)
        if not tags.is_end(head, position):
            raise UnusualError
        said = _Said()
        for element in elements:
            name = self._name(element)
            if name in {"title", "itunes:summary"}:
                said.once(name)
            if name == "title":
                self.title = self._construct(element)[0]
            elif name in {"language", "dc:language"}:
                self.language = _value(element)
            elif name in vocabulary.PICTURES:
                self._allow(element.children, vocabulary.IN_PICTURES)
            elif name == "itunes:summary":
                element.text  # noqa: B018 - elements in it are unusual
            elif name in vocabulary.HARMLESS_IN_HEAD:
                self._allow(element.children, vocabulary.HARMLESS_IN_HEAD)
            else:
                raise UnusualError

    def _refuse_context(self, written: str) -> None:
        if written:
            self._words.bind_all(written)
            if any(name.rpartition(":")[2].lower() in _OF_ENTRY for name in attributes(written)):
                raise UnusualError

    def _name(self, element: Element) -> str:
        if "xmlns" in element.attributes:
            if element.name in {"post-id", "site"} and element.attributes == _OF_WORDPRESS:
                return ""
            self._words.bind_all(element.attributes)
        return self._words.name(element.name)

    def _allow(self, elements: Iterable[Element], allowed: set[str]) -> set[str]:
        """The names in there, which must all be among those allowed."""
        names = set()
        for element in elements:
            names |= {self._name(element)} | self._allow(element.children, allowed)
        if not names <= allowed:
            raise UnusualError
        return names

    def entry(self, text: str) -> Entry:
        """Read an entry."""
        name, written, position = tags.opening(text)
        self._refuse_context(written)
        elements, position = tags.children(text, position)
        if tags.closing(text, position, name) != len(text):
            raise UnusualError
        said = _Said()
        for element in elements:
            self._note(said, self._name(element), element)
        if "media:title" in said.seen and (not said.title or said.source is not None):
            raise UnusualError  # feedparser may take it for the title
        return self._entry(said)

    def _note(self, said: _Said, name: str, element: Element) -> None:
        if name in vocabulary.HARMLESS:
            # feedparser looks for titles in every group.
            said.seen |= self._allow(element.children, vocabulary.HARMLESS | {"media:title"})
        elif name in vocabulary.DATES:
            said.dates[vocabulary.DATES[name]] = _date(_value(element))
        elif name in {"title", "guid", "id", "description", "summary", "source"}:
            said.once("id" if name == "guid" else name)
            self._note_one(said, name, element)
        elif name == "link":
            self._note_link(said, element)
        elif name in {"content:encoded", "content"}:
            said.once("content")
            said.content = self._body(element, name)
        elif name in {"language", "dc:language"}:
            said.language = _value(element)
        elif name == "feedburner:origlink" and not element.attributes:
            said.original = _value(element)
        elif name == "media:title":
            said.seen.add(name)
            element.text  # noqa: B018 - elements in it are unusual
        else:
            raise UnusualError

    def _note_one(self, said: _Said, name: str, element: Element) -> None:
        if name == "title":
            said.title, said.title_is_html = self._construct(element)
            if not said.title:
                raise UnusualError
        elif name == "source":
            said.source = self._source(element)
        elif name in {"guid", "id"}:
            self._note_id(said, element)
        elif (name == "summary") is not self._atom:
            raise UnusualError
        else:
            said.summary = _markup(*self._text(element, html=name == "description"))

    def _note_id(self, said: _Said, element: Element) -> None:
        own = _own(element)
        is_link = {key.lower(): value for key, value in own.items()}.get("ispermalink", "true")
        value = element.text.strip()
        said.id = _settled(self._resolved(value) if is_link == "true" and value else value)
        if is_link == "true" and said.link is None:
            said.link = said.id

    def _note_link(self, said: _Said, element: Element) -> None:
        own = {key.lower(): value for key, value in _own(element).items()}
        if own.keys() & {"url", "uri"}:
            raise UnusualError
        text = element.text.strip()
        if "href" not in own:
            link = _settled(self._resolved(text) if text else "").replace("&amp;", "&")
            said.link = _AMPERSAND.sub(r"&\g<1>", link)
            return
        rel = own.get("rel", "alternate").lower()
        kind = own.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
        if rel == "alternate" and kind in _PAGE_TYPES:
            said.link = self._resolved(own["href"])

    def _body(self, element: Element, name: str) -> tuple[str, bool]:
        if name == "content" and not self._atom:
            raise UnusualError
        return self._text(element, html=name == "content:encoded")

    def _source(self, element: Element) -> str:
        if not self._atom:
            _own(element)
            return _value(element)
        title = ""
        self._allow(element.children, vocabulary.IN_SOURCE)
        for child in element.children:
            if self._name(child) == "title":
                title = self._construct(child)[0]
            elif self._name(child) == "link" and child.text.strip():
                raise UnusualError
        if element.inside is not None and element.text.strip():
            raise UnusualError
        return title

    def _construct(self, element: Element) -> tuple[str, bool]:
        """A title, and whether it is markup."""
        if any(name.startswith("xml:") for name in _own(element, context=True)):
            raise UnusualError
        value, html = self._text(element, html=False)
        return value, html if self._atom else _looks_like_html(value)

    def _text(self, element: Element, *, html: bool) -> tuple[str, bool]:
        """A text, and whether it is markup; `html` where it does not say."""
        for name, value in _own(element, context=True).items():
            if name == "type" and (self._atom or (html and _TEXT_TYPES.get(value.lower()))):
                if value.lower() not in _TEXT_TYPES:
                    raise UnusualError
                html = _TEXT_TYPES[value.lower()]
            elif name not in {"xml:lang", "xml:base"}:
                raise UnusualError
        return _value(element), html

    def _resolved(self, link: str) -> str:
        return link if _PLAIN_URL.fullmatch(link) else _joined(self._base, link)

    def _entry(self, said: _Said) -> Entry:
        content = said.content or ("", True)
        language = self._lang or said.language
        published = (said.dates.get(kind) for kind in ("published", "updated", "created"))
        return Entry(
            guid=said.id,
            link=said.original or said.link or "",
            title=said.title,
            title_is_html=said.title_is_html,
            # feedparser makes a summary of what it has, and then takes it for markup.
            summary=content[0] if said.summary is None else said.summary,
            content=_markup(*content),
            published=next(filter(None, published), None),
            language="" if language.lower() == self.language.lower() else language,
            source=said.source or "",
        )


def _own(element: Element, *, context: bool = False) -> dict[str, str]:
    """The attributes of an element but for namespaces.

    Raises:
        UnusualError: They are of another namespace; or, unless `context`, change base or language.
    """
    if not element.attributes:
        return {}
    found = attributes(element.attributes)
    own = {name: value for name, value in found.items() if not name.startswith("xmlns:")}
    for name in own:
        prefix, _, local = name.rpartition(":")
        if local.lower() in (_MEANT if prefix else _CONTEXT) and not (context and prefix == "xml"):
            raise UnusualError
    return own


def _value(element: Element) -> str:
    return _settled(element.text.strip())


def _settled(text: str) -> str:
    """Text whose character set was mistaken somewhere before us, mended as feedparser mends it."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_WINDOWS) if _C1.search(text) else text


def _markup(value: str, html: bool) -> str:  # noqa: FBT001 - a pair, unpacked
    return value if html else escape(value, quote=False)


def _looks_like_html(text: str) -> bool:
    """Whether feedparser takes a title for markup.

    Raises:
        UnusualError: That depends on which tags it allows.
    """
    if not _LIKE_HTML.search(text):
        return False
    if _ANY_TAG.search(text):
        raise UnusualError
    return all(name in entitydefs for name in _ENTITY.findall(text))


def _date(written: str) -> datetime | None:
    if not written:
        return None
    if date := dates.usual(written):
        return date
    raise UnusualError


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, _SLASHES.sub(r"\1", link))
    except ValueError:
        return ""
