"""The JSON Schema of rule files says of good and bad files what the loader says."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import RuleError
from monitor.rules import json_schema

if TYPE_CHECKING:
    from rulefiles import Loads

ROOT = Path(__file__).parents[3]
RULE = '[[rules]]\nid = "r"\nname = "R"\nquery = "kursk"\n'
ENTITY = '[entities.kursk]\nname = "Kursk"\nkind = "place"\nnames.en = ["Kursk"]\n'
TERMS = '[terms.captivity]\nen = ["captive"]\nko = ["포로"]\nexcept = ["목포로"]\n'
TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def fits(value: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401 - whatever TOML holds
    """Whether a schema allows a value; knows what our schema uses, and refuses to guess the rest."""
    known = {"description", "title", "default", "$schema", "$defs"}
    checks = [CHECKS[key](value, schema[key], schema) for key in schema.keys() - known]
    return all(checks)


def _ref(value: Any, ref: str, _: dict[str, Any]) -> bool:  # noqa: ANN401
    return fits(value, json_schema()["$defs"][ref.removeprefix("#/$defs/")])


def _additional(value: Any, wanted: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401
    others = [one for key, one in value.items() if key not in schema.get("properties", {})]
    return not others if wanted is False else all(fits(one, wanted) for one in others)


CHECKS: dict[str, Any] = {
    "$ref": _ref,
    "type": lambda value, wanted, _: isinstance(value, TYPES[wanted]),
    "enum": lambda value, allowed, _: value in allowed,
    "anyOf": lambda value, ways, _: any(fits(value, way) for way in ways),
    "format": lambda value, wanted, _: wanted == "date" and bool(date.fromisoformat(value)),
    "pattern": lambda value, wanted, _: re.search(wanted, value) is not None,
    "minLength": lambda value, least, _: len(value) >= least,
    "minItems": lambda value, least, _: len(value) >= least,
    "minProperties": lambda value, least, _: len(value) >= least,
    "required": lambda value, keys, _: not isinstance(value, dict) or set(keys) <= set(value),
    "items": lambda value, wanted, _: (
        not isinstance(value, list) or all(fits(one, wanted) for one in value)
    ),
    "properties": lambda value, wanted, _: (
        not isinstance(value, dict)
        or all(fits(one, wanted[key]) for key, one in value.items() if key in wanted)
    ),
    "additionalProperties": lambda value, wanted, schema: (
        not isinstance(value, dict) or _additional(value, wanted, schema)
    ),
    "propertyNames": lambda value, wanted, _: all(fits(key, wanted) for key in value),
}


def allowed(text: str) -> bool:
    # Editors see TOML's dates as strings.
    data = json.loads(json.dumps(tomllib.loads(text), default=str))
    return fits(data, json_schema())


def test_the_shipped_schema_is_that_of_this_version() -> None:
    shipped = json.loads((ROOT / "docs" / "rules.schema.json").read_text(encoding="utf-8"))

    assert shipped == json_schema(), "run: monitor rules schema > docs/rules.schema.json"


@pytest.mark.parametrize("file", sorted((ROOT / "rules").rglob("*.toml")), ids=lambda f: f.name)
def test_shipped_rules_fit_the_schema(file: Path) -> None:
    assert allowed(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        RULE,
        ENTITY + TERMS + RULE,
        RULE + "review_by = 2026-12-31\nexpires = '2026-12-31'\nslow = true\nchannels = ['#a']\n",
        RULE + '[[rules.tests]]\ntitle = "Kursk"\nmatch = true\n',
    ],
)
def test_good_files_fit_and_load(text: str, load: Loads) -> None:
    load(rules=text)

    assert allowed(text)


@pytest.mark.parametrize(
    "text",
    [
        RULE.replace("query", "qeury"),
        RULE + 'severity = "urgent"\n',
        RULE + "enabled = 'no'\n",
        RULE + "channels = '#a'\n",
        RULE.replace('"r"', '"Rule One"'),
        RULE.replace('name = "R"\n', ""),
        RULE + "[[rules.tests]]\nmatch = true\n",
        RULE + '[[rules.tests]]\ntitle = "Kursk"\nmatches = true\nmatch = true\n',
        RULE + ENTITY.replace("place", "city"),
        RULE + ENTITY.replace('["Kursk"]', "[]"),
        RULE + ENTITY.replace("kursk]", "Kursk]"),
        RULE + TERMS.replace('["captive"]', '"captive"'),
        RULE + "[[entites]]\n",
    ],
)
def test_bad_files_neither_fit_nor_load(text: str, load: Loads) -> None:
    assert not allowed(text)
    with pytest.raises(RuleError):
        load(rules=text)
