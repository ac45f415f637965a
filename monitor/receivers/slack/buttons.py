"""What readers can do with an alert, and what they did: the last blocks of its message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monitor.model import Act
from monitor.receivers.slack import markup
from monitor.receivers.slack.interact import ONE, RULE, WHY
from monitor.receivers.telling import MAX_DIGEST, cut, tell
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Alert, Digest, Mark, Person

Block = dict[str, Any]

MAX_MARKS = 6
"""Deeds that a message shows."""
_MAX_NAME = 80
_MAX_HEADLINE = 40
_MAX_CHOICE = 70
_USER = re.compile(r"[UW][A-Z0-9]{2,30}")


def said(alert: Alert) -> list[Block]:
    """Who did what, one line each."""
    lines = [_done(mark, alert) for mark in alert.marks[:MAX_MARKS]]
    text = {"type": "mrkdwn", "text": "\n".join(lines), "verbatim": True}
    return [{"type": "context", "elements": [text]}] if lines else []


def who(person: Person) -> str:
    """Somebody, as markup: on Slack by id, so that everybody sees the name they go by."""
    if _USER.fullmatch(person.slack):
        return f"<@{person.slack}>"
    return markup.literal(_short(person.name)) or "somebody"


def _done(mark: Mark, alert: Alert) -> str:
    until = f" until {markup.moment(mark.until)}" if mark.until else ""
    match mark.act:
        case Act.MUTE:
            return f"🔕 Story muted by {who(mark.by)}{until}"
        case Act.SNOOZE:
            rule = markup.literal(_rule_name(alert, mark.rule))
            return f"💤 Rule {markup.bold(rule)} snoozed by {who(mark.by)}{until}"
    why = f": {markup.literal(_short(mark.note))}" if mark.note else ""
    return f"👎 Not relevant, says {who(mark.by)}{why}"


def said_in(digest: Digest) -> list[Block]:
    """Who did what with which alert of a digest, one line each."""
    lines = [
        f"{place + 1}. {markup.literal(_headline(alert))}: {_done(mark, alert)}"
        for place, alert, mark in _marks(digest)
    ]
    text = {"type": "mrkdwn", "text": "\n".join(lines), "verbatim": True}
    return [{"type": "context", "elements": [text]}] if lines else []


def actions_of(digest: Digest) -> list[Block]:
    """The button that asks which alert is meant, and those that undo."""
    undone = [
        _button(f"{action}.{place}", f"Undo {text} ({place + 1})")
        for place, _, mark in _marks(digest)
        for action, text in (_UNDOING[mark.act],)
    ]
    every = [_button(ONE, "Mute, not relevant, why?"), *undone]
    return [
        {"type": "actions", "elements": list({one["action_id"]: one for one in every}.values())}
    ]


def headlines(digest: Digest) -> tuple[str, ...]:
    """What its alerts are called where one is to be chosen."""
    return tuple(_headline(alert, _MAX_CHOICE) for alert in digest.alerts[:MAX_DIGEST])


_UNDOING = {
    Act.MUTE: ("unmute", "mute"),
    Act.IRRELEVANT: ("relevant", "not relevant"),
}


def _marks(digest: Digest) -> list[tuple[int, Alert, Mark]]:
    """What was done with which alert; snoozed rules concern them all and are undone elsewhere."""
    found = [
        (place, alert, mark)
        for place, alert in enumerate(digest.alerts[:MAX_DIGEST])
        for mark in alert.marks
        if mark.act in _UNDOING
    ]
    return found[:MAX_MARKS]


def _headline(alert: Alert, limit: int = _MAX_HEADLINE) -> str:
    return cut(tell(alert).title.text, limit, markup.cost)


def actions(alert: Alert) -> list[Block]:
    """The buttons: each deed, or its undoing where it is done."""
    return [{"type": "actions", "elements": list(_buttons(alert))}]


def _buttons(alert: Alert) -> Iterator[Block]:
    done = {mark.act for mark in alert.marks}
    snoozed = {mark.rule for mark in alert.marks if mark.act is Act.SNOOZE}
    rules = [rule for rule in alert.rules if RULE.fullmatch(rule.id)]
    if Act.MUTE in done:
        yield _button("unmute", "Undo mute")
    else:
        yield _button("mute", "Mute story")
    if awake := next((rule for rule in rules if rule.id not in snoozed), None):
        yield _button("snooze", "Snooze rule 24 h", awake.id) | {"confirm": _confirm(awake.name)}
    undone = [rule.id for rule in rules if rule.id in snoozed]
    for place, rule_id in enumerate(undone[:MAX_MARKS]):
        yield _button(f"unsnooze.{place}", "Undo snooze", rule_id)
    if Act.IRRELEVANT in done:
        yield _button("relevant", "Undo not relevant")
    else:
        yield _button("irrelevant", "Not relevant")
    yield _button(WHY, "Why?")


def _button(action: str, text: str, value: str = "") -> Block:
    button: Block = {"type": "button", "action_id": action, "text": _plain(text)}
    return button | ({"value": value} if value else {})


def _confirm(rule: str) -> Block:
    text = (
        f"For 24 hours nothing of *{markup.literal(_short(rule)) or 'this rule'}* is told anywhere."
    )
    return {
        "title": _plain("Snooze this rule?"),
        "text": {"type": "mrkdwn", "text": text, "verbatim": True},
        "confirm": _plain("Snooze"),
        "deny": _plain("Cancel"),
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _rule_name(alert: Alert, rule: str) -> str:
    return _short(next((one.name for one in alert.rules if one.id == rule), rule)).strip() or "?"


def _short(name: str) -> str:
    return cut(clean(name, limit=2 * _MAX_NAME), _MAX_NAME, markup.cost)
