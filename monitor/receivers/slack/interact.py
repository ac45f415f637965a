"""What people ask on Slack: a payload of Slack's, which may hold anything -> a frozen value, or None."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.model import Person, Receipt
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

WHY = "why"
"""The callback id of the message shortcut, and the action of its button."""
_ID = re.compile(r"[A-Z][A-Z0-9]{2,30}")
_TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,10}")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}")
_ACTION = re.compile(r"([a-z]{1,20})(?:\.([0-9]{1,3}))?")
REASON, WHICH = "reason", "which"
"""The callback ids of our forms, and the names of what is filled in."""
DEED = "deed"
ONE = "one"
"""The button of a digest that asks which of its alerts is meant."""
_ABOUT = re.compile(rf"({_ID.pattern}) ({_TS.pattern})(?: ([0-9]{{1,3}}))?")
_PLACE = re.compile("[0-9]{1,3}")
_DEEDS = frozenset({"mute", "irrelevant", WHY})
_MAX_REASON = 300
_DISLIKE = re.compile(r"(?:-1|thumbsdown)(?:::skin-tone-[2-6])?")
"""What Slack calls 👎, in any colour."""
_REACTIONS = {"reaction_added": "irrelevant", "reaction_removed": "unmark"}
RULE = re.compile(r"[a-z0-9-]{1,200}")
"""The id of a rule, as a button may carry it."""
_MAX_TEXT = 2_500
_MAX_NAME = 80
_MAX_URL = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody pressed a button, used the shortcut of a message, or wrote a command."""

    key: str
    """The same for the same deed, however often Slack tells of it."""
    by: Person
    action: str
    """Of the button; "why" for the shortcut, "command" for a command; for 👎 on a message "irrelevant",
    and "unmark" when it is taken away."""
    about: Receipt
    """The message; without a `ts` for a command."""
    place: int | None = None
    """Which alert of a digest is meant, from 0."""
    text: str = ""
    """The button's value, or what was written behind the command."""
    trigger: str = ""
    """Opens a dialogue within three seconds; "" where none may be opened."""
    reply_to: str = ""
    """Where an answer goes that only this person sees; "" for nowhere."""


def read(kind: str, payload: object, *, envelope: str) -> Asked | None:
    """What an envelope's payload asks; None for what is none of ours or not as Slack sends it."""
    asked: Asked | None = None
    if isinstance(payload, dict):
        match kind, payload.get("type"):
            case "slash_commands", _:
                asked = _command(payload, envelope)
            case "events_api", _:
                asked = _reaction(payload.get("event"))
            case "interactive", "block_actions":
                asked = _press(payload)
            case "interactive", "message_action" if payload.get("callback_id") == WHY:
                asked = _shortcut(payload)
            case "interactive", "view_submission":
                asked = _form(payload)
    return asked


def _reaction(event: object) -> Asked | None:
    action = _REACTIONS.get(_text(event, "type"), "")
    item = event.get("item") if isinstance(event, dict) else None
    about = _message(_text(item, "channel"), _text(item, "ts"))
    by = _person({"id": event.get("user")} if isinstance(event, dict) else None)
    at = _text(event, "event_ts", _TOKEN)
    if not (action and about and by and at and _text(event, "reaction", _DISLIKE)):
        return None
    key = f"reaction {by.slack} {action} {about.channel} {about.ts} {at}"
    return Asked(key, by, action, about)


def about_text(about: Receipt, place: int | None = None) -> str:
    """What a form carries, to say which alert it is about."""
    return f"{about.channel} {about.ts}" + ("" if place is None else f" {place}")


def _form(payload: Mapping[str, Any]) -> Asked | None:
    view = payload.get("view")
    found = _ABOUT.fullmatch(_text(view, "private_metadata"))
    by = _person(payload.get("user"))
    form, number = _text(view, "callback_id"), _text(view, "id", _TOKEN)
    if found is None or by is None or not number or not isinstance(view, dict):
        return None
    place = int(found[3]) if found[3] else None
    asked = Asked(f"form {by.slack} {number}", by, form, Receipt(found[1], found[2]), place)
    if form == REASON:
        said = [_chosen(view, REASON), _text(_filled(view, "words"), "value")]
        text = ": ".join(filter(None, (clean(one, limit=_MAX_REASON) for one in said)))
        return replace(asked, text=text[:_MAX_REASON])
    which, deed = _chosen(view, WHICH), _chosen(view, DEED)
    if form != WHICH or not _PLACE.fullmatch(which) or deed not in _DEEDS:
        return None
    trigger = _text(payload, "trigger_id", _TOKEN)
    return replace(asked, action=deed, place=int(which), trigger=trigger)


def _filled(view: Mapping[str, Any], name: str) -> object:
    """What was filled in under a name, which is that of its block too."""
    values: object = view.get("state")
    for key in ("values", name, name):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _chosen(view: Mapping[str, Any], name: str) -> str:
    filled = _filled(view, name)
    return _text(filled.get("selected_option") if isinstance(filled, dict) else None, "value")


def _press(payload: Mapping[str, Any]) -> Asked | None:
    actions = payload.get("actions")
    pressed = actions[0] if isinstance(actions, list) and actions else None
    action = _ACTION.fullmatch(_text(pressed, "action_id"))
    place = payload.get("container")
    about = _message(_text(place, "channel_id"), _text(place, "message_ts"))
    by = _person(payload.get("user"))
    at = _text(pressed, "action_ts", _TOKEN)
    if action is None or about is None or by is None:
        return None
    return Asked(
        key=f"press {by.slack} {action[0]} {about.channel} {about.ts} {at}",
        by=by,
        action=action[1],
        about=about,
        place=int(action[2]) if action[2] else None,
        text=_text(pressed, "value", RULE),
        trigger=_text(payload, "trigger_id", _TOKEN),
        reply_to=_text(payload, "response_url")[:_MAX_URL],
    )


def _shortcut(payload: Mapping[str, Any]) -> Asked | None:
    about = _message(_text(payload.get("channel"), "id"), _text(payload, "message_ts"))
    by = _person(payload.get("user"))
    trigger = _text(payload, "trigger_id", _TOKEN)
    if about is None or by is None or not trigger:
        return None
    return Asked(f"shortcut {by.slack} {trigger}", by, WHY, about, trigger=trigger)


def _command(payload: Mapping[str, Any], envelope: str) -> Asked | None:
    person = {"id": payload.get("user_id"), "username": payload.get("user_name")}
    by = _person(person)
    # The same command is meant anew each time it is written: only its envelope comes again.
    key = _text(payload, "trigger_id", _TOKEN) or envelope[:_MAX_NAME]
    if by is None or not key:
        return None
    return Asked(
        key=f"command {by.slack} {key}",
        by=by,
        action="command",
        about=Receipt(channel=_text(payload, "channel_id", _ID)),
        text=clean(_text(payload, "text"), limit=_MAX_TEXT),
        reply_to=_text(payload, "response_url")[:_MAX_URL],
    )


def _message(channel: str, ts: str) -> Receipt | None:
    if _ID.fullmatch(channel) and _TS.fullmatch(ts):
        return Receipt(channel, ts)
    return None


def _person(user: object) -> Person | None:
    id_ = _text(user, "id", _ID)
    name = _text(user, "username") or _text(user, "name")
    return Person(clean(name, limit=_MAX_NAME) or id_, id_) if id_ else None


def _text(data: object, name: str, form: re.Pattern[str] | None = None) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str) or (form and not form.fullmatch(value)):
        return ""
    return value
