"""What a person sees on the console."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from samplealerts import (
    ENGLISH,
    KOREAN,
    SAMPLES,
    TROOPS,
    hostile_alerts,
    hostile_digests,
    made,
    message,
)

from monitor.errors import NotSent
from monitor.model import Digest, Receipt
from monitor.receivers.console import ConsoleReceiver

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.model import Alert


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def _printed(
    content: Alert | Digest,
    *,
    stream: io.StringIO | None = None,
    width: int | None = 80,
    timezone: tzinfo = UTC,
) -> str:
    stream = stream or io.StringIO()
    receiver = ConsoleReceiver(stream=stream, width=width, timezone=timezone)
    receiver.send(message(content))
    return stream.getvalue()


def test_an_alert_reads_from_what_matters_to_why() -> None:
    assert _printed(ENGLISH, timezone=ZoneInfo("Asia/Seoul")) == (
        "🟠 HIGH · #news-alerts\n"
        "  Ukraine captures two North Korean soldiers in Kursk region\n"
        "  Kyiv says the prisoners of war are being questioned in hospital.\n"
        "  Example Wire (wire, United Kingdom) · 2025-03-17 17:05 KST · English\n"
        "  https://news.example.org/world/1?a=1&b=2\n"
        "  Why: North Korean prisoners of war · North Korean soldiers, prisoners of war\n"
        "  (captivity)\n"
        "\n"
    )


def test_a_digest_lists_its_alerts_by_rule() -> None:
    troops = replace(ENGLISH, rules=(TROOPS,))

    printed = _printed(Digest((troops, *SAMPLES), 60))

    assert printed.startswith("6 of 60 waiting alerts, told together · #news-alerts\n")
    assert printed.index("🟠 North Korean prisoners of war (5)") < printed.index(
        "🟡 North Korean troops abroad (1)"
    )


def test_a_terminal_shows_colours_and_marks_what_matched() -> None:
    printed = _printed(KOREAN, stream=Terminal())

    assert "\x1b[30;43m북한군 포로\x1b[0m" in printed


def test_anything_but_a_terminal_gets_plain_text() -> None:
    assert "\x1b" not in _printed(KOREAN)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[30;43m" not in _printed(KOREAN, stream=Terminal())


def test_wide_letters_are_counted_as_wide() -> None:
    lines = _printed(made(title="북한군포로" * 30, summary="", evidence=()), width=40).splitlines()

    assert max(map(cell_len, lines[1:8])) == 40


def test_an_address_is_never_broken() -> None:
    url = "https://news.example.org/" + "a" * 200

    assert url in _printed(made(url=url), width=40).splitlines()[-5:][0] + _printed(
        made(url=url), width=40
    )


def test_markup_of_a_feed_is_shown_as_it_is() -> None:
    printed = _printed(made(title="[bold red]x[/] :fire:", evidence=()), stream=Terminal())

    assert "[bold red]x[/] :fire:" in printed


@settings(max_examples=60)
@given(hostile_alerts() | hostile_digests())
def test_nothing_a_feed_says_reaches_the_terminal_as_a_command(content: Alert | Digest) -> None:
    printed = _printed(content, width=60)

    assert {char for char in printed if unicodedata.category(char) in {"Cc", "Cs"}} <= {"\n"}
    lines = [line for line in printed.splitlines() if "http" not in line]
    assert all(cell_len(line) <= 60 for line in lines)


def test_letters_the_output_can_not_show_become_question_marks() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        ConsoleReceiver(stream=stream, width=80).send(message(KOREAN))

        assert b"??? ?? 2" in raw.getvalue()


def test_a_time_at_the_end_of_the_calendar_is_told() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)

    assert "1-01-01" in _printed(made(published=first), timezone=ZoneInfo("America/New_York"))


def test_a_reader_that_has_gone_is_an_alert_not_sent() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(NotSent, match="Standard output"):
        ConsoleReceiver(stream=Gone()).send(message(ENGLISH))


def test_the_receipt_says_that_it_was_the_console() -> None:
    receiver = ConsoleReceiver(stream=io.StringIO())

    assert receiver.send(message(ENGLISH)) == Receipt(channel="console")
    receiver.close()


def test_a_possible_repeat_says_so() -> None:
    page = io.StringIO()

    ConsoleReceiver(stream=page).send(replace(message(ENGLISH), repeat=True))

    assert "(possible repeat)" in page.getvalue()
