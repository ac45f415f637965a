from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import fakes
import pytest
from fakes import alert

from monitor.model import Digest, Receipt
from monitor.store import outbox
from monitor.store.outbox import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.store.database import Database


@pytest.fixture
def promise(database: Database, now: datetime) -> Callable[[str, str], None]:
    """Promise an alert with this title to this channel."""
    return lambda channel, title: fakes.promise(database, title, channel=channel, now=now)


def test_content_comes_back_as_it_went_in(
    database: Database, promise: Callable[[str, str], None]
) -> None:
    promise("#a", "북한군 포로 “둘” <!channel>")

    with database.reading() as tx:
        (head,) = outbox.heads(tx)
    assert head.message.content == alert("북한군 포로 “둘” <!channel>")


def test_the_oldest_waiting_message_heads_its_channel(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    for channel, title in (("#a", "first"), ("#b", "other"), ("#a", "second")):
        promise(channel, title)

    with database.reading() as tx:
        heads = outbox.heads(tx)
    assert [(one.message.channel, one.id) for one in heads] == [("#a", 1), ("#b", 2)]


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PARKED, State.PENDING])
def test_nothing_overtakes_an_unconfirmed_message(
    database: Database, promise: Callable[[str, str], None], now: datetime, state: State
) -> None:
    promise("#a", "first")
    promise("#a", "second")

    with database.transaction() as tx:
        outbox.put_back(tx, 1, state, not_before=now + timedelta(hours=1), error="trouble")
        heads = outbox.heads(tx)

    assert [one.id for one in heads] == [1]


def test_a_message_is_started_by_one_sender_only(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")

    with database.transaction() as tx:
        (head,) = outbox.heads(tx)
        assert outbox.start(tx, head, now=now)
        assert not outbox.start(tx, head, now=now)


def test_a_delivered_message_keeps_where_it_is(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")

    with database.transaction() as tx:
        (head,) = outbox.heads(tx)
        outbox.start(tx, head, now=now)
        outbox.sent(tx, head.id, Receipt("C1", "123.456"), now=now)
        (kept,) = outbox.latest(tx, limit=10)

    assert (kept.state, kept.receipt, kept.attempts) == (State.SENT, Receipt("C1", "123.456"), 1)


def test_after_a_crash_what_was_being_sent_is_unknown(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")
    with database.transaction() as tx:
        (head,) = outbox.heads(tx)
        outbox.start(tx, head, now=now)

    with database.transaction() as tx:
        assert outbox.recover(tx, tried_before=now, settle=timedelta(seconds=15)) == 1
        (head,) = outbox.heads(tx)

    assert head.state is State.UNKNOWN
    assert head.not_before == now + timedelta(seconds=15)
    assert head.first_tried_at == now


def test_a_crowded_channel_becomes_digests_that_hold_every_alert_in_order(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    for number in range(7):
        promise("#a", f"title {number}")
    promise("#b", "alone")

    with database.transaction() as tx:
        assert outbox.crowded(tx, above=5) == ("#a",)
        assert outbox.collapse(tx, "#a", above=5, size=3, now=now) == 7
        waiting = [one for one in outbox.latest(tx, limit=99) if one.state is State.PENDING]
        assert outbox.collapse(tx, "#a", above=5, size=3, now=now) == 0

    digests = [one.message.content for one in sorted(waiting, key=lambda one: one.id)][1:]
    assert all(isinstance(one, Digest) and one.waiting == 7 for one in digests)
    titles = [a.title for one in digests if isinstance(one, Digest) for a in one.alerts]
    assert titles == [f"title {number}" for number in range(7)]


def test_retry_queues_what_is_held_and_nothing_else(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    for title in ("parked", "dead", "sent"):
        promise(f"#{title}", title)
    with database.transaction() as tx:
        outbox.put_back(
            tx, 1, State.PARKED, not_before=now + timedelta(hours=1), error="no channel"
        )
        outbox.put_back(tx, 2, State.DEAD, not_before=now, error="refused")
        outbox.sent(tx, 3, Receipt("C1", "1"), now=now)

    with database.transaction() as tx:
        assert outbox.retry(tx, [1, 3], now=now) == 1
        assert outbox.retry(tx, None, now=now) == 1

    with database.reading() as tx:
        assert outbox.counts(tx) == {State.PENDING: 2, State.SENT: 1}


def test_a_key_is_the_same_after_any_crash_and_another_for_each_revision() -> None:
    assert outbox.key_of(1, 1) == outbox.key_of(1, 1)
    assert len({outbox.key_of(1, 1), outbox.key_of(1, 2), outbox.key_of(2, 1)}) == 3
