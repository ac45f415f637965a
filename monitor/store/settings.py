"""The [database] table of the config file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.settings import Duration, Settings

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql+psycopg://"
_EXAMPLES = 'Write "sqlite:///data/monitor.db" or "postgresql+psycopg://user@host/name"'
_MIN_RETENTION = timedelta(days=7)


def _is_database(value: str) -> str:
    if value.startswith(("postgres://", "postgresql://")):
        raise ValueError(
            "the address of a PostgreSQL database begins with postgresql+psycopg:// here",
            f'Write "{_POSTGRESQL}" in place of what stands before the name of the user',
        )
    if value.startswith("sqlite://"):
        _is_file(value)
    elif not value.startswith(_POSTGRESQL):
        raise ValueError("this is not the address of a database we can use", _EXAMPLES)
    return value


def _is_file(value: str) -> None:
    path = value.removeprefix(_SQLITE).partition("?")[0]
    if not value.startswith(_SQLITE):
        cause = "after sqlite: there must be three slashes, and a fourth where the path begins at /"
        raise ValueError(cause, 'Write "sqlite:///data/monitor.db" or "sqlite:////data/monitor.db"')
    if path in {"", ":memory:"}:
        cause = "a database in memory would forget on every restart what was told already"
        raise ValueError(cause, 'Write the path of a file: "sqlite:///data/monitor.db"')


def _is_long_enough(value: timedelta) -> timedelta:
    if value < _MIN_RETENTION:
        raise ValueError(
            'write "7d" or more: what is forgotten while a feed still shows it would be told again'
        )
    return value


class DatabaseSettings(Settings):
    """Where everything is stored, and for how long."""

    url: Annotated[str, AfterValidator(_is_database)] = Field(
        default="sqlite:///data/monitor.db",
        description="Where items, stories and alerts are kept: an SQLite file or PostgreSQL.",
    )
    retention: Annotated[Duration, AfterValidator(_is_long_enough)] = Field(
        default=timedelta(days=90),
        description="How long items, stories and alerts are kept; at least 7 days.",
    )
