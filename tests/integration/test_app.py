"""The service in this process: what it says of itself, a single run, what it mends after a clock step."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock, MemoryReceiver, promise
from feedserver import FeedServer, rss
from process import RULES

from monitor.app import Service
from monitor.config import Config
from monitor.errors import (
    ChannelUnavailable,
    ConfigError,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.store import outbox
from monitor.store.database import Database
from monitor.store.outbox import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.checkup import Report
    from monitor.errors import DeliveryError


class Desk:
    """A service whose receiver and clock are in our hands."""

    def __init__(self, folder: Path, now: datetime, *, feeds: Sequence[str] = ()) -> None:
        self.file = folder / "data" / "monitor.db"
        self.rules = folder / "rules"
        self.rules.mkdir()
        (self.rules / "rules.toml").write_text(RULES)
        self.clock = Clock(now)
        self.receiver = MemoryReceiver()
        config = Config.model_validate(
            {
                "database": {"url": f"sqlite:///{self.file}"},
                "rules": {"path": str(folder / "rules")},
                "alerts": {"ops_channel": ""},
                "polling": {"allow_private": ["127.0.0.1"]},
                "feeds": [{"url": url} for url in feeds],
                "web": {"listen": ""},
            }
        )
        self.service = Service(config, self.receiver, clock=self.clock, wait=self.clock.pass_)
        self.database = Database(config.database.url)

    def promise(self, *channels: str) -> None:
        for channel in channels:
            promise(self.database, f"for {channel}", channel=channel, now=self.clock())

    def tick(self, times: int = 1) -> None:
        """Let every job run, as the scheduler would."""
        for _ in range(times):
            for job in self.service.jobs:
                job()
            self.clock.pass_(1)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self.database.reading() as tx:
            tx.exec_driver_sql("SELECT 1")
        self.database.close()

    def report(self) -> Report:
        return self.service.report()


@pytest.fixture
def desk(tmp_path: Path, now: datetime) -> Iterator[Desk]:
    with FeedServer() as server:
        made = Desk(tmp_path, now, feeds=[server.publish("/quiet.xml", rss([]))])
        with made.service:
            yield made
        made.database.close()


def test_a_service_that_works_says_so(desk: Desk) -> None:
    desk.promise("#a")
    desk.tick(2)

    report = desk.report()

    assert (report.status, report.failing, report.degraded) == ("ok", (), ())
    assert all(job.works for job in report.jobs)


def test_a_canary_that_does_not_get_through_is_a_word_to_whoever_is_on_duty(desk: Desk) -> None:
    with desk.database.transaction() as tx:
        tx.exec_driver_sql(
            "CREATE TRIGGER stuck BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'stuck'); END"
        )
    desk.tick()
    report = desk.report()
    assert report.status == "degraded"
    assert any(line.startswith("canary has failed for ") for line in report.degraded)

    with desk.database.transaction() as tx:
        tx.exec_driver_sql("DROP TRIGGER stuck")
    desk.tick()
    assert desk.report().status == "ok"


def test_that_no_feed_can_be_read_is_a_word_to_whoever_is_on_duty(
    tmp_path: Path, now: datetime
) -> None:
    with FeedServer() as server:
        good = server.publish("/good.xml", rss([]))
        desk = Desk(tmp_path, now, feeds=[server.url("/gone.xml"), good])
        with desk.service, desk.database:
            desk.tick()
            assert desk.report().status == "ok", "a feed that fails once mostly mends itself"

            server.withdraw("/good.xml")
            for _ in range(20):
                desk.tick()
                desk.clock.pass_(60)
            (said,) = desk.report().degraded
            assert said.startswith("no feed can be read: answered 404 Not Found: ")

            server.publish("/good.xml", rss([]))
            desk.clock.pass_(7 * 3600)
            desk.tick()
            (said,) = desk.report().degraded
            assert said.startswith("1 of 2 feeds can't be read for more than 15 min")


def test_that_there_is_no_feed_is_a_word_to_whoever_is_on_duty(
    tmp_path: Path, now: datetime
) -> None:
    desk = Desk(tmp_path, now)
    with desk.service, desk.database:
        desk.tick()

        (said,) = desk.report().degraded

    assert said.startswith("no feed is followed")


def test_a_second_name_of_the_database_is_a_word_to_whoever_is_on_duty(desk: Desk) -> None:
    desk.file.with_name("other.db").hardlink_to(desk.file)

    (said,) = desk.report().degraded

    assert "has another name too (a hard link), and the next start will refuse it" in said


def test_wrong_rule_files_are_a_word_to_whoever_is_on_duty(desk: Desk) -> None:
    file = desk.rules / "rules.toml"
    file.write_text('[[rules]]\nid = "north\n')
    desk.tick(3)

    report = desk.report()
    assert report.status == "degraded"
    (said,) = report.degraded
    assert said.startswith("the rule files are wrong, the last good ones stay in force: ")
    assert "rules.toml:2" in said

    file.write_text(RULES)
    desk.tick(3)
    assert desk.report().status == "ok"


def test_a_token_that_slack_refuses_is_a_word_to_whoever_is_on_duty(desk: Desk) -> None:
    desk.receiver.trouble = [Unauthorised("SLACK_BOT_TOKEN was revoked: make a new one")]
    desk.promise("#a", "#b")
    desk.tick(2)

    report = desk.report()
    assert report.status == "degraded"
    assert "no alert is delivered: SLACK_BOT_TOKEN was revoked: make a new one" in report.degraded

    desk.clock.pass_(600)
    desk.tick(2)
    assert desk.report().status == "ok", "the next probe delivered everything"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (ChannelUnavailable("#a is archived (is_archived): unarchive it"), "#a takes no alerts"),
        (Refused("invalid_blocks"), "1 alert for #a refused for good: invalid_blocks"),
        (RateLimited("Slack asks for a pause", retry_after=timedelta(minutes=30)), "alerts wait"),
    ],
)
def test_an_alert_that_is_held_degrades_the_service(
    desk: Desk, trouble: DeliveryError, said: str
) -> None:
    desk.receiver.trouble = [trouble]
    desk.promise("#a")
    desk.tick()

    report = desk.report()

    assert report.status == "degraded"
    assert any(said in line for line in report.degraded)


def test_a_channel_that_waits_for_a_look_up_is_named_after_minutes(desk: Desk) -> None:
    desk.receiver.trouble = [Unclear("timed out")]
    desk.receiver.blind = [Unclear("500")] * 99
    desk.promise("#a")
    desk.tick(20)
    assert desk.report().status == "ok"

    desk.tick(400)
    assert any("reached #a is not known" in line for line in desk.report().degraded)


def test_alerts_that_wait_for_long_are_named(desk: Desk) -> None:
    desk.promise("#a")
    desk.clock.pass_(3600)

    assert desk.report().degraded == ("1 alert for #a wait, the oldest for 60 min",)


@pytest.mark.parametrize("how", ["deleted", "replaced", "emptied"])
def test_a_database_file_that_goes_under_the_running_service_is_noticed(
    desk: Desk, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.tick()
    if how == "replaced":
        shutil.copy(desk.file, desk.file.with_name("copy"))
        desk.file.with_name("copy").replace(desk.file)
    elif how == "emptied":
        desk.checkpoint()
        os.truncate(desk.file, 0)
    else:
        desk.file.unlink()

    desk.tick(5)

    report = desk.report()
    assert report.status == "failing"
    assert "while the service runs, and what is stored now would be lost" in report.failing[0]
    assert "put the file or the newest backup back" in report.failing[0]
    said = [one.getMessage() for one in caplog.records if "would be lost" in one.getMessage()]
    assert len([one for one in said if one.startswith("polling waits")]) == 1


def test_a_database_that_is_read_only_is_noticed_before_anything_is_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert any("is read-only" in line for line in desk.report().failing)


def test_a_full_disk_is_noticed_before_anything_is_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(desk.file.parent)
    full = os.statvfs_result([*real[:4], 100, *real[5:]])
    monkeypatch.setattr(os, "statvfs", lambda _: full)

    assert any("MB left: free some space" in line for line in desk.report().failing)


def test_a_bug_in_a_job_neither_ends_it_nor_goes_unseen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "heads", broken)
        desk.promise("#a")
        desk.tick(5)
    assert any("delivery has failed" in line for line in desk.report().failing)
    assert sum("delivery failed, please report" in one.getMessage() for one in caplog.records) == 1

    desk.tick()
    assert desk.report().status == "ok"
    assert len(desk.receiver.taken) == 1


def test_a_clock_set_back_is_mended_by_the_next_tick_that_can_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receiver.trouble = [Unclear("timed out")]
    desk.promise("#a")
    desk.tick()
    desk.clock.now -= timedelta(minutes=40)
    desk.service.clock_was_set()

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "due_by", _refusing)
        desk.tick()
    desk.tick(65)

    assert [one.content for one in desk.receiver.taken]


def _refusing(*_: object) -> None:
    from monitor.errors import StoreError

    raise StoreError("the database is locked")


def test_a_single_run_delivers_everything(desk: Desk) -> None:
    desk.promise("#a", "#a", "#b")

    ended = desk.service.once()

    assert (ended.failing, ended.left) == (0, ())
    assert len(desk.receiver.taken) == 3


@pytest.mark.parametrize(
    "trouble",
    [
        Unauthorised("the token was revoked"),
        RateLimited("a pause of 50 min", retry_after=timedelta(minutes=50)),
        Unclear("Slack had trouble of its own"),
        ChannelUnavailable("archived"),
    ],
)
def test_a_single_run_ends_though_slack_takes_nothing(desk: Desk, trouble: DeliveryError) -> None:
    desk.receiver.trouble = [trouble] * 999
    desk.promise("#a", "#b")
    begun = desk.clock()

    ended = desk.service.once()

    assert desk.clock() - begun <= timedelta(minutes=4)
    assert sum(held.number for held in ended.left) == 2
    assert str(trouble) in {held.error for held in ended.left}


def test_a_single_run_waits_for_a_short_pause(desk: Desk) -> None:
    desk.receiver.trouble = [RateLimited("a pause", retry_after=timedelta(seconds=30))]
    desk.promise("#a", "#b")

    ended = desk.service.once()

    assert ended.left == ()
    assert len(desk.receiver.taken) == 2


def test_a_message_refused_for_good_does_not_keep_a_single_run(desk: Desk) -> None:
    desk.receiver.trouble = [Refused("invalid_blocks")]
    desk.promise("#a", "#a")

    ended = desk.service.once()

    assert [(held.state, held.number) for held in ended.left] == [(State.DEAD, 1)]
    assert len(desk.receiver.taken) == 1


def test_a_port_in_use_is_found_before_anything_is_made(tmp_path: Path) -> None:
    import socket

    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.toml").write_text(RULES)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = Config.model_validate(
            {
                "database": {"url": f"sqlite:///{tmp_path / 'data' / 'monitor.db'}"},
                "rules": {"path": str(tmp_path / "rules")},
                "web": {"listen": f"127.0.0.1:{taken.getsockname()[1]}"},
            }
        )
        with pytest.raises(ConfigError, match=r"desk\.toml: web\.listen"):
            Service(config, MemoryReceiver(), file="desk.toml")

    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_a_database_that_begins_anew_where_one_was_is_told(
    tmp_path: Path, now: datetime, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = Desk(tmp_path, now)
    with first.service:
        first.tick()
    first.database.close()
    assert "the database that was here before" not in caplog.text
    if how == "deleted":
        first.file.unlink()
    else:
        os.truncate(first.file, 0)

    shutil.rmtree(first.rules)
    second = Desk(tmp_path, now)
    with second.service, second.database:
        second.tick()

    assert "the database that was here before is gone or empty, a new one was begun" in caplog.text
