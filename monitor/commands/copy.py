"""The command that moves everything to another database."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated
from urllib.parse import urlsplit

import typer

from monitor import show
from monitor.commands.options import CONFIG, ConfigOption, database_of, load
from monitor.errors import StoreError


def copy(
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="An empty database, as `database.url` would name it."
        ),
    ],
    config: ConfigOption = CONFIG,
) -> None:
    """Copy everything into another, empty database: to move from SQLite to PostgreSQL, or back.

    Stop the service first; afterwards put the new address into `database.url` and start it again.
    """
    from monitor.store import copying
    from monitor.store.database import Database, InstanceLock

    if urlsplit(to).password:
        raise StoreError(
            "a password on the command line can be read by everybody on this machine: leave it out "
            "of --to and set PGPASSWORD, or write it to ~/.pgpass"
        )
    with ExitStack() as stack:
        source = stack.enter_context(database_of(load(config)))
        target = stack.enter_context(Database(to))
        for path in {one.path.resolve() for one in (source, target) if one.path}:
            stack.callback(InstanceLock(path).release)
        counts = copying.copy(source, target)
    for name, count in counts.items():
        show.say(f"{count:>9} {name}")
    show.say("copied, all tables compared. Next: write the new address to database.url, start")
