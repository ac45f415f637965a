from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from monitor.cli import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every command as a user types it."""
    found: list[str] = []
    for name, command in vars(typer.main.get_command(cli))["commands"].items():
        inner = list(vars(command).get("commands", [""]))
        found += [f"monitor {name} {one}".strip() for one in inner]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in README


def test_the_readme_names_no_command_that_is_not_there() -> None:
    named = set(
        re.findall(
            r"`(monitor [a-z]+(?: (?:list|test|lint|schema|retry|preview|upgrade|check|backup"
            r"|show|merge|split))?)",
            README,
        )
    )

    assert named <= set(commands())


@pytest.mark.parametrize(
    "document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for text, folder in ((README, ROOT), (document.read_text(encoding="utf-8"), document.parent)):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (folder / target).exists(), f"{target} is missing"


def test_the_shapes_in_the_operations_page_are_what_the_program_logs() -> None:
    source = "".join(path.read_text() for path in (ROOT / "monitor").rglob("*.py"))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    for line in re.findall(r"^\| `([a-z, ]+)", page, flags=re.MULTILINE):
        assert line.strip(" :") in source or line.split(" waits")[0] in source, line
