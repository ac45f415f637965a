"""Feeds in files of their own: the folder of feed lists beside the config, and adding to them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from monitor import credentials, toml, urls
from monitor.errors import ConfigError, MonitorError, Problem
from monitor.feeds.settings import FeedSettings
from monitor.problems import in_order
from monitor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.toml import Positions

MAX_SIZE = 4_000_000
"""Of one file, in bytes: about 20,000 feeds."""
MAX_FILES = 1_000

_DROPPINGS = (".", "~", "#")
_HEADER = """\
# Feeds to follow, beside those of the config file. Edit it as you like: the keys are those of
# [[feeds]] in docs/configuration.md, and `monitor check` says what is wrong.
"""


class FeedList(Settings):
    """Everything that a feed list can say."""

    feeds: tuple[FeedSettings, ...] = Field(
        default=(), strict=False, description="The feeds to follow."
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A feed, and where it is written."""

    feed: FeedSettings
    file: str
    index: int
    positions: Positions

    @property
    def at(self) -> tuple[int, int]:
        """Line and column of its address; looked up only when asked for."""
        return self.positions.value(("feeds", self.index, "url"))

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.at[0]}"


def folder_of(named: str) -> Path:
    """The folder of feed lists that `polling.feed_lists` names.

    Raises:
        ConfigError: It names none.
    """
    if not named:
        cause = "there is no folder that feeds could be added to"
        raise ConfigError(
            [Problem("polling.feed_lists", None, None, cause, 'Name one, such as "feeds"')]
        )
    return Path(named)


def placed(feeds: Iterable[FeedSettings], positions: Positions, file: str) -> list[Placed]:
    """The feeds of one file with their places."""
    return [Placed(feed, file, index, positions) for index, feed in enumerate(feeds)]


def read(folder: Path) -> tuple[list[Placed], list[Problem]]:
    """The feeds of every `*.toml` under a folder, and everything that is wrong there.

    A folder that is not there holds none.
    """
    try:
        files = _files(folder)
    except OSError as error:
        cause = f"the feed lists can't be read: {(error.strerror or 'unknown').lower()}"
        return [], [Problem(str(folder), None, None, cause, "Check the path and the permissions")]
    if len(files) > MAX_FILES:
        cause = f"there are more than {MAX_FILES} feed lists in this folder"
        remedy = "Put several into one file, or name another folder in polling.feed_lists"
        return [], [Problem(str(folder), None, None, cause, remedy)]
    feeds: list[Placed] = []
    problems: list[Problem] = []
    for file in files:
        try:
            feeds += _read(file)
        except ConfigError as error:
            problems += sorted(error.problems, key=in_order)
    return feeds, problems


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise NotADirectoryError(20, "it is no folder")
    found = [file for file in folder.rglob("*.toml") if not _is_dropping(file.relative_to(folder))]
    return sorted(file for file in found if not file.is_dir())


def _is_dropping(file: Path) -> bool:
    """Hidden files and what editors leave behind."""
    return any(part.startswith(_DROPPINGS) for part in file.parts)


def _read(file: Path) -> list[Placed]:
    return _checked(toml.read(file, limit=MAX_SIZE), str(file))


def _checked(text: str, file: str) -> list[Placed]:
    values, positions = toml.parse(text, file)
    problems = list(credentials.leaks(values, positions, file))
    try:
        feeds = FeedList.model_validate(values).feeds
    except ValidationError as error:
        leaking = {problem.line for problem in problems}
        wrong = toml.problems_of(error, positions, file, model=FeedList)
        problems += [problem for problem in wrong if problem.line not in leaking]
    if problems:
        raise ConfigError(problems)
    return placed(feeds, positions, file)


def repeated(feeds: Iterable[Placed]) -> list[Problem]:
    """Feeds that are there twice: whose name would their items get?"""
    first: dict[str, Placed] = {}
    problems = []
    for one in feeds:
        # Not urls.canonical: what makes two articles one may choose between two feeds of a site.
        before = first.setdefault(urls.without_scheme(one.feed.url), one)
        if before is one:
            continue
        line, column = one.at
        if before.file == one.file:
            cause = f"this feed is here twice, on line {before.at[0]} and on line {line}"
        else:
            cause = f"this feed stands in {before.where} too"
        problems.append(Problem(one.file, line, column, cause, "Delete one of the two"))
    return problems


def alike(feeds: Iterable[Placed]) -> list[Problem]:
    """Feeds that are probably there twice, in two spellings of one address."""
    first: dict[str, Placed] = {}
    problems = []
    for one in feeds:
        before = first.setdefault(urls.canonical(one.feed.url), one)
        if before is not one:
            cause = f"this feed is probably the one of {before.where}"
            remedy = "Delete one of the two if both bring the same"
            problems.append(Problem(one.file, *one.at, cause, remedy))
    return problems


def append(file: Path, feeds: Sequence[FeedSettings]) -> None:
    """Write feeds at the end of a feed list, which is made where it is missing; the rest of it stays.

    Raises:
        ConfigError: What is there is no feed list, or would be none with these feeds.
        MonitorError: The file can't be written; it is as it was.
    """
    before = toml.read(file, limit=MAX_SIZE) if file.exists() else _HEADER
    _checked(before, str(file))
    text = "\n".join([before.rstrip("\n") + "\n", *map(_block, feeds)])
    if len(text.encode()) > MAX_SIZE:
        raise MonitorError(f"{file} would be larger than {MAX_SIZE:,} bytes with these feeds")
    try:
        toml.parse(text, str(file))
    except ConfigError:
        cause = "its feeds are not written as [[feeds]], so none can be added at its end"
        problem = Problem(str(file), None, None, cause, "Write them so, or rename the file")
        raise ConfigError([problem]) from None
    # A feed may call itself what no config may hold.
    _checked(text, str(file))
    _replace(file, text)


def _block(feed: FeedSettings) -> str:
    """The feed as a person would write it: what is the default is left out."""
    values = feed.model_dump(exclude_defaults=True)
    return "".join(
        ["[[feeds]]\n", *(f"{key} = {_value(value)}\n" for key, value in values.items())]
    )


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # The escapes of JSON are escapes of TOML, which wants one more.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(file: Path, text: str) -> None:
    """All of it or nothing, also when the power fails."""
    target = file.resolve()  # a link stays a link
    made = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, made)
        else:
            Path(made).chmod(0o666 & ~_umask())
        Path(made).replace(target)
    except OSError as error:
        if made:
            with contextlib.suppress(OSError):
                Path(made).unlink()
        reason = (error.strerror or "unknown").lower()
        raise MonitorError(f"{file} cannot be written: {reason}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
