from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from feedserver import rss, rss_item

from monitor.errors import ParseError
from monitor.feeds.parsing import ParsePool, TooSlow
from monitor.log import JsonFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://wire.example/rss"
FEED = rss([rss_item("Soldiers captured", guid="1", link="/1")])
SHORT = timedelta(seconds=2)
MEGABYTES = 2**20


def item(inner: bytes) -> bytes:
    head = b'<rss version="2.0"><channel><item><title>Hello</title><guid>1</guid>'
    return head + inner + b"</item></channel></rss>"


QUADRATIC = item(b"<of-its-own/><author>" + b"a." * 64_000 + b"</author>")


def workers(of: int | None = None) -> list[int]:
    """The process ids of the workers that a process has, ours by default."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    parent = str(os.getpid() if of is None else of)
    return [int(row[0]) for row in rows if row[1] == parent and "monitor.feeds.worker" in row[-1]]


def is_alive(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in {"", "Z"}


def wait_until_gone(pid: int, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


@pytest.fixture
def pool() -> Iterator[ParsePool]:
    with ParsePool() as one:
        yield one


@pytest.fixture(autouse=True)
def _leaves_no_process() -> Iterator[None]:
    yield
    assert workers() == []


def test_a_feed_is_parsed_elsewhere_as_it_is_here(pool: ParsePool) -> None:
    parsed = pool.parse(FEED, url=URL, content_type="text/xml")

    (entry,) = parsed.entries
    assert (entry.title, entry.guid, entry.link) == (
        "Soldiers captured",
        "1",
        "https://wire.example/1",
    )
    assert parsed.complete


def test_a_worker_starts_when_it_is_needed_and_serves_many(pool: ParsePool) -> None:
    assert workers() == []

    for _ in range(20):
        pool.parse(FEED, url=URL)

    assert len(workers()) == 1


def test_what_is_no_feed_costs_no_worker(pool: ParsePool) -> None:
    pool.parse(FEED, url=URL)
    (before,) = workers()

    with pytest.raises(ParseError, match="an HTML page, not a feed"):
        pool.parse(b"<html>", url=URL)

    assert workers() == [before]


def test_a_document_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    with ParsePool(time_limit=SHORT) as pool:
        with pytest.raises(TooSlow, match="took longer than 2 s to parse"):
            pool.parse(QUADRATIC, url=URL)

        assert pool.parse(FEED, url=URL).entries


def test_a_document_that_needs_too_much_memory_is_given_up_and_the_next_one_read() -> None:
    with ParsePool(memory_limit=100 * MEGABYTES) as pool:
        with pytest.raises(ParseError, match="needs more than 100 MB of memory to parse"):
            pool.parse(rss([rss_item("t" * 20_000_000)]), url=URL)

        assert pool.parse(FEED, url=URL).entries


@pytest.mark.parametrize(
    "hostile",
    [
        item(b"<a>" * 20_000 + b"</a>" * 20_000),
        item(b'<x a="' + b"y" * 5_000_000 + b'"/>'),
        item(b"<description>" + b"&eacute;" * 100_000 + b"</description>"),
        item(b"<description>&lt;p style='" + b"url(" * 20_000 + b"'&gt;</description>"),
        item(b"<!--" * 100_000),
        b'<?xml version="1.0"?>' + b"\n" * 64_000 + FEED[40:],
        b"\n" * 64_000 + FEED,
        b"/dev/zero",
        b"/proc/self/environ",
        b'{"items":' + b"[" * 500_000,
        Random(5).randbytes(100_000),
        rss([rss_item("t" * 10_000_000)]),
        rss([rss_item(f"Story {n}", guid=str(n)) for n in range(6_000)]),
    ],
    ids=lambda body: repr(body[:20]) + str(len(body)),
)
def test_a_hostile_document_gives_entries_or_one_error_in_time(
    pool: ParsePool, hostile: bytes
) -> None:
    with contextlib.suppress(ParseError):
        assert 1 <= len(pool.parse(hostile, url=URL).entries) <= 5_000

    assert pool.parse(FEED, url=URL).entries


def test_memory_of_a_large_document_is_given_back(pool: ParsePool) -> None:
    pool.parse(rss([rss_item("t" * 5_000_000)]), url=URL)

    assert workers() == []


def test_a_worker_killed_while_idle_costs_nobody_a_document(pool: ParsePool) -> None:
    pool.parse(FEED, url=URL)
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    assert wait_until_gone(worker, within=5)

    assert pool.parse(FEED, url=URL).entries


def test_a_worker_killed_at_work_costs_one_error() -> None:
    with ParsePool(time_limit=timedelta(seconds=20)) as pool:
        pool.parse(FEED, url=URL)
        (worker,) = workers()
        killer = threading.Timer(0.3, os.kill, (worker, signal.SIGKILL))
        killer.start()

        with pytest.raises(ParseError, match="the parser broke down on it"):
            pool.parse(QUADRATIC, url=URL)

        killer.join()
        assert pool.parse(FEED, url=URL).entries


def test_threads_share_the_workers(pool: ParsePool) -> None:
    titles: list[str] = []

    def parse(name: str) -> None:
        body = rss([rss_item(name)])
        titles.extend(pool.parse(body, url=URL).entries[0].title for _ in range(20))

    threads = [threading.Thread(target=parse, args=(f"Thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {title: titles.count(title) for title in titles} == {f"Thread {n}": 20 for n in range(4)}
    assert len(workers()) <= 2


def test_closing_does_not_wait_for_a_document() -> None:
    errors: list[ParseError] = []
    with ParsePool(time_limit=timedelta(seconds=20)) as pool:

        def parse() -> None:
            with pytest.raises(ParseError) as caught:
                pool.parse(QUADRATIC, url=URL)
            errors.append(caught.value)

        thread = threading.Thread(target=parse)
        thread.start()
        while not workers():
            time.sleep(0.01)
    thread.join()

    (error,) = errors
    assert not isinstance(error, TooSlow)
    with pytest.raises(ParseError, match="stopping"):
        pool.parse(FEED, url=URL)


def test_signals_to_the_services_group_do_not_end_a_worker(pool: ParsePool) -> None:
    pool.parse(FEED, url=URL)
    (worker,) = workers()

    assert os.getpgid(worker) != os.getpgid(0)
    os.kill(worker, signal.SIGINT)
    os.kill(worker, signal.SIGTERM)

    assert pool.parse(FEED, url=URL).entries
    assert workers() == [worker]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_knows_no_secret_of_the_service(
    pool: ParsePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    pool.parse(FEED, url=URL)

    (worker,) = workers()
    assert b"SLACK_BOT_TOKEN" not in Path(f"/proc/{worker}/environ").read_bytes()


PARENT = """
import sys, threading
from datetime import timedelta
from monitor.feeds.parsing import ParsePool
pool = ParsePool(time_limit=timedelta(seconds=2))
pool.parse(b"<rss version='2.0'><channel/></rss>", url="http://x.example/")
print("idle", flush=True)
document = sys.stdin.buffer.read()
if document:
    threading.Timer(0.5, print, ("busy",), {"flush": True}).start()
    pool.parse(document, url="http://x.example/")
