"""The shape of the code: imports go down only, rooms are apart, each library has one door."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "monitor"

ROOMS = {"feeds", "rules", "stories", "alerts", "receivers", "store"}

# Lowest first: a module may import from lower layers, and from its own where it says so.
LAYERS = (
    {"errors"},
    {"model"},
    {"text", "urls", "toml", "settings", "show"},
    ROOMS,
    {"intake", "offline"},
    {"poll", "deliver", "maintain", "reload"},
    {"scheduler", "config", "log", "health", "example"},
    {"app"},
    {"demo"},
    {"cli"},
    {"__main__"},
)

DOORS = {
    "apscheduler": {"scheduler.py"},
    "feedparser": {"feeds/parse.py"},
    "pycurl": {"feeds/fetch.py"},
    "slack_sdk": {"receivers/slack/client.py"},
    "sqlalchemy": {"store/"},
    "alembic": {"store/"},
    "pysqlite3": {"store/"},
    "psycopg": {"store/"},
    "daachorse": {"rules/automaton.py"},
    "re2": {"rules/"},
    "typer": {"cli.py"},
    "rich": {"show.py", "receivers/console.py"},
    "tomllib": {"toml.py"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> set[str]:
    """Dotted names of all that a module imports, `from a import b` as `a.b` too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer(part: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if part in names)


def ours(path: Path) -> set[str]:
    """The modules and rooms of this package that a module imports."""
    parts = {one.split(".")[1] for one in imported(path) if one.startswith("monitor.")}
    return {part for part in parts if not part.startswith("__")}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_imports_go_down_only(path: Path) -> None:
    if path.name == "__init__.py" and path.parent == PACKAGE:
        assert not ours(path)
        return
    own = top(path)
    above = {part for part in ours(path) - {own} if layer(part) >= layer(own)}
    assert not above, f"{name(path)} imports {above}"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_rooms_do_not_know_each_other(path: Path) -> None:
    if top(path) in ROOMS:
        assert not (ours(path) & ROOMS) - {top(path)}


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    users = {
        name(path)
        for path in modules()
        if any(one.split(".")[0] == library for one in imported(path))
    }
    strangers = {user for user in users if not any(user.startswith(door) for door in DOORS[library])}
    assert not strangers


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    documented = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert documented, f"{name(path)} has no docstring"
    assert len(documented.splitlines()[0]) <= 110


def test_every_module_has_its_place() -> None:
    placed = set().union(*LAYERS)
    assert {top(path) for path in modules()} - {"__init__"} <= placed
