"""Rules from text, as a user would write them into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from monitor import rules

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.rules import Matcher, RuleSet


class Loads(Protocol):
    def __call__(self, **files: str) -> RuleSet: ...


class Matches(Protocol):
    def __call__(self, query: str, names: str = "", **limits: object) -> Matcher: ...


@pytest.fixture
def load(tmp_path: Path) -> Loads:
    """Rule set of files given as name=text."""

    def load(**files: str) -> RuleSet:
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return rules.load(tmp_path)

    return load


@pytest.fixture
def matcher(load: Loads) -> Matches:
    """Matcher of one rule named r, with entities and terms before it and limits after it."""

    def matcher(query: str, names: str = "", **limits: object) -> Matcher:
        lines = [names, "[[rules]]", 'id = "r"', 'name = "r"', f"query = '''{query}'''"]
        lines += [f"{key} = {value}" for key, value in limits.items()]
        return rules.compile_rules(load(rules="\n".join(lines)))

    return matcher
