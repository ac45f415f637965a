from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import fakes
import pytest
from fakes import alert

from monitor.model import Digest, Receipt
from monitor.store import folding, migrate, outbox
from monitor.store.database import Database
from monitor.store.outbox import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.store.database import Transaction
    from monitor.store.outbox import Queued


SETTLE = timedelta(seconds=15)


def begin(tx: Transaction, now: datetime) -> Queued:
    """Begin to send the first head."""
    claim = outbox.start(tx, outbox.heads(tx)[0], now=now)
    assert claim
    return claim


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
        later = now + timedelta(hours=1)
        assert outbox.put_back(tx, begin(tx, now), state, not_before=later, error="trouble")
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
        assert outbox.sent(tx, begin(tx, now), Receipt("C1", "123.456"), now=now)
        (kept,) = outbox.latest(tx, limit=10)

    assert (kept.state, kept.receipt, kept.attempts) == (State.SENT, Receipt("C1", "123.456"), 1)


def test_after_a_crash_what_was_being_sent_is_unknown(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")
    with database.transaction() as tx:
        begin(tx, now)

    with database.transaction() as tx:
        minute = timedelta(minutes=1)
        assert outbox.recover(tx, now=now, silent_for=minute, settle=SETTLE) == 0
        assert outbox.recover(tx, now=now, silent_for=timedelta(0), settle=SETTLE) == 1
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
        assert folding.crowded(tx, above=5) == ("#a",)
        assert folding.collapse(tx, "#a", above=5, size=3, now=now) == 7
        waiting = [one for one in outbox.latest(tx, limit=99) if one.state is State.PENDING]
        assert folding.collapse(tx, "#a", above=5, size=3, now=now) == 0

    digests = [one.message.content for one in sorted(waiting, key=lambda one: one.id)][1:]
    assert all(isinstance(one, Digest) and one.waiting == 7 for one in digests)
    titles = [a.title for one in digests if isinstance(one, Digest) for a in one.alerts]
    assert titles == [f"title {number}" for number in range(7)]


def test_retry_queues_what_is_held_and_nothing_else(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    for title in ("parked", "dead", "sent", "unclear"):
        promise(f"#{title}", title)
    hour = now + timedelta(hours=1)
    with database.transaction() as tx:
        parked, dead, sent, unclear = (outbox.start(tx, one, now=now) for one in outbox.heads(tx))
        assert parked
        assert dead
        assert sent
        assert unclear
        outbox.put_back(tx, parked, State.PARKED, not_before=hour, error="no channel")
        outbox.put_back(tx, dead, State.DEAD, not_before=now, error="refused")
        outbox.sent(tx, sent, Receipt("C1", "1"), now=now)
        outbox.put_back(tx, unclear, State.UNKNOWN, not_before=hour, error="no history")

    with database.transaction() as tx:
        assert outbox.retry(tx, [1, 3], now=now) == 1
        assert outbox.retry(tx, None, now=now) == 2

    with database.reading() as tx:
        assert outbox.counts(tx) == {State.PENDING: 2, State.SENT: 1, State.UNKNOWN: 1}
        assert all(one.not_before == now for one in outbox.heads(tx))


def test_only_the_holder_of_a_claim_says_what_became_of_an_attempt(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")
    with database.transaction() as tx:
        first = begin(tx, now)
        outbox.recover(tx, now=now, silent_for=timedelta(0), settle=timedelta(0))
        second = begin(tx, now)

    with database.transaction() as tx:
        assert not outbox.sent(tx, first, Receipt("C1", "1"), now=now)
        assert not outbox.put_back(tx, first, State.DEAD, not_before=now)
        assert outbox.sent(tx, second, Receipt("C1", "2"), now=now)
        assert not outbox.put_back(tx, second, State.UNKNOWN, not_before=now)
        assert not outbox.sent(tx, second, Receipt("C1", "3"), now=now)
        (kept,) = outbox.latest(tx, limit=1)

    assert (kept.state, kept.receipt.ts) == (State.SENT, "2")


def test_a_sender_taken_for_dead_may_still_bring_its_receipt(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")
    with database.transaction() as tx:
        slow = begin(tx, now)
        outbox.recover(tx, now=now, silent_for=timedelta(0), settle=SETTLE)

    with database.transaction() as tx:
        assert outbox.sent(tx, slow, Receipt("C1", "1"), now=now)


def test_an_attempt_of_the_future_was_made_before_the_clock_was_set_back(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    promise("#a", "first")
    with database.transaction() as tx:
        begin(tx, now + timedelta(hours=2))

    with database.transaction() as tx:
        assert outbox.interrupted(tx, now=now, silent_for=timedelta(minutes=1))
        assert outbox.recover(tx, now=now, silent_for=timedelta(minutes=1), settle=SETTLE) == 1
        (head,) = outbox.heads(tx)

    assert head.not_before == now + SETTLE


def test_two_that_fold_a_channel_at_once_fold_each_alert_once(
    database: Database, promise: Callable[[str, str], None], now: datetime
) -> None:
    for number in range(30):
        promise("#a", f"title {number}")

    def fold(_: int) -> int:
        with database.transaction() as tx:
            return folding.collapse(tx, "#a", above=5, size=10, now=now)

    with ThreadPoolExecutor(4) as pool:
        folded = list(pool.map(fold, range(4)))

    assert sorted(folded) == [0, 0, 0, 30]


def test_a_key_is_the_same_after_any_crash_and_another_for_each_revision(
    database: Database,
) -> None:
    with database.transaction() as tx:
        first = outbox.key_of(tx, 1, 1)
        others = {outbox.key_of(tx, 1, 2), outbox.key_of(tx, 2, 1)}
    with database.transaction() as tx:
        assert outbox.key_of(tx, 1, 1) == first

    assert len({first, *others}) == 3


def test_two_databases_share_no_key(database: Database, tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'other.db'}") as other:
        migrate.upgrade(other)
        with database.transaction() as ours, other.transaction() as theirs:
            assert outbox.key_of(ours, 1, 1) != outbox.key_of(theirs, 1, 1)
