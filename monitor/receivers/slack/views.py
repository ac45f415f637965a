"""Answers to one person: a dialogue, or a text that nobody else sees. Both say what notices say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.receivers.slack import markup
from monitor.receivers.slack.interact import DEED, REASON, WHICH, WHY, about_text
from monitor.receivers.telling import cut
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Line, Notice, Receipt

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
        "title": _plain(title[:24]),
        "close": _plain("Close"),
        "blocks": sections(notices),
    }


REASONS = (
    "Not our subject",
    "The words mean something else here",
    "Old or known already",
    "Not news",
)
"""What may be chosen; whatever else is written."""
_MAX_OPTION = 75
_DEEDS = (
    ("mute", "Mute its story"),
    ("irrelevant", "Say that it is not relevant"),
    (WHY, "Ask why it was told"),
)


def reason_form(about: Receipt, place: int | None) -> Block:
    """Why is it not relevant? Nothing has to be filled in."""
    chosen = {
        "type": "static_select",
        "action_id": REASON,
        "placeholder": _plain("Choose one"),
        "options": [_option(one, one) for one in REASONS],
    }
    words = {"type": "plain_text_input", "action_id": "words", "max_length": 200}
    return _form(
        "Why not relevant?",
        REASON,
        about_text(about, place),
        [
            _section("It is noted. For whoever mends the rule, you may say why:"),
            _input("Reason", chosen) | {"optional": True},
            _input("In your words", words) | {"optional": True},
        ],
    )


def choice_form(about: Receipt, headlines: Sequence[str]) -> Block:
    """Which alert of a digest is meant, and what is to be done with it?"""
    which = {
        "type": "static_select",
        "action_id": WHICH,
        "placeholder": _plain("Choose an alert"),
        "options": [
            _option(f"{place + 1}. {headline}", str(place))
            for place, headline in enumerate(headlines)
        ],
    }
    deeds = [_option(text, value) for value, text in _DEEDS]
    deed = {
        "type": "radio_buttons",
        "action_id": DEED,
        "options": deeds,
        "initial_option": deeds[0],
    }
    blocks = [_input("Which alert?", which), _input("What shall be done?", deed)]
    return _form("One of these alerts", WHICH, about_text(about), blocks)


def _form(title: str, name: str, about: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": about,
        "title": _plain(title),
        "submit": _plain("Send"),
        "close": _plain("Close"),
        "blocks": blocks,
    }


def _input(label: str, element: Block) -> Block:
    name = element["action_id"]
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _option(text: str, value: str) -> Block:
    return {"text": _plain(cut(clean(text, limit=200), _MAX_OPTION, markup.size)), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


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
