"""Google News sitemaps to entries: `<urlset>` whose `<url>` elements hold a `<news:news>`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from monitor.errors import ParseError
from monitor.feeds import dates, plainxml
from monitor.feeds.plainxml import DamagedError
from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOTS = ("urlset", "sitemapindex")

_MAX_TEXT = 20_000
_DEEPEST = 5
_FIELDS = {
    ("urlset", "url", "loc"): "link",
    ("urlset", "url", "lastmod"): "changed",
    # By where they stand, not by their prefix: publishers choose it, some forget to declare it, and
    # `image:title` and `video:title` stand elsewhere.
    ("urlset", "url", "news", "title"): "title",
    ("urlset", "url", "news", "publication_date"): "published",
    ("urlset", "url", "news", "publication", "name"): "outlet",
    ("urlset", "url", "news", "publication", "language"): "language",
}


@dataclass(slots=True)
class _Urls:
    """The entries told of so far."""

    entries: list[dict[str, str]] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    current: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:  # noqa: ARG002 - theirs
        self.path.append(name)

    def text(self, data: str) -> None:
        if len(self.path) <= _DEEPEST and (name := _FIELDS.get(tuple(self.path))):
            self.current[name] = (self.current.get(name, "") + data)[:_MAX_TEXT]

    def end(self, name: str) -> None:  # noqa: ARG002 - theirs
        if self.path == ["urlset", "url"]:
            self.entries.append(self.current)
            self.current = {}
        self.path.pop()


def read(xml: bytes, *, url: str) -> tuple[str, str, list[Entry], bool]:
    """Name of the outlet, language, entries and whether the document is whole.

    Raises:
        ParseError: It is a sitemap without news, or nothing in it can be read.
    """
    if plainxml.root(xml) == "sitemapindex":
        raise ParseError("a list of sitemaps, not a feed: give the address of its news sitemap")
    read, complete = _Urls(), True
    try:
        plainxml.read(xml, read)
    except DamagedError as error:
        if not read.entries:
            raise ParseError(f"a damaged sitemap: {error}") from None
        complete = False
    news = [one for one in read.entries if one.get("title", "").strip()]
    if read.entries and not news:
        raise ParseError("a sitemap without headlines: only Google News sitemaps have them")
    outlet, language = _usual(news, "outlet"), _usual(news, "language")
    return outlet, language, [_entry(one, outlet, language, url) for one in news], complete


def _usual(news: Sequence[dict[str, str]], name: str) -> str:
    counted = Counter(one.get(name, "").strip() for one in news)
    return counted.most_common(1)[0][0] if counted else ""


def _entry(said: dict[str, str], outlet: str, language: str, url: str) -> Entry:
    source, own = said.get("outlet", "").strip(), said.get("language", "").strip()
    return Entry(
        link=_link(said.get("link", ""), url),
        title=said["title"],
        published=dates.iso(said.get("published", "")) or dates.iso(said.get("changed", "")),
        language="" if own == language else own,
        source="" if source == outlet else source,
    )


def _link(written: str, url: str) -> str:
    try:
        # In a CDATA section publishers write the ampersand in either way.
        return urljoin(url, written.strip().replace("&amp;", "&")) if written.strip() else ""
    except ValueError:
        return ""
