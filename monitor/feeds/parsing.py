"""Parsing with limits of time and memory, in processes of its own that can be killed.

feedparser's cost is quadratic in places: a document of 64 KB can keep it busy for minutes, and a
thread can't be stopped. So every document is parsed by a worker (`worker.py`), which is replaced
when it takes too long.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import urls
from monitor.errors import ParseError
from monitor.feeds.parse import Bug, ParsedFeed
from monitor.feeds.worker import HEADER, READY

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from monitor.feeds.worker import Answer, Request

log = logging.getLogger(__name__)

TIME_LIMIT = timedelta(seconds=10)
MEMORY_LIMIT = 512 * 2**20
WORKERS = 2
START_LIMIT_S = 30.0
"""How long a worker may take to start; usually half a second."""

_MAX_BUGS = 100
"""Kinds that are remembered, so that each is logged once; after that none is."""
_WORKER = "monitor.feeds.worker"
_LARGE = 2_000_000
"""A worker that parsed more bytes than this at once is not kept: its memory would stay with it."""
_ENVIRONMENT = ("PYTHON", "COVERAGE", "LC_", "LANG", "PATH", "LD_", "DYLD_", "TZ", "VIRTUAL_ENV")
"""What a worker needs to start; secrets of the service are none of its business."""


class TooSlow(ParseError):
    """A document that takes longer than it may."""


class ParsePool:
    """Parses documents in worker processes, which start when first needed.

    Any number of threads may use it; `workers` documents are parsed at a time, others wait. A
    context manager: leaving it ends the workers.
    """

    def __init__(
        self,
        *,
        workers: int = WORKERS,
        time_limit: timedelta = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._free = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._bugs: set[str] = set()
        self._closed = False

    def parse(
        self, body: bytes, *, url: str, content_type: str = "", marks: bytes = b""
    ) -> ParsedFeed:
        """Read a feed of any kind, as `parse.parse` does.

        Raises:
            TooSlow: It takes more time than it may.
            ParseError: It is not a feed, or it takes more memory than it may.
        """
        with self._free:
            worker = self._worker()
            keep = False
            try:
                parsed = self._ask(worker, (body, url, content_type, marks))
                keep = len(body) <= _LARGE
            except _TooMuchMemory:
                raise self._too_large() from None
            except ParseError:
                keep = worker.alive
                raise
            finally:
                self._release(worker, keep=keep)
        return parsed

    def _ask(self, worker: _Worker, request: Request) -> ParsedFeed:
        try:
            worker.wait_until_ready()
            answer = worker.ask(request, self._time_limit)
        except _NotStarted:
            worker.end()
            raise ParseError("the process that parses does not start") from None
        except TimeoutError:
            worker.end()
            raise TooSlow(f"took longer than {_seconds(self._time_limit)} to parse") from None
        except (EOFError, ConnectionError):
            worker.end()
            raise ParseError("the parser broke down on it") from None
        if isinstance(answer, ParsedFeed):
            return answer
        if isinstance(answer, Bug):
            self._log(answer, url=request[1])
            raise ParseError("this program has a bug that it brings to light")
        if not answer:
            raise _TooMuchMemory
        raise ParseError(answer)

    def _log(self, bug: Bug, *, url: str) -> None:
        with self._lock:
            if bug.kind in self._bugs or len(self._bugs) >= _MAX_BUGS:
                return
            self._bugs.add(bug.kind)
        told = _InWorker(f"\n{bug.trace}")
        log.error("document not read, please report: url=%s", urls.shown(url), exc_info=told)

    def _too_large(self) -> ParseError:
        return ParseError(f"needs more than {self._memory_limit >> 20} MB of memory to parse")

    def _worker(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise ParseError("the service is stopping")
            # One that died while idle (a kill from outside) costs nobody a document.
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    break
                worker.end()
            else:
                worker = self._start()
            self._busy.add(worker)
            return worker

    def _start(self) -> _Worker:
        try:
            return _Worker(self._memory_limit, self._time_limit)
        except OSError:
            raise ParseError(
                "no process can be started to parse it: too many of them, of open files, or no memory"
            ) from None

    def _release(self, worker: _Worker, *, keep: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if keep and not self._closed:
                self._idle.append(worker)
                return
        worker.end()

    def close(self) -> None:
        """End all workers; a document that is being parsed becomes a ParseError."""
        with self._lock:
            self._closed = True
            for worker in self._busy:
                worker.kill()  # the thread that waits for it cleans up
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _TooMuchMemory(Exception):
    """The worker met its memory limit and said so."""


class _InWorker(Exception):
    """Holds the traceback of a worker: only the text of it comes over."""


class _NotStarted(Exception):
    """The worker was not ready in time."""


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self, memory_limit: int, time_limit: timedelta) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._ready = False
        # We kill it at the limit; its own alarm is for when we are no more.
        alarm = int(time_limit.total_seconds()) + 2
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                # -P: no module is taken from the folder the service happens to run in.
                [sys.executable, "-P", "-m", _WORKER, str(memory_limit), str(alarm)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                # Of no terminal's group: signals to the group are for the service alone.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Let it load what it needs: that is not the document's time.

        Raises:
            _NotStarted: It takes too long.
            EOFError, ConnectionError: It died.
        """
        if self._ready:
            return
        try:
            self._receive(len(READY), time.monotonic() + START_LIMIT_S)
        except TimeoutError:
            raise _NotStarted from None
        self._ready = True

    def ask(self, request: Request, limit: timedelta) -> Answer:
        """Let it parse.

        Raises:
            TimeoutError: No answer within the limit.
            EOFError, ConnectionError: It died.
        """
        deadline = time.monotonic() + limit.total_seconds()
        frame = pickle.dumps(request)
        self._socket.settimeout(limit.total_seconds())
        self._socket.sendall(HEADER.pack(len(frame)))
        self._socket.sendall(frame)
        length = HEADER.unpack(self._receive(HEADER.size, deadline))[0]
        answer: Answer = pickle.loads(self._receive(length, deadline))  # noqa: S301 - ours
        return answer

    def _receive(self, length: int, deadline: float) -> bytearray:
        data = bytearray(length)
        view, got = memoryview(data), 0
        while got < length:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            count = self._socket.recv_into(view[got:])
            if not count:
                raise EOFError
            got += count
        return data

    def kill(self) -> None:
        """Make an end of it; whoever waits for its answer gets an EOFError."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, and leave neither a zombie nor an open socket behind."""
        self.kill()
        self._process.wait()
        self._socket.close()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)}
    # The worker must find this very package, wherever the service was started from.
    path = [str(Path(__file__).parents[2]), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def _seconds(limit: timedelta) -> str:
    return f"{limit.total_seconds():g} s"
