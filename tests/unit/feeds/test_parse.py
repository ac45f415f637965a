from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from feedserver import rss, rss_item
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import ParsedFeed, parse
from monitor.model import Feed, Item, Outlet

DATA = Path(__file__).parents[2] / "data/feeds"
URL = "https://harbour.example/feeds/all"
SEEN = datetime(2025, 3, 18, tzinfo=UTC)
FORMATS = ["rss20.xml", "rss10.xml", "atom10.xml", "jsonfeed.json"]


def read(body: bytes | str, content_type: str = "") -> ParsedFeed:
    data = body if isinstance(body, bytes) else body.encode()
    return parse(data, url=URL, content_type=content_type)


def one_item(inner: str, attributes: str = 'version="2.0"') -> str:
    return f"<rss {attributes}><channel><title>t</title><item>{inner}</item></channel></rss>"


@pytest.mark.parametrize("name", FORMATS)
def test_a_feed_reads_the_same_in_every_format(name: str) -> None:
    parsed = read((DATA / name).read_bytes())
    feed = Feed(URL, Outlet("Harbour"))

    items = normalise_document(parsed, feed, seen=SEEN)

    assert parsed.complete
    assert items == tuple(
        Item(
            title=title,
            summary=summary,
            content=content,
            url=url,
            outlet=Outlet("Harbour"),
            language="en",
            published=published,
            keys=item.keys,
        )
        for item, (title, summary, content, url, published) in zip(items, HARBOUR, strict=True)
    )
    assert [len(item.keys) for item in items] == [3, 3, 3]


RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
NEWS = "<title>Ferry sails</title><link>https://harbour.example/news/1</link>"
BLURB = "<description>It is &lt;b&gt;blue&lt;/b&gt;.</description>"


@pytest.mark.parametrize(
    "document",
    [
        (
            f'<rdf:RDF {RDF} xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>t</title>'
            f"</channel><item>{NEWS}</item></rdf:RDF>"
        ),
        (
            "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' "
            "'http://my.netscape.com/publish/formats/rss-0.91.dtd'>"
            f'<rss version="0.91"><channel><title>t</title><item>{NEWS}{BLURB}</item></channel></rss>'
        ),
        (
            f'<rss version="0.92"><channel><title>t</title><item>{NEWS}{BLURB}'
            '<source url="https://a.example/">Wire</source></item></channel></rss>'
        ),
        (
            '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>t</title><entry>'
            '<title mode="escaped">Ferry sails</title>'
            '<link rel="alternate" type="text/html" href="https://harbour.example/news/1"/>'
            "<id>tag:1</id><modified>2025-03-17T00:00:00Z</modified>"
            '<summary type="text/html" mode="escaped">It is &lt;b&gt;blue&lt;/b&gt;.</summary>'
            "</entry></feed>"
        ),
    ],
    ids=["rss-0.90", "rss-0.91", "rss-0.92", "atom-0.3"],
)
def test_formats_of_the_last_century_are_read(document: str) -> None:
    (item,) = normalise_document(read(document), Feed(URL, Outlet("Harbour")), seen=SEEN)

    assert item.title == "Ferry sails"
    assert item.url == "https://harbour.example/news/1"
    assert item.summary in {"", "It is blue."}
    assert ("summary" in document or "description" in document) == bool(item.summary)


