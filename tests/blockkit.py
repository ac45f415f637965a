"""Our own Block Kit validator: what Slack would refuse in a message, as Slack words it.

Only the blocks this product may use are known; anything else is an error. Stricter than Slack in
that unknown properties are errors too (they are typing mistakes). Lengths count UTF-16 units, the
cautious reading of Slack's "characters".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = Any
Check = Callable[[Json, str], Iterator[str]]

MAX_BLOCKS = 50
MAX_TOTAL = 13_200
"""Not documented by Slack; above it users report `msg_blocks_too_long`."""


def units(text: str) -> int:
    """The length of a text in UTF-16 units; a lone surrogate counts as one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def validate(blocks: Json) -> list[str]:
    """Every reason why Slack would refuse these blocks in a message; empty if it takes them."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["must provide an array of objects [json-pointer:/blocks]"]
    found = [] if len(blocks) <= MAX_BLOCKS else [_say("no more than 50 items allowed", "/blocks")]
    for at, block in enumerate(blocks):
        found += _one_of(_BLOCKS, block, f"/blocks/{at}")
    return found + list(_repeated(blocks, "block_id", "/blocks"))


def control_sequences(text: str) -> list[str]:
    """What stands between `<` and `>` in a text: links, mentions, dates, commands."""
    return re.findall(r"<([^>]*)>", text)


def badly_escaped(text: str) -> list[str]:
    """Every place where a text breaks Slack's escaping rules."""
    outside = re.sub(r"<[^<>]*>", "", text)
    found = [f"a stray {char!r}" for char in "<>" if char in outside]
    if re.search(r"&(?!(?:amp|lt|gt);)", text):
        found.append("a bare '&'")
    return found


def texts(thing: Json) -> Iterator[str]:
    """Every mrkdwn text in blocks."""
    if isinstance(thing, dict):
        if thing.get("type") == "mrkdwn":
            yield thing["text"]
        for value in thing.values():
            yield from texts(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from texts(value)


def _say(problem: str, at: str) -> str:
    return f"{problem} [json-pointer:{at}]"


def _string(most: int, least: int = 1) -> Check:
    def check(value: Json, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield _say("must provide a string", at)
        elif units(value) > most:
            yield _say(f"must be less than {most + 1} characters", at)
        elif units(value) < least:
            yield _say(f"must be more than {least - 1} characters", at)
        elif any("\ud800" <= char <= "\udfff" for char in value):
            yield _say("must be valid Unicode", at)

    return check


def _url(value: Json, at: str) -> Iterator[str]:
    yield from _string(3000)(value, at)
    if isinstance(value, str) and not value.startswith(("https://", "http://")):
        yield _say("must be a valid http(s) url", at)


def _constant(*allowed: Json) -> Check:
    def check(value: Json, at: str) -> Iterator[str]:
        if not any(value is one or (isinstance(one, str) and value == one) for one in allowed):
            yield _say(f"must be one of {list(allowed)}", at)

    return check


def _object(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    known = required | (optional or {})

    def check(value: Json, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _say("must provide an object", at)
            return
        yield from (
            _say(f"missing required field: {key}", at) for key in required if key not in value
        )
        for key, held in value.items():
            if key in known:
                yield from known[key](held, f"{at}/{key}")
            else:
                yield _say(f"invalid additional property: {key}", at)

    return check


def _array(check_each: Check, most: int, least: int = 1) -> Check:
    def check(value: Json, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield _say("must provide an array", at)
            return
        if len(value) > most:
            yield _say(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield _say(f"no less than {least} items allowed", at)
        for place, held in enumerate(value):
            yield from check_each(held, f"{at}/{place}")

    return check


def _one_of(kinds: dict[str, Check], value: Json, at: str) -> list[str]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in kinds:
        return [_say(f"unsupported type: {kind}", f"{at}/type")]
    return list(kinds[kind](value, at))


def _any_of(kinds: dict[str, Check]) -> Check:
    return lambda value, at: iter(_one_of(kinds, value, at))


def _repeated(things: list[Json], key: str, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for place, thing in enumerate(things):
        if isinstance(thing, dict) and key in thing:
            if thing[key] in seen:
                yield _say(f"{key} must be unique", f"{at}/{place}/{key}")
            seen.add(thing[key])


_FLAG = _constant(True, False)


def _mrkdwn(most: int) -> Check:
    return _object({"type": _constant("mrkdwn"), "text": _string(most)}, {"verbatim": _FLAG})


def _plain(most: int) -> Check:
    return _object({"type": _constant("plain_text"), "text": _string(most)}, {"emoji": _FLAG})


def _text(most: int) -> Check:
    return _any_of({"mrkdwn": _mrkdwn(most), "plain_text": _plain(most)})


_ID = _string(255)
_CONFIRM = _object(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": _constant("primary", "danger")},
)
_OPTION = _object(
    {"text": _plain(75), "value": _string(150)}, {"description": _plain(75), "url": _url}
)
_BUTTON = _object(
    {"type": _constant("button"), "text": _plain(75)},
    {
        "action_id": _ID,
        "url": _url,
        "value": _string(2000),
        "style": _constant("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": _string(75),
    },
)
_OVERFLOW = _object(
    {"type": _constant("overflow"), "options": _array(_OPTION, 5)},
    {"action_id": _ID, "confirm": _CONFIRM},
)
_SELECT = _object(
    {"type": _constant("static_select"), "options": _array(_OPTION, 100)},
    {"action_id": _ID, "placeholder": _plain(150), "initial_option": _OPTION},
)
_RADIO = _object(
    {"type": _constant("radio_buttons"), "options": _array(_OPTION, 10)},
    {"action_id": _ID, "initial_option": _OPTION},
)
_WORDS = _object(
    {"type": _constant("plain_text_input")},
    {"action_id": _ID, "max_length": lambda _value, _at: iter(()), "multiline": _FLAG},
)
_FILLED = {"static_select": _SELECT, "radio_buttons": _RADIO, "plain_text_input": _WORDS}
_INTERACTIVE = {"button": _BUTTON, "overflow": _OVERFLOW}


def _section(value: Json, at: str) -> Iterator[str]:
    yield from _object(
        {"type": _constant("section")},
        {
            "text": _text(3000),
            "fields": _array(_text(2000), 10),
            "accessory": _any_of(_INTERACTIVE),
            "block_id": _ID,
            "expand": _FLAG,
        },
    )(value, at)
    if "text" not in value and "fields" not in value:
        yield _say("missing required field: text or fields", at)


def _actions(value: Json, at: str) -> Iterator[str]:
    yield from _object(
        {"type": _constant("actions"), "elements": _array(_any_of(_INTERACTIVE), 25)},
        {"block_id": _ID},
    )(value, at)
    if isinstance(value.get("elements"), list):
        yield from _repeated(value["elements"], "action_id", f"{at}/elements")


_BLOCKS: dict[str, Check] = {
    "section": _section,
    "actions": _actions,
    "input": _object(
        {"type": _constant("input"), "label": _plain(2000), "element": _any_of(_FILLED)},
        {"block_id": _ID, "optional": _FLAG, "hint": _plain(2000)},
    ),
    "divider": _object({"type": _constant("divider")}, {"block_id": _ID}),
    "header": _object({"type": _constant("header"), "text": _plain(150)}, {"block_id": _ID}),
    "context": _object(
        {"type": _constant("context"), "elements": _array(_text(3000), 10)}, {"block_id": _ID}
    ),
}
