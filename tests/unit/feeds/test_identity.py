from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.identity import keys, keys_of_document, same
from monitor.feeds.normalise import normalise
from monitor.model import Entry, Feed, Item, Known, Outlet

SEEN = datetime(2025, 3, 17, 9, 0, tzinfo=UTC)
HERE, ELSEWHERE = 1, 2
ENTRY = Entry(guid="g1", link="https://wire.example/1", title="Soldiers captured")


def feed(number: int = HERE) -> Feed:
    return Feed(f"https://wire{number}.example/rss", Outlet("Wire"))


def item(entry: Entry = ENTRY, *, of: int = HERE) -> Item:
    return normalise(entry, feed(of), seen=SEEN)


def stored(entry: Entry = ENTRY, *, of: int = HERE) -> Known:
    made = item(entry, of=of)
    return Known(7, of, made.title, made.url, made.keys)


def is_same(entry: Entry, known: Known, *, of: int = HERE) -> bool:
    made = item(entry, of=of)
    return bool(set(made.keys) & set(known.keys)) and same(made, known, feed=of)


def document(*entries: Entry) -> tuple[tuple[str, ...], ...]:
    pairs = [(entry, item(entry)) for entry in entries]
    return keys_of_document(pairs, feed_url=feed().url)


def kinds(made: tuple[str, ...]) -> str:
    return "".join(key[0] for key in made)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ENTRY, "xgu"),
        (replace(ENTRY, guid=""), "xu"),
        (replace(ENTRY, link=""), "xg"),
        (replace(ENTRY, guid="", link=""), "x"),
        (replace(ENTRY, link="https://wire.example/"), "xg"),
        (replace(ENTRY, link="https://www.wire.example?utm_source=rss"), "xg"),
        (replace(ENTRY, link="https://wire.example/?id=1"), "xgu"),
        (Entry(), "x"),
    ],
)
def test_an_item_is_known_by_what_it_has_strongest_first(entry: Entry, expected: str) -> None:
    assert kinds(item(entry).keys) == expected


def test_keys_are_short_whatever_a_feed_sends() -> None:
    made = item(Entry(guid="g" * 100_000, link=ENTRY.link, title="t" * 100_000))

    assert all(len(key) < 60 for key in made.keys)


def test_the_parts_of_a_key_do_not_run_into_each_other() -> None:
    one = keys(Entry(guid="ab", title="c"), Item("c"), feed_url="u")
    other = keys(Entry(guid="a", title="bc"), Item("bc"), feed_url="u")

    assert not set(one) & set(other)


@pytest.mark.parametrize(
    "again",
    [
        ENTRY,
        replace(ENTRY, title="SOLDIERS  captured"),
        replace(ENTRY, title="Two soldiers captured"),
        replace(ENTRY, link="https://wire.example/1?utm_source=x"),
        replace(ENTRY, link="https://wire.example/moved/1"),
        replace(ENTRY, guid="new at every poll"),
        replace(ENTRY, guid=""),
        replace(ENTRY, guid="", title="Two soldiers captured"),
        replace(ENTRY, summary="now with a summary", published=SEEN),
    ],
)
def test_an_entry_that_changed_in_part_is_the_same_item(again: Entry) -> None:
    assert is_same(again, stored())


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, title="Ferry sinks", link="https://wire.example/2"),
        replace(ENTRY, title="Ferry sinks", guid="g2"),
        replace(ENTRY, title="Ferry sinks", guid="g2", link="https://wire.example/2"),
    ],
)
def test_a_guid_or_a_link_used_again_for_another_story_is_another_item(other: Entry) -> None:
    assert not is_same(other, stored())


def test_another_feed_that_links_the_same_page_carries_the_same_item() -> None:
    there = replace(ENTRY, guid="theirs", title="Captured soldiers, in our words")

    assert is_same(there, stored(), of=ELSEWHERE)


def test_a_guid_means_nothing_in_another_feed() -> None:
    assert not is_same(replace(ENTRY, link=""), stored(), of=ELSEWHERE)


def test_a_live_page_first_seen_in_another_feed_still_brings_its_next_story() -> None:
    live = stored()
    carried_here_too = item(replace(ENTRY, guid="live-1"), of=ELSEWHERE)
    known = replace(live, keys=live.keys + carried_here_too.keys)

    assert not is_same(replace(ENTRY, guid="live-2", title="Ferry sinks"), known, of=ELSEWHERE)


def test_without_guid_and_link_a_title_is_one_item_a_day() -> None:
    briefing = Entry(title="Daily briefing", published=SEEN)
    tomorrow = replace(briefing, published=SEEN + timedelta(days=1))

    assert is_same(briefing, stored(briefing))
    assert not is_same(tomorrow, stored(briefing))


def test_a_guid_for_all_entries_of_a_document_is_no_identity() -> None:
    other = replace(ENTRY, title="Ferry sinks", link="https://wire.example/2")

    assert [kinds(made) for made in document(ENTRY, other)] == ["xu", "xu"]


def test_a_link_for_all_entries_of_a_document_is_no_identity() -> None:
    other = replace(ENTRY, title="Ferry sinks", guid="g2")

    assert [kinds(made) for made in document(ENTRY, other)] == ["xg", "xg"]


def test_an_entry_that_stands_twice_in_a_document_keeps_its_identity() -> None:
    assert [kinds(made) for made in document(ENTRY, ENTRY)] == ["xgu", "xgu"]


few = st.sampled_from(["", "a", "b"])
entries = st.builds(
    Entry,
    guid=few,
    link=few.map(lambda path: f"https://wire.example/{path}" if path else ""),
    title=few.map("Title {}".format),
)


@given(st.lists(entries, max_size=5))
def test_no_two_different_entries_of_a_document_share_a_key(found: list[Entry]) -> None:
    made = document(*found)

    for one, its in zip(found, made, strict=True):
        for other, others in zip(found, made, strict=True):
            told_alike = (one.guid, one.link, one.title) == (other.guid, other.link, other.title)
            assert bool(set(its) & set(others)) == told_alike
