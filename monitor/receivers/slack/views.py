"""Answers to one person: a dialogue, or a text that nobody else sees. Both say what notices say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.receivers.slack import markup
from monitor.receivers.telling import cut
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Line, Notice

Block = dict[str, Any]

MAX_NOTICES = 20
MAX_LINES = 30
_MAX_HEADING = 200
_MAX_LINE = 400
_MAX_SECTION = 2_900
# All blocks of a view or an answer together; see blocks.py.
_MAX_TEXT = 10_000


def dialogue(title: str, notices: Sequence[Notice]) -> Block:
    """A view with nothing to fill in."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title[:24], "emoji": False},
        "close": {"type": "plain_text", "text": "Close", "emoji": False},
        "blocks": sections(notices),
    }


def sections(notices: Sequence[Notice]) -> list[Block]:
    """The notices as blocks; what is too much is left out, and that is said."""
    made: list[Block] = []
    spent = 0
    for text in _texts(notices):
        spent += markup.size(text)
        if spent > _MAX_TEXT:
            made.append(_section("… and more"))
            break
        made.append(_section(text))
    return made or [_section("Nothing to show")]


def _texts(notices: Sequence[Notice]) -> Iterator[str]:
    for notice in notices[:MAX_NOTICES]:
        heading = _literal(notice.heading, _MAX_HEADING)
        text = markup.bold(heading) if heading else ""
        for line in map(_line, notice.lines[:MAX_LINES]):
            if markup.size(text) + markup.size(line) >= _MAX_SECTION:
                yield text
                text = line
            else:
                text += f"\n{line}" if text else line
        if text:
            yield text


def _line(line: Line) -> str:
    since = f" · since {markup.moment(line.since)}" if line.since else ""
    return f"• {_literal(line.text, _MAX_LINE)}{since}"


def _literal(text: str, limit: int) -> str:
    return markup.literal(cut(clean(text, limit=2 * limit), limit, markup.cost))


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
