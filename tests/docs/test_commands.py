from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import typer.main

from monitor.cli import cli
from monitor.feeds.settings import PollingSettings

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


def test_the_bot_is_invited_by_the_name_that_the_manifest_gives_it() -> None:
    manifest = (ROOT / "docs" / "slack-app-manifest.yaml").read_text(encoding="utf-8")
    name = re.search(r"^ +bot_user:\n +display_name: (.+)$", manifest, re.MULTILINE)
    assert name

    invited = re.findall(r"/invite @([^`\n]+)", README + manifest)

    assert len(invited) >= 2
    assert set(invited) == {name[1]}


def test_how_soon_the_readme_says_that_news_is_told_is_what_the_defaults_give() -> None:
    minutes = PollingSettings().interval // timedelta(minutes=1)

    assert f"every {minutes} minutes on average, a quiet one every\n{2 * minutes} " in README


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "Dockerfile"])


def quoted(text: str) -> set[str]:
    """The command lines that a document shows, in backquotes or in blocks of code."""
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"^\s*(?:\$ )?(?:\.venv/bin/)?(monitor [^#|>\n]+)", blocks, re.MULTILINE)
    return {*lines, *re.findall(r"`(monitor [^`\n]+)`", text)}


def unknown(line: str) -> list[str]:
    """What in a command line the program does not have."""
    words = line.replace("[", " ").replace("]", " ").split()[1:]
    here, wrong = typer.main.get_command(cli), []
    while words and (inner := vars(here).get("commands")):
        choices = words.pop(0).split("|")
        wrong += [one for one in choices if one not in inner and one.isalpha()]
        if choices[0] not in inner:
            return wrong
        here = inner[choices[0]]
    options = {name for one in here.params for name in one.opts} | {"--help"}
    given = [word.partition("=")[0].rstrip(".,:") for word in words if word.startswith("-")]
    return wrong + [option for option in given if option not in options and option != "-"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_no_command_or_option_that_is_not_there(document: Path) -> None:
    lines = quoted(document.read_text(encoding="utf-8"))

    assert {line: unknown(line) for line in lines if unknown(line)} == {}


def test_the_documents_show_commands() -> None:
    assert len(set().union(*(quoted(one.read_text(encoding="utf-8")) for one in DOCUMENTS))) > 20
    assert unknown("monitor rules lst --hits") == ["lst"]
    assert unknown("monitor rules list --hit") == ["--hit"]


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
