"""Several alerts in one message: where too many wait, and after quiet hours."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update

from monitor.model import Alert, Digest
from monitor.store import outbox
from monitor.store.outbox import State
from monitor.store.schema import outbox as table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from monitor.store.database import Transaction


def crowded(tx: Transaction, *, above: int) -> tuple[str, ...]:
    """The channels in which more than `above` never-tried alerts wait."""
    query = (
        select(table.c.channel)
        .where(
            table.c.state == State.PENDING.value,
            table.c.attempts == 0,
            table.c.alert_id.is_not(None),
        )
        .group_by(table.c.channel)
        .having(func.count() > above)
    )
    return tuple(tx.execute(query).scalars())


def collapse(tx: Transaction, channel: str, *, above: int, size: int, now: datetime) -> int:
    """Fold a channel's never-tried alerts into digests of up to `size` where more than `above` wait.

    Returns how many alerts were folded. Their order is kept: oldest first.
    """
    waiting = tx.execute(
        select(table)
        .where(
            table.c.channel == channel,
            table.c.state == State.PENDING.value,
            table.c.attempts == 0,
            table.c.alert_id.is_not(None),
        )
        .order_by(table.c.id)
        # Two replicas must not fold the same alerts, nor one send what the other folds.
        .with_for_update()
    ).all()
    if len(waiting) <= above:
        return 0
    for first in range(0, len(waiting), size):
        _digest(tx, waiting[first : first + size], total=len(waiting), now=now)
    return len(waiting)


def _waiting(below: int, opened: datetime | None) -> ColumnElement[bool]:
    """Whether an alert matters less, and was promised since the last digest was due."""
    less = table.c.rank < below
    return less if opened is None else and_(less, table.c.created_at > opened)


@dataclass(frozen=True, slots=True)
class Holding:
    """Which alerts are not told now."""

    now: datetime
    """What rests until later is held whatever it is."""
    below: int
    """Those of a lower rank."""
    until_digest_below: int
    """Those of a lower rank that were promised after `opened`."""
    opened: datetime | None
    """When the last digest was due; None for never."""
    channels: Mapping[str, datetime | None] = field(default_factory=dict)
    """When the last digest of each channel with a schedule of its own was due."""
    channels_below: int = 0
    """Those of a lower rank wait for that."""
    busy: tuple[str, ...] = ()
    """Channels that were told too much lately, whatever else holds for them."""
    busy_opened: datetime | None = None
    """When their last digest was due."""

    def clause(self) -> ColumnElement[bool]:
        """Whether an alert is one of them."""
        others = table.c.channel.not_in(list(self.channels))
        waits = and_(others, _waiting(self.until_digest_below, self.opened))
        scheduled = (
            and_(table.c.channel == channel, _waiting(self.channels_below, opened))
            for channel, opened in self.channels.items()
        )
        busy = and_(table.c.channel.in_(self.busy), _waiting(self.channels_below, self.busy_opened))
        return or_(table.c.rank < self.below, waits, busy, *scheduled)

    def to_hold(self) -> ColumnElement[bool]:
        """Never-tried alerts that are to be held."""
        fresh = and_(table.c.state == State.PENDING.value, table.c.attempts == 0)
        return and_(fresh, table.c.alert_id.is_not(None), self.clause())

    def to_release(self) -> ColumnElement[bool]:
        """Held alerts that are to be told."""
        rested = table.c.not_before <= self.now
        return and_(table.c.state == State.HELD.value, rested, ~self.clause())


def must_hold_or_release(tx: Transaction, holding: Holding) -> bool:
    """Whether there is anything to hold or to tell."""
    concerned = select(table.c.id).where(or_(holding.to_hold(), holding.to_release()))
    return tx.execute(select(concerned.exists())).scalar_one()


def hold(tx: Transaction, holding: Holding) -> int:
    """Hold alerts for now; returns how many."""
    held = {"state": State.HELD.value}
    return tx.execute(update(table).where(holding.to_hold()).values(held)).rowcount


def release(tx: Transaction, holding: Holding, *, size: int, now: datetime) -> int:
    """Tell what is held no longer: one alert of a channel as it is, several as digests.

    What rested for its story's sake is told where its story is.
    """
    free = select(table).where(holding.to_release()).order_by(table.c.id).with_for_update()
    rows = tx.execute(free).all()
    by_channel: dict[str, list[Row[Any]]] = {}
    alone = []
    for row in rows:
        if row.not_before > row.created_at:
            alone.append(row.id)
        else:
            by_channel.setdefault(row.channel, []).append(row)
    alone += [waiting[0].id for waiting in by_channel.values() if len(waiting) == 1]
    # Held once is held enough: whatever begins meanwhile, it is told now.
    told = {"state": State.PENDING.value, "rank": outbox.ALWAYS}
    tx.execute(update(table).where(table.c.id.in_(alone)).values(told))
    for waiting in by_channel.values():
        if len(waiting) == 1:
            continue
        for first in range(0, len(waiting), size):
            _digest(tx, waiting[first : first + size], total=len(waiting), now=now)
    return len(rows)


def _digest(tx: Transaction, rows: Sequence[Row[Any]], *, total: int, now: datetime) -> None:
    alerts = tuple(alert for row in rows if isinstance(alert := outbox.load(row.content), Alert))
    key = uuid.uuid5(outbox.KEYS, "digest:" + ",".join(row.key for row in rows))
    values = outbox.new_row(Digest(alerts, total), rows[0].channel, now)
    made = insert(table).values(key=str(key), revision=1, **values).returning(table.c.id)
    digest = int(tx.execute(made).scalar_one())
    ids = [row.id for row in rows]
    folded = {"state": State.DIGESTED.value, "digest_id": digest}
    tx.execute(update(table).where(table.c.id.in_(ids)).values(folded))
