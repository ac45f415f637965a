from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from monitor.errors import StoreError
from monitor.steady import Steady

MINUTE = timedelta(minutes=1)


class Desk:
    """A job that does what it is told, and a monotonic clock."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.trouble: Exception | None = None
        self.alive_at = 0.0
        self.job = Steady(
            "polling",
            self.work,
            may_take=MINUTE,
            alive_at=lambda: self.alive_at,
            clock=lambda: self.time,
        )

    def work(self) -> None:
        if self.trouble:
            raise self.trouble

    def run(self, trouble: Exception | None = None, *, times: int = 1) -> None:
        self.trouble = trouble
        for _ in range(times):
            self.time += 1
            self.job()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("trouble", [StoreError("disk full"), ValueError("a bug"), OSError(5, "x")])
def test_whatever_goes_wrong_is_said_once_and_so_is_its_end(
    desk: Desk, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    caplog.set_level(logging.INFO)

    desk.run(trouble, times=50)
    assert len(lines(caplog)) == 1
    assert desk.job.condition().failing_s == 49

    desk.run(times=3)
    assert len(lines(caplog)) == 2
    assert "works again after 50 s" in lines(caplog)[1]
    assert desk.job.condition().works

    desk.run(trouble)
    assert len(lines(caplog)) == 3


def test_a_bug_comes_with_its_traceback_and_an_error_for_people_without(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.run(StoreError("disk full"))
    desk.run(KeyError("x"))

    first, second = caplog.records
    assert "disk full" in first.getMessage()
    assert not first.exc_info
    assert second.exc_info


def test_a_job_that_fails_in_ever_new_words_does_not_fill_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(200):
        desk.run(StoreError(f"trouble {number}"))

    assert len(lines(caplog)) == 10


def test_a_job_hangs_when_it_shows_no_sign_of_life(desk: Desk) -> None:
    desk.run()
    desk.time += 59
    assert not desk.job.condition().hangs

    desk.time += 2
    assert desk.job.condition().hangs

    desk.alive_at = desk.time
    assert not desk.job.condition().hangs


def test_a_job_that_never_ran_hangs_after_its_time(desk: Desk) -> None:
    desk.time += 61

    assert desk.job.condition().hangs
    assert desk.job.condition().ok_s is None


def test_a_job_that_fails_at_each_tick_does_not_hang(desk: Desk) -> None:
    desk.run(StoreError("disk full"), times=300)

    assert not desk.job.condition().hangs
    assert desk.job.condition().error == "disk full"


def test_a_job_that_is_stopped_early_is_not_said_to_work_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.run(StoreError("disk full"))

    desk.job.stop()
    desk.run()

    assert lines(caplog) == ["polling waits: disk full"]
    assert not desk.job.condition().works
