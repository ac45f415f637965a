"""What is left out as known, and that what is left reads as it would in the whole document."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.delta import delta
from monitor.feeds.parse import ParsedFeed, parse

RECORDED = Path(__file__).parents[4] / "shared/feeds"
URL = "https://wire.example/rss"
DIGEST = 8

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Wire</title><language>en</language><lastBuildDate>{date}</lastBuildDate>
{items}
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"><title>통신</title>
<updated>{date}</updated>{items}</feed>"""


def item(number: int, text: str = "Prisoners of war") -> str:
    return (
        f"<item><title>{text} {number}</title><guid>{number}</guid><link>/{number}</link>"
        f"<description><![CDATA[<p>Report <b>{number}</b></p>]]></description></item>\n"
    )


def entry(number: int) -> str:
    return (
        f'<entry><id>tag:{number}</id><title type="html">&lt;b&gt;{number}&lt;/b&gt;</title>'
        f'<link href="/{number}"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
        f"<p>{number} &amp; more</p></div></content></entry>"
    )


def rss(*items: str, date: str = "Mon, 23 Nov 2026 10:00:00 GMT") -> bytes:
    return RSS.format(items="".join(items), date=date).encode()


def atom(*entries: str) -> bytes:
    return ATOM.format(items="".join(entries), date="2026-11-23T10:00:00Z").encode()


def digests(marks: bytes) -> tuple[bytes, list[bytes]]:
    """The mark of the document's frame, and one for each entry."""
    places = range(DIGEST, len(marks), DIGEST)
    return marks[:DIGEST], [marks[at : at + DIGEST] for at in places]


def check_every_subset_reads_alike(body: bytes, whole: ParsedFeed, choice: Random) -> bool:
    """Whether it is read in parts; where a link or guid seems to be of several entries, it is not."""
    in_parts = True
    frame, own = digests(whole.marks)
    assert len(own) == len(whole.entries)
    for count in {0, 1, len(own) // 2, len(own)}:
        known = set(choice.sample(own, count))
        parsed = parse(body, url=URL, marks=frame + b"".join(known))
        left = [one for one, mark in zip(whole.entries, own, strict=True) if mark not in known]
        if known and not parsed.known:
            assert parsed == whole
            in_parts = False
            continue
        assert list(parsed.entries) == left
        assert parsed.known == len(own) - len(left)
        assert parsed.marks == whole.marks
    return in_parts


@pytest.mark.parametrize(
    "body", [rss(*map(item, range(9))), atom(*map(entry, range(9)))], ids=["rss", "atom"]
)
def test_new_entries_read_as_they_do_in_the_whole_document(body: bytes) -> None:
    whole = parse(body, url=URL)

    assert len(whole.entries) == 9
    assert check_every_subset_reads_alike(body, whole, Random(1))


def test_a_document_without_a_new_entry_leaves_nothing_to_parse() -> None:
    body = rss(item(1), item(2))

    assert delta(body, delta(body, b"", url=URL).marks, url=URL).document == b""


def test_an_edited_entry_is_new() -> None:
    before = parse(rss(item(1), item(2)), url=URL)

    after = parse(rss(item(1), item(2, "Talks")), url=URL, marks=before.marks)

    assert [one.title for one in after.entries] == ["Talks 2"]


def test_a_new_time_of_the_last_build_makes_no_entry_new() -> None:
    before = parse(rss(item(1)), url=URL)

    after = parse(
        rss(item(2), item(1), date="Mon, 23 Nov 2026 11:00:00 GMT"), url=URL, marks=before.marks
    )

    assert [one.title for one in after.entries] == ["Prisoners of war 2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<language>en<", "<language>ko<"),
        ("xmlns:dc=", 'xml:base="https://other.example/" xmlns:dc='),
    ],
    ids=["language", "base"],
)
def test_every_entry_is_new_where_what_they_depend_on_changed(old: str, new: str) -> None:
    body = rss(item(1), item(2))
    before = parse(body, url=URL)

    after = parse(body.replace(old.encode(), new.encode()), url=URL, marks=before.marks)

    assert (len(after.entries), after.known) == (2, 0)


