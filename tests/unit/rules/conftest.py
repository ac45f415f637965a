"""Rules from text, as a user would write them into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor import rules

if TYPE_CHECKING:
    from pathlib import Path

    from rulefiles import Loads, Matches

    from monitor.rules import Matcher, RuleSet


@pytest.fixture
def load(tmp_path: Path) -> Loads:
    def load(**files: str) -> RuleSet:
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return rules.load(tmp_path)

    return load


@pytest.fixture
def matcher(load: Loads) -> Matches:
    def matcher(query: str, names: str = "", **keys: str) -> Matcher:
        lines = [names, "[[rules]]", 'id = "r"', 'name = "r"', f"query = '''{query}'''"]
        lines += [f"{key} = {value}" for key, value in keys.items()]
        return rules.compile_rules(load(rules="\n".join(lines)))

    return matcher
