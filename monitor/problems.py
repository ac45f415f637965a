"""What is wrong with a TOML file, for a person who is not a programmer, and what to write."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from difflib import get_close_matches
from enum import Enum
from itertools import chain
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    get_args,
    get_origin,
)

from pydantic import BaseModel

from monitor import urls
from monitor.errors import Problem
from monitor.settings import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import ValidationError

Where: TypeAlias = tuple[str | int, ...]
"""A place in a document: keys of tables and indexes of arrays, from the top."""


class Places(Protocol):
    """Line and column of whatever stands in a document, or of the nearest thing around it."""

    def __contains__(self, place: Where, /) -> bool:
        """Whether it is in the document."""
        ...

    def key(self, place: Where, /) -> tuple[int, int]:
        """Of a key, or of an element of a list."""
        ...

    def value(self, place: Where, /) -> tuple[int, int]:
        """Of a value."""
        ...


MAX_SHOWN = 40
"""Of a value repeated in a message, in code points."""

_SECRET = re.compile(r"xox[a-z]?-|xapp-|hooks\.slack\.com|://[^/\s]*:[^\s]*@", re.IGNORECASE)
_SECRET_KEY = re.compile("token|secret|passw|webhook", re.IGNORECASE)


def is_secret(text: str) -> bool:
    """Whether a text holds a Slack token, a webhook's address or a password in an address."""
    return _SECRET.search(text) is not None


def shown(value: object, key: str = "") -> str:
    """A value as a message may repeat it: short, one line, as TOML has it; never a secret."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return _kind(value)
    if is_secret(value) or _SECRET_KEY.search(key):
        return "(not shown here)"
    return f'"{label(urls.shown(value))}"'


def label(text: str) -> str:
    """A name or text as a message may repeat it: short, and on one line."""
    line = "".join(char if char.isprintable() else " " for char in text[: MAX_SHOWN + 1])
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word that this one is probably meant to be, or ""."""
    folded = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(word.lower().replace("-", "_"), folded, 1, 0.6)
    return folded[close[0]] if close else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _kind(value: object) -> str:
    """What a value is, in the words of a person."""
    return next((name for kinds, name in _KINDS if isinstance(value, kinds)), "something else")


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    ((list, tuple), "a list"),
    (dict, "a section"),
    ((date, time), "a date or time"),
)


class _Wrong(NamedTuple):
    """One error of pydantic's, in our terms."""

    key: str
    place: Where
    value: Any
    context: dict[str, Any]
    model: type[BaseModel]


def problems_of(
    error: ValidationError,
    positions: Places,
    file: str,
    *,
    model: type[BaseModel],
    variables: Mapping[Where, str] | None = None,
) -> list[Problem]:
    """Everything that a model refused in a document, in the order of the file.

    `variables` names the environment variables that gave values in place of the document's.

    A validator's `ValueError(cause, remedy)` is told as it is; of `ValueError(text)`, the text is
    taken for the remedy where it begins with a verb ("write ..."), else for the cause.
    """
    found: dict[tuple[Where, bool], Problem] = {}
    for details in error.errors(include_url=False):
        kind, place = details["type"], details["loc"]
        variable = _variable(place, variables or {})
        if not variable and kind != "missing":
            place = _known(place, positions)
        # A union reports each of its branches; the first says enough.
        if (place, kind == "missing") in found:
            continue
        key = variable or key_of(place)
        wrong = _Wrong(key, place, details.get("input"), details.get("ctx", {}), model)
        cause, remedy = _EXPLAINED.get(kind, _unfit)(wrong)
        if variable:
            found[place, False] = _in_variable(variable, cause, remedy)
            continue
        at_key = kind in {"missing", "extra_forbidden"}
        line, column = positions.key(place) if at_key else positions.value(place)
        found[place, kind == "missing"] = Problem(file, line, column, cause, remedy)
    return sorted(found.values(), key=in_order)


def reason(error: ValidationError) -> str:
    """Why one value is refused, in the words of our own validators."""
    details = error.errors(include_url=False)[0]
    return str(details.get("ctx", {}).get("error") or "it cannot be this")


