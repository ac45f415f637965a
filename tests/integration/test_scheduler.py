from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

TICK = timedelta(seconds=0.05)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    yield made
    made.stop()


def test_a_job_runs_again_and_again(scheduler: Scheduler) -> None:
    ran = threading.Semaphore(0)
    scheduler.every(TICK, ran.release, name="job")

    scheduler.start()

    assert all(ran.acquire(timeout=10) for _ in range(3))


def test_a_job_never_overtakes_itself(scheduler: Scheduler) -> None:
    running = threading.Lock()
    overlaps = []
    rounds = threading.Semaphore(0)

    def slow() -> None:
        if not running.acquire(blocking=False):
            overlaps.append(1)
            return
        time.sleep(3 * TICK.total_seconds())
        running.release()
        rounds.release()

    scheduler.every(TICK, slow, name="job")
    scheduler.start()

    assert all(rounds.acquire(timeout=10) for _ in range(3))
    assert not overlaps


def test_a_job_that_fails_runs_again(scheduler: Scheduler) -> None:
    ran = threading.Semaphore(0)

    def broken() -> None:
        ran.release()
        raise RuntimeError

    scheduler.every(TICK, broken, name="job")
    scheduler.start()

    assert all(ran.acquire(timeout=10) for _ in range(2))


def test_a_clock_set_back_is_noticed_once(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = threading.Semaphore(0)
    scheduler.every(timedelta(hours=1), ran.release, name="job")
    scheduler.start()
    assert ran.acquire(timeout=10)
    assert not scheduler.clock_was_set()
    real = time.time

    monkeypatch.setattr("monitor.scheduler.time.time", lambda: real() - 3600)

    assert scheduler.clock_was_set()
    assert ran.acquire(timeout=10), "the job is due now, not in an hour"
    assert not scheduler.clock_was_set()


def test_stopping_waits_for_the_work_at_hand() -> None:
    scheduler = Scheduler()
    started, done = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        time.sleep(0.3)
        done.set()

    scheduler.every(timedelta(hours=1), work, name="job")
    scheduler.start()
    assert started.wait(10)

    scheduler.stop()

    assert done.is_set()
