"""Copies of a running SQLite database, and what is wrong with one."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import text

from monitor.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.database import Database


def write(database: Database, target: Path, *, replace: bool = False) -> None:
    """Copy an SQLite database to a file, whole and consistent, while it is in use.

    Raises:
        StoreError: It is not SQLite, the target exists, or it can't be written; nothing is left behind.
    """
    if database.path is None:
        raise StoreError("a PostgreSQL database is backed up with its own tools: use `pg_dump`")
    if target.exists() and not replace:
        raise StoreError(f"{target} exists already: name a new file")
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(database.path, part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"cannot write {target}: check the folder and its free space") from error


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(sqlite3.connect(source)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)
        # The copy is one plain file: no write-ahead log that could be forgotten beside it.
        writer.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def damage(database: Database) -> tuple[str, ...]:
    """What is wrong inside the database, one line each; nothing for a sound one.

    Raises:
        StoreError: It can't be read at all.
    """
    with database.reading() as tx:
        if tx.dialect.name != "sqlite":
            tx.execute(text("SELECT 1"))
            return ()
        found = [str(row[0]) for row in tx.execute(text("PRAGMA integrity_check(100)"))]
        orphans = tx.execute(text("PRAGMA foreign_key_check")).all()
    lines = [line for line in found if line != "ok"]
    return (*lines, *(f"a row of {row[0]} refers to a missing row of {row[2]}" for row in orphans))


def look_after(database: Database) -> None:
    """What an SQLite file needs now and then: a look for damage, and fresh statistics of its indexes.

    Raises:
        StoreError: It is damaged, or can't be read.
    """
    if database.path is None:
        return
    with database.reading() as tx:
        found = str(tx.execute(text("PRAGMA quick_check(1)")).scalar_one())
    if found != "ok":
        raise StoreError(
            f"the database {database.path} is damaged: stop the service and restore the newest backup "
            "(docs/operations.md); `monitor db check` says where"
        )
    with database.transaction() as tx:
        tx.execute(text("PRAGMA optimize"))
