from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, text, update

from monitor.errors import DatabaseInUse, StoreError, Unstorable, WrongSchema
from monitor.store import backup, migrate
from monitor.store.database import Database, InstanceLock
from monitor.store.presence import LARGE_LOG
from monitor.store.schema import sightings, stories

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.store.database import Transaction


def test_no_concurrent_read_then_write_is_lost(tmp_path: Path, now: datetime) -> None:
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database:
        migrate.upgrade(database)
        with database.transaction() as tx:
            tx.execute(insert(stories).values(id=1, started_at=now, last_item_at=now))

        def move_on(_: int) -> None:
            with database.transaction() as tx:
                seen = tx.execute(select(stories.c.last_item_at)).scalar_one()
                later = seen.replace(microsecond=seen.microsecond + 1)
                tx.execute(update(stories).values(last_item_at=later))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(move_on, range(200)))

        with database.reading() as tx:
            assert tx.execute(select(stories.c.last_item_at)).scalar_one().microsecond == 200


def test_a_transaction_that_raises_leaves_nothing(database: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.transaction() as tx:
        tx.execute(insert(stories).values(started_at=now, last_item_at=now))
        raise RuntimeError

    with database.reading() as tx:
        assert tx.execute(select(stories)).all() == []


def test_times_come_back_as_they_went_in(database: Database, now: datetime) -> None:
    with database.transaction() as tx:
        tx.execute(insert(stories).values(started_at=now, last_item_at=now))

    with database.reading() as tx:
        assert tx.execute(select(stories.c.started_at)).scalar_one() == now


def test_a_naive_time_is_refused(database: Database, now: datetime) -> None:
    naive = now.replace(tzinfo=None)

    with pytest.raises(Exception, match="naive"), database.transaction() as tx:
        tx.execute(insert(stories).values(started_at=naive, last_item_at=naive))


def test_work_that_lost_a_race_begins_again(database: Database, now: datetime) -> None:
    tries = []

    def work(tx: Transaction) -> str:
        tries.append(1)
        tx.execute(insert(stories).values(id=7, started_at=now, last_item_at=now))
        if len(tries) == 1:
            tx.execute(insert(stories).values(id=7, started_at=now, last_item_at=now))
        return "done"

    assert database.run(work) == "done"
    assert len(tries) == 2


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database, database.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x/y",
        "nonsense",
        "sqlite://",
        "postgresql://h/d",
        "postgresql+psycopg://user:hunter2@host:notaport/d",
        "postgresql+psycopg://[::1/d",
    ],
)
def test_a_url_we_cannot_use_says_what_to_write(url: str) -> None:
    with pytest.raises(StoreError, match=r"write .sqlite:.*monitor"):
        Database(url)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "what?mode=memory" / "100%25.db"

    with Database(f"sqlite:///{path}") as database:
        migrate.upgrade(database)

    assert path.stat().st_size > 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.db").write_bytes(b"not a database at all, but long enough to be read as one" * 9)

    with (
        pytest.raises(StoreError, match="not an SQLite database"),
        Database(f"sqlite:///{tmp_path / 'm.db'}") as database,
        database.transaction(),
    ):
        pass


def test_an_unreachable_server_is_named_without_the_password() -> None:
    url = "postgresql+psycopg://user:hunter2@127.0.0.1:1/none"

    with Database(url) as database, pytest.raises(StoreError) as error, database.reading():
        pass

    assert "does not answer" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_second_instance_is_refused_and_told_who_holds_the_database(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "m.db")

    with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"):
        InstanceLock(tmp_path / "m.db")

    lock.release()
    InstanceLock(tmp_path / "m.db").release()


def test_a_link_to_the_database_is_the_database(tmp_path: Path) -> None:
    (tmp_path / "m.db").touch()
    (tmp_path / "alias.db").symlink_to(tmp_path / "m.db")
    lock = InstanceLock(tmp_path / "m.db")

    with pytest.raises(DatabaseInUse):
        InstanceLock(tmp_path / "alias.db")

    lock.release()


