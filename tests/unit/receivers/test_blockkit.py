"""Our Block Kit validator refuses what Slack's own types refuse."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from blockkit import badly_escaped, validate

GOOD: list[dict[str, Any]] = [
    {"type": "section", "block_id": "a", "text": {"type": "mrkdwn", "text": "x", "verbatim": True}},
    {"type": "context", "block_id": "b", "elements": [{"type": "mrkdwn", "text": "y"}]},
    {"type": "divider"},
    {"type": "header", "text": {"type": "plain_text", "text": "z"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": "Mute"},
                "action_id": "m",
                "value": "7",
            }
        ],
    },
]


def _with(path: tuple[str | int, ...], value: object) -> list[dict[str, Any]]:
    blocks = copy.deepcopy(GOOD)
    place: Any = blocks
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return blocks


BAD = [
    _with((0, "text", "text"), ""),
    _with((0, "text", "text"), "x" * 3001),
    _with((0, "text", "text"), "😀" * 1501),
    _with((0, "text", "text"), 5),
    _with((0, "text", "verbatim"), "yes"),
    _with((0, "text", "colour"), "red"),
    _with((0, "text"), {"type": "markdown", "text": "x"}),
    _with((0,), {"type": "section"}),
    _with((0, "block_id"), "x" * 256),
    _with((1, "block_id"), "a"),
    _with((1, "elements"), []),
    _with((1, "elements"), [{"type": "mrkdwn", "text": "y"}] * 11),
    _with((3, "text", "text"), "z" * 151),
    _with((3, "text"), {"type": "mrkdwn", "text": "z"}),
    _with((4, "elements", 0, "text", "text"), "x" * 76),
    _with((4, "elements", 0, "url"), "javascript:alert(1)"),
    _with((4, "elements", 0, "style"), "loud"),
    _with((2, "type"), "nonsense"),
    [{"type": "divider"}] * 51,
]


def test_good_blocks_pass() -> None:
    assert validate(GOOD) == []


@pytest.mark.parametrize("blocks", BAD)
def test_bad_blocks_are_refused_and_the_place_is_named(blocks: list[dict[str, Any]]) -> None:
    found = validate(blocks)

    assert found
    assert all("json-pointer:/blocks" in one for one in found)


@pytest.mark.parametrize("blocks", [None, {}, "x", [1], [None]])
def test_what_is_no_list_of_objects_is_refused(blocks: object) -> None:
    assert validate(blocks)


def test_it_agrees_with_the_one_made_from_slacks_own_types() -> None:
    path = Path(__file__).parents[4] / "shared/slack/blockkit/validate.py"
    if not path.exists():
        pytest.skip("../shared is not here")
    spec = importlib.util.spec_from_file_location("blockkit_of_slack", path)
    assert spec is not None
    assert spec.loader is not None
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)

    assert theirs.validate_blocks(GOOD) == []
    assert [blocks for blocks in BAD if not theirs.validate_blocks(blocks)] == []


@pytest.mark.parametrize("text", ["a & b", "a < b", "a > b", "&nbsp;", "<a", "<<a>>"])
def test_text_that_is_not_escaped_is_noticed(text: str) -> None:
    assert badly_escaped(text)


@pytest.mark.parametrize("text", ["a &amp; b", "&lt;x&gt;", "<https://a|b> c"])
def test_text_that_is_escaped_passes(text: str) -> None:
    assert badly_escaped(text) == []
