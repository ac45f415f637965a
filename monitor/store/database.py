"""Connections and transactions, SQLite's pitfalls handled once."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import socket
import stat
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from monitor.errors import DatabaseInUse, StoreError, Unstorable
from monitor.store.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from sqlalchemy import Engine

Transaction = Connection
"""What the functions of the store work on; other rooms only pass it along."""

SAFE_SQLITE = (3, 51, 3)
"""Before it, two connections to one WAL database can corrupt it (sqlite.org/wal.html, WAL-reset bug)."""

_BUSY_TIMEOUT_S = 30
_TRIES = 5

T = TypeVar("T")


class Database:
    """An open database. Transactions may be taken from any thread.

    Raises:
        StoreError: The URL is not one we support, or the file can't be made or written.
    """

    def __init__(self, url: str) -> None:
        self.path = sqlite_file(url)
        """The SQLite file; None for PostgreSQL."""
        self._presence = Presence(self.path) if self.path else None
        try:
            self._engine = _engine(url, self.path, self._presence)
        except (ArgumentError, ValueError, TypeError):
            # Of these each part of SQLAlchemy raises its own, with the password in the text.
            raise StoreError(_WRONG_URL) from None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything inside is kept together when the block ends, and dropped together when it raises.

        Raises:
            StoreError: The database refused: locked too long, disk full, read-only, gone.
        """
        self._require_file()
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view that waits for no writer and holds none up.

        Raises:
            StoreError: The database can't be read.
        """
        self._require_file()
        with _translated(), self._engine.connect() as connection:
            reader = connection.execution_options(**_READING[connection.dialect.name])
            with reader.begin():
                yield reader

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Do work in a transaction of its own, and all of it again where another replica came first.

        Raises:
            StoreError: It did not succeed.
        """
        self._require_file()
        with _translated():
            for attempt in range(1, _TRIES):
                try:
                    return self._once(work)
                except (IntegrityError, OperationalError) as error:
                    if not _passing(error):
                        raise
                    time.sleep(0.05 * attempt * (1 + random.random()))
            return self._once(work)

    def _once(self, work: Callable[[Transaction], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def troubles(self) -> tuple[str, ...]:
        """What will keep us from writing, as far as that can be seen without writing.

        Raises:
            StoreError: It can't be read.
        """
        with self.reading() as tx:
            tx.exec_driver_sql("SELECT 1")
        return self._presence.troubles() if self._presence else ()

    def warnings(self) -> tuple[str, ...]:
        """What will be a trouble later, one sentence each."""
        return self._presence.warnings() if self._presence else ()

    def _require_file(self) -> None:
        if self._presence:
            self._presence.require()

    def close(self) -> None:
        """Close every connection; SQLite then folds its write-ahead log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_WRONG_URL = (
    "database.url is not one this program can use: "
    'write "sqlite:///data/monitor.db" or "postgresql+psycopg://user@host/name"'
)


_ALL_BUSY = "the database is busy: all our connections to it have been waiting for half a minute"
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def sqlite_file(url: str) -> Path | None:
    """The SQLite file of a database's address; None for another kind."""
    # Not taken apart as an address: a folder may have ? or % in its name.
    path = url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else ""
    return None if path in {"", ":memory:"} else Path(path)


_SQLITE = "sqlite:///"


def _engine(url: str, path: Path | None, presence: Presence | None) -> Engine:
    if path and presence:
        return _sqlite(path, presence)
    if make_url(url).drivername == "postgresql+psycopg":
        return create_engine(url, pool_pre_ping=True, pool_recycle=1800)
    raise StoreError(_WRONG_URL)


def _sqlite(path: Path, presence: Presence) -> Engine:
    """An engine whose every connection is durable and whose every write transaction locks at its start."""
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} can corrupt a database that two connections write: "
            "install the package pysqlite3 0.6.1 or newer, which brings a mended one"
        )
    _make_private(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlite3,
        # pysqlite's own idea of when a transaction starts loses updates: it is switched off here and
        # BEGIN is ours, below (measured: 128-148 of 200 concurrent updates lost without).
        connect_args={
            "isolation_level": None,
            "timeout": _BUSY_TIMEOUT_S,
            "check_same_thread": False,
        },
    )
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "connect", lambda *_: presence.remember())
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """Make the file and its folder where they are missing, for nobody else to read."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {path.parent}: {_in_words(error)}") from error
    try:
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        found = path.stat()
    except OSError as error:
        raise StoreError(f"cannot make the database {path}: {_in_words(error)}") from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"the database {path} is no ordinary file: name another place")
    if found.st_nlink > 1:
        # Neither our lock nor SQLite's write-ahead log knows it by the other name (sqlite.org/howtocorrupt).
        raise StoreError(
            f"the database {path} has another name too (a hard link), and two programs that use "
            "both would damage it: delete the other name, or make this one a copy"
        )


def _in_words(error: OSError) -> str:
    known = {
        errno.EACCES: "give the service write permission on that folder",
        errno.EPERM: "give the service write permission on that folder",
        errno.EROFS: "that disk is read-only, name a place that may be written",
        errno.ENOSPC: "that disk is full, free some space",
        errno.ENOTDIR: "a part of that path is a file, name another place",
        errno.EEXIST: "a file has that name, name another place",
        errno.EISDIR: "a folder has that name, name another place",
        errno.ENAMETOOLONG: "that name is too long",
    }
    return known.get(
        error.errno or 0, f"the system refuses it ({errno.errorcode.get(error.errno or 0, '?')})"
    )


def _set_up_connection(connection: Any, _record: object) -> None:  # noqa: ANN401 - an untyped driver
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT count(*) = 0 OR sum(name = 'alembic_version') FROM sqlite_master")
        if cursor.fetchone()[0]:  # else another program's, which is refused and left as it is
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged alert survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA journal_size_limit=67108864")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred BEGIN that reads first and writes later fails at once, busy timeout or not.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _store_error(error) from error
    except NoConnectionFree as error:
        raise StoreError(_ALL_BUSY) from error


def _passing(error: DBAPIError) -> bool:
    """Whether the same work may succeed if begun again."""
    text = str(error.orig).lower()
    if isinstance(error, IntegrityError):
        # Two replicas stored the same item; the second now finds it. Other constraints are ours.
        return "unique" in text
    return error.connection_invalidated or any(
        word in text for word in ("locked", "deadlock", "serializ", "terminating connection")
    )


_MAX_SAID = 200


def _code(error: DBAPIError) -> str:
    """The database's own name for what happened."""
    original = error.orig
    code = getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None)
    return str(code or type(original).__name__)


