"""Starting and stopping the real process at awkward moments and under awkward conditions."""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=["news-alerts", "other"]) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path, slack: FakeSlack) -> Program:
    return Program(tmp_path / "desk", {"SLACK_BOT_TOKEN": slack.token}, fresh=True)


@pytest.fixture
def started(program: Program) -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def table(slack: FakeSlack) -> str:
    return f'api_url = "{slack.api_url}"\nsettle = "1s"'


REPORT = rss_item("North Korean soldier captured", guid="g1", link="https://news.example/1")
TWO_CHANNELS = """
[[rules]]
id = "one"
name = "One"
query = "captured"
[[rules]]
id = "other"
name = "Other"
query = "captured"
channels = ["#other"]
"""


# Seconds after the process takes signals: our parts are being loaded, then the service is built.
@pytest.mark.parametrize("after", [0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_ends_it_without_a_word(
    program: Program, feeds: FeedServer, number: signal.Signals, after: float
) -> None:
    program.configure(feeds=[feeds.publish("/a.xml", rss([REPORT]))])

    running = program.start()
    try:
        assert eventually(lambda: _takes_signals(running.process.pid))
        time.sleep(after)
        running.process.send_signal(number)

        assert running.process.wait(timeout=10) == 0
        assert "Traceback" not in running.output()
    finally:
        running.kill()


@pytest.mark.parametrize("after", [0, 0.1, 0.2])
def test_ctrl_c_while_a_command_is_loaded_ends_it_without_a_traceback(
    program: Program, after: float
) -> None:
    program.configure(feeds=[])

    running = program.start("rules", "list")
    try:
        assert eventually(lambda: _takes_signals(running.process.pid))
        time.sleep(after)
        running.process.send_signal(signal.SIGINT)

        running.process.wait(timeout=10)
        assert "Traceback" not in running.output()
    finally:
        running.kill()


def _takes_signals(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM."""
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = re.findall(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def test_a_port_in_use_is_named_before_anything_is_made(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        program.configure(feeds=[], web=f'listen = "{listen}"')

        done = program.run("run")

    assert done.returncode == 2
    assert f'config.toml: web.listen = "{listen}" cannot be used' in done.stderr
    assert not (program.folder / "data").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_end_in_no_traceback(
    program: Program, feeds: FeedServer, slack: FakeSlack, closed: str
) -> None:
    program.configure(feeds=[feeds.publish("/a.xml", rss([REPORT]))], slack=table(slack))

    done = program.in_shell(f"run --once {closed}")

    assert done.returncode == 0, done.stderr
    assert len(slack.messages) == 1
    assert "Traceback" not in done.stderr


def test_alerts_for_a_console_that_is_not_there_are_not_taken_for_delivered(
    program: Program, feeds: FeedServer
) -> None:
    program.environ.clear()
    program.configure(feeds=[feeds.publish("/a.xml", rss([REPORT]))])

    done = program.in_shell("run --once >&-")

    assert done.returncode == 1
    assert "standard output is closed" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (program.folder / "data").exists()


@pytest.mark.parametrize("trouble", ["token", "long pause", "server errors"])
def test_a_single_run_ends_and_says_what_is_left(
    program: Program, feeds: FeedServer, slack: FakeSlack, trouble: str
) -> None:
    if trouble == "token":
        slack.token = "xoxb-another"
    elif trouble == "long pause":
        slack.fault("chat.postMessage", "ratelimit", times=999, retry_after=3000)
    else:
        # Neither posts nor look-ups are answered.
        slack.fault("*", "http", times=9999, status=500)
        program.environ["MONITOR_SLACK__SETTLE"] = "5m"
    url = feeds.publish("/a.xml", rss([REPORT]))
    program.configure(feeds=[url], rules=TWO_CHANNELS, slack=table(slack))

    done = program.run("run", "--once")

    assert done.returncode == 1
    assert "messages not delivered: 2" in done.stderr
    assert "for #news-alerts" in done.stderr


def test_a_mended_token_is_noticed_at_once_by_retry(
    program: Program, feeds: FeedServer, slack: FakeSlack, started: list[Running]
) -> None:
    given, slack.token = slack.token, "xoxb-another"
    url = feeds.publish("/a.xml", rss([REPORT]))
    program.configure(feeds=[url], rules=TWO_CHANNELS, slack=table(slack))
    running = program.start()
    started.append(running)
    assert running.wait_for("state=parked")
    assert eventually(lambda: "degraded" in program.run("health").stderr)
    assert program.run("health").returncode == 0

    slack.token = given
    assert program.run("alerts", "retry").returncode == 0

    assert slack.wait(lambda messages: len(messages) == 2, timeout=10)
    assert eventually(lambda: "degraded" not in program.run("health").stderr)
    assert running.terminate() == 0
