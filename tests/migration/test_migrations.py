from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from monitor.errors import WrongSchema
from monitor.store import migrate
from monitor.store.database import Database
from monitor.store.schema import metadata


def test_migrations_and_schema_agree(database: Database) -> None:
    with database.reading() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_the_latest_revision_is_that_of_the_migrations() -> None:
    folder = Path(migrate.__file__).with_name("migrations")

    assert ScriptDirectory(str(folder)).get_heads() == [migrate.latest()]


def test_an_empty_database_is_brought_to_the_latest_schema(database_url: str) -> None:
    with Database(database_url) as database:
        assert migrate.upgrade(database) == "none"
        assert migrate.upgrade(database) is None
        migrate.require_latest(database)


def test_a_database_without_tables_says_how_to_make_them(database_url: str) -> None:
    with Database(database_url) as database, pytest.raises(WrongSchema, match="monitor db upgrade"):
        migrate.require_latest(database)


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(WrongSchema, match="newer version"):
        migrate.upgrade(database)
    with pytest.raises(WrongSchema, match="newer version"):
        migrate.require_latest(database)


def test_an_sqlite_file_is_copied_before_an_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database:
        migrate.upgrade(database)
        # As if this version had one revision more than the database.
        monkeypatch.setattr(migrate, "latest", lambda: "0002")

        migrate.upgrade(database)

    with Database(f"sqlite:///{tmp_path / 'm.db.before-0002'}") as copy, copy.reading() as tx:
        assert migrate.current(tx) == "0001"
