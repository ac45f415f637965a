"""Alerts: what each channel was told about each story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from monitor.model import Severity
from monitor.store.schema import alerts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel already knows of a story."""

    alert: int
    rules: frozenset[str]
    severity: Severity
    revision: int


def told(tx: Transaction, *, story: int, channel: str, scope: str) -> Told | None:
    """What the channel was told of the story; None for nothing."""
    row = tx.execute(
        select(alerts).where(
            alerts.c.story_id == story, alerts.c.channel == channel, alerts.c.scope == scope
        )
    ).one_or_none()
    if row is None:
        return None
    return Told(row.id, frozenset(row.rules), Severity(row.severity), row.revision)


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
        row = {"story_id": story, "channel": channel, "scope": scope, "created_at": now, **values}
        alert = int(tx.execute(insert(alerts).values(row).returning(alerts.c.id)).scalar_one())
    return Told(alert, frozenset(after), highest, revision)


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
