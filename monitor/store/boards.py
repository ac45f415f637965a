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
    return Board(row.topic, row.key, shown, row.began_at, row.update_after, row.updates, row.ended)


def begin(
    tx: Transaction,
    topic: str,
    key: str,
    lines: tuple[Line, ...],
    *,
    now: datetime,
    update_after: datetime,
) -> None:
    """A matter has a new message."""
    tx.execute(delete(boards).where(boards.c.topic == topic))
    row = {"key": key, "began_at": now, "shown": _dump(lines), "update_after": update_after}
    tx.execute(insert(boards).values(topic=topic, updates=0, ended=False, **row))


def claim(tx: Transaction, board: Board, *, update_after: datetime) -> bool:
    """Be the one who edits the message; False where another replica was first."""
    same = and_(boards.c.topic == board.topic, boards.c.updates == board.updates)
    values = {"updates": board.updates + 1, "update_after": update_after}
    return tx.execute(update(boards).where(same).values(values)).rowcount == 1


def shown(tx: Transaction, board: Board, lines: tuple[Line, ...], *, ended: bool) -> None:
    """The message says this now."""
    same = and_(boards.c.topic == board.topic, boards.c.key == board.key)
    tx.execute(update(boards).where(same).values(shown=_dump(lines), ended=ended))


def _dump(lines: tuple[Line, ...]) -> object:
    return _LINES.dump_python(lines, mode="json")
