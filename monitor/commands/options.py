"""What commands share: exit codes, common options, the config, the database.

A command loads what it needs when it runs: to load all parts takes longer than most commands.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Config
    from monitor.feedlists import Placed
    from monitor.store.database import Database

FINE, FAILED, MISCONFIGURED = 0, 1, 2

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="The config file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DaysOption = Annotated[int, typer.Option(min=1, max=36_500, help="How far to look back.")]
CONFIG = Path("config.toml")
MAX_NUMBER = 2**63 - 1
"""Of what a database numbers."""


def right_now() -> datetime:
    """The time, as every command gets it."""
    return datetime.now(UTC)


def time_of(database: Database) -> datetime:
    """The time to write into a database: its server's, where others may share it."""
    from monitor.store.clock import Timekeeper

    return Timekeeper(database, right_now)()


def load(path: Path) -> Config:
    """The config.

    Raises:
        ConfigError: It can't be read, or is wrong.
    """
    from monitor import config

    return config.load(path, os.environ)


def load_placed(path: Path) -> tuple[Config, list[Placed]]:
    """The config, and where each of its feeds is written.

    Raises:
        ConfigError: It can't be read, or is wrong.
    """
    from monitor import config

    return config.load_placed(path, os.environ)


@contextmanager
def database_of(config: Config) -> Iterator[Database]:
    """The database, if it is there and has this version's schema.

    Raises:
        StoreError: It has not, or can't be used.
    """
    from monitor.store import migrate
    from monitor.store.database import Database, sqlite_file

    file = sqlite_file(config.database.url)
    if file and not os.path.lexists(file):
        raise StoreError(f"there is no database {file} yet: `monitor run` makes it")
    with Database(config.database.url) as database:
        migrate.require_latest(database)
        yield database