def _variable(place: Where, variables: Mapping[Where, str]) -> str:
    """The variable that gave this place its value."""
    return next((name for path, name in variables.items() if place[: len(path)] == path), "")


def _in_variable(variable: str, cause: str, remedy: str) -> Problem:
    cause, remedy = (text.replace(f'"{variable}"', "it") for text in (cause, remedy))
    return Problem(variable, None, None, cause, remedy.replace(f"{variable} = ", f"{variable}="))


def _known(place: Where, positions: Places) -> Where:
    while place and place not in positions:
        place = place[:-1]
    return place


def key_of(place: Where) -> str:
    """The name of the setting at a place; that of its list for an element."""
    return next((label(part) for part in reversed(place) if isinstance(part, str)), "")


def in_order(problem: Problem) -> tuple[int, int]:
    """For sorting: what has no line first, then as in the file."""
    return problem.line or 0, problem.column or 0


def section(place: Where) -> str:
    """The table that a place is in, as its header writes it; "" for the top of the file."""
    name = label(".".join(part for part in place[:MAX_SHOWN] if isinstance(part, str)))
    listed = any(isinstance(part, int) for part in place)
    return (f"[[{name}]]" if listed else f"[{name}]") if name else ""


def _inside(place: Where) -> str:
    name = section(place)
    return f" in {name}" if name else ""


def _unknown(wrong: _Wrong) -> tuple[str, str]:
    *outer, _ = wrong.place
    inner = _model_at(wrong.model, tuple(outer))
    allowed = list(_fields(inner)) if inner else []
    cause = f'unknown key "{wrong.key}"{_inside(tuple(outer))}'
    if not outer and isinstance(wrong.value, dict | list):
        cause = f"unknown section {section((wrong.key,))}"
    listed = f"Known here: {_listed(allowed)}"
    if meant := did_you_mean(wrong.key, allowed):
        return cause, f'Did you mean "{meant}"? {listed}'
    homes: dict[str, str] = {}
    for home, keys in _homes(wrong.model):
        homes = dict.fromkeys(keys, home) | homes
    if wrong.key in homes:
        return cause, f"It belongs in {homes[wrong.key]}: put it below that line"
    if meant := did_you_mean(wrong.key, homes):
        return cause, f'Did you mean "{meant}" of {homes[meant]}? {listed}'
    return cause, listed


def _homes(model: type[BaseModel]) -> Iterator[tuple[str, Iterable[str]]]:
    """The sections below a model, with their keys."""
    for name, annotation in _fields(model).items():
        if inner := _inner_model(annotation):
            listed = get_origin(annotation) in {list, tuple}
            yield (f"[[{name}]]" if listed else f"[{name}]"), _fields(inner)


def _missing(wrong: _Wrong) -> tuple[str, str]:
    *outer, key = wrong.place
    cause = f'the key "{key}" is missing{_inside(tuple(outer))}'
    return cause, f"Add {_example(str(key), _annotation_at(wrong.model, wrong.place))}"


def _refused(wrong: _Wrong) -> tuple[str, str]:
    """A validator of our own said no, in its own words."""
    cause, remedy = _own_words(wrong, *map(str, wrong.context["error"].args))
    # A validator may repeat the value without a thought that it is a secret in the wrong place.
    return _unfit(wrong) if is_secret(f"{cause} {remedy}") else (cause, _sentence(remedy))


def _own_words(wrong: _Wrong, text: str = "", remedy: str = "", *_: str) -> tuple[str, str]:
    cause = f'"{wrong.key}" cannot be {shown(wrong.value, wrong.key)}'
    if remedy or not text:
        return text or cause, remedy or f'Change "{wrong.key}" here'
    if _ADVICE.match(text):
        return cause, text
    if text.startswith("must "):
        return cause, f"It {text}"
    text, remedy = (*re.split(r"[.;] ", text, maxsplit=1), "")[:2]
    return text, remedy or f'Change "{wrong.key}" here'


_ADVICE = re.compile("(?:write|give|use|choose|put|add|remove|delete|name)\\b", re.IGNORECASE)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".")


