"""What commands print: harmless, and of the right width, whatever a feed says."""

from __future__ import annotations

import json
import unicodedata
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from monitor import show

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "a\u202eb\u2066c\u2069d\u200be\u200df\x1b[31mg\x9b2Jh\x07i\u2028j\ud800k\u00adl"


@pytest.fixture(autouse=True)
def _width() -> Iterator[None]:
    """Tests make the console as narrow as they like."""
    out, err = show.out.width, show.err.width
    yield
    show.out.width, show.err.width = out, err


def test_nothing_that_steers_a_terminal_or_turns_text_around_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show.say(HOSTILE)
    show.quote(HOSTILE)
    show.address(HOSTILE)
    show.table(HOSTILE, (HOSTILE,), [(HOSTILE,)])
    show.warn(HOSTILE)
    show.fail(HOSTILE)

    printed = "".join(capsys.readouterr())

    assert {char for char in printed if not char.isprintable()} == {"\n"}
    assert "abcdef [31mg" in printed


def test_json_keeps_every_character_and_prints_none_that_steers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = HOSTILE + "\U000e0041 한국 😀 \U0010ffff"
    show.data({"title": text})
    show.line({"title": text})

    printed = capsys.readouterr().out

    assert {char for char in printed if not char.isprintable()} == {"\n"}
    assert "한국 😀" in printed
    assert json.loads(printed.splitlines()[-1]) == {"title": text}


def test_a_marked_part_stays_marked_behind_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Console(file=StringIO(), force_terminal=True, color_system="standard", width=40)
    monkeypatch.setattr(show, "out", terminal)

    with terminal.capture() as captured:
        show.quote("ze\u200bro \u202ewar", [(7, 10)])

    assert captured.get() == "zero \x1b[1;33mwar\x1b[0m\n"


@given(
    st.lists(st.text(max_size=80), min_size=1, max_size=3),
    st.integers(min_value=20, max_value=120),
)
def test_a_table_is_as_wide_as_its_terminal_at_most(titles: list[str], width: int) -> None:
    show.out.width = width
    with show.out.capture() as captured:
        show.table("t", ("id", "한국어 제목"), [("1", title + " 북한군 포로") for title in titles])

    assert max(cell_len(line.rstrip()) for line in captured.get().split("\n")) <= width


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_harmless_text_is_harmless_and_stays_as_it_is(text: str) -> None:
    once = show.printable(text)

    assert all(char.isprintable() or char == "\n" for char in once)
    assert not any(unicodedata.category(char) == "Cf" for char in once)
    assert show.printable(once) == once


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("북한군 AND @sudza", 8, "  북한군 AND @sudza\n             ^\n"),
        ("a AND\nb AND )", 12, "  b AND )\n        ^\n"),
        ("x" * 100 + ")", 100, "  " + "x" * 30 + ")\n" + " " * 32 + "^\n"),
        ("", 0, "  \n  ^\n"),
    ],
)
def test_a_mistake_is_pointed_at_below_its_character(
    capsys: pytest.CaptureFixture[str], text: str, place: int, said: str
) -> None:
    show.point_at(text, place)

    assert capsys.readouterr().err == said
