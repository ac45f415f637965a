"""Backtests, figures and the canary, as those who run the service meet them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakeslack import FakeSlack
from feedserver import FeedServer, rss, rss_item
from process import RULES, Program, Running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TITLES = ("North Korean soldiers captured", "Rain again in Seoul")


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=("news-alerts", "ops")) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path, feeds: FeedServer) -> Program:
    """A desk that was told of one of two items."""
    program = Program(tmp_path / "desk")
    entries = [rss_item(title, guid=title) for title in TITLES]
    program.configure(feeds=[feeds.publish("/a.xml", rss(entries))])
    assert program.run("run", "--once").returncode == 0
    return program


@pytest.fixture
def service(tmp_path: Path, slack: FakeSlack) -> Iterator[tuple[Program, Running]]:
    """A service that tells its ops on Slack, and whose rules match the made-up item too."""
    program = Program(tmp_path / "other", {"SLACK_BOT_TOKEN": slack.token})
    program.configure(
        feeds=[],
        rules=RULES.replace("'\"North Korean\" AND @captivity'", '"nothing OR happened"'),
        slack=f'api_url = "{slack.api_url}"\nsettle = "1s"',
        alerts='channel = "#news-alerts"\nops_channel = "#ops"\nheartbeat = ""',
    )
    running = program.start()
    assert running.wait_for("service started")
    yield program, running
    running.kill()


def test_rules_as_they_are_lose_nothing(program: Program) -> None:
    done = program.run("backtest", "--fail-on-loss")

    assert done.returncode == 0
    assert "1 alert before, 1 after" in done.stdout
    assert "0 added, 0 lost" in done.stdout


def test_a_draft_is_shown_with_what_it_adds_and_loses_and_fails_only_where_asked(
    program: Program,
) -> None:
    draft = program.folder / "draft" / "rules.toml"
    draft.parent.mkdir()
    draft.write_text('[[rules]]\nid = "rain"\nname = "Rain"\nquery = "rain"\n')

    shown = program.run("backtest", "draft/rules.toml")
    failed = program.run("backtest", "draft/rules.toml", "--fail-on-loss")
    found = json.loads(program.run("backtest", "draft/rules.toml", "--json").stdout)

    assert (shown.returncode, failed.returncode) == (0, 1)
    assert "1 story that was told would be lost" in failed.stderr
    assert "rain: “Rain”" in shown.stdout
    assert "pow: there is no such rule any more" in shown.stdout
    assert [one["title"] for one in found["added"] + found["lost"]] == [TITLES[1], TITLES[0]]
    assert (found["alerts_added"], found["alerts_lost"], found["stories_lost"]) == (1, 1, 1)


def test_days_before_the_first_alert_are_no_lines_of_the_chart(program: Program) -> None:
    lines = program.run("backtest", "--days", "20").stdout.splitlines()

    (legend,) = (number for number, line in enumerate(lines) if "as before" in line)
    assert "none before" in lines[legend]
    assert lines[legend - 2] == ""  # above the one day


def test_a_mistake_in_a_draft_is_told_with_its_place(program: Program) -> None:
    (program.folder / "draft.toml").write_text('[[rules]]\nid = "a"\nname = "A"\nquery = "("\n')

    done = program.run("backtest", "draft.toml")

    assert done.returncode == 2
    assert "draft.toml:4" in done.stderr


def test_figures_of_rules_and_feeds_are_shown(program: Program) -> None:
    rules = json.loads(program.run("rules", "stats", "--json").stdout)

    assert [(one["rule"], one["matches"], one["alerts"]) for one in rules] == [("pow", 1, 1)]
    assert "2, 0.1 a day" in program.run("stats").stdout
    assert program.run("rules", "stats", "nowhere").returncode == 2


def test_without_slack_the_canary_ends_at_the_outbox_and_leaves_nothing(program: Program) -> None:
    done = program.run("canary")

    assert done.returncode == 0
    assert "nothing was sent: alerts.ops_channel is empty" in done.stdout
    assert "2 items" in program.run("db", "check").stdout
    assert "canary" not in program.run("alerts", "list").stdout.lower()


def test_the_canary_is_told_in_the_ops_channel_and_to_no_reader(
    service: tuple[Program, Running], slack: FakeSlack
) -> None:
    program, _ = service

    done = program.run("canary", "--json")

    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert [one["name"] for one in found["steps"]][-1] == "deliver"
    assert "a made-up item gets through" in slack.in_channel("ops")[-1].text
    assert slack.in_channel("news-alerts") == []
    assert "0 items" in program.run("db", "check").stdout


def test_a_canary_that_nobody_delivers_fails_and_says_what_to_look_at(
    service: tuple[Program, Running],
) -> None:
    program, running = service
    running.terminate()

    done = program.run("canary", "--wait", "1")

    assert done.returncode == 1
    assert "is `monitor run` running?" in done.stderr
