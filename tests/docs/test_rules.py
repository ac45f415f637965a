from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import toml
from monitor.rules import ast
from monitor.rules.parser import parse
from monitor.rules.schema import EntityTable, FileTables, RuleTable, TermsTable, TestTable

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
TABLES = (FileTables, EntityTable, TermsTable, RuleTable, TestTable)
KEYS = sorted(
    {field.alias or name for table in TABLES for name, field in table.model_fields.items()}
)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_rule_file_is_documented(key: str) -> None:
    assert re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`|^(?:names\.)?{key}\b", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("number", range(PAGE.count("```toml")))
def test_the_examples_are_right_toml_and_their_queries_parse(number: int) -> None:
    block = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)[number]

    values, _ = toml.parse(block, "rules.md")

    for rule in values.get("rules", []):
        assert isinstance(parse(rule["query"]), ast.Node)
