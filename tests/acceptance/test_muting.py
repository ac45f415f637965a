"""Muting as people do it: at the command line, and by a button under a real service's alert."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from blockkit import texts
from fakeslack import APP_TOKEN, FakeSlack
from fakesocket import press
from feedserver import FeedServer, rss, rss_item
from process import RULES, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = "North Korean soldiers captured near Sudzha"
OTHER = "Ferry sinks in a storm off the coast of Yemen"
FERRY = "\n[[rules]]\nid = 'ferry'\nname = 'Ferries'\nquery = 'ferry'\n"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def test_a_story_and_a_rule_are_muted_at_the_command_line(
    program: Program, feeds: FeedServer
) -> None:
    feed = feeds.publish("/a.xml", rss([rss_item(FIRST, guid="1")]))
    program.configure(feeds=[feed], rules=RULES + FERRY)
    program.run("run", "--once")

    assert "Story" not in program.run("mute", "list").stdout
    muted = program.run("mute", "1", "--for", "7d", "--by", "ann")
    assert "muted by ann until" in muted.stdout, muted.stderr
    assert "snoozed by bob until" in program.run("mute", "--rule", "ferry", "--by", "bob").stdout
    assert "muted by ann until" in program.run("stories", "show", "1").stdout
    listed = json.loads(program.run("mute", "list", "--json").stdout)
    assert [(one["story"], one["rule"]) for one in listed] == [(None, "ferry"), (1, "")]

    feeds.publish("/a.xml", rss([rss_item(OTHER, guid="2"), rss_item(FIRST, guid="1")]))
    program.run("run", "--once")
    held = program.run("alerts", "list").stdout
    assert "muted" in held
    assert "by bob" in held
    assert program.run("unmute", "1").returncode == 0
    assert program.run("unmute", "--rule", "ferry").returncode == 0
    assert program.run("unmute", "1").returncode == 1


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["mute"], 2),
        (["mute", "x"], 2),
        (["mute", "0"], 2),
        (["mute", "1", "--rule", "pow"], 2),
        (["mute", "1", "--for", "soon"], 2),
        (["mute", "1", "--for", "0s"], 2),
        (["mute", "99"], 1),
        (["mute", "--rule", "unheard-of"], 1),
        (["unmute"], 2),
        (["unmute", "--rule", "pow"], 1),
    ],
    ids=str,
)
def test_what_can_not_be_muted_is_told_without_a_traceback(
    program: Program, args: list[str], code: int
) -> None:
    program.configure(feeds=[])
    program.run("db", "upgrade")

    done = program.run(*args)

    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_a_button_of_the_running_service_mutes_and_the_message_says_who(
    program: Program, feeds: FeedServer
) -> None:
    feed = feeds.publish("/a.xml", rss([rss_item(FIRST, guid="1")]))
    with FakeSlack() as slack:
        program.environ = {"SLACK_BOT_TOKEN": slack.token, "SLACK_APP_TOKEN": APP_TOKEN}
        program.configure(feeds=[feed], slack=f'api_url = "{slack.api_url}"')
        slack.scopes.add("commands")
        checked = program.run("check", "--online")
        assert "buttons and /monitor can be heard" in checked.stdout, checked.stdout
        opened = slack.sockets.opened
        running = program.start("run")
        try:
            assert slack.wait(lambda stored: len(stored) == 1)
            assert slack.sockets.wait_open(opened + 1)
            root = slack.messages[0]
            payload = press(root.channel_id, root.ts, "mute", base=slack.base)

            assert slack.sockets.send("interactive", payload)

            assert slack.wait(lambda stored: stored[0].edits > 0)
            assert "Story muted by <@U0ANN>" in "\n".join(texts(slack.messages[0].blocks))
            assert running.terminate() == 0, "in time, with a connection open"
        finally:
            running.kill()
    assert "ann" in program.run("mute", "list").stdout


def test_without_an_app_token_no_buttons_are_shown(program: Program, feeds: FeedServer) -> None:
    feed = feeds.publish("/a.xml", rss([rss_item(FIRST, guid="1")]))
    with FakeSlack() as slack:
        program.environ = {"SLACK_BOT_TOKEN": slack.token}
        program.configure(feeds=[feed], slack=f'api_url = "{slack.api_url}"')

        program.run("run", "--once")

        (message,) = slack.messages
    assert {block["type"] for block in message.blocks} == {"section", "context"}
