"""The shape of the code: imports go down only, rooms are apart, each library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "monitor"

ROOMS = {"feeds", "rules", "stories", "alerts", "receivers", "store"}

# Lowest first: a module may import from lower layers, and from its own where it says so.
LAYERS = (
    {"errors"},
    {"model"},
    {"text", "urls", "settings", "charts", "show", "signals", "metrics"},
    {"problems"},
    {"syntax"},
    {"toml"},
    ROOMS,
    {"recent", "arrivals", "explaining", "unseen"},
    {
        "backtest",
        "discover",
        "intake",
        "offline",
        "searching",
        "stats",
        "online",
        "outcomes",
        "plan",
        "steady",
        "messages",
        "why",
    },
    {"update", "answering"},
    {
        "canary",
        "poll",
        "deliver",
        "maintain",
        "reload",
        "checkup",
        "ops",
        "listening",
        "weekly",
        "workspace",
    },
    {"review"},
    {"gauges"},
    {"web"},
    {"credentials"},
    {"environment", "feedlists"},
    {"scheduler", "config", "log", "health", "example"},
    {"app"},
    {"demo"},
    {"commands"},
    {"cli"},
    {"__main__"},
)

DOORS = {
    "apscheduler": {"scheduler.py"},
    "feedparser": {"feeds/parse.py"},
    "pycurl": {"feeds/fetch.py"},
    "slack_sdk": {"receivers/slack/client.py", "receivers/slack/socket.py"},
    "sqlalchemy": {"store/"},
    "alembic": {"store/"},
    "pysqlite3": {"store/"},
    "daachorse": {"rules/automaton.py"},
    "re2": {"rules/"},
    "prometheus_client": {"metrics.py"},
    "jinja2": {"web/templating.py"},
    "babel": {"rules/cldr.py"},
    "typer": {"cli.py", "commands/"},
    "rich": {"show.py", "receivers/console.py"},
}


EVERYWHERE = {"pydantic"}
"""Settings are declared with it, each room its own."""


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names of all that a module imports, `from a import b` as `a.b` too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer(part: str) -> int:
    if part == "__init__":
        return -1
    return next(number for number, names in enumerate(LAYERS) if part in names)


def ours(path: Path) -> set[str]:
    """The modules and rooms of this package that a module imports."""
    parts = {one.split(".")[1] for one in imported(path) if one.startswith("monitor.")}
    return {part for part in parts if not part.startswith("__")}


def test_imports_go_down_only() -> None:
    upward = {
        name(path): above
        for path in modules()
        if (above := {one for one in ours(path) - {top(path)} if layer(one) >= layer(top(path))})
    }
    assert not upward


def test_rooms_do_not_know_each_other() -> None:
    strangers = {
        name(path): others
        for path in modules()
        if top(path) in ROOMS and (others := (ours(path) & ROOMS) - {top(path)})
    }
    assert not strangers


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    users = {
        name(path)
        for path in modules()
        if any(one.split(".")[0] == library for one in imported(path))
    }
    assert users, f"nobody uses {library}"
    strangers = {
        user for user in users if not any(user.startswith(door) for door in DOORS[library])
    }
    assert not strangers


def test_a_module_says_what_it_is_for() -> None:
    silent = {
        name(path)
        for path in modules()
        if not (said := ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))
        or len(said.splitlines()[0]) > 110
    }
    assert not silent


def test_the_documents_draw_the_layers_as_they_are() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = document.partition("## Rooms and layers\n")[2].partition("Imports go down only")[0]

    assert [set(layer.split()) for layer in drawn.split("►")] == list(reversed(LAYERS))


def test_every_module_has_its_place() -> None:
    placed = set().union(*LAYERS)
    assert {top(path) for path in modules()} - {"__init__"} <= placed


def test_every_library_has_a_door() -> None:
    known = {*DOORS, *EVERYWHERE, *sys.stdlib_module_names, "monitor"}
    used = {one.split(".")[0] for path in modules() for one in imported(path)}

    assert used - known == set()


def test_no_module_needs_itself() -> None:
    """A cycle would make two modules one, in whatever room."""
    files = {dotted(path): path for path in modules()}
    waiting = {
        module: {one for name in imported(path) if (one := owner(name, files)) and one != module}
        for module, path in files.items()
    }

    while ready := {module for module, needs in waiting.items() if not needs}:
        waiting = {
            module: needs - ready for module, needs in waiting.items() if module not in ready
        }

    assert waiting == {}


def test_help_is_printed_before_any_part_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, monitor.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {one.split(".")[0] for one in done.stdout.split()}

    assert loaded & {*DOORS, *EVERYWHERE} == {"typer", "rich"}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def owner(name: str, files: Mapping[str, Path]) -> str:
    """The module that holds an imported name; "" for none of ours."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name
