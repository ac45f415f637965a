"""`monitor explain`: what became of an item and why, or why there is none."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show, urls
from monitor.commands.options import (
    CONFIG,
    FAILED,
    MAX_NUMBER,
    ConfigOption,
    DaysOption,
    JsonOption,
    database_of,
    load,
    right_now,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.explaining import Explanation
    from monitor.model import Line, Notice
    from monitor.rules import Matcher, RuleSet
    from monitor.store.database import Database
    from monitor.store.history import Stored
    from monitor.store.record import Record

_INDENT = 4
_MAX_OTHERS = 20
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_ADDRESS = re.compile(r"\S+://\S+|[\w-]+(\.[\w-]+)+(:\d+)?/\S*")
"""With a scheme, or as people write it: example.org/news/1."""


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="URL|ID|WORDS",
            help="The address of an item, its number, or words of its title in quotes.",
        ),
    ],
    *,
    days: DaysOption = 30,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say what became of an item: where it was seen, what matched, its story, who was told or why not.

    For rules that came near it names the first clause that failed; for an address that no item has,
    the feeds that should have carried it. Words are looked for in titles of the last --days days.
    """
    from monitor import rules
    from monitor.store import record

    what = what.strip()
    loaded = load(config)
    rule_set = rules.load(Path(loaded.rules.path))
    matcher = rules.compile_rules(rule_set)
    now = right_now()
    since = now - timedelta(days=days)
    with database_of(loaded) as database:
        ids, others = _found(database, what, rule_set, since)
        with database.reading() as tx:
            found = record.of_item(tx, ids[0], now=now) if ids else None
        if found is None:
            _explain_missing(database, what, days, now, as_json=as_json)
            raise typer.Exit(FAILED)
    _explain(found, matcher, others, now, as_json=as_json)


def _found(
    database: Database, what: str, rule_set: RuleSet, since: datetime
) -> tuple[list[int], list[Stored]]:
    """The numbers of the items that were meant, newest first; of the others also what they are."""
    from monitor.feeds import identity
    from monitor.store import history, record

    if _is_number(what):
        return [int(what)], []
    if _ADDRESS.fullmatch(what):
        address = urls.with_scheme(what)
        with database.reading() as tx:
            held, _ = record.at_keys(tx, identity.keys_of_address(address))
            written = record.at_address(tx, address, since=since)
            ids = list(dict.fromkeys([*held, *written]))
            others = [one for id_ in ids[1:] if (one := history.find(tx, id_))]
        return ids, others
    stored = _with_words(database, what, rule_set, since)
    return [one.id for one in stored], stored[1:]


def _is_number(what: str) -> bool:
    return _NUMBER.fullmatch(what) is not None and int(what) <= MAX_NUMBER


def _with_words(database: Database, what: str, rule_set: RuleSet, since: datetime) -> list[Stored]:
    from monitor import searching
    from monitor.rules import adhoc
    from monitor.store import history

    query = adhoc.words(what)
    if not query:
        raise typer.BadParameter("write an address, a number, or words of a title")
    hits = searching.hits(history.newest(database, since=since), adhoc.matcher_of(query, rule_set))
    return [hit.stored for hit in islice(hits, _MAX_OTHERS + 1)]


def _explain(
    found: Record, matcher: Matcher, others: Sequence[Stored], now: datetime, *, as_json: bool
) -> None:
    from monitor import explaining, why

    explanation = explaining.explain(found, matcher)
    if as_json:
        show.data(_json(explanation) | {"others": [one.id for one in others]})
        return
    first, *rest = why.of_item(explanation)
    _headline(explanation)
    _lines(first.lines, now)
    for notice in rest:
        _notice(notice, now)
    if others:
        many = f"the newest {_MAX_OTHERS}" if len(others) == _MAX_OTHERS else str(len(others))
        show.say(f"\nOthers that this may mean ({many}): monitor explain ID", "dim")
        for one in others:
            text = f"{one.id}  {show.ago(one.seen, now=now)}  {one.item.outlet.name}: "
            show.quote(text + one.item.title, indent=_INDENT)


def _json(explanation: Explanation) -> dict[str, object]:
    from monitor import why

    shown = replace(explanation.item, url=urls.shown(explanation.item.url))
    made = asdict(replace(explanation, item=shown))
    del made["item"]["keys"]
    return {"answer": why.answer(explanation), **made}


def _headline(explanation: Explanation) -> None:
    from monitor.receivers import telling

    item = explanation.item
    title = telling.mark(item.title, explanation.evidence, "title")
    show.quote(title.text or "(untitled)", title.spans, style="bold")
    if item.url:
        show.address(urls.shown(item.url))


def _explain_missing(
    database: Database, what: str, days: int, now: datetime, *, as_json: bool
) -> None:
    from monitor import unseen, why

    if _ADDRESS.fullmatch(what):
        with database.reading() as tx:
            missing = unseen.of_address(tx, urls.with_scheme(what), now=now)
        if as_json:
            show.data(asdict(missing))
            return
        for notice in why.of_unseen(missing):
            _notice(notice, now)
        return
    if _is_number(what):
        heading = f"there is no item {what}: it is older than the retention, or never was"
    else:
        last = show.plural(days, "day", "days")
        heading = f"no title of the last {last} has all these words: try fewer, or more --days"
    with database.reading() as tx:
        troubled = unseen.troubled(tx, now=now, since=now - timedelta(days=days))
    if as_json:
        show.data({"troubled": [asdict(one) for one in troubled]})
    show.fail(heading)
    if as_json or _is_number(what):
        return
    if troubled:
        show.say("Feeds that may have missed it (an address would say which should have had it):")
    for one in troubled:
        _notice(why.of_carrier(one), now)


def _notice(notice: Notice, now: datetime) -> None:
    show.say("")
    show.quote(notice.heading, style="bold")
    _lines(notice.lines, now)


def _lines(lines: Sequence[Line], now: datetime) -> None:
    for line in lines:
        when = (
            f" {line.since:%Y-%m-%d %H:%M:%S} UTC ({show.ago(line.since, now=now)})"
            if line.since
            else ""
        )
        show.quote(line.text + when, indent=_INDENT)
