"""The shipped config and rules, and writing them where a person can edit them.

The files are those at the top of the repository: here are links to them, which a wheel turns into copies.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

_CONFIG = "config.example.toml"


def write(folder: Path) -> list[tuple[Path, bool]]:
    """Write config.toml and rules/ into a folder; each file, and whether it was not there yet.

    Raises:
        MonitorError: A file can't be written.
    """
    config = resources.files(__name__) / _CONFIG
    return [_written(config, folder / "config.toml"), *write_rules(folder / "rules")]


def write_rules(folder: Path) -> list[tuple[Path, bool]]:
    """Write the shipped rule files into a folder; each file, and whether it was not there yet.

    Raises:
        MonitorError: A file can't be written.
    """
    rules = resources.files(__name__) / "rules"
    return [_written(file, folder.joinpath(*parts)) for parts, file in _files(rules)]


def _files(folder: Traversable) -> Iterator[tuple[tuple[str, ...], Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            for parts, file in _files(entry):
                yield (entry.name, *parts), file
        elif entry.name.endswith(".toml"):
            yield (entry.name,), entry


def _written(source: Traversable, target: Path) -> tuple[Path, bool]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(source.read_bytes())
    except FileExistsError:
        # Also where a file stands in the way of the folder.
        if not target.is_file():
            raise MonitorError(
                f"{target} cannot be written: {target.parent} is no folder"
            ) from None
        return target, False
    except OSError as error:
        raise MonitorError(f"{target} cannot be written: {error.strerror}") from error
    return target, True