def test_every_entry_is_new_at_another_address() -> None:
    body = rss(item(1))
    before = parse(body, url=URL)

    assert parse(body, url="https://moved.example/", marks=before.marks).entries


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1), "<item><title>a</title>", item(2), "</item>"),
        rss(item(1), "<title>between</title>", item(2)),
        rss(item(1), "<item/>", item(2)),
        rss(item(1), "<Item><title>a</title></Item>"),
        rss(item(1), "<dc:item><title>a</title></dc:item>"),
        rss(item(1), "<item><title>a & b</title></item>"),
        rss(item(1), "<item><title><![CDATA[ never closed </title></item>"),
        b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(item(1)).partition(b"?>")[2],
        b'{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        b"",
    ],
)
def test_an_unusual_document_is_left_whole(body: bytes) -> None:
    left = delta(body, b"", url=URL)

    assert (left.document, left.known, left.marks) == (body, 0, b"")


def test_markup_in_texts_and_comments_begins_no_entry() -> None:
    odd = (
        "<item><title>1</title><description><![CDATA[</item><item>]]></description>"
        "<!-- </item> <item> --></item>"
    )
    body = rss("<!-- <item> -->", odd, item(2))
    whole = parse(body, url=URL)

    assert len(whole.entries) == 2
    assert check_every_subset_reads_alike(body, whole, Random(2))


@pytest.mark.parametrize(
    "shared",
    [
        "<link>https://a.example/live</link>",
        "<guid>1</guid>",
        "<link><![CDATA[ https://a.example/live ]]></link>",
    ],
)
def test_where_an_entry_shares_its_link_or_guid_with_an_old_one_all_are_read(shared: str) -> None:
    one, two = (f"<item><title>{name}</title>{shared}</item>" for name in ("one", "two"))
    before = delta(rss(one), b"", url=URL)

    after = delta(rss(two, one), before.marks, url=URL)

    assert (after.document, after.known) == (rss(two, one), 0)
    assert delta(rss(two, one), after.marks, url=URL).known == 2


PIECES = st.sampled_from(
    [
        *map(item, range(4)),
        *map(entry, range(4)),
        "<item>",
        "</item>",
        "<item/>",
        "<entry>",
        "</entry>",
        '<item rdf:about="/x>y">',
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?php",
        "?>",
        "</channel>",
        "<channel>",
        "<title>",
        "</title>",
        "<dc:language>uk</dc:language>",
        "<source><title>Wire</title></source>",
        '<x:item xmlns:x="urn:x">',
        "</x:item>",
        "&amp;",
        "&",
        "<",
        " ",
        "text",
    ]
)


WHERE = st.floats(min_value=0, max_value=1)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from([rss(*map(item, range(3))).decode(), atom(*map(entry, range(3))).decode()]),
    st.lists(st.tuples(WHERE, PIECES), max_size=3),
    st.randoms(use_true_random=False),
)
def test_whatever_a_document_holds_a_part_of_it_reads_as_in_the_whole(
    text: str, pieces: list[tuple[float, str]], choice: Random
) -> None:
    for where, piece in pieces:
        place = round(where * len(text))
        text = text[:place] + piece + text[place:]
    try:
        whole = parse(text.encode(), url=URL)
    except ParseError:
        return
    if whole.marks:
        check_every_subset_reads_alike(text.encode(), whole, choice)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded feeds are not here")
def test_every_recorded_feed_reads_in_parts_as_it_does_whole() -> None:
    split = files = 0
    for path in sorted(path for path in RECORDED.rglob("*") if path.is_file()):
        body = path.read_bytes()
        try:
            whole = parse(body, url=URL)
        except ParseError:
            continue
        files += 1
        if whole.marks:
            split += check_every_subset_reads_alike(body, whole, Random(path.name))
    assert files >= 160
    assert split >= 0.85 * files
