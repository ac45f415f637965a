"""`monitor db`: look after the database."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer looks at it when it reads the command
from typing import Annotated

import typer

from monitor import log, show
from monitor.commands.copy import copy
from monitor.commands.options import (
    CONFIG,
    ConfigOption,
    database_of,
    load,
)
from monitor.errors import StoreError

db_cli = typer.Typer(help="Look after the database.", no_args_is_help=True)
db_cli.command("copy")(copy)


@db_cli.command("upgrade")
def db_upgrade(*, config: ConfigOption = CONFIG) -> None:
    """Bring the database to this version's schema; an SQLite file is copied first."""
    from monitor.store import migrate
    from monitor.store.database import Database, InstanceLock

    log.set_up()
    with Database(load(config).database.url) as database:
        lock = InstanceLock(database.path) if database.path else None
        try:
            before = migrate.upgrade(database)
        finally:
            if lock:
                lock.release()
    show.say(f"upgraded from {before} to {migrate.latest()}" if before else "up to date")


@db_cli.command("check")
def db_check(*, config: ConfigOption = CONFIG) -> None:
    """Check that the database is whole and has this version's schema."""
    from monitor.store import backup, items, migrate, stories

    with database_of(load(config)) as database:
        lines = backup.damage(database)
        with database.reading() as tx:
            counts = f"{items.count(tx)} items, {stories.count(tx)} stories"
    for line in lines:
        show.fail(line)
    if lines:
        raise StoreError("the database is damaged: stop the service and restore the newest backup")
    show.say(f"the database is sound: schema {migrate.latest()}, {counts}")


@db_cli.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Copy the SQLite database to a file while the service runs."""
    from monitor.store import backup

    with database_of(load(config)) as database:
        backup.write(database, file)
    show.say(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")
