"""Feeds of real publishers, fetched from a server and parsed as the service does it."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from feedserver import FeedServer

from monitor.errors import ParseError
from monitor.feeds.exchange import Request, Response
from monitor.feeds.fetch import Fetcher
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parsing import ParsePool
from monitor.feeds.settings import PollingSettings
from monitor.model import Feed, Outlet, Validators
from monitor.text import clean

RECORDED = Path(__file__).parents[4] / "shared/feeds"
SEEN = datetime(2025, 3, 17, tzinfo=UTC)


class Recorded(NamedTuple):
    """A line of the recordings' index."""

    path: str
    kind: str
    entries: int


def recorded() -> list[Recorded]:
    with (RECORDED / "index.tsv").open(encoding="utf-8", newline="") as index:
        rows = csv.DictReader(index, delimiter="\t")
        return [
            Recorded(row["path"], row["format"], int(row["entries_feedparser"])) for row in rows
        ]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded feeds are not here")
@pytest.mark.slow
def test_every_recorded_feed_is_fetched_and_parsed() -> None:
    settings = PollingSettings.model_validate({"allow_private": ["127.0.0.0/8"], "per_host": 8})
    feeds = recorded()
    counts: dict[str, int | str] = {}
    with FeedServer() as server, ParsePool() as pool, Fetcher(settings, user_agent="t") as fetcher:
        waiting = [
            Request(n, server.publish(f"/{n}", (RECORDED / one.path).read_bytes()), Validators())
            for n, one in enumerate(feeds)
        ]

        def take(count: int) -> list[Request]:
            return [waiting.pop() for _ in range(min(count, len(waiting)))]

        for fetched in fetcher.fetch(take):
            one = feeds[fetched.request.feed]
            assert isinstance(fetched.outcome, Response), (one, fetched.outcome)
            counts[one.path] = count_items(pool, fetched.outcome)

    assert len(counts) == len(feeds) >= 160
    different = {one for one in feeds if counts[one.path] != one.entries}
    # feedparser reads no JSON Feed; ours does. One document ends inside its only entry.
    assert {one.kind for one in different if one.kind != "json"} <= {"rss20"}
    assert [counts[one.path] for one in different if one.kind != "json"] == [
        "cut off before the end of its first entry"
    ]
    total = sum(count for count in counts.values() if isinstance(count, int))
    assert total >= sum(one.entries for one in feeds)


def count_items(pool: ParsePool, response: Response) -> int | str:
    """How many entries a document has, all of them checked; why it has none, where it is no feed."""
    try:
        parsed = pool.parse(response.body, url=response.url)
    except ParseError as error:
        return str(error)
    for item in normalise_document(parsed, Feed(response.url, Outlet("x")), seen=SEEN):
        assert item.title
        assert all(clean(text) == text for text in (item.title, item.summary, item.content))
        assert "\ufffd" not in item.title
    return len(parsed.entries)
