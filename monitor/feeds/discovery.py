"""An HTML page to the feeds it names, and where sites without a word about them keep theirs. Pure.

What names a feed is a guess until the address has been read. Only single tags reach the standard
library's parser, for their attributes: it takes time by the square of some whole pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from monitor import text, urls
from monitor.feeds import plainxml

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PAGE = 1_000_000
"""Characters of a page that are looked at."""
MAX_LINKS = 30
"""Addresses that one page may send us to."""

_PLACES = (
    "feed",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feed.json",
    "news-sitemap.xml",
    "sitemap-news.xml",
)
_TYPES = {
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/x.atom+xml",
    "application/x-atom+xml",
    "text/rss+xml",
}
_VAGUE_TYPES = {"application/xml", "text/xml", "application/json"}
"""Also of other things, so that the address has to look like a feed's too."""

_PAGE = {
    "html",
    "head",
    "body",
    "title",
    "meta",
    "link",
    "base",
    "script",
    "style",
    "div",
    "p",
    "h1",
}
"""Elements that pages begin with."""
_MARK = re.compile(r"<(?:!--|(?P<name>script|style|link|base|a)(?=[\s/>]))", re.IGNORECASE)
_TAG = re.compile(
    r"""<\w++[^"'<>]{0,2000}+(?:(?:"[^"]{0,4000}"|'[^']{0,4000}')[^"'<>]{0,2000}+){0,40}>"""
)
_ENDS = {
    "script": re.compile("</script", re.IGNORECASE),
    "style": re.compile("</style", re.IGNORECASE),
}
_LIKE_A_FEED = re.compile(
    r"(?:\.(?:rss|rdf|atom)|[/_-](?:rss|feeds?|atom)(?:\.(?:xml|php|aspx?|json))?|rss\w*\.xml|feed\w*\.xml)/?$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:feed|format|output|type|alt)=(?:rss2?|atom|rdf|feed|json)(?:&|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a page calls a feed, or that looks like one's."""

    url: str
    title: str
    """What the page calls it, "" where it has no name."""
    declared: bool = False
    """The page says that it is a feed; else it only looks like one."""


def is_page(body: str) -> bool:
    """Whether this is a page that may name feeds."""
    return plainxml.root(body[:MAX_PAGE].encode("utf-8", "replace")) in _PAGE


def links(page: str, url: str) -> tuple[Link, ...]:
    """The feeds that a page names, in its order: what its head declares, then what it links to.

    Args:
        page: The HTML.
        url: Where it came from, against which its links are resolved.
    """
    base, declared, linked = url, [], []
    for name, attributes in _tags(page[:MAX_PAGE]):
        href = attributes.get("href", "").strip()
        if name == "base":
            base = _joined(url, href) or base
        elif name == "link" and _is_declared(attributes):
            declared.append(Link(_joined(base, href), _title(attributes), declared=True))
        elif name == "a" and _looks_like_a_feed(href):
            linked.append(Link(_joined(base, href), _title(attributes)))
    return _distinct([*declared, *linked])


def places(url: str) -> tuple[Link, ...]:
    """Where a site may keep a feed that it does not name, likeliest first: at the page, at its root."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    folder = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    near = [Link(_joined(root, f"{folder}{place}"), "") for place in _PLACES[:2]]
    return _distinct([*near, *(Link(root + place, "") for place in _PLACES)])


def _tags(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The tags that matter with their attributes, outside comments and scripts. One pass."""
    position = 0
    while found := _MARK.search(page, position):
        name = (found["name"] or "").lower()
        if not name:
            end = page.find("-->", found.end())
            position = len(page) if end < 0 else end
        elif name in _ENDS:
            closing = _ENDS[name].search(page, found.end())
            position = closing.end() if closing else len(page)
        else:
            tag = _TAG.match(page, found.start())
            position = tag.end() if tag else found.end()
            if tag:
                yield name, _attributes(tag[0])


class _Reader(HTMLParser):
    """Keeps the attributes of the one tag it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - theirs
        for name, value in reversed(attrs):  # the first of a name counts
            self.found[name] = value or ""


def _attributes(tag: str) -> dict[str, str]:
    reader = _Reader()
    reader.feed(tag)
    return reader.found


def _is_declared(attributes: dict[str, str]) -> bool:
    if "alternate" not in attributes.get("rel", "").lower().split():
        return "feed" in attributes.get("rel", "").lower().split()
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    return kind in _TYPES or (
        kind in _VAGUE_TYPES and _looks_like_a_feed(attributes.get("href", ""))
    )


def _looks_like_a_feed(href: str) -> bool:
    path, _, query = href[: urls.MAX_LENGTH].partition("#")[0].partition("?")
    return bool(_LIKE_A_FEED.search(path) or _FEED_QUERY.search(query))


def _title(attributes: dict[str, str]) -> str:
    return text.clean(attributes.get("title", ""), limit=200)


def _joined(base: str, href: str) -> str:
    """The whole address; "" where it is none that can be asked."""
    try:
        return urls.safe(urljoin(base, href)) if href else ""
    except ValueError:
        return ""


def _distinct(found: list[Link]) -> tuple[Link, ...]:
    first: dict[str, Link] = {}
    for link in found:
        if link.url:
            first.setdefault(link.url.partition("#")[0], link)
    return tuple(first.values())[:MAX_LINKS]