def _unfit(wrong: _Wrong) -> tuple[str, str]:
    key = wrong.key or "this"
    example = _example(key, _annotation_at(wrong.model, wrong.place))
    return f'"{key}" cannot be {shown(wrong.value, key)}', f"Write something like {example}"


def _not_text(wrong: _Wrong) -> tuple[str, str]:
    written = isinstance(wrong.value, bool | int | float | date | time)
    text = label(str(wrong.value).lower() if isinstance(wrong.value, bool) else str(wrong.value))
    if _in_list(wrong):
        remedy = f'Write "{text}" in the list' if written else 'Write it as "..." in the list'
    else:
        remedy = f'Write {wrong.key} = "{text if written else "..."}"'
    return _must_be(wrong, "text in quotation marks"), remedy


def _in_list(wrong: _Wrong) -> bool:
    return isinstance(wrong.place[-1], int) if wrong.place else False


def _must_be(wrong: _Wrong, what: str) -> str:
    if _in_list(wrong):
        return f'"{wrong.key}" holds {_kind(wrong.value)} where there must be {what}'
    # A variable of the environment is always text.
    value = shown(wrong.value) if wrong.key.isupper() else _kind(wrong.value)
    return f'"{wrong.key}" is {value}, but must be {what}'


def _not_whole(wrong: _Wrong) -> tuple[str, str]:
    if isinstance(wrong.value, str) and wrong.value.strip().lstrip("-").isdecimal():
        remedy = f"Remove the quotation marks: {wrong.key} = {wrong.value.strip()[:MAX_SHOWN]}"
    else:
        remedy = f"Write a whole number without quotation marks, such as {wrong.key} = 10"
    return _must_be(wrong, "a whole number"), remedy


def _not_number(wrong: _Wrong) -> tuple[str, str]:
    remedy = f"Write a number without quotation marks, such as {wrong.key} = 0.5"
    return _must_be(wrong, "a number"), remedy


def _not_switch(wrong: _Wrong) -> tuple[str, str]:
    remedy = f"Write {wrong.key} = true or {wrong.key} = false, without quotation marks"
    return _must_be(wrong, "true or false"), remedy


def _not_list(wrong: _Wrong) -> tuple[str, str]:
    annotation = _annotation_at(wrong.model, wrong.place)
    if _inner_model(annotation) is not None:
        return _must_be(wrong, "a list of sections"), f"Begin each with [[{wrong.key}]]"
    value = wrong.value if isinstance(wrong.value, str) and not is_secret(wrong.value) else "..."
    remedy = f'Put it in square brackets: {wrong.key} = ["{label(value)}"]'
    return _must_be(wrong, "a list"), remedy


def _not_table(wrong: _Wrong) -> tuple[str, str]:
    if isinstance(wrong.value, list):
        remedy = f"Write [{wrong.key}] with single brackets, once"
    else:
        header = section(wrong.place)
        remedy = f"Write {header} on a line of its own, and its keys below it"
    return (
        f'"{wrong.key}" is {_kind(wrong.value)}, but must be a section with keys of its own',
        remedy,
    )


def _not_one_of(wrong: _Wrong) -> tuple[str, str]:
    allowed = re.findall("'([^']*)'", str(wrong.context.get("expected", "")))
    choice = f"It can be {' or '.join(shown(word) for word in allowed)}"
    cause = f'"{wrong.key}" cannot be {shown(wrong.value, wrong.key)}'
    meant = did_you_mean(wrong.value, allowed) if isinstance(wrong.value, str) else ""
    return cause, f'Did you mean "{meant}"? {choice}' if meant else choice


def _limited(limit: str, remedy: str) -> Callable[[_Wrong], tuple[str, str]]:
    def explain(wrong: _Wrong) -> tuple[str, str]:
        value = wrong.value
        cause = f'"{wrong.key}" cannot be {shown(value, wrong.key)}'
        return cause, remedy.format(shown(_bound(wrong, limit)))

    return explain


