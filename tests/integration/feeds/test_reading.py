"""Documents read in the background, by real processes: a slow one holds up no other."""

from __future__ import annotations

import queue
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from feedserver import rss, rss_item

from monitor.errors import FetchError, ParseError
from monitor.feeds.exchange import Fetched, Request, Response
from monitor.feeds.reading import MOST_ASIDE, Reading
from monitor.model import Validators

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = (
    b'<rss version="2.0"><channel><item><title>Hello</title><guid>1</guid>'
    b"<of-its-own/><author>" + b"a." * 64_000 + b"</author></item></channel></rss>"
)
"""Takes feedparser 6 more than ten seconds, for it is quadratic in names of authors."""
ODD = b"<rss><channel><item><title>Hello</title><of-its-own/></item></channel></rss>"
"""Takes feedparser as well, for not all of it is plain."""


def document(title: str) -> bytes:
    return rss([rss_item(title, guid=title)])


def fetched(feed: int, body: bytes, *, known: str = "", status: int = 200) -> Fetched:
    url = f"https://wire.example/{feed}"
    response = Response(status, url, {}, body, Validators('"1"'), None)
    return Fetched(Request(feed, url, Validators(), known), response)


class Desk:
    """Hands documents in and sees in which order they are done."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._done: queue.SimpleQueue[Fetched] = queue.SimpleQueue()

    def hand_in(self, *documents: Fetched) -> None:
        for one in documents:
            self._reading.take(one, self._done.put)

    def next(self) -> Fetched:
        return self._done.get(timeout=60)

    def next_feeds(self, count: int) -> list[int]:
        return [self.next().request.feed for _ in range(count)]


@pytest.fixture
def reading() -> Iterator[Reading]:
    with Reading(moment=timedelta(milliseconds=150), limit=timedelta(seconds=0.8)) as one:
        yield one


@pytest.fixture
def desk(reading: Reading) -> Desk:
    return Desk(reading)


def test_a_document_comes_back_read_with_its_hash(desk: Desk) -> None:
    desk.hand_in(fetched(1, document("News")))

    done = desk.next()

    assert done.parsed
    assert [entry.title for entry in done.parsed.entries] == ["News"]
    assert len(done.body_hash) == 64


def test_what_is_known_or_failed_or_not_modified_is_not_read(desk: Desk) -> None:
    desk.hand_in(fetched(1, document("News")))
    known = desk.next().body_hash
    failure = Fetched(Request(3, "https://x.example/", Validators()), FetchError("no answer"))

    desk.hand_in(fetched(1, document("News"), known=known), fetched(2, b"", status=304), failure)

    assert [desk.next().parsed for _ in range(3)] == [None, None, None]


@pytest.mark.slow
def test_slow_documents_hold_up_no_other(desk: Desk, reading: Reading) -> None:
    slow = range(1, 6)
    desk.hand_in(*(fetched(n, SLOW) for n in slow), fetched(99, document("News")))

    order = desk.next_feeds(6)

    assert order.index(99) <= 2
    assert sorted(order) == [*slow, 99]
    assert (reading.waiting, reading.aside) == (0, 0)


@pytest.mark.slow
def test_a_feed_known_to_be_slow_does_not_take_even_its_moment(desk: Desk) -> None:
    slow = range(1, 4)
    desk.hand_in(*(fetched(n, SLOW) for n in slow))
    desk.next_feeds(3)

    desk.hand_in(*(fetched(n, SLOW) for n in slow), fetched(99, document("News")))

    assert desk.next_feeds(4).index(99) <= 1


def test_a_feed_that_was_slow_once_is_read_all_the_same(desk: Desk) -> None:
    desk.hand_in(fetched(1, SLOW))
    assert isinstance(desk.next().outcome, ParseError)

    desk.hand_in(fetched(1, document("News")))

    assert desk.next().parsed


def test_few_slow_documents_wait_at_a_time_and_each_gets_its_answer(
    desk: Desk, reading: Reading
) -> None:
    desk.hand_in(fetched(1, SLOW))
    desk.next()
    desk.hand_in(*(fetched(1, SLOW) for _ in range(MOST_ASIDE + 1)))

    first = desk.next().outcome

    assert isinstance(first, ParseError)
    assert "slow to parse" in str(first)
    assert reading.aside == MOST_ASIDE


def test_a_document_that_brings_a_bug_to_light_gets_its_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("monitor.feeds.parsing.ParsePool.parse", broken)
    desk.hand_in(fetched(1, ODD))
    assert "bug" in str(desk.next().outcome)

    monkeypatch.setattr("monitor.feeds.reading.parse_at_once", broken)
    desk.hand_in(fetched(1, document("News")))
    assert "bug" in str(desk.next().outcome)


def test_a_plain_document_needs_no_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a worker was asked")

    monkeypatch.setattr("monitor.feeds.parsing.ParsePool.parse", refused)

    desk.hand_in(fetched(1, document("News")))

    assert desk.next().parsed


def test_a_mistake_of_ours_with_a_plain_document_costs_no_entry(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("monitor.feeds.reading.parse_at_once", broken)
    desk.hand_in(fetched(1, document("News")))
    first = desk.next()
    desk.hand_in(fetched(1, document("More")))
    second = desk.next()

    titles = [entry.title for one in (first, second) if one.parsed for entry in one.parsed.entries]
    assert titles == ["News", "More"]
    (said,) = [one for one in caplog.records if "please report" in one.getMessage()]
    assert said.exc_info
