"""What an address leads to, asked of a real server on loopback."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from feedserver import Answer, FeedServer, rss, rss_item

from monitor import discover
from monitor.errors import FeedError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.reading import Reading
from monitor.feeds.settings import PollingSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.discover import Answer as Looked

HTML = "text/html; charset=utf-8"
FEED = rss([rss_item("Ferry sails", guid="1")], title="Harbour")
OTHER = rss([rss_item("Lamp lit", guid="2")], title="Lighthouse")


@pytest.fixture
def site() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with Reading() as opened:
        yield opened


def look(url: str, reading: Reading, *allowed: str) -> Looked:
    settings = PollingSettings(
        allow_private=allowed or ("127.0.0.1",), timeout=timedelta(seconds=5)
    )
    with Fetcher(settings, user_agent="tests") as fetcher:
        return discover.look(url, fetcher, reading)


def page(*addresses: str) -> str:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="Feed {number}" href="{url}">'
        for number, url in enumerate(addresses)
    )
    return f"<!doctype html><html><head>{links}</head><body></body></html>"


def test_a_feed_is_found_at_its_own_address(site: FeedServer, reading: Reading) -> None:
    url = site.publish("/rss", FEED)

    answer = look(url, reading)

    assert answer.how == discover.IS_ONE
    assert [(one.url, one.title) for one in answer.feeds] == [(url, "Harbour")]
    assert [entry.title for entry in answer.feeds[0].parsed.entries] == ["Ferry sails"]


def test_the_feeds_that_a_page_names_are_read_and_those_that_fail_are_told(
    site: FeedServer, reading: Reading
) -> None:
    site.publish("/a", FEED)
    site.publish("/b", OTHER)
    site.publish("/page", "<p>no feed</p>", content_type=HTML)
    url = site.publish("/", page("/a", "/gone", "/page", "/b"), content_type=HTML)

    answer = look(url, reading)

    assert [one.title for one in answer.feeds] == ["Harbour", "Lighthouse"]
    assert [one.url for one in answer.unreadable] == [site.url("/gone"), site.url("/page")]
    assert "404" in answer.unreadable[0].why


def test_one_document_at_two_addresses_is_one_feed(site: FeedServer, reading: Reading) -> None:
    for path in ("/a", "/b"):
        site.publish(path, FEED)
    url = site.publish("/", page("/a", "/b", "/a/"), content_type=HTML)

    assert [one.url for one in look(url, reading).feeds] == [site.url("/a")]


def test_a_page_behind_a_redirect_names_its_feeds_from_where_it_is(
    site: FeedServer, reading: Reading
) -> None:
    site.publish("/en/feed.xml", FEED)
    site.publish("/en/", page("feed.xml"), content_type=HTML)
    url = site.redirect("/", site.url("/en/"))

    assert [one.url for one in look(url, reading).feeds] == [site.url("/en/feed.xml")]


def test_a_feed_that_moved_for_good_is_taken_at_its_new_address(
    site: FeedServer, reading: Reading
) -> None:
    site.publish("/new", FEED)
    old = site.redirect("/old", site.url("/new"), status=301)

    (found,) = look(old, reading).feeds

    assert (found.url, found.moved_from) == (site.url("/new"), old)


def test_a_feed_that_moved_for_now_is_taken_where_it_was_asked(
    site: FeedServer, reading: Reading
) -> None:
    site.publish("/new", FEED)
    old = site.redirect("/old", site.url("/new"))

    assert [one.url for one in look(old, reading).feeds] == [old]


def test_a_page_that_names_none_has_its_feed_in_a_usual_place(
    site: FeedServer, reading: Reading
) -> None:
    site.publish("/rss.xml", FEED)
    url = site.publish("/", page(), content_type=HTML)

    answer = look(url, reading)

    assert answer.how == discover.GUESSED
    assert [one.url for one in answer.feeds] == [site.url("/rss.xml")]


def test_a_page_without_any_feed_is_no_error_but_leads_nowhere(
    site: FeedServer, reading: Reading
) -> None:
    url = site.publish("/", page(), content_type=HTML)

    answer = look(url, reading)

    assert (answer.feeds, answer.how) == ((), discover.NONE)
    assert len(site.requests) < 15


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=404), "404"),
        (Answer(b"\x89PNG\r\n"), "a PNG image"),
        (Answer(b"<opml/>"), "monitor feeds import"),
        (Answer(b""), "an empty body"),
    ],
)
def test_what_is_neither_feed_nor_page_is_named(
    site: FeedServer, reading: Reading, answer: Answer, told: str
) -> None:
    url = site.answer("/", answer)

    with pytest.raises(FeedError, match=told):
        look(url, reading)


def test_a_page_leads_to_no_private_address(site: FeedServer, reading: Reading) -> None:
    with FeedServer() as inside:
        inside.publish("/rss", FEED)
        url = site.publish("/", page(inside.url("/rss")), content_type=HTML)

        answer = look(url, reading, site.address)

        assert inside.requests == []
    assert answer.feeds == ()
    assert "loopback address" in answer.unreadable[0].why
