"""Alerts: what each channel was told about each story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, or_, select, update

from monitor.model import Receipt, Severity
from monitor.store.schema import alerts, outbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel already knows of a story."""

    alert: int
    rules: frozenset[str]
    severity: Severity
    revision: int
    at: datetime
    """When it was last told something of it."""


_NO_MESSAGE = {"message_channel": "", "message_ts": "", "closed": "", "updates": 0}
_STORY = "story"
"""The scope of alerts whose message grows with its story."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of a story, as far as it must be known to bring it up to date."""

    alert: int
    story: int
    channel: str
    receipt: Receipt
    grown_at: datetime | None
    updates: int


def told(tx: Transaction, *, story: int, channel: str, scope: str) -> Told | None:
    """What the channel was told of the story; None for nothing."""
    row = tx.execute(
        select(alerts).where(
            alerts.c.story_id == story, alerts.c.channel == channel, alerts.c.scope == scope
        )
    ).one_or_none()
    if row is None:
        return None
    return Told(row.id, frozenset(row.rules), Severity(row.severity), row.revision, row.updated_at)


def tell(
    tx: Transaction,
    before: Told | None,
    *,
    story: int,
    channel: str,
    scope: str,
    rules: Iterable[str],
    severity: Severity,
    now: datetime,
) -> Told:
    """Remember that a channel is told these rules and this severity of a story, with all before."""
    known = before.rules if before else frozenset()
    after = sorted(known.union(rules))
    highest = max(before.severity if before else severity, severity, key=lambda s: s.rank)
    revision = before.revision + 1 if before else 1
    values = {"rules": after, "severity": highest.value, "revision": revision, "updated_at": now}
    if before:
        tx.execute(update(alerts).where(alerts.c.id == before.alert).values(values))
        alert = before.alert
    else:
        row = {"story_id": story, "channel": channel, "scope": scope, "created_at": now}
        row |= values | _NO_MESSAGE | {"update_after": now}
        alert = int(tx.execute(insert(alerts).returning(alerts.c.id), row).scalar_one())
    return Told(alert, frozenset(after), highest, revision, now)


def merge(tx: Transaction, *, gone: int, into: int, now: datetime) -> None:
    """After two stories were made one, its channels know what they were told of either."""
    theirs = tx.execute(select(alerts).where(alerts.c.story_id == gone).order_by(alerts.c.id)).all()
    for row in theirs:
        same = told(tx, story=into, channel=row.channel, scope=row.scope)
        if same is None:
            tx.execute(update(alerts).where(alerts.c.id == row.id).values(story_id=into))
            continue
        # The message of the other story stays where it is, and its row with it.
        severity = max(same.severity, Severity(row.severity), key=lambda s: s.rank)
        tx.execute(
            update(alerts)
            .where(alerts.c.id == same.alert)
            .values(
                rules=sorted(same.rules.union(row.rules)), severity=severity.value, updated_at=now
            )
        )
    grow(tx, into, now=now)


def grow(tx: Transaction, story: int, *, now: datetime) -> None:
    """Note that a story's messages say less than we know."""
    of_story = (alerts.c.story_id == story) & (alerts.c.scope == _STORY)
    tx.execute(update(alerts).where(of_story).values(grown_at=now))


def refresh(
    tx: Transaction, *, now: datetime, alert: int | None = None, story: int | None = None
) -> None:
    """Let the message of an alert, or all of a story, say at once what readers said of it."""
    which = alerts.c.id == alert if alert is not None else alerts.c.story_id == story
    tx.execute(update(alerts).where(which).values(grown_at=now, update_after=now))
    known = select(alerts.c.id).where(which)
    digests = select(outbox.c.digest_id).where(
        outbox.c.alert_id.in_(known), outbox.c.digest_id.is_not(None)
    )
    sent = outbox.c.id.in_(digests) & (outbox.c.state == "sent")
    tx.execute(update(outbox).where(sent).values(marked_at=now, not_before=now))


def find(tx: Transaction, alert: int) -> Shown | None:
    """The message of an alert as it stands; its receipt is empty where there is none."""
    row = tx.execute(select(alerts).where(alerts.c.id == alert)).one_or_none()
    return _shown(row) if row else None


def posted(
    tx: Transaction,
    alert: int,
    receipt: Receipt,
    *,
    says: datetime | None,
    next_update: datetime,
) -> None:
    """An alert has a message now, which says everything that was known at `says`."""
    where = {"message_channel": receipt.channel, "message_ts": receipt.ts, "closed": ""}
    tx.execute(update(alerts).where(alerts.c.id == alert).values(**where, update_after=next_update))
    _says(tx, alert, says)


def next_grown(tx: Transaction, *, now: datetime, horizon: datetime) -> Shown | None:
    """The message that has said too little for longest and may be updated now."""
    due = or_(alerts.c.update_after <= now, alerts.c.update_after > horizon)
    query = (
        select(alerts)
        .where(alerts.c.grown_at.is_not(None), _has_message(), due)
        .order_by(alerts.c.grown_at, alerts.c.id)
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return _shown(row) if row else None


def _has_message() -> ColumnElement[bool]:
    return and_(alerts.c.message_ts != "", alerts.c.closed == "")


def claim(tx: Transaction, shown: Shown, *, next_update: datetime) -> bool:
    """Be the one who updates a message; False where another replica was first."""
    mine = and_(alerts.c.id == shown.alert, alerts.c.updates == shown.updates)
    values = {"updates": shown.updates + 1, "update_after": next_update}
    return tx.execute(update(alerts).where(mine).values(values)).rowcount == 1


def updated(tx: Transaction, shown: Shown) -> None:
    """The message says everything that was known when it was looked at."""
    _says(tx, shown.alert, shown.grown_at)


def _says(tx: Transaction, alert: int, known: datetime | None) -> None:
    # What has come since is told by the next update.
    same = and_(alerts.c.id == alert, alerts.c.grown_at == known)
    tx.execute(update(alerts).where(same).values(grown_at=None))


def delay(tx: Transaction, alert: int, *, until: datetime) -> None:
    """Update a message no sooner than that."""
    tx.execute(update(alerts).where(alerts.c.id == alert).values(update_after=until))


def close(tx: Transaction, alert: int, *, why: str) -> None:
    """Leave a message as it is: somebody deleted it, or it can't be changed."""
    tx.execute(update(alerts).where(alerts.c.id == alert).values(closed=why))


def _shown(row: Row[Any]) -> Shown:
    open_ = not row.closed
    return Shown(
        alert=row.id,
        story=row.story_id,
        channel=row.channel,
        receipt=Receipt(row.message_channel, row.message_ts) if open_ else Receipt(),
        grown_at=row.grown_at,
        updates=row.updates,
    )