HARBOUR = [
    (
        "Маяк відкрили для гостей",
        "",
        "",
        "https://harbour.example/news/1",
        datetime(2025, 3, 16, 22, tzinfo=UTC),
    ),
    (
        "항구에 새 등대가 섰다",
        "등대는 높이 40미터다.",
        "",
        "https://harbour.example/news/2",
        datetime(2025, 3, 16, 23, tzinfo=UTC),
    ),
    (
        "Third ferry joins the line",
        "It carries 300 people & 40 cars. It is blue.",
        "It carries 300 people & 40 cars. It is blue and new.",
        "https://harbour.example/news/3?utm_source=rss",
        datetime(2025, 3, 17, 0, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "an empty body"),
        (b" \n\t ", "an empty body"),
        (b"\0\0\0", "an empty body"),
        (
            b"\n<!-- x --><!DOCTYPE html><html><body>Log in</body></html>",
            "an HTML page, not a feed",
        ),
        (b"<html><item><title>x</title></item></html>", "an HTML page, not a feed"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image, not a feed"),
        (b"\xff\xd8\xff\xe0", "a JPEG image, not a feed"),
        (b"%PDF-1.7", "a PDF document, not a feed"),
        (b"\x1f\x8b\x08\x00", "compressed data, not a feed"),
        (b'<opml version="2.0"><body/></opml>', "an OPML list of feeds, not a feed"),
        (b"<urlset><url/></urlset>", "a sitemap without headlines"),
        (b"<?xml version='1.0'?><note>x</note>", "another kind (<note>), not a feed"),
        (b"Service unavailable", "neither XML nor JSON, not a feed"),
        (b"{}", "JSON, but not a JSON Feed"),
        (b"[1, 2]", "JSON, but not a JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id"', "damaged JSON"),
        (b'{"items":' + b"[" * 100_000, "damaged JSON"),
        (b'{"items": [' + b"9" * 10_000 + b"]}", "damaged JSON"),
        (b"/dev/zero", "neither XML nor JSON, not a feed"),
        (b"/etc/passwd", "neither XML nor JSON, not a feed"),
        (b"http://127.0.0.1/", "neither XML nor JSON, not a feed"),
        (b"<rss><channel><item><title>Half a", "cut off before the end of its first entry"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, words: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(body)

    assert words in str(caught.value)


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read(rss([])) == ParsedFeed("Test feed", "", (), complete=True)


def test_what_a_document_is_does_not_depend_on_its_label() -> None:
    assert read(rss([rss_item("One")]), "image/png").entries
    assert read('{"items": [{"id": "1", "title": "One"}]}', "text/html").entries


def test_a_cut_document_gives_its_whole_entries_and_is_not_complete() -> None:
    whole = rss([rss_item(f"Story {n}", guid=str(n)) for n in range(10)])
    titles = [entry.title for entry in read(whole).entries]

    for length in range(whole.index(b"</item>") + 7, len(whole.rstrip()) - 6, 7):
        parsed = read(whole[:length])

        assert not parsed.complete
        assert [entry.title for entry in parsed.entries] == titles[
            : whole[:length].count(b"</item>")
        ]


def test_junk_around_a_whole_document_does_not_make_it_incomplete() -> None:
    parsed = read(
        b"\xef\xbb\xbf\n\n" + rss([rss_item("One")]) + b"<!-- served in 3 ms --><script>x</script>"
    )

    assert parsed.complete
    assert len(parsed.entries) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "<description>fish & chips < 5 &nbsp;&euro;</description>",
        "<description>never closed",
        "<foo:bar>undeclared namespace</foo:bar>",
        "<description>&#x110000;&#xD800;&#0;&#99999999999999;</description>",
        "<description>\x00\x0b\x1f</description>",
        "<description>\ufffe</description>",
        "<pubDate>yesterday</pubDate>",
        "<description>&undeclared;</description>",
        "<author>" + "a" * 5000 + "</author>",
    ],
)
def test_a_damaged_document_gives_what_can_be_read(damage: str) -> None:
    parsed = read(one_item(f"<title>Hello</title><guid>1</guid>{damage}"))

    assert [entry.title for entry in parsed.entries] == ["Hello"]


def test_blank_lines_before_the_root_cost_nothing() -> None:
    assert read(b'<?xml version="1.0"?>' + b"\n" * 64_000 + rss([rss_item("One")])[40:]).entries


def test_entities_are_never_expanded_from_outside_nor_without_bound(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("password")
    bomb = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 8))
    doctype = f'<!DOCTYPE rss [<!ENTITY f SYSTEM "{secret.as_uri()}"><!ENTITY b0 "boom">{bomb}]>'

    (entry,) = read(
        doctype + one_item("<title>T</title><description>&f;&b7;</description>")
    ).entries

    assert "password" not in entry.summary
    assert len(entry.summary) < 1000


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Mon, 17 Mar 2025 09:00:00 +0900", datetime(2025, 3, 17, 0, 0, tzinfo=UTC)),
        ("2025-03-17T09:00:00+09:00", datetime(2025, 3, 17, 0, 0, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", datetime(2999, 1, 1, tzinfo=UTC)),
        ("1969-12-31T23:59:59Z", None),
        ("0000-00-00 00:00:00", None),
        ("-1", None),
        ("Mon, 99 Foo 2025", None),
        ("", None),
    ],
)
def test_dates_are_read_or_left_out(written: str, read_as: datetime | None) -> None:
    (entry,) = read(one_item(f"<title>T</title><pubDate>{written}</pubDate>")).entries

    assert entry.published == read_as


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("/a", "https://harbour.example/a"),
        ("a", "https://harbour.example/feeds/a"),
        ("//other.example/a", "https://other.example/a"),
        ("https://other.example/a", "https://other.example/a"),
        ("?id=1&amp;page=2", "https://harbour.example/feeds/all?id=1&page=2"),
    ],
)
def test_links_are_resolved_against_where_the_document_came_from(link: str, resolved: str) -> None:
    (entry,) = read(one_item(f"<title>T</title><link>{link}</link>")).entries

    assert entry.link == resolved


def test_the_documents_own_base_comes_first() -> None:
    xml = one_item(
        "<title>T</title><link>a</link>", 'version="2.0" xml:base="https://other.example/b/"'
    )

    assert read(xml).entries[0].link == "https://other.example/b/a"


def test_a_permanent_guid_stands_in_for_a_missing_link() -> None:
    permanent = one_item("<title>T</title><guid>https://harbour.example/9</guid>")
    opaque = one_item('<title>T</title><guid isPermaLink="false">9</guid>')

    assert read(permanent).entries[0].link == "https://harbour.example/9"
    assert read(opaque).entries[0].link == ""


