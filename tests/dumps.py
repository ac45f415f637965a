"""Databases of released versions: `python tests/dumps.py` at a release writes that of this one."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fakes import promise

from monitor.model import Feed, Item, Match, Outlet, Severity
from monitor.store import feeds, items, migrate
from monitor.store.database import Database

FOLDER = Path(__file__).parent / "data" / "schemas"
NOW = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)


def write(folder: Path) -> Path:
    """Write the dump of a small database of this version, with data."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "m.db"
        with Database(f"sqlite:///{file}") as database:
            migrate.upgrade(database)
            with database.transaction() as tx:
                feeds.sync(tx, [Feed("https://a.example/", Outlet("Ä", "ko"))], now=NOW)
                item = items.add(
                    tx, [items.NewItem(Item("전쟁 포로"), keys=("k1", "k2"))], feed=1, now=NOW
                )[0]
                items.add_matches(tx, item, [Match("pow", Severity.HIGH)])
            promise(database, "Two captured", channel="#a", now=NOW)
        with contextlib.closing(sqlite3.connect(file)) as connection:
            text = "\n".join(connection.iterdump())
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{migrate.latest()}.sql"
    target.write_text(text + "\n", encoding="utf-8")
    return target


def load(dump: Path, file: Path) -> None:
    """Make the database that a dump describes."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))


if __name__ == "__main__":
    print(write(FOLDER))
