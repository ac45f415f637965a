"""Pauses of all sending: kept over a restart, shared by replicas, and a command can lift them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from monitor.store.schema import pauses

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction


class Cause(StrEnum):
    """Why nothing is sent."""

    RATE = "rate"
    """The receiver asked us to wait."""
    CREDENTIALS = "credentials"
    """The receiver does not take our token; only a probe now and then."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause, which may be over."""

    cause: Cause
    until: datetime
    error: str


def all_of(tx: Transaction) -> tuple[Pause, ...]:
    """Every pause that was not lifted; its time may be over."""
    rows = tx.execute(select(pauses).order_by(pauses.c.cause))
    return tuple(Pause(Cause(row.cause), row.until, row.error) for row in rows)


def begin(tx: Transaction, pause: Pause) -> None:
    """Send nothing for a while; an earlier pause for the same cause is replaced."""
    values = {"until": pause.until, "error": pause.error}
    same = pauses.c.cause == pause.cause.value
    if not tx.execute(update(pauses).where(same).values(values)).rowcount:
        tx.execute(insert(pauses).values(cause=pause.cause.value, **values))


def lift(tx: Transaction, cause: Cause) -> bool:
    """End a pause; whether there was one."""
    return bool(tx.execute(delete(pauses).where(pauses.c.cause == cause.value)).rowcount)


def due_by(tx: Transaction, latest: datetime) -> None:
    """Let no pause last longer than until `latest`."""
    tx.execute(update(pauses).where(pauses.c.until > latest).values(until=latest))
