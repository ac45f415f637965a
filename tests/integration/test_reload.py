from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fakes import Clock

from monitor.errors import RuleError
from monitor.model import Item, Outlet
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


def settle(reload: Reload) -> None:
    """Two looks find the files alike: whoever wrote them has finished."""
    reload()
    reload()


def test_a_changed_file_is_in_force_when_two_looks_find_it_alike(
    folder: Path, now: datetime
) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").write_text(rule("exchanged"))
    settle(reload)

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
    settle(reload)
    assert matched(reload, "Two captured") == ["a"]

    (folder / "a.toml").write_text(rule("exchanged"))
    settle(reload)
    assert matched(reload, "Two exchanged") == ["a"]


def test_a_file_that_is_being_written_is_not_taken_half_way(folder: Path, now: datetime) -> None:
    (folder / "a.toml").write_text(rule() + rule("exchanged", "b"))
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").write_text(rule())  # valid, and only the first half
    reload()
    assert matched(reload, "Two captured, two exchanged") == ["a", "b"]

    (folder / "a.toml").write_text(rule() + rule("fled", "c"))
    settle(reload)
    assert matched(reload, "Two captured, two exchanged, two fled") == ["a", "c"]


def test_what_is_written_while_it_is_read_is_not_taken(folder: Path, now: datetime) -> None:
    class Editor(Clock):
        """Begins to save between a look at the folder and the reading of its files."""

        text = ""

        def __call__(self) -> datetime:
            if self.text:
                (folder / "a.toml").write_text(self.text)
                self.text = ""
            return super().__call__()

    (folder / "a.toml").write_text(rule() + rule("exchanged", "b"))
    clock = Editor(now)
    reload = Reload(folder, clock=clock)

    (folder / "a.toml").write_text(rule() + rule("exchanged", "b") + rule("fled", "c"))
    reload()
    clock.text = rule()
    reload()
    assert matched(reload, "Two captured, two exchanged, two fled") == ["a", "b"]

    settle(reload)
    assert matched(reload, "Two captured, two exchanged, two fled") == ["a"]


def test_at_midnight_too_a_file_is_not_taken_half_way(folder: Path, now: datetime) -> None:
    clock = Clock(now)
    (folder / "a.toml").write_text(rule() + rule("exchanged", "b"))
    reload = Reload(folder, clock=clock)

    (folder / "a.toml").write_text(rule())
    clock.pass_(86_400)
    reload()

    assert matched(reload, "Two captured, two exchanged") == ["a", "b"]


def test_a_rule_that_can_tell_nothing_is_named(
    folder: Path, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    limits = 'feeds = ["Sample Wire", "tag:korae", "kind:wire", "Daily Sample"]\n'
    (folder / "a.toml").write_text(rule() + limits)
    outlets = [Outlet("Sample wire", kind="wire", tags=("korea",))]

    Reload(folder, clock=Clock(now), outlets=outlets)

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert 'limited to "tag:korae"' in said[0]
    assert 'Did you mean "tag:korea"?' in said[0]
    assert 'limited to "Daily Sample"' in said[1]
    assert "a.toml:5:" in said[0]


# The parser takes time by the square: of the longer key, for ever.
@pytest.mark.parametrize("parts", [3_000, 900_000])
def test_a_key_nested_too_deep_is_a_rule_error(folder: Path, now: datetime, parts: int) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").write_text(f"{'.'.join(['a'] * parts)} = 1\n")
    settle(reload)

    assert matched(reload, "Two captured") == ["a"]


def test_one_wrong_file_keeps_all_others_as_they_were(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "b.toml").write_text(rule("fled", "b"))
    (folder / "a.toml").write_text(rule("exchanged AND"))
    settle(reload)

    assert matched(reload, "Two captured fled") == ["a"]


def test_a_vanished_folder_leaves_the_last_good_rules_in_force(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    (folder / "a.toml").unlink()
    folder.rmdir()
    settle(reload)

    assert matched(reload, "Two captured") == ["a"]


def test_what_an_editor_leaves_about_is_no_rule_file(folder: Path, now: datetime) -> None:
    reload = Reload(folder, clock=Clock(now))

    for name in (".a.toml.swp", "a.toml~", ".#a.toml", "4913"):
        (folder / name).write_text("nonsense = ")
    settle(reload)

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
    settle(reload)

    assert matched(reload, "Two captured") == []


def test_a_file_that_was_emptied_keeps_the_last_good_rules_in_force(
    folder: Path, now: datetime
) -> None:
    (folder / "other.toml").write_text(rule("asylum", "other"))
    reload = Reload(folder, clock=Clock(now))
    (folder / "other.toml").write_text("# nothing\n")

    for _ in range(4):
        reload()

    assert "other" in reload.matcher.rules
    (said,) = reload.problems
    assert said.startswith(f"{folder / 'other.toml'}:1:1: nothing is defined here any more")


def test_a_rule_whose_file_was_deleted_is_named(
    folder: Path, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "other.toml").write_text(rule("asylum", "other"))
    reload = Reload(folder, clock=Clock(now))
    (folder / "other.toml").unlink()

    for _ in range(3):
        reload()

    assert "other" not in reload.matcher.rules
    assert "rules no longer in force: other" in caplog.text


@pytest.mark.parametrize("how", ["dangling", "fifo"])
def test_what_is_called_a_rule_file_and_is_none_is_refused(
    folder: Path, now: datetime, how: str
) -> None:
    odd = folder / "odd.toml"
    if how == "fifo":
        os.mkfifo(odd)
    else:
        odd.symlink_to(folder / "nowhere.toml")

    with pytest.raises(RuleError, match=r"odd\.toml"):
        Reload(folder, clock=Clock(now))


def test_a_folder_without_a_rule_is_refused_at_the_start(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "rules.toml").write_text("")

    with pytest.raises(RuleError, match="there is no rule in this folder"):
        Reload(tmp_path, clock=Clock(now))
