"""What commands share: exit codes, common options, the config, the database."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import config as configuration
from monitor.store import migrate
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Config
    from monitor.feedlists import Placed

FINE, FAILED, MISCONFIGURED = 0, 1, 2

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="The config file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CONFIG = Path("config.toml")


def load(path: Path) -> Config:
    """The config.

    Raises:
        ConfigError: It can't be read, or is wrong.
    """
    return configuration.load(path, os.environ)


def load_placed(path: Path) -> tuple[Config, list[Placed]]:
    """The config, and where each of its feeds is written.

    Raises:
        ConfigError: It can't be read, or is wrong.
    """
    return configuration.load_placed(path, os.environ)


@contextmanager
def database_of(config: Config) -> Iterator[Database]:
    """The database, if it has this version's schema.

    Raises:
        StoreError: It has not, or can't be used.
    """
    with Database(config.database.url) as database:
        migrate.require_latest(database)
        yield database
