"""Starts the program in copies of a process that has loaded it: most of a second less of work for each.

A copy is a process like any other: its own folder, environment, streams, signals, kills, exit code.
Only the loading of modules is not seen; tests of that start fresh ones (`Program.fresh`).
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SETTLED = {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
"""Variables of every process that are read while it loads."""

_NUMBER = struct.Struct("!i")
_LARGEST = 200_000
_OTHERS = (
    "alembic.command",
    "alembic.config",
    "feedparser",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)


@dataclass
class Copy:
    """A running copy; what tests use of `subprocess.Popen`."""

    pid: int
    returncode: int | None
    _life: socket.socket

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; the exit code. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._life], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("monitor", timeout or 0)
            self.returncode = _received(self._life)
            self._life.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def start(
    args: Sequence[str], *, folder: Path, environ: Mapping[str, str], streams: Sequence[int]
) -> Copy:
    """Start `monitor ARGS` in a folder with these three streams."""
    request = json.dumps({"args": [*args], "folder": str(folder), "environ": dict(environ)})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(_loaded(), [b"!"], [theirs.fileno(), *streams])
    ours.sendall(request.encode())
    return Copy(_received(ours), None, ours)


def _received(life: socket.socket) -> int:
    number: int = _NUMBER.unpack(life.recv(_NUMBER.size))[0]
    return number


@functools.cache
def _loaded() -> socket.socket:
    """The way to the process that has loaded the program: one for all tests of this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=os.environ | SETTLED,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _load() -> None:
    """Load every module that some command loads."""
    import monitor

    for module in pkgutil.walk_packages(monitor.__path__, "monitor."):
        if not module.name.startswith(("monitor.store.migrations", "monitor.rules.cldr")):
            importlib.import_module(module.name)
    for name in _OTHERS:
        importlib.import_module(name)
    # What is there already need not be looked through, and so copied, in each copy.
    gc.freeze()


def _serve(control: socket.socket) -> None:
    """Make copies until the tests end; returns in each copy, when it is what it is to be."""
    with selectors.DefaultSelector() as events:
        events.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj is not control:
                    events.unregister(key.fileobj)
                    _ended(key.fd, *key.data)
                    continue
                said, fds, _, _ = socket.recv_fds(control, 1, 4)
                if not said:
                    sys.exit()
                life = socket.socket(fileno=fds[0])
                request = json.loads(life.recv(_LARGEST))
                pid = os.fork()
                if not pid:
                    # An end is seen only when nobody else holds it.
                    for other in (control, life, *(one.data[1] for one in _running(events))):
                        other.close()
                    _become(request, fds[1:])
                    return
                for stream in fds[1:]:
                    os.close(stream)
                life.sendall(_NUMBER.pack(pid))
                events.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, life))


def _running(events: selectors.BaseSelector) -> list[selectors.SelectorKey]:
    return [key for key in events.get_map().values() if key.data]


def _ended(pidfd: int, pid: int, life: socket.socket) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(pidfd)
    with life, suppress(OSError):
        life.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _become(request: dict[str, object], streams: Sequence[int]) -> None:
    """Take on the folder, the environment, the arguments and the streams of a copy."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environ"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv[1:] = request["args"]  # type: ignore[call-overload]


if __name__ == "__main__":
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from monitor.__main__ import main

    main()
