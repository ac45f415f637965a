"""What feeds an address leads to: is it one, does its page name some, does its site keep one somewhere?

Every feed that comes of it has been read. Nothing is stored.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor import text
from monitor.errors import FeedError
from monitor.feeds import charset, discovery
from monitor.feeds.exchange import Request
from monitor.model import Validators
from monitor.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.feeds.discovery import Link
    from monitor.feeds.exchange import Fetched, Response
    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.parse import ParsedFeed
    from monitor.feeds.reading import Reading


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was read."""

    url: str
    """Where to ask for it; where it moved for good, its new address."""
    title: str
    parsed: ParsedFeed
    moved_from: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An address that was called a feed and can't be read as one."""

    url: str
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address leads to."""

    how: str
    """In words, where the feeds come from: "this is a feed", "its page names them"."""
    feeds: tuple[Found, ...]
    unreadable: tuple[Unreadable, ...] = ()


IS_ONE = "this address is a feed"
NAMED = "the page names"
GUESSED = "the page names no feed; found in the usual places:"
NONE = (
    "the page names no feed that can be read, and there is none in the usual places; "
    "if the site has a page that lists its feeds, give the address of that"
)


def look(url: str, fetcher: Fetcher, reading: Reading) -> Answer:
    """The feeds that an address leads to, likeliest first.

    Raises:
        FeedError: It does not answer, or what it answers with is neither a feed nor a page.
    """
    (fetched,) = _fetch([url], fetcher)
    response = _response(fetched)
    try:
        return Answer(IS_ONE, (_found(_read(fetched, reading)),))
    except FeedError:
        page = charset.decode(response.body, content_type=response.headers.get("content-type", ""))
        if not discovery.is_page(page):
            raise
    return _beyond(page, response.url, fetcher, reading)


def _beyond(page: str, url: str, fetcher: Fetcher, reading: Reading) -> Answer:
    named, failed = _try(discovery.links(page, url), fetcher, reading)
    if named:
        return Answer(NAMED, named, failed)
    guessed, _ = _try(discovery.places(url), fetcher, reading)
    return Answer(GUESSED if guessed else NONE, guessed, failed)


def _try(
    links: Sequence[Link], fetcher: Fetcher, reading: Reading
) -> tuple[tuple[Found, ...], tuple[Unreadable, ...]]:
    """Those that can be read, each once, and those that were declared and can't, in their order."""
    found: list[Found] = []
    failed = []
    seen: set[str] = set()
    answers = _fetch([link.url for link in links], fetcher, reading)
    for link, fetched in zip(links, answers, strict=True):
        try:
            one = _found(fetched, link.title)
        except FeedError as error:
            if link.declared:
                failed.append(Unreadable(link.url, str(error)))
            continue
        # The same document at several addresses is one feed.
        same = {canonical(one.url), fetched.body_hash}
        if not same & seen:
            found.append(one)
        seen |= same
    return tuple(found), tuple(failed)


def _fetch(
    addresses: Sequence[str], fetcher: Fetcher, reading: Reading | None = None
) -> list[Fetched]:
    """The answers, in the order of the addresses."""
    waiting = list(enumerate(addresses))

    def take(free: int) -> list[Request]:
        taken, waiting[:] = waiting[:free], waiting[free:]
        return [Request(number, url, Validators()) for number, url in taken]

    return sorted(fetcher.fetch(take, reading), key=lambda fetched: fetched.request.feed)


def _read(fetched: Fetched, reading: Reading) -> Fetched:
    done: queue.SimpleQueue[Fetched] = queue.SimpleQueue()
    reading.take(fetched, done.put)
    return done.get()


def _response(fetched: Fetched) -> Response:
    if isinstance(fetched.outcome, FeedError):
        raise fetched.outcome
    return fetched.outcome


def _found(fetched: Fetched, title: str = "") -> Found:
    response, url = _response(fetched), fetched.request.url
    if fetched.parsed is None:
        raise FeedError("nothing to read")
    moved = response.moved_to
    name = text.clean(fetched.parsed.title, limit=200) or title
    return Found(moved or url, name, fetched.parsed, url if moved else "")
