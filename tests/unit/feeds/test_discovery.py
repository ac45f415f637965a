from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import discovery
from monitor.feeds.discovery import Link, links

URL = "https://harbour.example/news/index.html"


def addresses(page: str) -> list[str]:
    return [link.url for link in links(page, URL)]


@pytest.mark.parametrize(
    "kind",
    ["application/rss+xml", "application/atom+xml", "APPLICATION/RSS+XML; charset=utf-8",
     "application/feed+json", "application/rdf+xml"],
)  # fmt: skip
def test_a_declared_feed_is_found_whatever_its_kind(kind: str) -> None:
    page = f'<html><head><LINK title="All &amp; more" HREF=/all rel="Alternate" type="{kind}">'

    assert links(page, URL) == (Link("https://harbour.example/all", "All & more", declared=True),)


def test_declared_feeds_come_first_in_their_order_then_links_each_once() -> None:
    page = """
        <a href="rss.xml">RSS</a>
        <link rel="alternate" type="application/rss+xml" href="//feeds.example/main?a=1&amp;b=2">
        <link rel="alternate" type="application/atom+xml" href="main.atom">
        <a href="https://harbour.example/news/main.atom#top">Atom</a>
    """

    assert addresses(page) == [
        "https://feeds.example/main?a=1&b=2",
        "https://harbour.example/news/main.atom",
        "https://harbour.example/news/rss.xml",
    ]


def test_links_are_resolved_against_the_base_of_the_page() -> None:
    page = '<base href="/en/"><link rel=alternate type=application/rss+xml href=feed>'

    assert addresses(page) == ["https://harbour.example/en/feed"]


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="stylesheet" type="text/css" href="/rss.css">',
        '<link rel="alternate" hreflang="ko" href="/ko/">',
        '<link rel="alternate" type="application/json" href="/wp-json/pages/7">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">',
        '<link rel="alternate" type="application/rss+xml">',
        '<a href="mailto:rss@harbour.example">write to us</a>',
        '<a href="/stories/feeding-birds">birds</a>',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->',
        "<script>'<link rel=alternate type=application/rss+xml href=/x>'</script>",
        '<linkrel="alternate" type="application/rss+xml" href="/x">',
        '<link rel="alternate" type="application/rss+xml" href="/cut',
    ],
)
def test_other_things_are_no_feeds(tag: str) -> None:
    assert addresses(f"<html>{tag}</html>") == []


@pytest.mark.parametrize(
    "href",
    ["/rss", "/feed/", "/news.rss", "/atom.xml", "/rss/world.rdf", "/?feed=rss2", "rss_ko.xml",
     "/search?q=x&output=rss", "/feeds"],
)  # fmt: skip
def test_links_that_look_like_feeds_are_worth_a_try(href: str) -> None:
    assert len(addresses(f'<a class="x" href="{href}">follow us</a>')) == 1


def test_a_page_sends_us_to_few_addresses() -> None:
    page = "".join(f'<a href="/{number}/rss">x</a>' for number in range(1_000))

    assert len(addresses(page)) == discovery.MAX_LINKS


def test_the_usual_places_are_beside_the_page_and_at_the_root_of_its_site() -> None:
    places = [link.url for link in discovery.places("https://harbour.example:8443/blog?x=1")]

    assert places[0] == "https://harbour.example:8443/blog/feed"
    assert "https://harbour.example:8443/rss.xml" in places
    assert "https://harbour.example:8443/news-sitemap.xml" in places
    assert len(places) == len(set(places)) <= 12


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("<!DOCTYPE html>\n<!-- x --><html>", True),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "a" "b"><html>', True),
        ("<head><title>x</title>", True),
        ("<rss><channel><description>&lt;html></description>", False),
        ('{"title": "<html>"}', False),
        ("", False),
    ],
)
def test_a_page_is_told_from_other_documents(body: str, is_one: bool) -> None:
    assert discovery.is_page(body) is is_one


PIECES = [
    *("<link ", "<a ", "<base ", "<script", "</script", "<!--", "-->", ">", '"', "'", 'href="'),
    *("rel=alternate ", "type=application/rss+xml ", "/rss ", "&amp;", "http://[", "//", "\0", "й"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_page_gives_only_addresses_that_can_be_asked(page: str) -> None:
    assert all(link.url.startswith(("http://", "https://")) for link in links(page, URL))


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<link href='", "<script ", '<a x="" ', "<a\t"])
def test_a_megabyte_of_beginnings_is_looked_at_once(piece: str) -> None:
    assert links(piece * (2_000_000 // len(piece)), URL) == ()
