"""The commands that silence a story or a rule, and tell of it again."""

from __future__ import annotations

import getpass
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show
from monitor.commands.options import (
    CONFIG,
    FAILED,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    right_now,
    time_of,
)
from monitor.model import Act, Mark, Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from monitor.config import Config
    from monitor.store.database import Transaction

_LONGEST_DAYS = 3_650
_NUMBER = re.compile("[1-9][0-9]{0,17}")
_RuleOption = Annotated[
    str, typer.Option("--rule", metavar="ID", help="A rule, instead of a story.")
]
_ByOption = Annotated[str, typer.Option("--by", help="Who asks; default: your name here.")]


def mute(
    story: Annotated[
        str, typer.Argument(metavar="[STORY|list]", help="A story's number; list shows what is.")
    ] = "",
    *,
    rule: _RuleOption = "",
    for_: Annotated[
        str,
        typer.Option(
            "--for", metavar="TIME", help="30m, 24h, 7d. Default: a story for good, a rule 24h."
        ),
    ] = "",
    by: _ByOption = "",
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Tell nothing new of a story, or nothing of a rule for a while; `mute list` shows what is muted.

    What is held back meanwhile stays readable: `monitor alerts list` has it, with who muted it.
    """
    from monitor.store import mutes

    if story == "list" and not rule:
        _list(load(config), as_json=as_json)
        return
    number = _number(story, rule)
    length = _length(for_ or ("24h" if rule else ""))
    loaded = load(config)
    if rule:
        _require_rule(loaded, rule)
    with database_of(loaded) as database, database.transaction() as tx:
        now = time_of(database)
        target = _current(tx, number) if number else None
        until = now + length if length else None
        act = Act.SNOOZE if rule else Act.MUTE
        mark = Mark(act, Person(by or _me()), now, story=target, rule=rule, until=until)
        mutes.begin(tx, mark)
        _show_on_messages(tx, target, now)
    show.say(f"{_what(mark)} {mark}", "green")


def unmute(
    story: Annotated[str, typer.Argument(metavar="[STORY]", help="A story's number.")] = "",
    *,
    rule: _RuleOption = "",
    config: ConfigOption = CONFIG,
) -> None:
    """Tell of a muted story or a snoozed rule again, from the next report on."""
    from monitor.store import mutes

    number = _number(story, rule)
    with database_of(load(config)) as database, database.transaction() as tx:
        now = time_of(database)
        target = _current(tx, number) if number else None
        was = mutes.lift(tx, story=target, rule=rule, now=now)
        _show_on_messages(tx, target, now)
    what = f"rule {rule}" if rule else f"story {target}"
    if not was:
        show.fail(f"{what} is not muted: monitor mute list shows what is")
        raise typer.Exit(FAILED)
    show.say(f"{what} is told again", "green")


def _show_on_messages(tx: Transaction, story: int | None, now: datetime) -> None:
    from monitor.store import alerts

    if story is not None:
        alerts.refresh(tx, story=story, now=now)


def _list(config: Config, *, as_json: bool) -> None:
    from monitor.store import mutes

    with database_of(config) as database, database.reading() as tx:
        marks = mutes.active(tx, now=right_now())
    if as_json:
        show.data([asdict(mark) for mark in marks])
        return
    show.table(f"{len(marks)} muted", ("what", "by", "until"), list(map(_row, marks)))


def _row(mark: Mark) -> Sequence[str]:
    until = f"{mark.until:%Y-%m-%d %H:%M} UTC" if mark.until else "taken back"
    return _what(mark), mark.by.name, until


def _what(mark: Mark) -> str:
    return f"rule {mark.rule}" if mark.rule else f"story {mark.story}"


def _number(story: str, rule: str) -> int | None:
    """The story's number; None where a rule is named instead.

    Raises:
        BadParameter: Neither is named, both are, or it is no number.
    """
    if rule and story:
        raise typer.BadParameter("name a story or a rule, not both")
    if rule:
        return None
    if not _NUMBER.fullmatch(story):
        raise typer.BadParameter("name a story by its number, or a rule: --rule ID")
    return int(story)


def _length(text: str) -> timedelta | None:
    from monitor.settings import parse_duration

    if not text:
        return None
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"--for: {error}") from None
    if not 0 < length.total_seconds() <= _LONGEST_DAYS * 86_400:
        raise typer.BadParameter("--for: write a time between 1s and 3650d")
    return length


def _require_rule(config: Config, rule: str) -> None:
    from monitor.rules import load as load_rules

    known = load_rules(Path(config.rules.path)).rules
    if rule not in known:
        show.fail(f'there is no rule "{rule}": monitor rules list shows them')
        raise typer.Exit(FAILED)


def _current(tx: Transaction, story: int) -> int:
    from monitor.store import stories

    found = stories.current(tx, story)
    if found is None:
        show.fail(f"there is no story {story}: monitor stories list shows the newest")
        raise typer.Exit(FAILED)
    return found


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody at the command line"
