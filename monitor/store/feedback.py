"""What readers said of alerts: which should not have been told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from monitor.model import Act, Mark, Person
from monitor.store.schema import feedback

if TYPE_CHECKING:
    from monitor.model import Alert
    from monitor.store.database import Transaction


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
    }
    tx.execute(insert(feedback).values(row))


def take_back(tx: Transaction, alert: int) -> bool:
    """Nobody says anything of an alert any more; whether anybody did."""
    return bool(tx.execute(delete(feedback).where(feedback.c.alert_id == alert)).rowcount)


def of_alert(tx: Transaction, alert: int) -> tuple[Mark, ...]:
    """Who said that an alert should not have been told, the first first."""
    query = select(feedback).where(feedback.c.alert_id == alert).order_by(feedback.c.made_at)
    return tuple(
        Mark(Act.IRRELEVANT, Person(row.made_by, row.who), row.made_at, story=row.story_id)
        for row in tx.execute(query)
    )
