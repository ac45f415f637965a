"""The outbox: messages promised and not yet delivered, in order within each channel.

pending -> sending -> sent
              |-> unknown -> (looked up) -> sent | pending
              |-> parked -> pending           a person must mend something first
              '-> dead                        it will never be taken
pending -> digested                           told as part of a digest instead
pending -> held -> pending | digested         quiet hours, the next digest, the end of a cooldown
pending | held -> muted                       a reader asked not to be told
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import and_, func, insert, or_, select, true, update

from monitor.model import Alert, Content, Digest, Message, Notice, Receipt, Severity
from monitor.store.schema import Time, alerts, identity, outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Row, Select

    from monitor.store.database import Transaction


class State(StrEnum):
    """Where a message stands; see the module's diagram."""

    PENDING = "pending"
    HELD = "held"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    PARKED = "parked"
    DEAD = "dead"
    DIGESTED = "digested"
    MUTED = "muted"


_DONE = (State.SENT.value, State.DIGESTED.value, State.MUTED.value)
_WAITING = (State.PENDING, State.SENDING, State.UNKNOWN, State.PARKED)
UNDELIVERED = (State.DEAD, State.PARKED, State.UNKNOWN, State.SENDING, State.PENDING, State.HELD)
"""Worst first."""
ALWAYS = len(Severity)
"""Rank of what is never held: digests were held already, notices are not for readers."""
LOOKED_ENOUGH = 1_000
"""So many failed look-ups that the next one that fails is the last."""
KEYS = uuid.UUID("5f1c6f0e-2a52-4b8c-9d0f-3a1de7f1c0aa")
"""Name space of message keys; part of the format: another one would repeat what is on its way."""


class Kind(StrEnum):
    """Where a message goes."""

    POST = "post"
    """To its channel."""
    REPLY = "reply"
    """To the thread of its story's message; to the channel where there is none."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the outbox."""

    id: int
    alert: int | None
    """None for a digest."""
    kind: Kind
    message: Message
    state: State
    attempts: int
    looks: int
    """Look-ups that failed since the answer was lost."""
    created_at: datetime
    not_before: datetime
    first_tried_at: datetime | None
    tried_at: datetime | None
    sent_at: datetime | None
    receipt: Receipt
    error: str
    marked_at: datetime | None = None
    """Since when a digest does not show what readers did with it; None while it does."""
    edits: int = 0


def key_of(tx: Transaction, alert: int, revision: int) -> str:
    """The key of what one alert says at one revision: the same after any crash.

    Another database has other keys, or its messages in the same channel would be taken for ours.
    """
    return str(uuid.uuid5(KEYS, f"{_salt(tx)}:alert:{alert}:{revision}"))


def _salt(tx: Transaction) -> str:
    return str(tx.execute(select(identity.c.salt)).scalar_one())


def enqueue(
    tx: Transaction,
    content: Alert,
    *,
    alert: int,
    revision: int,
    channel: str,
    now: datetime,
    kind: Kind = Kind.POST,
    rests_until: datetime | None = None,
) -> int:
    """Promise an alert to a channel, for later where it rests; the number of the message."""
    row = new_row(content, channel, now) | {"kind": kind.value}
    if rests_until:
        row |= {"state": State.HELD.value, "not_before": rests_until}
    key = key_of(tx, alert, revision)
    return _add(tx, {"key": key, "alert_id": alert, "revision": revision, **row})


