"""A database of every released version is brought to this one's schema with what it holds."""

from __future__ import annotations

from pathlib import Path

import dumps
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from monitor.store import backup, history, migrate, outbox
from monitor.store.database import Database
from monitor.store.schema import metadata


def revisions() -> list[str]:
    return sorted(
        file.name.partition("_")[0]
        for file in (Path(migrate.__file__).with_name("migrations") / "versions").glob("[0-9]*.py")
    )


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_each_schema_comes_through_an_upgrade(revision: str, tmp_path: Path) -> None:
    dump = dumps.FOLDER / f"{revision}.sql"
    if revision == migrate.latest():
        dump = dumps.write(tmp_path)  # still changes: nobody has it yet but who tries it out
    assert dump.exists(), "a release goes with its dump: run tests/dumps.py in it"
    file = tmp_path / "old.db"
    dumps.load(dump, file)

    with Database(f"sqlite:///{file}") as database:
        before = counts(database)
        migrate.upgrade(database)

        migrate.require_latest(database)
        assert backup.damage(database) == ()
        after = counts(database)
        assert {name: after[name] for name in before if name in after} == before
        with database.reading() as tx:
            assert compare_metadata(MigrationContext.configure(tx), metadata) == []
            assert next(iter(outbox.latest(tx, limit=1))).message.channel == "#a"
        assert [one.item.title for one in history.newest(database)] == ["전쟁 포로"]


def counts(database: Database) -> dict[str, int]:
    """Rows of each table but the one of the schema itself."""
    with database.reading() as tx:
        names = set(inspect(tx).get_table_names()) - {"alembic_version"}
        return {
            name: int(tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608 - a table
            for name in names
        }
