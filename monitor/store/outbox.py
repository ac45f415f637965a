"""The outbox: messages promised and not yet delivered, in order within each channel.

pending -> sending -> sent
              |-> unknown -> (looked up) -> sent | pending
              |-> parked -> pending           a person must mend something first
              '-> dead                        it will never be taken
pending -> digested                           told as part of a digest instead
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, update

from monitor.model import Alert, Content, Digest, Message, Receipt
from monitor.store.schema import outbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Row, Select

    from monitor.store.database import Transaction


class State(StrEnum):
    """Where a message stands; see the module's diagram."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    PARKED = "parked"
    DEAD = "dead"
    DIGESTED = "digested"


_WAITING = (State.PENDING, State.SENDING, State.UNKNOWN, State.PARKED)
_KEYS = uuid.UUID("5f1c6f0e-2a52-4b8c-9d0f-3a1de7f1c0aa")
"""Name space of message keys; part of the format: another one would repeat what is on its way."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the outbox."""

    id: int
    message: Message
    state: State
    attempts: int
    created_at: datetime
    not_before: datetime
    first_tried_at: datetime | None
    sent_at: datetime | None
    receipt: Receipt
    error: str


def key_of(alert: int, revision: int) -> str:
    """The key of what one alert says at one revision: the same after any crash."""
    return str(uuid.uuid5(_KEYS, f"alert:{alert}:{revision}"))


def enqueue(
    tx: Transaction, content: Alert, *, alert: int, revision: int, channel: str, now: datetime
) -> None:
    """Promise an alert to a channel."""
    tx.execute(
        insert(outbox).values(
            key=key_of(alert, revision),
            alert_id=alert,
            revision=revision,
            **_new(content, channel, now),
        )
    )


def _new(content: Content, channel: str, now: datetime) -> dict[str, Any]:
    return {
        "channel": channel,
        "kind": "post",
        "content": _dump(content),
        "state": State.PENDING.value,
        "attempts": 0,
        "created_at": now,
        "not_before": now,
        "receipt_channel": "",
        "receipt_ts": "",
        "error": "",
    }


def collapse(tx: Transaction, channel: str, *, above: int, size: int, now: datetime) -> int:
    """Fold a channel's never-tried alerts into digests of up to `size` where more than `above` wait.

    Returns how many alerts were folded. Their order is kept: oldest first.
    """
    waiting = tx.execute(
        select(outbox)
        .where(
            outbox.c.channel == channel,
            outbox.c.state == State.PENDING.value,
            outbox.c.attempts == 0,
            outbox.c.alert_id.is_not(None),
        )
        .order_by(outbox.c.id)
    ).all()
    if len(waiting) <= above:
        return 0
    for first in range(0, len(waiting), size):
        _digest(tx, waiting[first : first + size], total=len(waiting), now=now)
    return len(waiting)


def _digest(tx: Transaction, rows: Sequence[Row[Any]], *, total: int, now: datetime) -> None:
    alerts = tuple(alert for row in rows if isinstance(alert := _load(row.content), Alert))
    key = uuid.uuid5(_KEYS, "digest:" + ",".join(row.key for row in rows))
    values = _new(Digest(alerts, total), rows[0].channel, now)
    made = insert(outbox).values(key=str(key), revision=1, **values).returning(outbox.c.id)
    digest = int(tx.execute(made).scalar_one())
    ids = [row.id for row in rows]
    folded = {"state": State.DIGESTED.value, "digest_id": digest}
    tx.execute(update(outbox).where(outbox.c.id.in_(ids)).values(folded))


def crowded(tx: Transaction, *, above: int) -> tuple[str, ...]:
    """The channels in which more than `above` never-tried alerts wait."""
    query = (
        select(outbox.c.channel)
        .where(
            outbox.c.state == State.PENDING.value,
            outbox.c.attempts == 0,
            outbox.c.alert_id.is_not(None),
        )
        .group_by(outbox.c.channel)
        .having(func.count() > above)
    )
    return tuple(tx.execute(query).scalars())


def heads(tx: Transaction) -> tuple[Queued, ...]:
    """The oldest waiting message of each channel, due or not: nothing overtakes it."""
    oldest = (
        select(func.min(outbox.c.id))
        .where(outbox.c.state.in_([state.value for state in _WAITING]))
        .group_by(outbox.c.channel)
    )
    rows = tx.execute(select(outbox).where(outbox.c.id.in_(oldest)).order_by(outbox.c.id))
    return tuple(_queued(row) for row in rows)


