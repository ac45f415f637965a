from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import ParseError
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed, parse
from monitor.model import Feed, Item, Outlet

URL = "https://harbour.example/news-sitemap.xml"
SEEN = datetime(2025, 3, 18, tzinfo=UTC)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)


def entry(
    title: str = "Ferry sails",
    *,
    link: str = "https://harbour.example/news/1",
    date: str = "2025-03-17T09:00:00+09:00",
    more: str = "",
    language: str = "ko",
    outlet: str = "Harbour",
) -> str:
    return (
        f"<url><loc>{link}</loc><lastmod>2025-03-17T02:00Z</lastmod>{more}<news:news>"
        f"<news:publication><news:name>{outlet}</news:name>"
        f"<news:language>{language}</news:language></news:publication>"
        f"<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>"
        "</news:news></url>"
    )


def document(*entries: str, head: str = HEAD, tail: str = "</urlset>") -> bytes:
    return (head + "".join(entries) + tail).encode()


def read(*entries: str, head: str = HEAD, tail: str = "</urlset>") -> ParsedFeed:
    return parse(document(*entries, head=head, tail=tail), url=URL)


def items(parsed: ParsedFeed) -> tuple[Item, ...]:
    return normalise_document(parsed, Feed(URL, Outlet("Harbour")), seen=SEEN)


def refusal(body: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        parse(body, url=URL)
    return str(caught.value)


def test_a_news_sitemap_reads_like_a_feed() -> None:
    parsed = read(entry("항구에 새 등대가 섰다 &amp; 빛난다"))

    (item,) = items(parsed)
    assert (parsed.title, parsed.language, parsed.complete) == ("Harbour", "ko", True)
    assert item.title == "항구에 새 등대가 섰다 & 빛난다"
    assert item.url == "https://harbour.example/news/1"
    assert item.published == datetime(2025, 3, 17, 0, tzinfo=UTC)
    assert item.language == "ko"
    assert [key[0] for key in item.keys] == ["x", "u"]


def test_titles_of_images_and_videos_are_not_the_headline() -> None:
    image = "<image:image><image:title>A lamp</image:title><image:loc>x</image:loc></image:image>"

    assert [one.title for one in read(entry(more=image)).entries] == ["Ferry sails"]


@pytest.mark.parametrize(
    "head", ["<urlset>", HEAD.replace("news", "n"), '<s:urlset xmlns:s="http://x.example/">']
)
def test_prefixes_are_the_publishers_choice_and_need_no_declaration(head: str) -> None:
    root = "s:urlset" if "<s:" in head else "urlset"
    swapped = entry().replace("news:", "n:") if "xmlns:n=" in head else entry()

    assert len(read(swapped, head=head, tail=f"</{root}>").entries) == 1


def test_an_article_without_a_date_has_that_of_its_last_change() -> None:
    (one,) = read(entry(date="")).entries

    assert one.published == datetime(2025, 3, 17, 2, tzinfo=UTC)


@pytest.mark.parametrize("date", ["2025-03-17", "2025-03-17T00:00Z", "2025-03-17T00:00:00.000Z"])
def test_every_precision_of_date_is_read(date: str) -> None:
    (one,) = read(entry(date=date)).entries

    assert one.published == datetime(2025, 3, 17, tzinfo=UTC)


def test_what_differs_from_the_rest_is_kept_with_the_entry() -> None:
    parsed = read(entry(), entry(), entry(language="en", outlet="Bay Gazette"))

    assert [(one.language, one.source) for one in parsed.entries] == [
        ("", ""),
        ("", ""),
        ("en", "Bay Gazette"),
    ]


def test_bare_ampersands_and_names_of_html_cost_no_entry() -> None:
    parsed = read(entry("Salt & pepper&nbsp;mine", link="/a?x=1&copy=2"), entry("Second"))

    first, second = items(parsed)
    assert {first.title, second.title} == {"Salt & pepper mine", "Second"}
    assert "https://harbour.example/a?x=1&copy=2" in {first.url, second.url}


def test_pages_without_a_headline_are_left_out() -> None:
    assert [one.title for one in read("<url><loc>/a</loc></url>", entry()).entries] == [
        "Ferry sails"
    ]


def test_an_empty_news_sitemap_is_a_feed_without_entries() -> None:
    assert read().entries == ()


def test_a_sitemap_that_was_cut_off_gives_its_whole_entries_and_is_not_complete() -> None:
    whole = document(entry("One"), entry("Two"))

    parsed = parse(whole[: whole.index(b"Two") + 2], url=URL)

    assert [one.title for one in parsed.entries] == ["One"]
    assert not parsed.complete


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (document("<url><loc>/a</loc></url>"), "a sitemap without headlines"),
        (b"<sitemapindex><sitemap/></sitemapindex>", "a list of sitemaps"),
        (b"<urlset><url><loc>", "a damaged sitemap: it is cut off"),
        (b"<urlset><url></urlset>", "a damaged sitemap: from here it is not well-formed"),
        (
            b'<!DOCTYPE urlset [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><urlset>&b;</urlset>',
            "a damaged sitemap: it declares entities of its own",
        ),
    ],
)
def test_what_is_no_news_sitemap_is_named(body: bytes, told: str) -> None:
    assert refusal(body).startswith(told)


def test_entities_never_name_a_file_of_ours() -> None:
    body = b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + document(entry("&x;"))[38:]

    assert "entities" in refusal(body)


def test_deep_huge_and_many_elements_stay_within_limits() -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    huge = entry("x" * 1_000_000)

    parsed = read(deep, huge, *(entry(f"N {number}") for number in range(10_000)))

    assert len(parsed.entries) == 5_000
    assert parsed.left_out == 5_001
    assert max(len(one.title) for one in parsed.entries) <= 20_000
