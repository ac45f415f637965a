"""Bringing a database to this version's schema, with a copy made first where it is a file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from monitor.errors import WrongSchema
from monitor.store import backup
from monitor.store.schema import metadata

if TYPE_CHECKING:
    from monitor.store.database import Database, Transaction

log = logging.getLogger(__name__)

# Two replicas that start together must not migrate together; any constant will do.
_ADVISORY_LOCK = 0x6D6F6E69
_MIGRATIONS = Path(__file__).with_name("migrations")


def latest() -> str:
    """The revision this version works with."""
    return _revisions()[-1]


def _revisions() -> list[str]:
    """Every revision, in order: the files of the migrations are named after them."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def current(tx: Transaction) -> str | None:
    """The revision the database has; None for an empty one."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    revision = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else str(revision)


def require_latest(database: Database) -> None:
    """Make sure that the schema is this version's.

    Raises:
        WrongSchema: It is older, newer or absent; the text says what to do.
    """
    with database.reading() as tx:
        revision = _ours(tx)
    if revision != latest():
        raise WrongSchema(
            f"the database has schema {revision or 'none'}, this version needs {latest()}: "
            "run `monitor db upgrade`"
        )


NONE = "none"
"""The revision of a database without tables."""


def upgrade(database: Database) -> str | None:
    """Bring the schema to this version's; returns the revision it had, or NONE, if anything was changed.

    An SQLite file that holds data is copied beside itself first (`NAME.before-REVISION`).

    Raises:
        WrongSchema: A newer version wrote it.
        StoreError: The copy or the migration failed; the database is as it was.
    """
    with database.reading() as tx:
        revision = _ours(tx)
    if revision == latest():
        return None
    if revision and database.path:
        copy = database.path.with_name(f"{database.path.name}.before-{latest()}")
        backup.write(database, copy, replace=True)
        log.info("database copied before the upgrade: %s", copy)
    with database.transaction() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        _run_migrations(tx)
    return revision or NONE


def _run_migrations(tx: Transaction) -> None:
    # Slow to load, and needed once a version.
    from alembic import command  # noqa: PLC0415 - as said above
    from alembic.config import Config  # noqa: PLC0415 - as said above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _ours(tx: Transaction) -> str | None:
    """The revision of a database that is this program's; None for one that may become so.

    Raises:
        WrongSchema: It is another program's, or a newer version's.
    """
    revision = current(tx)
    if revision in _revisions():
        return revision
    tables = set(inspect(tx).get_table_names())
    ours = tables & metadata.tables.keys()
    # A PostgreSQL database may serve several programs, as long as their tables have other names.
    foreign = not ours if revision else ours or (tables and tx.dialect.name == "sqlite")
    if foreign:
        raise WrongSchema(
            f"the database belongs to another program, which has tables such as {min(tables)}. "
            "Name another one in database.url; nothing was changed"
        )
    if revision:
        raise WrongSchema(
            f"the database has schema {revision}, which this version does not know: a newer version "
            "wrote it. Start that version, or restore the copy made before the upgrade"
        )
    return None