def test_a_database_with_two_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with Database(f"sqlite:///{path}") as database:
        migrate.upgrade(database)
    (tmp_path / "other.db").hardlink_to(path)

    with pytest.raises(StoreError, match=r"has another name too .* delete the other name"):
        Database(f"sqlite:///{tmp_path / 'other.db'}")


def test_a_lock_that_cannot_be_made_is_no_other_instance(tmp_path: Path) -> None:
    (tmp_path / "m.db.lock").mkdir()

    with pytest.raises(
        StoreError, match=r"cannot make .*m\.db\.lock: a folder has that name"
    ) as error:
        InstanceLock(tmp_path / "m.db")

    assert not isinstance(error.value, DatabaseInUse)


def test_what_we_make_is_for_nobody_else_to_read(tmp_path: Path, now: datetime) -> None:
    with Database(f"sqlite:///{tmp_path / 'data' / 'm.db'}") as database:
        migrate.upgrade(database)
        backup.write(database, tmp_path / "copies" / "m.db")
        made = [*(tmp_path / "data").iterdir(), *(tmp_path / "copies").iterdir()]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made}

    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()

    for work in (migrate.upgrade, migrate.require_latest):
        with (
            pytest.raises(WrongSchema, match=r"another program.*recipes.*database\.url"),
            Database(f"sqlite:///{path}") as database,
        ):
            work(database)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "made",
    [
        ["CREATE TABLE items (id INTEGER)"],
        [
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('f00d')",
        ],
    ],
    ids=["tables with our names", "migrations of its own"],
)
def test_tables_of_another_program_are_not_taken_for_ours(
    database_url: str, made: list[str]
) -> None:
    with Database(database_url) as database:
        with database.transaction() as tx:
            for statement in made:
                tx.execute(text(statement))

        with pytest.raises(WrongSchema, match="another program"):
            migrate.upgrade(database)


def test_a_host_that_nobody_knows_is_named_as_such() -> None:
    url = "postgresql+psycopg://user@no.such.host.invalid/none"

    with Database(url) as database, pytest.raises(StoreError) as error, database.reading():
        pass

    assert "check the host in database.url" in str(error.value)


def test_a_refusal_that_nobody_foresaw_says_what_the_database_said(database: Database) -> None:
    with pytest.raises(StoreError, match="nonsense"), database.transaction() as tx:
        tx.execute(text("nonsense"))


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.db").symlink_to(tmp_path / "m.db")

    with pytest.raises(StoreError, match="leads to itself"):
        InstanceLock(tmp_path / "m.db")


def test_a_view_is_consistent_and_writes_nothing(database: Database, now: datetime) -> None:
    with database.reading() as view:
        before = view.execute(select(stories)).all()
        with database.transaction() as tx:
            tx.execute(insert(stories).values(started_at=now, last_item_at=now))
        assert view.execute(select(stories)).all() == before == []


def test_only_a_lost_race_begins_again(database: Database, now: datetime) -> None:
    tries = []

    def break_a_reference(tx: Transaction) -> None:
        tries.append(tx)
        tx.execute(insert(sightings).values(item_id=99, feed_id=99, seen_at=now))

    with pytest.raises(Unstorable):
        database.run(break_a_reference)

    assert len(tries) == 1


def test_a_killed_instance_holds_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path;"
        "from monitor.store.database import InstanceLock;"
        f"InstanceLock(Path({str(tmp_path / 'm.db')!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)

    InstanceLock(tmp_path / "m.db").release()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="cannot make the folder"):
        Database(f"sqlite:///{tmp_path / 'file' / 'm.db'}")


def test_the_lock_file_is_not_for_others_to_write(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "m.db")

    mode = stat.S_IMODE((tmp_path / "m.db.lock").stat().st_mode)

    lock.release()
    assert not mode & 0o022


def test_a_write_ahead_log_that_grows_without_end_is_worth_a_word(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database:
        log = tmp_path / "m.db-wal"
        log.touch()
        assert database.warnings() == ()

        os.truncate(log, LARGE_LOG + 1)  # a hole: it takes no room

        (said,) = database.warnings()
        assert "write-ahead log" in said
        assert "256 MB" in said
        log.unlink()
