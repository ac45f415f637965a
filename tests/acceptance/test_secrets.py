"""The secrets given to a real run stand nowhere that others may look."""

from __future__ import annotations

import itertools
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

APP_TOKEN = "xapp-1-A0-" + "5" * 12 + "-" + "c0ffee" * 8
WEB_TOKEN = "sesame-opens-the-page"
PATHS = (
    *("/", "/feeds", "/rules", "/deliveries", "/items/1", "/stories/1", "/login"),
    *("/healthz", "/readyz", "/metrics", "/nothing?token=1", "/../etc/passwd"),
)
FEED_PASSWORD = "Hunter-Two-9731"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=("news-alerts", "news-ops")) as server:
        yield server


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def started() -> Iterator[list[Running]]:
    """Processes to end after the test, come what may."""
    running: list[Running] = []
    yield running
    for one in running:
        one.kill()


def command_lines(pid: int) -> bytes:
    """Of a process and all its descendants, as the process list shows them."""
    found = Path(f"/proc/{pid}/cmdline").read_bytes()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += command_lines(int(child))
    return found


def answers(listen: str) -> bytes:
    """What the service says to whoever asks, errors included."""
    said = b""
    for path, headers in itertools.product(PATHS, ({}, {"Authorization": f"Bearer {WEB_TOKEN}"})):
        request = urllib.request.Request(f"http://{listen}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                said += answer.read()
        except urllib.error.HTTPError as error:
            said += error.read()
    return said


def test_a_real_run_shows_its_secrets_nowhere(
    tmp_path: Path, slack: FakeSlack, feeds: FeedServer, started: list[Running]
) -> None:
    given = {"SLACK_BOT_TOKEN": slack.token, "MONITOR_WEB_TOKEN": WEB_TOKEN}
    program = Program(tmp_path / "desk", given, fresh=True)
    good = feeds.publish(
        "/a.xml", rss([rss_item("North Korean soldiers captured", link="https://n.example/1")])
    )
    protected = feeds.url("/gone.xml").replace("http://", f"http://desk:{FEED_PASSWORD}@")
    program.configure(
        feeds=[good, protected],
        slack=f'api_url = "{slack.api_url}"\ntimeout = "2s"',
        alerts='channel = "#news-alerts"\nops_channel = "#news-ops"',
    )
    program.environ["SLACK_APP_TOKEN"] = APP_TOKEN
    running = program.start()
    started.append(running)
    assert slack.wait(lambda messages: len(messages) >= 1)
    slack.fault("chat.postMessage", "error", error="invalid_auth")
    feeds.publish(
        "/a.xml", rss([rss_item("A North Korean prisoner", link="https://n.example/2", guid="2")])
    )
    assert running.wait_for("invalid_auth|token")
    assert eventually(lambda: b"status" in answers(program.listen))
    places = {
        "process list": command_lines(running.process.pid),
        "answers": answers(program.listen),
    }
    assert running.terminate() == 0

    places["log"] = running.output().encode()
    places["commands"] = "".join(
        done.stdout + done.stderr
        for done in (
            program.run("check"),
            program.run("feeds", "list"),
            program.run("alerts", "list", "--json"),
            program.run("health"),
        )
    ).encode()
    for file in (tmp_path / "desk" / "data").iterdir():
        # The address of a feed is configuration, and stands in the table of feeds with what it holds.
        places[file.name] = file.read_bytes().replace(protected.encode(), b"")
    secrets = {one.encode() for one in (slack.token, APP_TOKEN, FEED_PASSWORD, WEB_TOKEN)}
    assert len(places["log"]) > 100
    assert any(name.endswith(".db") for name in places)
    assert {(name, one) for name, text in places.items() for one in secrets if one in text} == set()
