"""A message as Slack shows it: Block Kit, the text of its notification, the metadata to find it by.

Feed text is hostile; what becomes of it is decided in telling.py (clean, bounded) and markup.py
(literal). No image blocks: Slack fetches the image while posting and refuses the whole message
when it can't.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.model import Alert, Digest, Notice
from monitor.receivers.slack import markup
from monitor.receivers.slack.buttons import actions, actions_of, said, said_in
from monitor.receivers.telling import (
    MARKS,
    REPEAT,
    Telling,
    cut,
    digest_heading,
    groups,
    tell,
)
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.model import Content, Line, Message
    from monitor.receivers.telling import Group, Spread

Block = dict[str, Any]

EVENT_TYPE = "news_alert"
MAX_TITLE = 300
MAX_SUMMARY = 400
MAX_NOTICE = 280
_MAX_URL = 2_000
_MAX_LINE_TITLE = 150
_MAX_SECTION = 2_900
# Slack refuses blocks of about 13,200 characters in all.
_MAX_DIGEST = 12_800
_BLOCK_FRAME = 130
"""What a section takes besides its text, with its id."""
_MAX_SERVICE = 60
_MAX_BRIEF = 120
_MAX_WORD = 80
_MAX_RULES_TOLD = 300
MAX_LINES = 20
_MAX_LINE = 400


@dataclass(frozen=True, slots=True)
class Rendered:
    """What chat.postMessage takes."""

    text: str
    """One sentence for notifications and screen readers, which do not see blocks."""
    blocks: list[Block]
    metadata: dict[str, Any]
    """Visible to every member and app of the workspace: nothing secret goes in."""


def render(message: Message, *, service: str, revision: int = 0, buttons: bool = False) -> Rendered:
    """A message for Slack; valid Block Kit whatever a feed put in it.

    Args:
        message: An alert or a digest.
        service: The name of this service, "" to leave it out.
        revision: Counts the updates of a message; Slack wants new block ids for each.
        buttons: Whether somebody listens to buttons.
    """
    service = cut(clean(service, limit=_MAX_SERVICE * 2), _MAX_SERVICE, markup.cost)
    content = message.content
    if isinstance(content, Notice):
        text, blocks = _notice_text(content), _notice_blocks(content, service)
    elif isinstance(content, Digest):
        below = said_in(content) + (actions_of(content) if buttons and content.alerts else [])
        text, blocks = _digest_notice(content), _digest_blocks(content, service, below)
    else:
        telling = _linkable(tell(content))
        text, blocks = _alert_notice(telling), _alert_blocks(telling, service)
        blocks += said(content)
        if buttons and message.thread is None:
            blocks += actions(content)
    if message.repeat:
        text = f"({REPEAT}) {text}"
        blocks.append(_context(REPEAT.capitalize()))
    for place, block in enumerate(blocks):
        block["block_id"] = f"{message.key[:64]}.{revision}.{place}"
    return Rendered(text, blocks, metadata(message))


def metadata(message: Message) -> dict[str, Any]:
    """What travels with a message so that it is recognised in the channel's history."""
    alerts = _alerts(message.content)
    rules = dict.fromkeys(rule.id for alert in alerts for rule in alert.rules)
    payload: dict[str, Any] = {
        "key": message.key,
        "rules": clean(" ".join(rules), limit=_MAX_RULES_TOLD),
        "alerts": len(alerts),
        "v": 1,
    }
    if isinstance(message.content, Alert):
        payload["story"] = message.content.story
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _alerts(content: Content) -> tuple[Alert, ...]:
    match content:
        case Alert():
            return (content,)
        case Digest(alerts=alerts):
            return alerts
    return ()


def plain(message: Message, *, service: str) -> Rendered:
    """The same in one sentence and an address: for when Slack does not take the blocks."""
    rendered = render(message, service=service)
    url = ""
    if isinstance(message.content, Alert):
        url = _linkable(tell(message.content)).url
    text = f"{rendered.text}\n<{markup.address(url)}>" if url else rendered.text
    return replace(rendered, text=text, blocks=[])


# A notice of the service's own


def _notice_text(notice: Notice) -> str:
    first = f": {notice.lines[0].text}" if notice.lines else ""
    return _brief(f"{notice.heading}{first}", MAX_NOTICE)


def _notice_blocks(notice: Notice, service: str) -> list[Block]:
    head = markup.bold(_brief(notice.heading))
    text = _joined([head, markup.literal(service)])
    blocks = []
    for line in map(_notice_line, notice.lines[:MAX_LINES]):
        if markup.size(text) + markup.size(line) >= _MAX_SECTION:
            blocks.append(_section(text))
            text = line
        else:
            text += f"\n{line}"
    return [*blocks, _section(text)]


def _notice_line(line: Line) -> str:
    since = f"since {markup.moment(line.since)}" if line.since else ""
    return f"• {_joined([_brief(clean(line.text, limit=_MAX_LINE), _MAX_LINE), since])}"


# An alert


def _alert_blocks(telling: Telling, service: str) -> list[Block]:
    headline = markup.bold(_linked(telling, MAX_TITLE))
    summary = markup.highlighted(telling.summary.cut(MAX_SUMMARY, markup.cost))
    told = [
        _section("\n".join(filter(None, [headline, summary]))),
        _context(_about(telling, service)),
        _context(_why(telling)),
    ]
    if telling.spread:
        told.append(_context(_so_far(telling.spread)))
    return told


def _so_far(spread: Spread) -> str:
    """Who else reports it, in which languages, since when."""
    return _joined(
        [
            f"So far: {markup.bold(spread.reports)}",
            f"also {_list(spread.others)}" if spread.others else "",
            _list(spread.languages),
            f"first seen {markup.moment(spread.since)}",
        ]
    )