def add_to_resting(tx: Transaction, content: Alert, *, alert_id: int, now: datetime) -> int | None:
    """Let what rests already say this too; the number of that message, None where none rests."""
    row = tx.execute(
        select(outbox.c.id, outbox.c.content)
        .where(
            outbox.c.alert_id == alert_id,
            outbox.c.state == State.HELD.value,
            outbox.c.not_before > now,
        )
        .order_by(outbox.c.id)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    before = load(row.content) if row else None
    if row is None or not isinstance(before, Alert):
        return None
    labels = {rule.id: rule for rule in (*before.rules, *content.rules)}
    both = replace(
        content,
        rules=tuple(sorted(labels.values(), key=lambda rule: -rule.severity.rank)),
        changes=tuple(dict.fromkeys((*before.changes, *content.changes))),
        broadcast=before.broadcast or content.broadcast,
    )
    values = {"content": _dump(both), "rank": both.severity.rank}
    tx.execute(update(outbox).where(outbox.c.id == row.id).values(values))
    return int(row.id)


def set_aside(tx: Transaction, content: Alert, *, channel: str, why: str, now: datetime) -> int:
    """Keep an alert that is not told because a reader asked for that; the number of the message."""
    row = new_row(content, channel, now) | {"state": State.MUTED.value, "error": why}
    # Of no alert: the channel knows nothing of it. It is never sent, so any key will do.
    return _add(tx, {"key": str(uuid.uuid4()), "revision": 1, **row})


def _add(tx: Transaction, row: dict[str, Any]) -> int:
    return int(tx.execute(insert(outbox).returning(outbox.c.id), row).scalar_one())


def silence(tx: Transaction, why: Callable[[int, Alert], str]) -> int:
    """Set aside what waits and was never tried; returns how many.

    Args:
        tx: The transaction.
        why: Who silences an alert of this story, "" for nobody.
    """
    fresh = (
        select(outbox.c.id, outbox.c.content, alerts.c.story_id)
        .join(alerts, alerts.c.id == outbox.c.alert_id)
        .where(outbox.c.state.in_([State.PENDING.value, State.HELD.value]), outbox.c.attempts == 0)
        .with_for_update(of=outbox)
    )
    aside = 0
    for row in tx.execute(fresh).all():
        content = load(row.content)
        if isinstance(content, Alert) and (said := why(row.story_id, content)):
            muted = {"state": State.MUTED.value, "error": said}
            tx.execute(update(outbox).where(outbox.c.id == row.id).values(muted))
            aside += 1
    return aside


def notify(
    tx: Transaction, notice: Notice, *, name: str, channel: str, now: datetime
) -> str | None:
    """Promise a notice; its key, or None where the one of this name was promised before."""
    if was_notified(tx, name):
        return None
    key = _notice_key(tx, name)
    tx.execute(insert(outbox).values(key=key, revision=1, **new_row(notice, channel, now)))
    return key


def was_notified(tx: Transaction, name: str) -> bool:
    """Whether the notice of this name was promised."""
    same = select(outbox.c.id).where(outbox.c.key == _notice_key(tx, name))
    return tx.execute(same).one_or_none() is not None


def _notice_key(tx: Transaction, name: str) -> str:
    return str(uuid.uuid5(KEYS, f"{_salt(tx)}:notice:{name}"))


def may_be_there(tx: Transaction, key: str) -> bool:
    """Whether a message was promised, is still known, and was not refused for good."""
    row = tx.execute(select(outbox.c.state).where(outbox.c.key == key)).one_or_none()
    return row is not None and row.state != State.DEAD.value


def of_key(tx: Transaction, key: str) -> Queued | None:
    """The message of this key."""
    row = tx.execute(select(outbox).where(outbox.c.key == key)).one_or_none()
    return _queued(row) if row else None


def receipt_of(tx: Transaction, key: str) -> Receipt | None:
    """Where a message is; None where it is not delivered."""
    row = tx.execute(select(outbox).where(outbox.c.key == key)).one_or_none()
    if row is None or row.state != State.SENT.value or not row.receipt_ts:
        return None
    return Receipt(row.receipt_channel, row.receipt_ts)


def new_row(content: Content, channel: str, now: datetime) -> dict[str, Any]:
    """The columns of a message that is promised now; the key is the caller's."""
    return {
        "channel": channel,
        "kind": Kind.POST.value,
        "content": _dump(content),
        "state": State.PENDING.value,
        "rank": content.severity.rank if isinstance(content, Alert) else ALWAYS,
        "attempts": 0,
        "looks": 0,
        "created_at": now,
        "not_before": now,
        "receipt_channel": "",
        "receipt_ts": "",
        "error": "",
        "edits": 0,
    }


def heads(tx: Transaction) -> tuple[Queued, ...]:
    """The oldest waiting message of each channel, due or not: nothing overtakes it."""
    oldest = (
        select(func.min(outbox.c.id))
        .where(outbox.c.state.in_([state.value for state in _WAITING]))
        .group_by(outbox.c.channel)
    )
    rows = tx.execute(select(outbox).where(outbox.c.id.in_(oldest)).order_by(outbox.c.id))
    return tuple(_queued(row) for row in rows)


def latest_tries(tx: Transaction, *, since: datetime) -> dict[str, datetime]:
    """When each channel was last sent something, of those that were since then."""
    query = (
        select(outbox.c.channel, func.max(outbox.c.tried_at))
        .where(outbox.c.tried_at > since)
        .group_by(outbox.c.channel)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def busy(tx: Transaction, *, since: datetime, above: int) -> tuple[str, ...]:
    """The channels that were sent more messages than that since then."""
    query = (
        select(outbox.c.channel)
        .where(outbox.c.tried_at > since, outbox.c.state == State.SENT.value)
        .group_by(outbox.c.channel)
        .having(func.count() > above)
    )
    return tuple(tx.execute(query).scalars())


def start(tx: Transaction, queued: Queued, *, now: datetime) -> Queued | None:
    """Mark a message as being sent, before the call; None where somebody else was first.

    What it returns is the claim: only its holder may say what became of this attempt.
    """
    taken = tx.execute(
        update(outbox)
        .where(_claimed(queued))
        .values(
            state=State.SENDING.value,
            attempts=outbox.c.attempts + 1,
            first_tried_at=func.coalesce(outbox.c.first_tried_at, now),
            tried_at=now,
        )
    )
    if taken.rowcount != 1:
        return None
    return replace(queued, state=State.SENDING, attempts=queued.attempts + 1, tried_at=now)


def _claimed(queued: Queued) -> ColumnElement[bool]:
    """Whether the message stands as it did: nobody has begun another attempt or ended this one."""
    return and_(
        outbox.c.id == queued.id,
        outbox.c.state == queued.state.value,
        outbox.c.attempts == queued.attempts,
    )


def sent(tx: Transaction, claim: Queued, receipt: Receipt, *, now: datetime) -> bool:
    """The receiver has it; False where somebody else has dealt with it meanwhile."""
    # A slow sender that was taken for dead has the truth all the same: the receipt.
    may_be = outbox.c.state.in_([State.SENDING.value, State.UNKNOWN.value])
    done = tx.execute(
        update(outbox)
        .where(outbox.c.id == claim.id, outbox.c.attempts == claim.attempts, may_be)
        .values(
            state=State.SENT.value,
            sent_at=now,
            receipt_channel=receipt.channel,
            receipt_ts=receipt.ts,
            error="",
        )
    )
    return done.rowcount == 1


def put_back(
    tx: Transaction,
    claim: Queued,
    state: State,
    *,
    not_before: datetime,
    error: str = "",
    looks: int = 0,
) -> bool:
    """It was not confirmed: where it stands now, when to look at it next, and what went wrong.

    Returns False, and changes nothing, where somebody else has dealt with it meanwhile.
    """
    values = {"state": state.value, "not_before": not_before, "error": error, "looks": looks}
    return tx.execute(update(outbox).where(_claimed(claim)).values(values)).rowcount == 1


def interrupted(tx: Transaction, *, now: datetime, silent_for: timedelta) -> bool:
    """Whether an attempt begun so long ago has neither succeeded nor failed."""
    return tx.execute(select(_interrupted(now, silent_for).exists())).scalar_one()


def _interrupted(now: datetime, silent_for: timedelta) -> Select[tuple[int, datetime]]:
    # An attempt of the future was made before the clock was set back.
    when = outbox.c.tried_at
    return select(outbox.c.id, when).where(
        outbox.c.state == State.SENDING.value,
        or_(when <= now - silent_for, when > now + silent_for),
    )


def recover(tx: Transaction, *, now: datetime, silent_for: timedelta, settle: timedelta) -> int:
    """After a crash: what was being sent may or may not have arrived, and may still be on its way.

    Returns how many there were.
    """
    query = _interrupted(now, silent_for).with_for_update(skip_locked=True)
    found = tx.execute(query).all()
    for row in found:
        unclear = {
            "state": State.UNKNOWN.value,
            "not_before": min(row.tried_at, now) + settle,
            "error": "interrupted while sending",
        }
        tx.execute(update(outbox).where(outbox.c.id == row.id).values(unclear))
    return len(found)


def due_by(tx: Transaction, latest: datetime) -> None:
    """Let no message wait longer than until `latest`."""
    late = (outbox.c.not_before > latest) & outbox.c.state.in_([one.value for one in _WAITING])
    tx.execute(update(outbox).where(late).values(not_before=latest))


def unpark(tx: Transaction, *, now: datetime) -> int:
    """Try what was parked again now; returns how many there were."""
    again = {"state": State.PENDING.value, "not_before": now}
    parked = outbox.c.state == State.PARKED.value
    return tx.execute(update(outbox).where(parked).values(again)).rowcount


def retry(tx: Transaction, ids: Iterable[int] | None, *, now: datetime) -> int:
    """Queue held messages again, all of them where no ids are given; returns how many.

    Parked and dead ones are sent again. Unclear ones are looked up once more, and sent again where
    that can't be done either.
    """
    chosen = outbox.c.id.in_(list(ids)) if ids is not None else true()
    held = outbox.c.state.in_([State.PARKED.value, State.DEAD.value])
    again = {"state": State.PENDING.value, "not_before": now, "error": "", "looks": 0}
    unclear = outbox.c.state == State.UNKNOWN.value
    look = {"not_before": now, "looks": LOOKED_ENOUGH}
    queued = tx.execute(update(outbox).where(unclear, chosen).values(look)).rowcount
    return queued + tx.execute(update(outbox).where(held, chosen).values(again)).rowcount


def alerts_of(tx: Transaction, alert: int) -> tuple[tuple[Receipt, Alert], ...]:
    """What was ever promised about an alert, in order, and where it went."""
    query = select(outbox).where(outbox.c.alert_id == alert).order_by(outbox.c.id)
    return tuple(
        (Receipt(row.receipt_channel, row.receipt_ts), content)
        for row in tx.execute(query)
        if isinstance(content := load(row.content), Alert)
    )


def find(tx: Transaction, id_: int) -> Queued | None:
    """The message of this number."""
    row = tx.execute(select(outbox).where(outbox.c.id == id_)).one_or_none()
    return _queued(row) if row else None


def at(tx: Transaction, receipt: Receipt) -> Queued | None:
    """The message that is at a place; None where none of ours is known to be."""
    query = select(outbox).where(
        outbox.c.receipt_ts == receipt.ts, outbox.c.receipt_channel == receipt.channel
    )
    row = tx.execute(query.order_by(outbox.c.id).limit(1)).one_or_none()
    return _queued(row) if row and receipt.ts else None


def told_in(tx: Transaction, digest: int) -> tuple[tuple[int | None, Alert], ...]:
    """The alerts that a digest tells, in its order, each with the number under which it is known."""
    query = select(outbox.c.alert_id, outbox.c.content).where(outbox.c.digest_id == digest)
    return tuple(
        (row.alert_id, content)
        for row in tx.execute(query.order_by(outbox.c.id))
        if isinstance(content := load(row.content), Alert)
    )


def next_marked(tx: Transaction, *, now: datetime, horizon: datetime) -> Queued | None:
    """The digest that does not show for longest what readers did with it, and may be updated now."""
    due = or_(outbox.c.not_before <= now, outbox.c.not_before > horizon)
    query = (
        select(outbox)
        .where(outbox.c.marked_at.is_not(None), outbox.c.state == State.SENT.value, due)
        .order_by(outbox.c.marked_at, outbox.c.id)
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return _queued(row) if row else None


def claim_marked(tx: Transaction, digest: Queued, *, next_update: datetime) -> bool:
    """Be the one who updates a digest; False where another replica was first."""
    mine = and_(outbox.c.id == digest.id, outbox.c.edits == digest.edits)
    values = {"edits": digest.edits + 1, "not_before": next_update}
    return tx.execute(update(outbox).where(mine).values(values)).rowcount == 1


def shows_marks(tx: Transaction, digest: Queued) -> None:
    """A digest shows what was known when it was looked at."""
    # What has been done since is shown by the next update.
    same = and_(outbox.c.id == digest.id, outbox.c.marked_at == digest.marked_at)
    tx.execute(update(outbox).where(same).values(marked_at=None))


def delay_marked(tx: Transaction, digest: Queued, *, until: datetime) -> None:
    """Update a digest no sooner than that."""
    tx.execute(update(outbox).where(outbox.c.id == digest.id).values(not_before=until))


def latest(tx: Transaction, *, limit: int, undelivered: bool = False) -> tuple[Queued, ...]:
    """The newest messages, newest first; only those not delivered where asked."""
    query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
    if undelivered:
        query = query.where(outbox.c.state.not_in(_DONE))
    return tuple(_queued(row) for row in tx.execute(query))


def counts(tx: Transaction) -> dict[State, int]:
    """How many messages stand in each state."""
    query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return {State(state): number for state, number in tx.execute(query)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages stand in a state in which they are not delivered."""

    state: State
    number: int
    since: datetime | None
    """When the oldest of them was promised; None for none."""


def waiting(tx: Transaction) -> tuple[Waiting, ...]:
    """What is not delivered, by state; also the states in which nothing is."""
    query = (
        select(outbox.c.state, func.count(), func.min(outbox.c.created_at, type_=Time))
        .where(outbox.c.state.in_([state.value for state in UNDELIVERED]))
        .group_by(outbox.c.state)
    )
    found = {row[0]: (row[1], row[2]) for row in tx.execute(query)}
    return tuple(Waiting(state, *found.get(state.value, (0, None))) for state in UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Held:
    """Undelivered messages of one channel in one state."""

    channel: str
    state: State
    number: int
    since: datetime
    """When the oldest of them was promised."""
    error: str
    """Why one of them is held; "" where nothing went wrong."""


def undelivered(tx: Transaction) -> tuple[Held, ...]:
    """What should have been delivered and is not, by channel and state."""
    query = (
        select(
            outbox.c.channel,
            outbox.c.state,
            func.count(),
            func.min(outbox.c.created_at, type_=Time),
            func.max(outbox.c.error),
        )
        .where(outbox.c.state.in_([one.value for one in (*_WAITING, State.DEAD)]))
        .group_by(outbox.c.channel, outbox.c.state)
        .order_by(outbox.c.channel, outbox.c.state)
    )
    return tuple(
        Held(channel, State(state), number, since, error)
        for channel, state, number, since, error in tx.execute(query)
    )


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        id=row.id,
        alert=row.alert_id,
        kind=Kind(row.kind),
        message=Message(row.key, row.channel, load(row.content)),
        state=State(row.state),
        attempts=row.attempts,
        looks=row.looks,
        created_at=row.created_at,
        not_before=row.not_before,
        first_tried_at=row.first_tried_at,
        tried_at=row.tried_at,
        sent_at=row.sent_at,
        receipt=Receipt(row.receipt_channel, row.receipt_ts),
        error=row.error,
        marked_at=row.marked_at,
        edits=row.edits,
    )


_ALERT = TypeAdapter(Alert)
_DIGEST = TypeAdapter(Digest)
_NOTICE = TypeAdapter(Notice)


def _dump(content: Content) -> dict[str, Any]:
    if isinstance(content, Digest):
        return {"digest": _DIGEST.dump_python(content, mode="json")}
    if isinstance(content, Notice):
        return {"notice": _NOTICE.dump_python(content, mode="json")}
    return {"alert": _ALERT.dump_python(content, mode="json")}


def load(stored: dict[str, Any]) -> Content:
    """The content of a row."""
    if "digest" in stored:
        return _DIGEST.validate_json(json.dumps(stored["digest"]))
    if "notice" in stored:
        return _NOTICE.validate_json(json.dumps(stored["notice"]))
    return _ALERT.validate_json(json.dumps(stored["alert"]))