_CAUSES = (
    ("unable to open", "cannot be opened: check that its folder exists and may be written"),
    ("readonly", "is read-only: give the service write permission on the file and its folder"),
    ("disk is full", "has no room left: free some disk space; work resumes by itself"),
    ("disk i/o", "could not be written: check the disk and its free space"),
    ("locked", "is locked by another program: end the backup or tool that holds it"),
    (
        "malformed",
        "is damaged: stop the service and restore the newest backup (docs/operations.md)",
    ),
    ("not a database", "is not an SQLite database: check database.url"),
    ("no such table", "has no tables yet: run `monitor db upgrade`"),
    (
        "no such column",
        "has tables of another layout: an unfinished version of this program wrote it; begin anew",
    ),
    ("role ", "does not know our user: check the user in database.url, or create the role"),
    (
        "does not exist",
        "has no tables yet, or is not there: create it, then run `monitor db upgrade`",
    ),
    ("permission denied", "forbids it to our user: grant it CREATE and USAGE on its schema"),
    ("too many", "takes no more connections: close some, or raise its max_connections"),
    ("connection slots", "takes no more connections: close some, or raise its max_connections"),
    ("password", "refuses our user or password: check database.url"),
    ("resolve host", "is on a host that nobody knows: check the host in database.url"),
    ("option", "does not take an option of its address: check what follows ? in database.url"),
    ("sslmode", "does not take an option of its address: check what follows ? in database.url"),
    ("connect", "does not answer: check that it runs and that database.url is right"),
)
"""What the drivers say, and what a person can do; the first that fits."""


def _store_error(error: DBAPIError) -> StoreError:
    if isinstance(error, DataError | IntegrityError):
        return Unstorable(f"the database does not take it ({_code(error)})")
    text = str(error.orig).lower()
    for sign, cause in _CAUSES:
        if sign in text:
            return StoreError(f"the database {cause}")
    # Nobody foresaw it: whoever is to mend it needs what the database said. Values are below that line.
    said = str(error.orig).strip().partition("\n")[0][:_MAX_SAID]
    return StoreError(f"the database refused the work ({_code(error)}): {said}")


class InstanceLock:
    """Holds an SQLite database for one running service; freed by the kernel when the process ends.

    Raises:
        DatabaseInUse: Another process holds it.
        StoreError: The file of the lock can't be made or locked.
    """

    def __init__(self, path: Path) -> None:
        try:
            real = path.resolve()  # by whatever name: a link to the file is the file
        except RuntimeError:
            raise StoreError(f"{path} is a link that leads to itself: name another place") from None
        lock = real.with_name(real.name + ".lock")
        self.was_there = lock.exists()
        """Whether the database was in use before: nobody deletes the lock's file."""
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"cannot make {lock}: {_in_words(error)}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(self._file, 200, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise DatabaseInUse(
                f"{path} is in use by another monitor ({holder or 'unknown process'}): "
                "stop that one first, or give this one a database of its own"
            ) from None
        except OSError as error:
            os.close(self._file)
            raise StoreError(f"cannot lock {lock}: {_in_words(error)}") from error

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._file)
