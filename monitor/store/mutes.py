"""What readers asked not to be told: muted stories and snoozed rules, by whom and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, update

from monitor.model import Act, Mark, Person
from monitor.store.schema import mutes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from monitor.store.database import Transaction


def begin(tx: Transaction, mark: Mark) -> None:
    """Tell nothing of a story or a rule; what was asked of it before no longer counts."""
    subject = _subject(mark.story, mark.rule)
    values = {
        "made_by": mark.by.name,
        "made_by_slack": mark.by.slack,
        "made_at": mark.made_at,
        "until": mark.until,
    }
    same = mutes.c.subject == subject
    if not tx.execute(update(mutes).where(same).values(values)).rowcount:
        row = {"subject": subject, "story_id": mark.story, "rule": mark.rule, **values}
        tx.execute(insert(mutes).values(row))


def lift(tx: Transaction, *, now: datetime, story: int | None = None, rule: str = "") -> bool:
    """Tell of it again; whether it was silenced."""
    same = mutes.c.subject == _subject(story, rule)
    was = tx.execute(select(mutes.c.subject).where(same, _active(now))).one_or_none()
    tx.execute(delete(mutes).where(same))
    return was is not None


def active(tx: Transaction, *, now: datetime) -> tuple[Mark, ...]:
    """Everything that is silenced now, the newest first."""
    query = select(mutes).where(_active(now)).order_by(mutes.c.made_at.desc(), mutes.c.subject)
    return tuple(map(_mark, tx.execute(query)))


def of_story(tx: Transaction, story: int, *, now: datetime) -> Mark | None:
    """Who muted a story, if it is."""
    same = mutes.c.subject == _subject(story, "")
    row = tx.execute(select(mutes).where(same, _active(now))).one_or_none()
    return _mark(row) if row else None


def merge(tx: Transaction, *, gone: int) -> None:
    """A story became part of another, which is muted or not as it was.

    Nobody has muted the other half, and what is held back by mistake is worse than a message.
    """
    tx.execute(delete(mutes).where(mutes.c.subject == _subject(gone, "")))


def _active(now: datetime) -> ColumnElement[bool]:
    return or_(mutes.c.until.is_(None), mutes.c.until > now)


def _subject(story: int | None, rule: str) -> str:
    return f"rule:{rule}" if rule else f"story:{story}"


def _mark(row: Row[Any]) -> Mark:
    return Mark(
        Act.SNOOZE if row.rule else Act.MUTE,
        Person(row.made_by, row.made_by_slack),
        row.made_at,
        story=row.story_id,
        rule=row.rule,
        until=row.until,
    )
