from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.moves import address, noted
from monitor.model import Move

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = "https://old.example/rss", "https://new.example/rss"


def after(*sights: tuple[float, str | None], url: str = OLD) -> str:
    """Where a feed is asked after polls on these days that were sent to these places."""
    move, now = Move(), NOW
    for day, moved_to in sights:
        now = NOW + day * DAY
        move = noted(move, moved_to, now=now)
    return address(url, move, now=now)


def test_a_move_is_believed_when_it_was_seen_several_times_over_days() -> None:
    assert after((0, NEW), (1, NEW), (2, NEW)) == NEW


def test_a_move_seen_often_in_an_hour_or_rarely_in_a_week_is_not() -> None:
    assert after((0, NEW), (0.01, NEW), (0.02, NEW), (0.03, NEW)) == OLD
    assert after((0, NEW), (7, NEW)) == OLD


def test_one_answer_from_the_old_place_begins_the_count_anew() -> None:
    assert after((0, NEW), (1, None), (2, NEW), (3, NEW)) == OLD


def test_a_move_that_changes_its_mind_begins_the_count_anew() -> None:
    assert after((0, NEW), (1, NEW), (2, "https://other.example/")) == OLD


def test_no_move_leads_from_a_secure_address_to_an_open_one() -> None:
    open_ = "http://new.example/rss"

    assert after((0, open_), (1, open_), (2, open_)) == OLD
    assert after((0, open_), (1, open_), (2, open_), url="http://old.example/") == open_


@given(st.lists(st.tuples(st.floats(0, 9), st.sampled_from([None, NEW, OLD])), max_size=6))
def test_a_feed_is_asked_at_its_own_address_or_where_it_last_moved(
    sights: list[tuple[float, str | None]],
) -> None:
    assert after(*sorted(sights, key=lambda sight: sight[0])) in {OLD, NEW}
