"""Rule files are edited while the real service runs, in all the ways that editors and disks have."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from process import RULES, Program, Running, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MORE = '\n[[rules]]\nid = "other"\nname = "Other"\nquery = "weather"\n'


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "desk")


@pytest.fixture
def service(program: Program) -> Iterator[Running]:
    program.configure(feeds=[])
    running = program.start()
    assert running.wait_for("service started")
    yield running
    running.kill()


@pytest.fixture
def file(program: Program, service: Running) -> Path:
    """The rule file of a running service."""
    return program.folder / "rules" / "rules.toml"


def said(service: Running, message: str) -> int:
    return sum(message in one for one in service.messages())


def test_each_save_is_taken_into_force(service: Running, file: Path) -> None:
    for number in range(3):
        file.write_text(RULES + MORE * (number % 2 == 0), encoding="utf-8")
        assert eventually(lambda wanted=number: said(service, "rules reloaded") > wanted)  # type: ignore[misc]

    assert "rules=2" in service.output()
    assert "rules=1" in service.output()


def test_a_save_by_renaming_is_seen(service: Running, file: Path) -> None:
    backup, written = file.with_name("rules.toml~"), file.with_name(".rules.toml.tmp")
    written.write_text(RULES + MORE, encoding="utf-8")
    file.rename(backup)
    os.replace(written, file)  # noqa: PTH105 - as editors do

    assert eventually(lambda: said(service, "rules=2") == 1)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (b"\xff\xfe no UTF-8 \xff", "UTF-8"),
        (b"#" * 10_000_000, "larger than 2,000,000 bytes"),
        (b"", "there is no rule in this folder"),
        (RULES.encode()[:-40], "rules.toml:"),
    ],
    ids=["not UTF-8", "10 MB", "empty", "half written"],
)
def test_a_wrong_file_is_told_once_and_mending_it_too(
    service: Running, file: Path, broken: bytes, told: str
) -> None:
    file.write_bytes(broken)
    assert eventually(lambda: said(service, "the last good ones stay in force") == 1)
    time.sleep(2.5)  # two more looks at a file that is as wrong as before
    assert said(service, "the last good ones stay in force") == 1
    assert told in service.output()

    file.write_text(RULES + MORE, encoding="utf-8")
    assert eventually(lambda: said(service, "rules mended: rules=2") == 1)
    assert "Traceback" not in service.output()


def test_a_folder_that_vanishes_and_returns_is_survived(service: Running, file: Path) -> None:
    away = file.parent.with_name("elsewhere")
    shutil.move(file.parent, away)
    assert eventually(lambda: said(service, "the last good ones stay in force") == 1)

    shutil.move(away, file.parent)
    assert eventually(lambda: said(service, "rules mended: rules=1") == 1)
    assert service.terminate() == 0
