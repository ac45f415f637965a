"""Many transfers in a thread of their own, so that they go on while the caller works on an answer."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Protocol

from monitor import urls
from monitor.feeds.exchange import Fetched, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from monitor.errors import FetchError
    from monitor.feeds.reading import Reading
    from monitor.feeds.settings import PollingSettings

REST_S = 0.25
"""How long a host rests between the end of one request and the beginning of the next in its place."""
_WAITING_PER_SLOT = 10
"""Requests that may wait for their host, for each request that may be in flight."""


class Engine(Protocol):
    """What does the transferring."""

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        ...

    def start(self, request: Request) -> FetchError | None:
        """Set out for an answer; an error where there is no way to ask."""
        ...

    def step(self, at_most: float) -> Iterable[Fetched]:
        """Wait until something happens, at most so many seconds; what has finished."""
        ...

    def wake(self) -> None:
        """Let `step` return now; from any thread or signal handler."""
        ...

    def drop_all(self) -> None:
        """Forget what is under way."""
        ...


class Line:
    """Requests waiting for their turn: in their order, but never too many of one host at once.

    A turn that is over rests before it is given to the next: a host sees no burst.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: deque[tuple[str, Request]] = deque()
        self._busy: Counter[str] = Counter()
        self._resting: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, request: Request) -> None:
        """Put a request at the end."""
        self._waiting.append((urls.host(request.url), request))

    def next(self, *, now: float) -> Request | None:
        """The first whose host has a turn free; it is taken. `now` is in seconds, never going back."""
        self._give_back(now)
        for place, (host, request) in enumerate(self._waiting):
            if self._busy[host] < self._per_host:
                del self._waiting[place]
                self._busy[host] += 1
                return request
        return None

    def done(self, request: Request, *, now: float) -> None:
        """The turn of a request that was handed out is over."""
        self._resting.append((now + REST_S, urls.host(request.url)))

    def rest(self, *, now: float) -> float:
        """Seconds until a turn is free again; infinite where none rests."""
        return max(0.0, self._resting[0][0] - now) if self._resting else math.inf

    def _give_back(self, now: float) -> None:
        while self._resting and self._resting[0][0] <= now:
            _, host = self._resting.popleft()
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]


class Transfers:
    """The thread that transfers, and the two queues between it and the caller's.

    Documents are read on the way, where there is somebody to read them.
    """

    def __init__(
        self,
        engine: Engine,
        settings: PollingSettings,
        reading: Reading | None,
        *,
        stopped: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._reading = reading
        self._stopped = stopped
        self._concurrency = settings.concurrency
        self._line = Line(settings.per_host)
        self._pending: set[int] = set()
        self._waiting = 0
        self._blocked = 0
        """Requests that wait for their host, not for a slot; the caller's thread reads an estimate."""
        self._in: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._out: queue.SimpleQueue[Fetched | BaseException | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)

    # -- the caller's thread

    @property
    def pending(self) -> int:
        """Requests added whose outcome was not handed over yet."""
        return len(self._pending)

    @property
    def free(self) -> int:
        """How many more requests are of use now."""
        aside = self._reading.aside if self._reading else 0
        most = self._concurrency * _WAITING_PER_SLOT - len(self._pending)
        return max(0, min(self._concurrency - len(self._pending) + aside + self._blocked, most))

    def add(self, requests: Sequence[Request]) -> None:
        """Hand requests to the thread; one for a feed that is being asked is ignored."""
        for request in requests:
            if request.feed not in self._pending:
                self._pending.add(request.feed)
                self._in.put(request)
        if requests:
            self._engine.wake()

    def next(self, timeout: float) -> Fetched | None:
        """The next outcome; None where there is none yet."""
        try:
            found = self._out.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        if found is not None:
            self._pending.discard(found.request.feed)
            if self._waiting:
                self._engine.wake()
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        self._engine.wake()
        self._thread.join()

    # -- its own thread

    def _run(self) -> None:
        try:
            while not (self._closing or self._stopped()):
                self._start()
                at_most = self._line.rest(now=time.monotonic()) if self._waiting else math.inf
                for fetched in self._engine.step(at_most):
                    self._line.done(fetched.request, now=time.monotonic())
                    self._hand_on(fetched)
        except BaseException as bug:  # noqa: BLE001 - raised again in the caller's thread
            self._out.put(bug)
        finally:
            self._engine.drop_all()
            self._out.put(None)  # the caller may be waiting

    def _hand_on(self, fetched: Fetched) -> None:
        if self._reading:
            self._reading.take(fetched, self._out.put)
        else:
            self._out.put(fetched)

    def _held(self) -> int:
        """Answers that are on their way or not taken yet: they hold bodies."""
        waiting = self._reading.waiting if self._reading else 0
        return self._engine.in_flight + waiting + self._out.qsize()

    def _start(self) -> None:
        while not self._in.empty():
            self._line.add(self._in.get())
        while slot := self._held() < self._concurrency:
            request = self._line.next(now=time.monotonic())
            if request is None:
                break
            if error := self._engine.start(request):
                self._line.done(request, now=time.monotonic())
                self._out.put(Fetched(request, error))
        self._waiting = len(self._line)
        self._blocked = self._waiting if slot else 0