def _bound(wrong: _Wrong, limit: str) -> object:
    """As declared: pydantic tells durations in words that are not ours."""
    inner = _model_at(wrong.model, wrong.place[:-1])
    fields = inner.model_fields.items() if inner else ()
    declared = (
        getattr(constraint, limit)
        for name, field in fields
        if (field.alias or name) == wrong.place[-1]
        for constraint in field.metadata
        if hasattr(constraint, limit)
    )
    return next(declared, wrong.context[limit])


def _lengthy(limit: str, what: str) -> Callable[[_Wrong], tuple[str, str]]:
    def explain(wrong: _Wrong) -> tuple[str, str]:
        bound = wrong.context[limit]
        empty = bound == 1 and limit == "min_length"
        cause = f'"{wrong.key}" is {"empty" if empty else "too " + what}'
        if empty:
            return cause, "Write something, or delete the line"
        size = "at least" if limit == "min_length" else "at most"
        unit = "characters" if isinstance(wrong.value, str) else "values"
        return cause, f"Write {size} {bound} {unit}"

    return explain


_EXPLAINED: dict[str, Callable[[_Wrong], tuple[str, str]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "value_error": _refused,
    "string_type": _not_text,
    "int_type": _not_whole,
    "int_from_float": _not_whole,
    "int_parsing": _not_whole,
    "float_type": _not_number,
    "float_parsing": _not_number,
    "bool_type": _not_switch,
    "bool_parsing": _not_switch,
    "list_type": _not_list,
    "tuple_type": _not_list,
    "dict_type": _not_table,
    "model_type": _not_table,
    "model_attributes_type": _not_table,
    "literal_error": _not_one_of,
    "enum": _not_one_of,
    "greater_than_equal": _limited("ge", "Write {} or more"),
    "greater_than": _limited("gt", "Write more than {}"),
    "less_than_equal": _limited("le", "Write {} or less"),
    "less_than": _limited("lt", "Write less than {}"),
    "string_too_short": _lengthy("min_length", "short"),
    "too_short": _lengthy("min_length", "short"),
    "string_too_long": _lengthy("max_length", "long"),
    "too_long": _lengthy("max_length", "long"),
}


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """The keys a section may have, as the file writes them, with their types."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _parts(annotation: object) -> Iterator[object]:
    """A type and everything it is made of."""
    yield annotation
    yield from chain.from_iterable(map(_parts, get_args(annotation)))


def _inner_model(annotation: object) -> type[BaseModel] | None:
    models = (
        part
        for part in _parts(annotation)
        if isinstance(part, type) and not get_args(part) and issubclass(part, BaseModel)
    )
    return next(models, None)


def _annotation_at(model: type[BaseModel], place: Where) -> object:
    """The type that the model declares for a place; None where it declares none."""
    annotation: object = model
    for part in place:
        inner = _inner_model(annotation)
        if isinstance(part, str) and inner is not None and get_origin(annotation) is None:
            annotation = _fields(inner).get(part)
        else:
            arguments = [arg for arg in get_args(annotation) if arg is not Ellipsis]
            annotation = arguments[-1] if arguments else annotation
    return annotation


def _model_at(model: type[BaseModel], place: Where) -> type[BaseModel] | None:
    return _inner_model(_annotation_at(model, place))


def _example(key: str, annotation: object) -> str:
    """A line that would be right."""
    parts = list(_parts(annotation))
    if get_origin(annotation) in {list, tuple}:
        inner = _inner_model(annotation)
        return f"[[{key}]]" if inner else f'{key} = ["..."]'
    if inner := _inner_model(annotation):
        return f"[{key}]" if inner else ""
    for kind, text in ((bool, "true"), (timedelta, '"5m"'), (int, "10"), (float, "0.5")):
        if kind in parts:
            return f"{key} = {text}"
    choices = [arg for part in parts if get_origin(part) is Literal for arg in get_args(part)]
    choices += [str(member.value) for part in parts for member in _members(part)]
    return f'{key} = "{choices[0] if choices else "..."}"'


def _members(part: object) -> list[Enum]:
    return list(part) if isinstance(part, type) and issubclass(part, Enum) else []
