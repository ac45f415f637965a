from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.feeds import opml
from monitor.feeds.opml import Outline
from monitor.model import Feed, Outlet

NOW = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)


def read(body: str) -> tuple[list[Outline], list[tuple[int, str, str]]]:
    """The feeds, and line, name and reason of what was skipped."""
    feeds, skipped = opml.read(f'<opml version="1.0"><body>{body}</body></opml>'.encode(), "a.opml")
    return list(feeds), [(one.line, one.what, one.why) for one in skipped]


def refusal(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        opml.read(data, "a.opml")
    return str(caught.value)


def test_nested_outlines_and_categories_become_tags() -> None:
    (feed,), skipped = read(
        '<outline text="Middle East">\n<outline title="Wires, mostly">'
        '<outline type="RSS" text="x" title="Wire" xmlURL=" https://wire.example/rss?a=1&b=2 "'
        ' category="/News/Middle East,korea" language="en-US"/>'
        "</outline></outline>"
    )

    assert feed == Outline(
        "https://wire.example/rss?a=1&b=2",
        "Wire",
        "en-US",
        ("middle-east", "wires-mostly", "news", "korea"),
        2,
    )
    assert skipped == []


def test_a_folder_ends_where_it_ends() -> None:
    feeds, _ = read(
        '<outline text="In"><outline xmlUrl="https://a.example/"/></outline>'
        '<outline xmlUrl="https://b.example/"/>'
    )

    assert [feed.tags for feed in feeds] == [("in",), ()]


def test_what_is_no_feed_is_skipped_with_its_line_and_why() -> None:
    feeds, skipped = read(
        '<outline type="link" text="A page" url="https://u:hunter2@a.example/"/>\n'
        '<outline type="rss" text="Lost"/>\n'
        '<outline type="include" url="https://u:hunter2@a.example/more.opml"/>'
    )

    assert feeds == []
    assert skipped == [
        (1, "A page", 'its type is "link", not "rss"'),
        (2, "Lost", "it has no address of a feed (xmlUrl)"),
        (3, "https://a.example/more.opml", 'its type is "include", not "rss"'),
    ]


def test_other_encodings_are_read() -> None:
    document = (
        '<?xml version="1.0" encoding="windows-1251"?>'
        '<opml><body><outline text="Маяк" xmlUrl="https://a.example/"/></body></opml>'
    )

    for data in (document.encode("cp1251"), document.encode("utf-16"), document.encode()):
        assert [feed.title for feed in opml.read(data, "a.opml")[0]] == ["Маяк"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "a.opml: this is not OPML."),
        (b"not XML", "a.opml: this is not OPML."),
        (b'<rss version="2.0"/>', "a.opml: this is not OPML: it begins with <rss>."),
        (b"<opml><body>\n<outline", "a.opml:2:1: it is cut off."),
        (b"<opml>\n<body></opml>", "a.opml:2:9: from here it is not well-formed XML."),
        (
            b'<!DOCTYPE o [<!ENTITY a "ha">\n<!ENTITY b "&a;&a;">]><opml><body>&b;</body></opml>',
            "a.opml:1: it declares entities of its own",
        ),
        (
            b'<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml>&a;</opml>',
            "a.opml:1: it declares entities of its own",
        ),
        (
            b"<opml><body>" + b'<outline text="a">' * 5_000,
            "a.opml:1: its outlines are nested too deeply.",
        ),
        (
            b"<opml><body>" + b'<outline xmlUrl="https://a.example/"/>' * 10_001,
            "a.opml:1: more than 10,000 feeds.",
        ),
    ],
)
def test_a_list_that_is_none_or_hostile_is_refused_with_its_place(data: bytes, told: str) -> None:
    # Of entities, versions of expat name different columns.
    assert re.sub(r"^(a.opml:1):\d+(: it declares)", r"\1\2", refusal(data)).startswith(told)


def test_huge_attributes_are_cut() -> None:
    (feed,), _ = read(
        f'<outline text="{"x" * 1_000_000}">'
        f'<outline text="{"y" * 1_000_000}" category="{"z," * 100_000}" '
        f'xmlUrl="https://a.example/{"u" * 99_999}"/>'
        "</outline>"
    )

    assert len(feed.title) <= 200
    assert len(feed.url) <= 4_000, "long enough to be refused, not cut into another address"
    assert sum(map(len, feed.tags)) < 10_000


# -- writing

words = st.text(st.characters(codec="utf-8"), max_size=20)
tags = st.lists(
    st.from_regex(r"[a-z가-힣]{1,5}(-[a-z]{1,5})?", fullmatch=True), max_size=3, unique=True
)


def written(*feeds: Feed, title: str = "Desk") -> bytes:
    return opml.write(feeds, title=title, now=NOW).encode()


@given(st.lists(st.tuples(words, tags), max_size=6), words)
def test_what_was_exported_is_imported_with_its_tags(
    named: list[tuple[str, list[str]]], title: str
) -> None:
    feeds = [
        Feed(f"https://{number}.example/?a=1&b=2", Outlet(name, "ko", tags=tuple(own)))
        for number, (name, own) in enumerate(named)
    ]

    read_again, skipped = opml.read(written(*feeds, title=title), "a.opml")

    assert skipped == ()
    assert {(one.url, one.tags, one.language) for one in read_again} == {
        (feed.url, feed.outlet.tags, "ko") for feed in feeds
    }


def test_other_programs_can_read_it_as_xml() -> None:
    document = ET.fromstring(  # noqa: S314 - our own
        written(Feed("https://a.example/", Outlet('A <b> & "c"', tags=("x",))), title="<Desk> & co")
    )

    assert document.findtext("head/title") == "<Desk> & co"
    assert document.findtext("head/dateCreated") == "Mon, 17 Mar 2025 09:30:00 GMT"
    (outline,) = document.findall("body/outline/outline")
    assert outline.get("text") == 'A <b> & "c"'
    assert outline.get("type") == "rss"


def test_credentials_are_never_exported() -> None:
    assert b"hunter2" not in written(Feed("https://me:hunter2@a.example/rss", Outlet("A")))
