"""Documents on their way through the parser, in two lanes, so that a slow one holds up no other.

A document that takes longer than a moment is read again from the start in a lane of its own, with
all the time a document may have; from then on its feed goes there at once. However many poisonous
feeds there are, each costs the others that moment, once.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from monitor import metrics, urls
from monitor.errors import FeedError, ParseError
from monitor.feeds.parse import ParsedFeed, parse_at_once
from monitor.feeds.parsing import TIME_LIMIT, ParsePool, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from monitor.feeds.exchange import Fetched, Response

log = logging.getLogger(__name__)

MOMENT = timedelta(seconds=1)
"""A feed of usual size takes 30 ms; what takes longer than this steps aside."""
MOST_ASIDE = 8
"""Slow documents that may wait; each holds its bytes, and the last one waits for all before it."""
QUICK_WORKERS = 2

_Parsed = TypeVar("_Parsed", ParsedFeed, ParsedFeed | None)


@dataclass(frozen=True, slots=True)
class _Job:
    """A document to read, and who wants it."""

    fetched: Fetched
    answer: Response
    done: Callable[[Fetched], object]

    @property
    def feed(self) -> int:
        return self.fetched.request.feed

    def end(self, outcome: ParsedFeed | ParseError) -> None:
        if isinstance(outcome, ParseError):
            self.done(replace(self.fetched, outcome=outcome))
        else:
            self.done(replace(self.fetched, parsed=outcome))


class Reading:
    """Reads documents in the background. A context manager: leaving it ends its processes.

    Any number of threads may use it.
    """

    def __init__(self, *, moment: timedelta = MOMENT, limit: timedelta = TIME_LIMIT) -> None:
        self._moment = moment.total_seconds()
        self._quick = ParsePool(workers=QUICK_WORKERS, time_limit=moment)
        self._patient = ParsePool(workers=1, time_limit=limit)
        self._quick_lane = ThreadPoolExecutor(QUICK_WORKERS, thread_name_prefix="reading")
        self._slow_lane = ThreadPoolExecutor(1, thread_name_prefix="reading slowly")
        self._lock = threading.Lock()
        self._slow: set[int] = set()
        """Feeds whose last document took longer than a moment."""
        self._puzzling: set[int] = set()
        """Feeds whose plain documents brought a mistake of ours to light."""
        self._waiting = 0
        self._aside = 0

    @property
    def waiting(self) -> int:
        """Documents in the quick lane, waiting or being read."""
        return self._waiting

    @property
    def aside(self) -> int:
        """Documents in the slow lane, waiting or being read."""
        return self._aside

    def take(self, fetched: Fetched, done: Callable[[Fetched], object]) -> None:
        """Hand what was fetched on to `done`, read if it brings anything new.

        `done` is called from here where there is nothing to read, else from a thread of ours, and
        in any case once, unless this is closed before.
        """
        answer = fetched.outcome
        if isinstance(answer, FeedError) or answer.status == HTTPStatus.NOT_MODIFIED:
            done(fetched)
            return
        body_hash = hashlib.sha256(answer.body).hexdigest()
        if body_hash == fetched.request.body_hash:
            done(fetched)
            return
        job = _Job(replace(fetched, body_hash=body_hash), answer, done)
        if fetched.request.feed in self._slow:
            self._step_aside(job)
        elif read := self._read_at_once(job):
            job.end(read)
        else:
            self._count(waiting=1)
            self._quick_lane.submit(self._read_quickly, job)

    def _read_at_once(self, job: _Job) -> ParsedFeed | ParseError | None:
        """What a plain document says; None for one that is better read in a worker."""
        try:
            return _parsed(job, parse_at_once)
        except ParseError as error:
            return error
        except Exception:
            # A mistake of ours there must not cost the document: feedparser may read it all the same.
            if job.feed not in self._puzzling:
                self._puzzling.add(job.feed)
                log.exception(
                    "document not plain, please report: url=%s", urls.shown(job.answer.url)
                )
            return None

    def _read_quickly(self, job: _Job) -> None:
        outcome = _read(job, self._quick.parse)
        self._count(waiting=-1)
        if isinstance(outcome, TooSlow):
            self._slow.add(job.feed)
            self._step_aside(job)
        else:
            job.end(outcome)

    def _step_aside(self, job: _Job) -> None:
        with self._lock:
            full = self._aside >= MOST_ASIDE
            self._aside += not full
        if full:
            job.end(ParseError(f"slow to parse, and {MOST_ASIDE} other slow feeds are before it"))
            return
        self._slow_lane.submit(self._read_slowly, job)

    def _read_slowly(self, job: _Job) -> None:
        started = time.monotonic()
        outcome = _read(job, self._patient.parse)
        if time.monotonic() - started < self._moment:
            self._slow.discard(job.feed)
        self._count(aside=-1)
        job.end(outcome)

    def _count(self, *, waiting: int = 0, aside: int = 0) -> None:
        with self._lock:
            self._waiting += waiting
            self._aside += aside

    def close(self) -> None:
        """Read nothing more; what is being read is dropped."""
        for pool in (self._quick, self._patient):
            pool.close()
        for lane in (self._quick_lane, self._slow_lane):
            lane.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _parsed(job: _Job, parse: Callable[..., _Parsed]) -> _Parsed:
    answer = job.answer
    kind = answer.headers.get("content-type", "")
    marks = job.fetched.request.marks
    began = time.monotonic()
    read: object = True  # or refused: that took its time too
    try:
        read = parsed = parse(answer.body, url=answer.url, content_type=kind, marks=marks)
    finally:
        if read:
            metrics.parsed(time.monotonic() - began)
    return parsed


def _read(job: _Job, parse: Callable[..., _Parsed]) -> _Parsed | ParseError:
    try:
        return _parsed(job, parse)
    except ParseError as error:
        return error
    except Exception:
        # Nobody waits for this thread: an exception that left it would leave its feed asked for ever.
        log.exception("document not read, please report: url=%s", urls.shown(job.answer.url))
        return ParseError("this program has a bug that it brings to light")
