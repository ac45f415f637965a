"""Moving to another database: everything in one, as it stands, into one that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update

from monitor.errors import StoreError
from monitor.store import migrate
from monitor.store.schema import identity, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from monitor.store.database import Database, Transaction

BATCH = 2_000
"""Rows that are held in memory at once."""


def copy(source: Database, target: Database) -> dict[str, int]:
    """Put all rows of a database into an empty one, in one transaction; returns how many, by table.

    Numbers and keys stay what they are, so that messages are known again and nothing is told twice.

    Raises:
        StoreError: The target holds rows, or did not take them; it is as empty as it was.
    """
    migrate.upgrade(target)
    with source.reading() as reader, target.transaction() as writer:
        _require_empty(writer)
        writer.execute(delete(identity))  # made with the tables: it is the source's that counts
        for table in metadata.sorted_tables:
            _copy(reader, writer, table)
        counts = {table.name: _count(writer, table) for table in metadata.sorted_tables}
        for table in metadata.sorted_tables:
            if counts[table.name] != _count(reader, table):
                raise StoreError(f"the table {table.name} did not arrive whole: nothing was kept")
    return counts


def _require_empty(tx: Transaction) -> None:
    held = [one.name for one in metadata.sorted_tables if one is not identity and _count(tx, one)]
    if held:
        raise StoreError(
            f"the database to copy to is not empty ({', '.join(held)}): name an empty one. "
            "Nothing was changed"
        )


def _count(tx: Transaction, table: Table) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def _copy(reader: Transaction, writer: Transaction, table: Table) -> None:
    # A row may refer to one of its own table that comes after it: told when all are there.
    later = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    columns = table.primary_key.columns.values()
    query = select(table).order_by(*columns).execution_options(yield_per=BATCH)
    with reader.execute(query) as found:
        for batch in found.mappings().partitions():
            writer.execute(insert(table), [dict(row) | dict.fromkeys(later) for row in batch])
    for name in later:
        _refer(reader, writer, table, name)
    if [one.name for one in columns] == ["id"] and (last := _last_number(reader, table)):
        _go_on_after(writer, table, last)


def _last_number(tx: Transaction, table: Table) -> int:
    """The highest number a table ever gave: that of a deleted row must not come again."""
    highest = tx.execute(select(func.max(table.c.id))).scalar_one() or 0
    if tx.dialect.name == "sqlite":
        query = "SELECT seq FROM sqlite_sequence WHERE name = :table"
    else:
        query = "SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, 'id'))"
    return max(highest, tx.execute(text(query), {"table": table.name}).scalar() or 0)


def _go_on_after(tx: Transaction, table: Table, number: int) -> None:
    given = {"table": table.name, "number": number}
    if tx.dialect.name != "sqlite":
        tx.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)"), given)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        tx.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), given)
        tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)"), given)


def _refer(reader: Transaction, writer: Transaction, table: Table, name: str) -> None:
    column = table.c[name]
    query = select(table.c.id.label("row"), column.label("other")).where(column.is_not(None))
    change = update(table).where(table.c.id == bindparam("row")).values({name: bindparam("other")})
    with reader.execute(query.execution_options(yield_per=BATCH)) as found:
        for batch in found.mappings().partitions():
            rows: list[Mapping[str, Any]] = [dict(row) for row in batch]
            writer.execute(change, rows)
