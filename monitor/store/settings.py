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
_MAX_RETENTION = timedelta(days=3650)
_MAX_PORT = 65_535


def _is_database(value: str) -> str:
    if value.startswith(("postgres://", "postgresql://")):
        raise ValueError(
            "the address of a PostgreSQL database begins with postgresql+psycopg:// here",
            f'Write "{_POSTGRESQL}" in place of what stands before the name of the user',
        )
    if value.startswith("sqlite://"):
        _is_file(value)
    elif value.startswith(_POSTGRESQL):
        _is_server(value)
    else:
        raise ValueError("this is not the address of a database we can use", _EXAMPLES)
    return value


def _is_server(value: str) -> None:
    authority, _, path = value.removeprefix(_POSTGRESQL).partition("/")
    host = authority.rpartition("@")[2]
    _, colon, port = host.rpartition("]")[2].rpartition(":")
    if "@" in path or "?" in authority or "#" in authority:
        raise ValueError(
            "its password or user holds a character that has a meaning in addresses",
            "Write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F and % as %25 in them",
        )
    if colon and "," not in host and not (port.isdecimal() and 0 < int(port) <= _MAX_PORT):
        raise ValueError(
            "what stands behind the colon of its host is no port",
            "Write a number, such as 5432, or leave the colon out",
        )


def _is_file(value: str) -> None:
    path = value.removeprefix(_SQLITE).partition("?")[0]
    if not value.startswith(_SQLITE):
        cause = "after sqlite: there must be three slashes, and a fourth where the path begins at /"
        raise ValueError(cause, 'Write "sqlite:///data/monitor.db" or "sqlite:////data/monitor.db"')
    if path in {"", ":memory:"}:
        cause = "a database in memory would forget on every restart what was told already"
        raise ValueError(cause, 'Write the path of a file: "sqlite:///data/monitor.db"')


def _is_sensible(value: timedelta) -> timedelta:
    if value < _MIN_RETENTION:
        raise ValueError(
            'write "7d" or more: what is forgotten while a feed still shows it would be told again'
        )
    if value > _MAX_RETENTION:
        raise ValueError('write "3650d" or less: that is ten years')
    return value


class DatabaseSettings(Settings):
    """Where everything is stored, and for how long."""

    url: Annotated[str, AfterValidator(_is_database)] = Field(
        default="sqlite:///data/monitor.db",
        description="Where items, stories and alerts are kept: an SQLite file or PostgreSQL.",
    )
    retention: Annotated[Duration, AfterValidator(_is_sensible)] = Field(
        default=timedelta(days=90),
        description="How long items, stories and alerts are kept; at least 7 days.",
    )
