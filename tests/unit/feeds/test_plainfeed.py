"""Plain documents are read without feedparser, and exactly as feedparser reads them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import plainfeed
from monitor.feeds.parse import MOST_AT_ONCE, ParsedFeed, parse, parse_at_once

RECORDED = Path(__file__).parents[4] / "shared/feeds"
URL = "https://wire.example/news/rss"
quickly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"',
    'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    'xmlns:media="http://search.yahoo.com/mrss/"',
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"',
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"',
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"',
    'xmlns:own="https://wire.example/ns"',
)
ATOM = "http://www.w3.org/2005/Atom"
RSS_NAMESPACES = " ".join((*NAMESPACES, f'xmlns:atom="{ATOM}"'))
ATOM_NAMESPACES = " ".join((*NAMESPACES, f'xmlns="{ATOM}"'))


def with_feedparser(body: bytes) -> ParsedFeed:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plainfeed, "read", lambda *_, **__: None)
        return parse(body, url=URL)


def read_alike(body: bytes) -> bool:
    """Whether the document is plain; it is then read as feedparser reads it."""
    at_once = parse_at_once(body, url=URL)
    if at_once is None:
        return False
    assert at_once == with_feedparser(body)
    return True


def rss(items: str, *, head: str = "<title>Wire</title>", root: str = "") -> bytes:
    start = f'<?xml version="1.0"?><rss version="2.0" {RSS_NAMESPACES} {root}>'
    return f"{start}<channel>{head}{items}</channel></rss>".encode()


def atom(entries: str, *, head: str = "<title>Wire</title>", root: str = "") -> bytes:
    return f"<feed {ATOM_NAMESPACES} {root}>{head}{entries}</feed>".encode()


def recorded() -> list[Path]:
    return [one for one in sorted(RECORDED.rglob("*")) if one.suffix not in {".md", ".tsv", ""}]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded feeds are kept outside this repository")
def test_recorded_feeds_read_as_feedparser_reads_them() -> None:
    files = [one for one in sorted(RECORDED.rglob("*")) if one.is_file()]

    plain = [one for one in files if read_alike(one.read_bytes())]

    assert len(plain) > 90


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded feeds are kept outside this repository")
@settings(quickly, max_examples=60)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_damaged_feeds_read_as_feedparser_reads_them(seed: int) -> None:
    dice = Random(seed)
    small = [one for one in recorded() if one.stat().st_size < 30_000]
    body = bytearray(dice.choice(small).read_bytes())
    for _ in range(dice.randint(1, 4)):
        here, there = dice.randrange(len(body)), dice.randrange(len(body))
        piece = body[there : there + dice.randint(1, 60)]
        body[here : here + dice.choice([0, len(piece)])] = piece

    try:
        read_alike(bytes(body))
    except ParseError as error:
        pytest.fail(f"feedparser does not take it: {error}")


TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "Plain",
            " in blanks \n",
            "5 &lt; 6 &amp;amp; 7",
            "It&#8217;s &#x201c;so&#8221;",
            "<![CDATA[<p>Report &amp; more</p>]]>",
            "a<![CDATA[ b ]]>c",
            "<![CDATA[a <![CDATA[ ]] > b]]]>&amp;<![CDATA[]]>",
            "<![CDATA[It&#8217;s]]>",
            "AT&amp;T &amp;nbsp; R&amp;D;",
            "&lt;b&gt;bold&lt;/b&gt;",
            "\u00c3\u00a9t\u00c3\u00a9",
            "caf\u00e9 \u0093quoted\u0094",
            "\u5317\u97d3 \ud3ec\ub85c",
            "/relative?a=1&amp;b=2",
            "https://wire.example/a?x=1&amp;y=2#z",
            "http:///slashes//more",
            "javascript:alert(1)",
            "//other.example/x;y",
            "tag:wire.example,2026:1",
            "en-GB",
            "Mon, 23 Nov 2026 10:00:00 GMT",
            "23 Nov 2026 10:00 +0530",
            "Mon, 30 Feb 2026 10:00:00 EST",
            "2026-11-23T10:00:00.123-05:00",
            "1969-12-31T23:59:59Z",
            "<!-- a comment -->",
            "<b>markup</b>",
        ]
    ),
    st.text(max_size=12).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
)
NAMES = st.sampled_from(
    [
        *("title", "link", "guid", "id", "description", "summary", "content", "content:encoded"),
        *("pubDate", "published", "updated", "dc:date", "author", "name", "category", "source"),
        *("language", "dc:language", "dc:creator", "dc:title", "dc:description", "media:title"),
        *("media:description", "media:content", "media:group", "media:thumbnail", "media:credit"),
        *("itunes:summary", "itunes:subtitle", "itunes:author", "itunes:keywords", "itunes:image"),
        *("feedburner:origLink", "slash:comments", "own:title", "own:thing", "atom:link"),
        *(
            "post-id",
            "enclosure",
            "comments",
            "rights",
            "image",
            "url",
            "tags",
            "Title",
            "created",
            "div",
        ),
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        *("", "", "", "", 'href="/there"', 'href="https://wire.example/x" rel="alternate"'),
        *('rel="self" href="/self"', 'rel="alternate" type="text/plain" href="/text"'),
        *('isPermaLink="false"', 'isPermaLink="true"', 'type="html"', 'type="text"'),
        *(
            'type="xhtml"',
            'url="/u"',
            'xml:lang="ko"',
            'xml:base="https://b.example/"',
            'lang="de"',
        ),
        *('own:href="/x"', 'own:thing="x"', 'type="application/octet-stream"', 'src="/s"'),
        *('xmlns="com-wordpress:feed-additions:1"', 'type="HTML"'),
        *('xmlns:new="https://new.example/"', 'xmlns:dc="https://new.example/"', 'text="news"'),
    ]
)


def element(name: str, attributes: str, inside: str) -> str:
    return f"<{name}{attributes and ' '}{attributes}>{inside}</{name}>"


LEAVES = st.builds(element, NAMES, ATTRIBUTES, TEXTS)
ELEMENTS = st.one_of(
    LEAVES, st.builds(element, NAMES, ATTRIBUTES, st.lists(LEAVES, max_size=3).map("".join))
)
TITLES = st.builds(element, st.just("title"), st.just(""), st.just("News &amp; more") | TEXTS)
IDS = st.builds(element, st.sampled_from(["guid", "id"]), st.just(""), TEXTS)
LINKS = st.builds(element, st.just("link"), st.sampled_from(["", 'href="/there"']), TEXTS)
SUMMARIES = st.builds(element, st.sampled_from(["description", "summary"]), st.just(""), TEXTS)
USUAL_DATES = st.builds(
    element,
    st.sampled_from(["pubDate", "updated"]),
    st.just(""),
    st.sampled_from(["Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z", ""]),
)
INSIDE = (
    st.tuples(
        TITLES, IDS, LINKS, SUMMARIES, USUAL_DATES, st.lists(ELEMENTS, max_size=2).map("".join)
    )
    .flatmap(st.permutations)
    .map("".join)
)


@settings(quickly, max_examples=300)
@given(
    entries=st.lists(INSIDE, min_size=1, max_size=2),
    head=st.just("<title>Wire</title>") | st.lists(ELEMENTS, max_size=2).map("".join),
    root=st.sampled_from(
        ["", "", "", 'xml:lang="en_US"', 'xml:base="/b/"', 'lang="ko"', 'base="x"']
    ),
    kind=st.booleans(),
)
def test_any_document_reads_as_feedparser_reads_it(
    entries: list[str], head: str, root: str, *, kind: bool
) -> None:
    items = "".join(element("item" if kind else "entry", "", inside) for inside in entries)
    body = rss(items, head=head, root=root) if kind else atom(items, head=head, root=root)

    read_alike(body)


USUAL = (
    "<title>It&#8217;s <![CDATA[5 < 6]]></title><link>/1?a=1&amp;b=2</link><guid>1</guid>"
    "<pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate><dc:creator>A. Writer</dc:creator>"
    "<description><![CDATA[<p>Report</p>]]></description><category>Asia</category>"
    '<media:content url="/x.jpg"><media:credit>A. Camera</media:credit></media:content>'
    '<source url="https://other.example/">Other Wire</source><own:thing a="1">x</own:thing>'
    '<post-id xmlns="com-wordpress:feed-additions:1">77</post-id>'
)


def test_usual_documents_are_plain() -> None:
    entry = (
        '<title type="html">A &amp;amp; B</title><link href="/1"/><id>tag:1</id>'
        "<updated>2026-11-23T10:00:00Z</updated><author><name>A. Writer</name></author>"
        '<summary>5 &lt; 6</summary><content type="html">&lt;p&gt;x&lt;/p&gt;</content>'
    )

    assert read_alike(rss(element("item", "", USUAL)))
    assert read_alike(atom(element("entry", "", entry), root='xml:lang="ko"'))


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(element("item", "", USUAL)).partition(b"?>")[2],
        rss(element("item", "", USUAL) + "<item><title>never closed</item>"),
        rss(element("item", "", USUAL.replace("<guid>", "<guid xml:base='/x'>"))),
        rss(element("item", "", f"{USUAL}<description>a second one</description>")),
        rss(element("item", "", USUAL + "<media:group>" * 9 + "</media:group>" * 9)),
        rss(element("item", "", USUAL) + " " * MOST_AT_ONCE),
        b'{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        b"",
    ],
    ids=["entities", "ill-formed", "base", "twice", "deep", "large", "json", "empty"],
)
def test_what_is_not_plain_is_left_to_feedparser(document: bytes) -> None:
    assert parse_at_once(document, url=URL) is None


def test_only_new_entries_of_a_plain_document_are_read() -> None:
    before = parse_at_once(rss(element("item", "", "<title>One</title><guid>1</guid>")), url=URL)
    assert before

    after = parse_at_once(
        rss("<item><title>Two</title></item><item><title>One</title><guid>1</guid></item>"),
        url=URL,
        marks=before.marks,
    )

    assert after
    assert ([entry.title for entry in after.entries], after.known) == (["Two"], 1)
