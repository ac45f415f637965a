"""What those who run the service were told of each matter, and what their message says now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from sqlalchemy import and_, delete, insert, select, update

from monitor.model import Line
from monitor.store.schema import boards

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction

_LINES = TypeAdapter(tuple[Line, ...])


@dataclass(frozen=True, slots=True)
class Board:
    """A matter's message."""

    topic: str
    key: str
    shown: tuple[Line, ...]
    told: tuple[str, ...]
    """What of that people were notified of: what it began with and what still is so."""
    began_at: datetime
    update_after: datetime
    updates: int
    ended: bool
    """The matter was mended, and the message says so; the next trouble makes a new one."""


def get(tx: Transaction, topic: str) -> Board | None:
    """The latest message about a matter."""
    row = tx.execute(select(boards).where(boards.c.topic == topic)).one_or_none()
    if row is None:
        return None
    shown = _LINES.validate_json(json.dumps(row.shown))
    return Board(
        topic=row.topic,
        key=row.key,
        shown=shown,
        told=tuple(row.told),
        began_at=row.began_at,
        update_after=row.update_after,
        updates=row.updates,
        ended=row.ended,
    )


def begin(
    tx: Transaction,
    topic: str,
    key: str,
    lines: tuple[Line, ...],
    *,
    told: tuple[str, ...],
    now: datetime,
    update_after: datetime,
) -> None:
    """A matter has a new message."""
    tx.execute(delete(boards).where(boards.c.topic == topic))
    row = {"key": key, "began_at": now, "shown": _dump(lines), "update_after": update_after}
    tx.execute(insert(boards).values(topic=topic, told=list(told), updates=0, ended=False, **row))


def claim(tx: Transaction, board: Board, *, update_after: datetime) -> bool:
    """Be the one who edits the message; False where another replica was first."""
    same = and_(boards.c.topic == board.topic, boards.c.updates == board.updates)
    values = {"updates": board.updates + 1, "update_after": update_after}
    return tx.execute(update(boards).where(same).values(values)).rowcount == 1


def shown(
    tx: Transaction, board: Board, lines: tuple[Line, ...], *, told: tuple[str, ...], ended: bool
) -> None:
    """The message says this now."""
    same = and_(boards.c.topic == board.topic, boards.c.key == board.key)
    values = {"shown": _dump(lines), "told": list(told), "ended": ended}
    tx.execute(update(boards).where(same).values(values))


def _dump(lines: tuple[Line, ...]) -> object:
    return _LINES.dump_python(lines, mode="json")