def _linkable(telling: Telling) -> Telling:
    """The telling, less an address that is too long once its signs are escaped."""
    fits = len(markup.address(telling.url)) <= _MAX_URL
    return telling if fits else replace(telling, url="")


def _linked(telling: Telling, limit: int) -> str:
    """The headline: wholly a link, so that its matched words can't be set apart in it."""
    return markup.link(telling.url, cut(telling.title.text, limit, markup.cost))


def _about(telling: Telling, service: str) -> str:
    """How much it matters, who says it, when, in which language."""
    severity = f"{MARKS[telling.severity]} {markup.bold(telling.severity.capitalize())}"
    when = markup.moment(telling.time)
    return _joined(
        [
            severity,
            _brief(telling.source),
            when if telling.published else f"seen {when}",
            _brief(telling.language),
            "" if telling.url else "no link",
            markup.literal(service),
        ]
    )


def _why(telling: Telling) -> str:
    """The rules, the words that made them match, and why a known story is told again."""
    return _joined(
        [
            f"Why: {_list(telling.rules) or 'a rule'}",
            _found(telling.words),
            f"in the article: {_found(telling.words_in_content)}"
            if telling.words_in_content
            else "",
            f"again: {markup.literal(telling.again)}" if telling.again else "",
        ]
    )


def _alert_notice(telling: Telling) -> str:
    source = f" ({_brief(telling.outlet, 60)})" if telling.outlet else ""
    rule = f" Why: {_brief(telling.rules[0], 80)}." if telling.rules else ""
    mark = f"{telling.severity.capitalize()}: "
    room = MAX_NOTICE - markup.size(f"{mark}{source}.{rule}")
    return f"{mark}{_brief(telling.title.text, room)}{source}.{rule}"


# A digest


def _digest_blocks(digest: Digest, service: str, below: list[Block]) -> list[Block]:
    heading = markup.bold(f"{digest_heading(digest)}, told together")
    head = _section(_joined([heading, markup.literal(service)]))
    frame = _written([head, *below]) + _BLOCK_FRAME * (1 + len(below))
    found = _with_links_that_fit(groups(digest), frame)
    return [head, *(_section(text) for group in found for text in _group_texts(group)), *below]


def _digest_notice(digest: Digest) -> str:
    first = next((telling for group in groups(digest) for telling in group.tellings), None)
    heading = f"{digest_heading(digest)} in one message"
    if first is None:
        return f"{heading}."
    room = MAX_NOTICE - markup.size(f"{heading}, first: .")
    return f"{heading}, first: {_brief(first.title.text, room)}."


def _with_links_that_fit(found: Sequence[Group], frame: int) -> list[Group]:
    """The groups, less the longest addresses where all together would be too much for Slack.

    `frame` is what the rest of the message takes.
    """
    found = [replace(group, tellings=tuple(map(_linkable, group.tellings))) for group in found]
    tellings = [telling for group in found for telling in group.tellings]
    lines = [_weight(_line(replace(telling, url=""))) for telling in tellings]
    sections = len(found) + sum(lines) // _MAX_SECTION
    headings = sum(_weight(_heading(group)) for group in found)
    spent = frame + sum(lines) + headings + sections * _BLOCK_FRAME
    linked: set[int] = set()
    for telling in sorted(tellings, key=lambda telling: len(telling.url)):
        spent += _weight(markup.address(telling.url)) + len("<|>")
        if spent <= _MAX_DIGEST:
            linked.add(id(telling))
    return [
        replace(
            group,
            tellings=tuple(
                telling if id(telling) in linked else replace(telling, url="")
                for telling in group.tellings
            ),
        )
        for group in found
    ]


def _weight(text: str) -> int:
    """What a text takes of a message, as JSON writes it."""
    return _written(text)


def _written(thing: object) -> int:
    return markup.size(json.dumps(thing, ensure_ascii=False, separators=(",", ":")))


def _group_texts(group: Group) -> Iterator[str]:
    """The lines of one rule, in as many texts as they need."""
    text = _heading(group)
    for line in map(_line, group.tellings):
        if markup.size(text) + markup.size(line) >= _MAX_SECTION:
            yield text
            text = line
        else:
            text += f"\n{line}"
    yield text


def _heading(group: Group) -> str:
    title = markup.bold(_brief(group.rule, _MAX_SERVICE))
    return f"{MARKS[group.severity]} {title} ({len(group.tellings)})"


def _line(telling: Telling) -> str:
    outlet = _brief(telling.outlet, _MAX_SERVICE)
    when = markup.moment(telling.time)
    return f"• {_joined([_linked(telling, _MAX_LINE_TITLE), outlet, when])}"


# Parts


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _brief(text: str, limit: int = _MAX_BRIEF) -> str:
    """A literal text of bounded size: a name of nothing but signs to escape grows fivefold."""
    return markup.literal(cut(text, limit, markup.cost))


def _found(words: Iterable[str]) -> str:
    """What matched, in bold, each with its gloss: a reader's eye finds it again in the text."""
    made = []
    for word in words:
        text, gloss_begins, gloss = word.partition(" (")
        brief = _brief(text, _MAX_WORD).strip()
        rest = _brief(f" ({gloss}") if gloss_begins else ""
        made.append((markup.bold(brief) if brief else "") + rest)
    return ", ".join(made)


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(_brief, names))


def _mrkdwn(text: str) -> Block:
    # Verbatim: Slack makes no links, names or channels of what looks like them.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}