"""


@pytest.mark.parametrize("document", [b"", QUADRATIC], ids=["idle", "busy"])
def test_workers_do_not_outlive_a_service_that_was_killed(document: bytes) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdout.readline()
        (worker,) = workers(parent.pid)
        if document:
            parent.stdin.write(document)
            parent.stdin.close()
            parent.stdout.readline()

        parent.kill()

    assert wait_until_gone(worker, within=8)


BUG = """
from monitor.feeds import jsonfeed
def _bug_of_ours(written, *, url):
    raise KeyError("version" * 9_000)
jsonfeed.read = _bug_of_ours
"""
"""Loaded by Python as it starts: the worker is the real one, with a bug in it."""


def test_a_bug_in_a_worker_is_logged_once_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BUG)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    address = "https://name:secret@wire.example/json"

    with ParsePool(workers=1) as pool:
        for _ in range(2):
            with pytest.raises(ParseError, match="this program has a bug that it brings to light"):
                pool.parse(b'{"version": "https://jsonfeed.org/version/1.1"}', url=address)
        assert len(workers()) == 1, "it is as good as before"
        assert pool.parse(FEED, url=URL).entries

    (record,) = caplog.records
    told = JsonFormatter().format(record)
    assert "document not read, please report: url=https://wire.example/json" in told
    assert "_bug_of_ours" in told
    assert len(told) < 6_000
    assert "secret" not in told
