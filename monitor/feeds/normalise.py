"""Entry -> item: markup to plain text, once; bounded, and the same for every feed. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

from monitor import text, urls
from monitor.feeds import identity
from monitor.model import Entry, Feed, Item

if TYPE_CHECKING:
    from monitor.feeds.parse import ParsedFeed

MAX_TITLE = 1_000
MAX_SUMMARY = 5_000
MAX_CONTENT = 50_000
_TITLE_WORDS = 12
_MARKUP_PER_TEXT = 10
"""Characters of markup read for each character of text that is kept."""

_BLOCKS = (
    "address|article|aside|blockquote|br|caption|center|dd|div|dl|dt|figcaption|figure|footer|form"
    "|h[1-6]|header|hr|img|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
)
_SILENT = "iframe|noscript|object|script|style|svg|template"
"""Elements whose inside is no text for a reader."""

_TOKEN = re.compile(r"<(?:!--|!\[CDATA\[|/?(?P<name>[a-zA-Z][a-zA-Z0-9]*)|[!?/])", re.ASCII)
_TAG_END = re.compile(r"""[^>"']*+(?:(?:"[^"]*+"|'[^']*+')[^>"']*+)*+>""")
_LONGEST_TAG = 64_000
_PATIENCE = 100
"""Tags with unbalanced quotes after which quotes are no longer heeded: each costs a look ahead."""
_CDATA = "<![CDATA["
_CLOSING = {"<!--": "-->", _CDATA: "]]>"}
_BLOCK = re.compile(_BLOCKS, re.IGNORECASE)
_IS_SILENT = re.compile(_SILENT, re.IGNORECASE)


def normalise_document(parsed: ParsedFeed, feed: Feed, *, seen: datetime) -> tuple[Item, ...]:
    """The items of a document, oldest first, with their identity keys.

    Oldest first, so that alerts of one poll read in the order of events. Entries without a date
    count as just published; among equals the lower in the document is the older, as is the custom.
    """
    pairs = [
        (entry, _item(entry, feed, seen=seen, feed_language=parsed.language))
        for entry in parsed.entries
    ]
    keys = identity.keys_of_document(pairs, feed_url=feed.url)
    items = [
        replace(item, keys=own)
        for (_, item), own in zip(pairs, keys, strict=True)
        if item.title  # without one it has neither text nor link: nothing to match, nothing to tell
    ]
    items.reverse()
    return tuple(sorted(items, key=lambda item: item.published or seen))


def normalise(entry: Entry, feed: Feed, *, seen: datetime, feed_language: str = "") -> Item:
    """One entry in our terms. Never fails, whatever the entry holds."""
    item = _item(entry, feed, seen=seen, feed_language=feed_language)
    return replace(item, keys=identity.keys(entry, item, feed_url=feed.url))


def _item(entry: Entry, feed: Feed, *, seen: datetime, feed_language: str) -> Item:
    """The same without its identity keys, which depend on the whole document."""
    title = (
        _plain(entry.title, MAX_TITLE) if entry.title_is_html else _clean(entry.title, MAX_TITLE)
    )
    summary = _plain(entry.summary, MAX_SUMMARY)
    content = _plain(entry.content, MAX_CONTENT)
    url = urls.safe(entry.link)
    title = _without_source(title, entry.source) or _first_words(summary or content) or url
    if text.fold(summary) == text.fold(title):
        summary = ""
    return Item(
        title=title,
        summary=summary,
        content="" if content in {summary, title} else content,
        url=url,
        outlet=feed.outlet,
        language=_language(entry.language) or feed.outlet.language or _language(feed_language),
        published=_published(entry.published, seen),
    )


def _clean(plain: str, limit: int) -> str:
    return text.clean(plain, limit=limit)


def _plain(markup: str, limit: int) -> str:
    """The text a reader of this HTML would see."""
    markup = markup[: _MARKUP_PER_TEXT * limit]
    if "<" in markup:
        markup = "".join(_pieces(markup))
    return _clean(unescape(markup) if "&" in markup else markup, limit)


def _pieces(markup: str) -> list[str]:
    """The text between tags. One pass, no recursion: linear whatever the input."""
    kept: list[str] = []
    position = unbalanced = 0
    while found := _TOKEN.search(markup, position):
        kept.append(markup[position : found.start()])
        name, after = found["name"], 0
        if name and unbalanced < _PATIENCE:
            after = _after_quotes(markup, found.end())
            unbalanced += not after
        position = after or _after(markup, _CLOSING.get(found[0], ">"), found.end())
        if found[0] == _CDATA:
            kept.append(markup[found.end() : position].removesuffix("]]>"))
        elif name is None or _BLOCK.fullmatch(name):
            kept.append(" ")
        elif _IS_SILENT.fullmatch(name) and markup[found.start() + 1] != "/":
            position = _after_element(markup, name, position)
    kept.append(markup[position:])
    return kept


def _after_quotes(markup: str, position: int) -> int:
    """Where a tag ends in which `>` may stand inside quotes; 0 where they are not balanced."""
    whole = _TAG_END.match(markup, position, position + _LONGEST_TAG)
    return whole.end() if whole else 0


def _after(markup: str, closing: str, position: int) -> int:
    end = markup.find(closing, position)
    return len(markup) if end < 0 else end + len(closing)


def _after_element(markup: str, name: str, position: int) -> int:
    closing = re.compile(f"</{name}", re.IGNORECASE).search(markup, position)
    return _after(markup, ">", closing.end()) if closing else len(markup)


def _without_source(title: str, source: str) -> str:
    """The headline as its outlet has it: aggregators such as Google News append " - Outlet"."""
    if not source:
        return title
    headline, _, name = title.rpartition(" - ")
    return headline if headline and text.fold(name) == text.fold(_clean(source, 100)) else title


def _first_words(plain: str) -> str:
    words = plain[:MAX_TITLE].split(" ")
    cut = " ".join(words[:_TITLE_WORDS])
    return f"{cut}…" if len(words) > _TITLE_WORDS else cut


def _language(code: str) -> str:
    """The language of a tag such as en-GB, zh_Hans or KO; "" where it is none."""
    primary = re.split("[-_]", code.strip(), maxsplit=1)[0].lower()
    return primary if primary.isascii() and primary.isalpha() and len(primary) in {2, 3} else ""


def _published(published: datetime | None, seen: datetime) -> datetime | None:
    # A date in the future would put the item on top for ever.
    if published is None:
        return None
    known = published if published.tzinfo else published.replace(tzinfo=UTC)
    return min(known, seen)