def test_the_publishers_own_link_is_preferred_to_a_counters() -> None:
    xml = one_item(
        "<title>T</title><link>https://count.example/~r/x/1</link>"
        "<feedburner:origLink>https://harbour.example/1</feedburner:origLink>",
        'version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"',
    )

    assert read(xml).entries[0].link == "https://harbour.example/1"


@pytest.mark.parametrize(
    ("written", "title", "is_html"),
    [
        ("AT&amp;amp;T", "AT&amp;T", True),
        ("5 &lt; 6", "5 < 6", False),
        ("&lt;b&gt;Bold&lt;/b&gt;", "<b>Bold</b>", True),
        ("<![CDATA[<b>Bold</b>]]>", "<b>Bold</b>", True),
        ("Plain", "Plain", False),
    ],
)
def test_a_title_says_whether_it_holds_markup(written: str, title: str, *, is_html: bool) -> None:
    (entry,) = read(one_item(f"<title>{written}</title>")).entries

    assert (entry.title, entry.title_is_html) == (title, is_html)


def test_an_entrys_own_language_and_source_are_kept() -> None:
    xml = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>t</title>'
        '<entry xml:lang="ko"><title>제목</title><source><title>Other Wire</title></source></entry>'
        "<entry><title>Title</title></entry></feed>"
    )

    korean, english = read(xml).entries

    assert (korean.language, korean.source) == ("ko", "Other Wire")
    assert english.language == ""


def test_of_a_huge_document_the_newest_5000_entries_are_taken() -> None:
    dates = ["2025-03-01", *["2025-03-05"] * 2_500, "", *["2025-03-04"] * 2_499, "2025-03-02"]
    items = [
        {"id": str(n), "title": f"{n} of {date}", "date_published": date}
        for n, date in enumerate(dates)
    ]

    parsed = read(json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}))

    assert len(parsed.entries) == 5_000
    assert parsed.left_out == 2
    assert parsed.entries[0].title == "1 of 2025-03-05"
    assert parsed.entries[2_500].title == "2501 of "
    assert parsed.entries[-1].title == "5000 of 2025-03-04"


def test_no_field_is_unbounded() -> None:
    long = "x" * 1_000_000
    items = [rss_item(long, guid=long + end, link=f"/{long}", description=long) for end in "ab"]

    one, other = read(rss(items)).entries

    assert len(one.title) + len(one.guid) + len(one.link) + len(one.summary) < 200_000
    assert one.guid != other.guid


def test_json_feed_entries_with_wrong_types_keep_what_is_right() -> None:
    items = [
        {"id": 7, "title": None, "content_text": "5 < 6", "date_published": "soon", "url": ["x"]},
        "nonsense",
        {"id": {"a": 1}, "title": "T", "external_url": "http://[broken", "date_modified": 3},
        {"id": True, "title": "U", "date_published": "0001-01-01T00:00:00+14:00"},
    ]

    parsed = read(json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}))

    assert [(entry.guid, entry.title, entry.content, entry.link) for entry in parsed.entries] == [
        ("7", "", "5 &lt; 6", ""),
        ("", "T", "", ""),
        ("", "U", "", ""),
    ]
    assert [entry.published for entry in parsed.entries] == [None, None, None]


def test_a_json_feed_may_be_wide() -> None:
    body = '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "제목"}]}'

    assert read(body.encode("utf-16")).entries[0].title == "제목"


fragments = st.sampled_from(
    [
        *(
            "<rss>",
            "</rss>",
            "<channel>",
            "<item>",
            "</item>",
            "<title>",
            "</title>",
            "<link>",
            "<guid>",
        ),
        *(
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<entry>",
            "</entry>",
            "<content type='xhtml'>",
        ),
        *(
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<!DOCTYPE x [",
        ),
        *(
            "&#x110000;",
            "&amp;",
            "&",
            "&#xd800;",
            "<",
            ">",
            "'",
            '"',
            "\x00",
            "\ufeff",
            "é",
            "한",
            "a",
            " ",
        ),
        *(
            "<pubDate>",
            "2025-13-45",
            "<x:y z='",
            "<media:content url='",
            "<content mode='base64'>",
            "QQ",
        ),
        *(
            "<itunes:image>",
            "<georss:point>1 x</georss:point>",
            "<dc:date>",
            "{",
            '{"items":[',
            "]}",
        ),
    ]
)


@given(st.lists(fragments, max_size=30).map("".join), st.sampled_from(["utf-8", "utf-16", "cp949"]))
def test_whatever_comes_there_are_entries_or_a_parse_error(document: str, encoding: str) -> None:
    try:
        parsed = read(document.encode(encoding, "replace"))
    except ParseError:
        return

    normalise_document(parsed, Feed(URL, Outlet("x")), seen=SEEN)
