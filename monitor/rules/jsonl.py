"""Items in and matches out of `monitor match`: one JSON object a line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from monitor.errors import ConfigError, Problem
from monitor.model import Item, Outlet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Evidence, Match

MAX_LINE = 10_000_000
_EXAMPLE = 'Write one object a line, such as {"id": "c1", "title": "..."}'


def lines(stream: BinaryIO, *, file: str) -> Iterator[str]:
    """The lines of a file of items, as they come.

    Raises:
        ConfigError: One is not UTF-8, or longer than any item.
    """
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if len(raw) > MAX_LINE:
            raise _wrong(file, number, "the line is longer than 10 MB", "Write one item a line")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise _wrong(file, number, "the line is not UTF-8", "Save the file as UTF-8") from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def read(line: str, *, file: str, number: int) -> tuple[str, Item]:
    """The id and the item of one line of input; unknown keys are ignored.

    Raises:
        ConfigError: It is not an item; says which line, and why.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else None
        raise _wrong(file, number, "the line is not JSON", _EXAMPLE, column) from error
    if not isinstance(data, dict):
        raise _wrong(file, number, "the line is not a JSON object", _EXAMPLE)
    text = _Texts(data, file, number)
    id_ = text.id()
    item = Item(
        title=text.required("title"),
        summary=text.get("summary"),
        content=text.get("content"),
        url=text.get("url"),
        outlet=Outlet(text.get("source")),
        language=text.get("language") or text.get("lang"),
        published=_time(text.get("published")),
    )
    return id_, item


def _wrong(
    file: str, number: int, cause: str, remedy: str, column: int | None = None
) -> ConfigError:
    return ConfigError([Problem(file, number, column, cause, remedy)])


class _Texts:
    """The keys of one line."""

    def __init__(self, data: dict[str, Any], file: str, number: int) -> None:
        self._data = data
        self._file = file
        self._number = number

    def get(self, key: str) -> str:
        """A text; "" where it is absent or null."""
        value = self._data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._refuse(f'"{key}" is not a text', f'Write "{key}": "..." in quotes')
        return value

    def required(self, key: str) -> str:
        """A text that must be there."""
        if self._data.get(key) is None:
            self._refuse(f'the item has no "{key}"', f'Add "{key}": "..."')
        return self.get(key)

    def id(self) -> str:
        """The id; a number will do."""
        value = self._data.get("id")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.required("id")

    def _refuse(self, cause: str, remedy: str) -> NoReturn:
        raise _wrong(self._file, self._number, cause, remedy)


def _time(text: str) -> datetime | None:
    """A date or time in ISO 8601; None where it is not one: the item then counts as undated."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # at the edge of the calendar another zone is beyond it
        return None


def answer(
    id_: str,
    matches: Sequence[Match],
    *,
    story: str | None = None,
    story_reason: str | None = None,
    copy_of: str | None = None,
) -> dict[str, Any]:
    """What is told about one item."""
    rules = [
        {
            "rule": match.rule,
            "severity": match.severity.value,
            "evidence": [_evidence(one) for one in match.evidence],
        }
        for match in matches
    ]
    return {
        "id": id_,
        "rules": rules,
        "story": story,
        "story_reason": story_reason,
        "copy_of": copy_of,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "term": one.term,
        "name": one.name,
        "field": one.field,
        "start": one.start,
        "end": one.end,
        "text": one.text,
    }