def start(tx: Transaction, queued: Queued, *, now: datetime) -> bool:
    """Mark a message as being sent, before the call; False where somebody else was first."""
    taken = tx.execute(
        update(outbox)
        .where(outbox.c.id == queued.id, outbox.c.state == queued.state.value)
        .values(
            state=State.SENDING.value,
            attempts=outbox.c.attempts + 1,
            first_tried_at=func.coalesce(outbox.c.first_tried_at, now),
            tried_at=now,
        )
    )
    return taken.rowcount == 1


def sent(tx: Transaction, id_: int, receipt: Receipt, *, now: datetime) -> None:
    """The receiver has it."""
    tx.execute(
        update(outbox)
        .where(outbox.c.id == id_)
        .values(
            state=State.SENT.value,
            sent_at=now,
            receipt_channel=receipt.channel,
            receipt_ts=receipt.ts,
            error="",
        )
    )


def put_back(
    tx: Transaction, id_: int, state: State, *, not_before: datetime, error: str = ""
) -> None:
    """It was not confirmed: where it stands now, when to look at it next, and what went wrong."""
    values = {"state": state.value, "not_before": not_before, "error": error}
    tx.execute(update(outbox).where(outbox.c.id == id_).values(values))


def interrupted(tx: Transaction, *, tried_before: datetime) -> bool:
    """Whether an attempt begun by then has neither succeeded nor failed."""
    return tx.execute(select(_interrupted(tried_before).exists())).scalar_one()


def _interrupted(tried_before: datetime) -> Select[tuple[int, datetime]]:
    return select(outbox.c.id, outbox.c.tried_at).where(
        outbox.c.state == State.SENDING.value, outbox.c.tried_at <= tried_before
    )


def recover(tx: Transaction, *, tried_before: datetime, settle: timedelta) -> int:
    """After a crash: what was being sent may or may not have arrived, and may still be on its way.

    Returns how many there were.
    """
    found = tx.execute(_interrupted(tried_before).with_for_update(skip_locked=True)).all()
    for row in found:
        not_before = row.tried_at + settle
        put_back(
            tx, row.id, State.UNKNOWN, not_before=not_before, error="interrupted while sending"
        )
    return len(found)


def unpark(tx: Transaction, *, now: datetime) -> int:
    """Try what was parked again now; returns how many there were."""
    again = {"state": State.PENDING.value, "not_before": now}
    parked = outbox.c.state == State.PARKED.value
    return tx.execute(update(outbox).where(parked).values(again)).rowcount


def retry(tx: Transaction, ids: Iterable[int] | None, *, now: datetime) -> int:
    """Queue parked and dead messages again, all of them where no ids are given; returns how many."""
    again = {"state": State.PENDING.value, "not_before": now, "error": ""}
    stuck = update(outbox).where(outbox.c.state.in_([State.PARKED.value, State.DEAD.value]))
    if ids is not None:
        stuck = stuck.where(outbox.c.id.in_(list(ids)))
    return tx.execute(stuck.values(again)).rowcount


def latest(tx: Transaction, *, limit: int, undelivered: bool = False) -> tuple[Queued, ...]:
    """The newest messages, newest first; only those not delivered where asked."""
    query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
    if undelivered:
        done = [State.SENT.value, State.DIGESTED.value]
        query = query.where(outbox.c.state.not_in(done))
    return tuple(_queued(row) for row in tx.execute(query))


def counts(tx: Transaction) -> dict[State, int]:
    """How many messages stand in each state."""
    query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return {State(state): number for state, number in tx.execute(query)}


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        id=row.id,
        message=Message(row.key, row.channel, _load(row.content)),
        state=State(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        not_before=row.not_before,
        first_tried_at=row.first_tried_at,
        sent_at=row.sent_at,
        receipt=Receipt(row.receipt_channel, row.receipt_ts),
        error=row.error,
    )


_ALERT = TypeAdapter(Alert)
_DIGEST = TypeAdapter(Digest)


def _dump(content: Content) -> dict[str, Any]:
    if isinstance(content, Digest):
        return {"digest": _DIGEST.dump_python(content, mode="json")}
    return {"alert": _ALERT.dump_python(content, mode="json")}


def _load(stored: dict[str, Any]) -> Content:
    if "digest" in stored:
        return _DIGEST.validate_json(json.dumps(stored["digest"]))
    return _ALERT.validate_json(json.dumps(stored["alert"]))
