"""Slack's mrkdwn: the only place that writes `<`, `>` or `*` into a message.

Slack knows three escapes (`&amp;`, `&lt;`, `&gt;`) and none for its formatting characters, so
those are replaced by look-alikes where they would format. An unescaped `<` would let a feed post
links and mentions of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from monitor.receivers.telling import merged

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.receivers.telling import Marked

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
# A star would end our own bold; the others format at the edges of words only.
_FORMATTING = re.compile(r"\*|(?<![^\W_])[_~`]|[_~`](?![^\W_])")
_MAX_WIDENING = 12
# Thai to Khmer, kana, ideographs: no blanks between words, and Slack formats whole words only.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def size(text: str) -> int:
    """Length as we count it against Slack's limits: UTF-16 units, the cautious reading."""
    return len(text.encode("utf-16-le")) // 2


def cost(char: str) -> int:
    """The size of one code point once it is escaped."""
    return len(_ESCAPES[char]) if char in _ESCAPES else size(char)


def literal(text: str) -> str:
    """Clean text so that Slack shows it as it is and does nothing about it."""
    return _escaped(_defused(text))


def _defused(text: str) -> str:
    """One look-alike for one formatting character, so that offsets stay."""
    return _FORMATTING.sub(lambda found: _LOOKALIKES[found[0]], text)


def _escaped(text: str) -> str:
    return re.sub("[&<>]", lambda found: _ESCAPES[found[0]], text)


def link(url: str, label: str) -> str:
    """A label that leads to an address, both literal; the label alone where there is no address."""
    return f"<{address(url)}|{literal(label)}>" if url else literal(label)


def address(url: str) -> str:
    """A safe address as Slack wants it. A star would end the bold around its link."""
    return url.replace("&", "&amp;").replace("*", "%2A")


def bold(markup: str) -> str:
    """Markup in bold; it must not be empty, nor begin or end with a blank."""
    return f"*{markup}*"


def moment(when: datetime) -> str:
    """A time that every reader sees in their own time zone."""
    told = f"{when:%Y-%m-%d %H:%M} UTC"
    seconds = int(when.timestamp())
    return f"<!date^{seconds}^{{date_short_pretty}} {{time}}|{told}>" if seconds > 0 else told


def highlighted(marked: Marked) -> str:
    """A text of its own line, with its marked words in bold where Slack would show them so."""
    # At the start of a line Slack takes even an escaped > for a quotation.
    text = re.sub(r"\A>+", lambda found: "›" * len(found[0]), _defused(marked.text))
    words = [word for span in marked.spans if (word := _widened(text, *span))]
    made: list[str] = []
    done = 0
    for start, end in merged(text, words):
        made += [_escaped(text[done:start]), bold(_escaped(text[start:end]))]
        done = end
    return "".join([*made, _escaped(text[done:])])


def _widened(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The whole words around a span; None where bold would show as stray stars."""
    outside = text[start - 1 : start] + text[end : end + 1]
    if _UNSPACED.search(outside) or text[start].isspace() or text[end - 1].isspace():
        return None
    reach = range(_MAX_WIDENING + 1)
    first = next((start - by for by in reach if not _in_word(text, start - by - 1)), None)
    last = next((end + by for by in reach if not _in_word(text, end + by)), None)
    return None if first is None or last is None else (first, last)


def _in_word(text: str, at: int) -> bool:
    """Whether the code point there belongs to a word, as Slack's formatting sees words."""
    if not 0 <= at < len(text):
        return False
    char = text[at]
    return char.isalnum() or char in "'’-_\u200c\u200d" or unicodedata.category(char)[0] == "M"
