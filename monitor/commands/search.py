"""The commands that look back: which stored items a query of the rule language describes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show, urls
from monitor.commands.options import (
    CONFIG,
    ConfigOption,
    DaysOption,
    JsonOption,
    database_of,
    load,
    right_now,
)
from monitor.commands.rules import rules_cli

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.config import Config
    from monitor.rules import Matcher, RuleSet
    from monitor.searching import Hit, Trial

_INDENT = 4
_REACH = 100
"""Characters shown on either side of a word found in a text."""

QueryArgument = Annotated[
    str,
    typer.Argument(metavar="QUERY", help="In the rule language: '@captivity AND Kursk'."),
]
LimitOption = Annotated[
    int, typer.Option(min=1, max=10_000, help="How many to show, newest first.")
]


def search(
    query: QueryArgument,
    *,
    days: DaysOption = 7,
    limit: LimitOption = 30,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Find stored items with a query of the rule language, newest first.

    Names of the rule files may be used. `monitor rules try` counts what a query would bring as a rule.
    """
    from itertools import islice

    from monitor import searching
    from monitor.store import history

    loaded = load(config)
    matcher = _matcher(query, _rules(loaded))
    now = right_now()
    with database_of(loaded) as database:
        stored = history.newest(database, since=now - timedelta(days=days))
        found = list(islice(searching.hits(stored, matcher), limit))
    if as_json:
        show.data([_hit_json(hit) for hit in found])
        return
    for hit in found:
        _show(hit, now)
    reached = f" (the newest {limit}; --limit shows more)" if len(found) == limit else ""
    last = show.plural(days, "day", "days")
    show.warn(f"{show.plural(len(found), 'item', 'items')} of the last {last}{reached}", "dim")


@rules_cli.command("try")
def rules_try(
    query: QueryArgument,
    *,
    days: DaysOption = 30,
    limit: LimitOption = 10,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Count what a query would have matched as a rule, and show the newest of it; changes nothing."""
    from monitor import rules
    from monitor.searching import Trial
    from monitor.store import history

    loaded = load(config)
    rule_set = _rules(loaded)
    matcher, in_force = _matcher(query, rule_set), rules.compile_rules(rule_set)
    now = right_now()
    since = now - timedelta(days=days)
    trial = Trial()
    with database_of(loaded) as database:
        with database.reading() as tx:
            total = history.count(tx, since=since)
        for one in show.progress(history.newest(database, since=since), total):
            trial.add(one, matcher, in_force, limit=limit)
    if as_json:
        counts = {name: getattr(trial, name) for name in ("items", "matched", "unmatched_before")}
        newest = [_hit_json(hit) for hit in trial.newest]
        show.data(counts | {"days": days, "languages": dict(trial.languages), "newest": newest})
        return
    for hit in trial.newest:
        _show(hit, now)
    show.say(_summary(trial, days), "bold")


def _summary(trial: Trial, days: int) -> str:
    items = show.plural(trial.items, "item", "items")
    said = f"{trial.matched} of {items} of the last {show.plural(days, 'day', 'days')} match"
    if not trial.matched:
        return said
    languages = ", ".join(f"{name} {count}" for name, count in trial.languages.most_common())
    return (
        f"{said}, {trial.matched / days:.1f} a day ({languages}); "
        f"{trial.unmatched_before} of them no rule matches now"
    )


def _rules(loaded: Config) -> RuleSet:
    from monitor import rules

    return rules.load(Path(loaded.rules.path))


def _matcher(query: str, rule_set: RuleSet) -> Matcher:
    from monitor.commands.options import MISCONFIGURED
    from monitor.errors import RuleError
    from monitor.rules import adhoc

    try:
        return adhoc.matcher_of(query, rule_set)
    except RuleError as error:
        for problem in error.problems:
            show.fail(str(problem))
            if problem.column:
                show.point_at(query, problem.column - 1)
        raise typer.Exit(MISCONFIGURED) from None


def _show(hit: Hit, now: datetime) -> None:
    from monitor.receivers import telling

    item = hit.stored.item
    language = f" ({item.language})" if item.language else ""
    show.say(
        f"{hit.stored.id}  {show.ago(hit.stored.seen, now=now)}  {item.outlet.name}{language}",
        "dim",
    )
    title = telling.mark(item.title, hit.evidence, "title")
    show.quote(title.text or "(untitled)", title.spans, style="bold", indent=_INDENT)
    for field in ("summary", "content"):
        text = telling.mark(getattr(item, field), hit.evidence, field).around(_REACH)
        if text.spans:
            show.quote(text.text, text.spans, indent=_INDENT)
            break
    if item.url:
        show.address(urls.shown(item.url), indent=_INDENT)


def _hit_json(hit: Hit) -> dict[str, object]:
    item = hit.stored.item
    return {
        "id": hit.stored.id,
        "seen": hit.stored.seen,
        "published": item.published,
        "outlet": item.outlet.name,
        "language": item.language,
        "title": item.title,
        "url": urls.shown(item.url),
        "evidence": [asdict(one) for one in hit.evidence],
    }
