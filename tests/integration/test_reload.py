from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import Clock

from monitor.errors import RuleError
from monitor.model import Item
from monitor.reload import Reload

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

RULE = '[[rules]]\nid = "{id}"\nname = "A rule"\nquery = "{query}"\n'
TEST = '[[rules.tests]]\ntitle = "Two captured"\nmatch = true\n'


def rule(query: str = "captured", id_: str = "a") -> str:
    return RULE.format(id=id_, query=query)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.toml").write_text(rule())
    return tmp_path


def matched(reload: Reload, title: str) -> list[str]:
    return [match.rule for match in reload.matcher.match(Item(title))]


def test_a_changed_file_is_in_force_at_the_next_tick(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").write_text(rule("exchanged"))
    reload()

    assert matched(reload, "Two exchanged") == ["a"]
    assert matched(reload, "Two captured") == []


@pytest.mark.parametrize(
    "broken",
    [
        b'[[rules]]\nid = "a"\n',
        b"\xff\xfe not utf-8 \xff",
        b'[[rules]]\nid = "a"\nname = "A',
        (rule() + TEST.replace("true", "false")).encode(),
        b"#" * 11_000_000,
        b"",
    ],
    ids=["half a rule", "not UTF-8", "cut", "its own test fails", "too large", "empty"],
)
def test_a_wrong_file_leaves_the_last_good_rules_in_force(
    folder: Path, now: datetime, broken: bytes
) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").write_bytes(broken)
    reload()
    assert matched(reload, "Two captured") == ["a"]

    (folder / "a.toml").write_text(rule("exchanged"))
    reload()
    assert matched(reload, "Two exchanged") == ["a"]


def test_one_wrong_file_keeps_all_others_as_they_were(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "b.toml").write_text(rule("fled", "b"))
    (folder / "a.toml").write_text(rule("exchanged AND"))
    reload()

    assert matched(reload, "Two captured fled") == ["a"]


def test_a_vanished_folder_leaves_the_last_good_rules_in_force(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").unlink()
    folder.rmdir()
    reload()

    assert matched(reload, "Two captured") == ["a"]


def test_what_an_editor_leaves_about_is_no_rule_file(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    for name in (".a.toml.swp", "a.toml~", ".#a.toml", "4913"):
        (folder / name).write_text("nonsense = ")
    reload()

    assert matched(reload, "Two captured") == ["a"]


def test_wrong_files_at_the_start_are_refused(folder: Path, now: datetime) -> None:
    (folder / "a.toml").write_text(rule("captured AND"))

    with pytest.raises(RuleError):
        Reload(folder, clock=Clock(now))


def test_a_rule_ends_on_its_day(folder: Path, now: datetime) -> None:
    clock = Clock(now)
    (folder / "a.toml").write_text(rule() + f'expires = "{now.date()}"\n' + TEST)
    reload = Reload(folder, clock=clock)
    assert matched(reload, "Two captured") == ["a"]

    clock.pass_(86_400)
    reload()

    assert matched(reload, "Two captured") == []
