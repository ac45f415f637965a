"""What readers said of alerts: which should not have been told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from monitor.model import Act, Mark, Person
from monitor.store.schema import feedback

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Alert
    from monitor.store.database import Transaction


KEPT = timedelta(days=2 * 365)
"""How long it is known what readers said: rules are mended by it long after the items are gone."""
MOST = 100_000
"""Rows that are kept at most, the newest."""


def irrelevant(tx: Transaction, alert: int, content: Alert, mark: Mark) -> None:
    """Somebody says that an alert should not have been told; said twice it is said once."""
    mine = (feedback.c.alert_id == alert) & (feedback.c.who == mark.by.slack)
    if tx.execute(select(feedback.c.who).where(mine)).one_or_none():
        return
    row = {
        "alert_id": alert,
        "who": mark.by.slack,
        "made_by": mark.by.name,
        "made_at": mark.made_at,
        "story_id": mark.story,
        "rules": [rule.id for rule in content.rules],
        "title": content.title,
        "url": content.url,
        "reason": mark.note,
    }
    tx.execute(insert(feedback).values(row))


def explain(tx: Transaction, alert: int, who: str, *, reason: str) -> bool:
    """Say why, after saying that it should not have been told; False where that was taken back."""
    mine = (feedback.c.alert_id == alert) & (feedback.c.who == who)
    return bool(tx.execute(update(feedback).where(mine).values(reason=reason)).rowcount)


def prune(tx: Transaction, *, before: datetime, keep: int = MOST, limit: int) -> int:
    """Forget what was said before then, and all but the newest; returns how many went."""
    newest_first = select(feedback.c.made_at).order_by(feedback.c.made_at.desc())
    too_many = tx.execute(newest_first.offset(keep).limit(1)).scalar_one_or_none()
    end = max(before, too_many) if too_many else before
    old = select(feedback.c.alert_id, feedback.c.who).where(feedback.c.made_at <= end)
    rows = tx.execute(old.order_by(feedback.c.made_at).limit(limit)).all()
    for alert, who in rows:
        mine = (feedback.c.alert_id == alert) & (feedback.c.who == who)
        tx.execute(delete(feedback).where(mine))
    return len(rows)


def take_back(tx: Transaction, alert: int, *, who: str | None = None) -> bool:
    """Nobody says anything of an alert any more, or only `who` does not; whether anybody did."""
    said = feedback.c.alert_id == alert
    if who is not None:
        said &= feedback.c.who == who
    return bool(tx.execute(delete(feedback).where(said)).rowcount)


def of_alert(tx: Transaction, alert: int) -> tuple[Mark, ...]:
    """Who said that an alert should not have been told, the first first."""
    query = select(feedback).where(feedback.c.alert_id == alert).order_by(feedback.c.made_at)
    return tuple(
        Mark(
            Act.IRRELEVANT,
            Person(row.made_by, row.who),
            row.made_at,
            story=row.story_id,
            note=row.reason,
        )
        for row in tx.execute(query)
    )
