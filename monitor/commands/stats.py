"""`monitor stats` and `monitor rules stats`: what was done, how fast, and what each rule is good for."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import charts, show
from monitor.commands.options import CONFIG, ConfigOption, JsonOption, database_of, load, right_now
from monitor.commands.rules import rules_cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.config import Config
    from monitor.stats import Delay, FeedDelays, RuleFigures
    from monitor.store.figures import Counts

DaysOption = Annotated[int, typer.Option(min=1, max=36_500, help="How far to look back.")]


def stats(
    *,
    days: DaysOption = 30,
    limit: Annotated[
        int, typer.Option(min=0, max=100_000, help="Feeds to list, those with most items first.")
    ] = 20,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show items, matches and alerts by day, and how late feeds are seen and alerts delivered."""
    from monitor import stats as room
    from monitor.store import figures

    loaded = load(config)
    moments = room.moments(right_now(), days, timezone=loaded.service.timezone)
    with database_of(loaded) as database, database.reading() as tx:
        counts = figures.between(tx, moments)
        since = moments[0]
        delays = room.feed_delays(
            figures.arrivals(tx, since=since), figures.deliveries(tx, since=since)
        )
    if as_json:
        volume = [
            {"from": moment} | asdict(one) for moment, one in zip(moments, counts, strict=False)
        ]
        feeds = [asdict(one) for one in delays[1 : limit + 1]]
        show.data({"days": days, "volume": volume, "all": asdict(delays[0]), "feeds": feeds})
        return
    _show_volume(counts, days)
    _show_delays(delays, limit)


def _show_volume(counts: Sequence[Counts], days: int) -> None:
    from monitor.stats import MOST_POINTS

    weeks = ", a bar is a week" if days > MOST_POINTS else ""
    show.say(f"The last {show.plural(days, 'day', 'days')}{weeks}", "bold")
    for name in ("items", "matched", "alerts"):
        values = [getattr(one, name) for one in counts]
        total = sum(values)
        line = f"{name:8} {charts.sparkline(values)}  {total:,}"
        show.say(f"{line}, {total / days:,.1f} a day")


def _show_delays(delays: Sequence[FeedDelays], limit: int) -> None:
    rows = [
        (
            one.feed or "all feeds",
            f"{one.items:,}",
            *_delay(one.seen),
            *_delay(one.delivered),
        )
        for one in delays[: limit + 1]
    ]
    show.say("")
    columns = ("feed", "items", "seen after", "95 %", "told after", "95 %")
    show.table("Delays", columns, rows)
    more = len(delays) - 1 - limit
    if more > 0:
        show.say(f"and {show.plural(more, 'feed', 'feeds')} more (--limit)", "dim")
    show.say(
        "seen after: from the publisher's date until we had it; told after: from then until the "
        "alert was delivered. Median, and what 95 % did not exceed.",
        "dim",
    )
    undated = delays[0].undated
    if undated:
        show.say(f"{show.plural(undated, 'item has', 'items have')} no date", "dim")


def _delay(found: Delay | None) -> tuple[str, str]:
    return (show.span(found.median), show.span(found.most)) if found else ("-", "-")


@rules_cli.command("stats")
def rules_stats(
    rule: Annotated[
        str, typer.Argument(metavar="[RULE]", help="Only this rule, with all its words.")
    ] = "",
    *,
    days: DaysOption = 30,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show what each rule found and told, what readers said of it, and which words are of no use."""
    loaded = load(config)
    now = right_now()
    found, first = _figures(loaded, days, now)
    if rule:
        found = [one for one in found if one.rule == rule]
        if not found:
            known = "`monitor rules list` shows all"
            raise typer.BadParameter(f'there is no rule "{rule}": {known}')
    if as_json:
        show.data([_rule_json(one) for one in found])
        return
    if rule:
        _show_rule(found[0], days)
    else:
        _show_rules(found, days, now)
    if first and now - first < timedelta(days=days - 1):
        show.say(f"\nthe first item of that time came {show.ago(first, now=now)}", "dim")


def _figures(loaded: Config, days: int, now: datetime) -> tuple[list[RuleFigures], datetime | None]:
    from monitor import rules as rules_room
    from monitor import stats as room
    from monitor.rules.coverage import coverage
    from monitor.store import figures

    rule_set = rules_room.load(Path(loaded.rules.path))
    outlets = [feed.to_feed().outlet for feed in loaded.feeds]
    timezone = loaded.service.timezone
    since = now - timedelta(days=days)
    with database_of(loaded) as database, database.reading() as tx:
        found = room.rule_figures(
            rule_set,
            coverage(rule_set, outlets),
            figures.found(tx, since=since),
            figures.told(tx, since=since),
            today=now.astimezone(timezone).date(),
            timezone=timezone,
        )
        return found, figures.first_item(tx, since=since)


def _show_rules(found: Sequence[RuleFigures], days: int, now: datetime) -> None:
    rows = [
        (
            one.rule,
            f"{one.matches:,}",
            f"{one.stories:,}",
            f"{one.alerts:,}",
            _share(one),
            show.ago(one.last, now=now) if one.last else f"not in {days} d",
        )
        for one in found
    ]
    columns = ("rule", "matches", "stories", "alerts", "not relevant", "last match")
    show.table(f"{show.plural(len(rows), 'rule', 'rules')}, {days} days", columns, rows)
    remarks = [remark for one in found for remark in _remarks(one)]
    if remarks:
        show.say("")
    for remark in remarks:
        show.say(show.printable(remark), "yellow")
    dead = ", ".join(f"{one.rule} {len(one.dead)} of {one.words}" for one in found if one.dead)
    if dead:
        show.say(f"\nnames and words that found nothing: {dead}", "dim")
        show.say("`monitor rules stats RULE` lists them", "dim")


def _share(one: RuleFigures) -> str:
    return f"{one.irrelevant} ({one.share:.0%})" if one.irrelevant else "-"


def _remarks(one: RuleFigures) -> Iterable[str]:
    """What should make somebody look at a rule."""
    if one.silent_days:
        quiet = show.plural(one.silent_days, "day", "days")
        yield f"{one.rule}: silent for {quiet}, unlike it"
    for term, name, alerts, out_of_place in one.noisy:
        where = "" if name == term else f" ({term})"
        yield f"{one.rule}: “{name}”{where} is noisy: {out_of_place} of {alerts} alerts not relevant"
    yield from (f"{one.rule}: {remark}" for remark in _coverage(one))


def _coverage(one: RuleFigures) -> Iterable[str]:
    if one.coverage is None:
        return
    if one.coverage.blind:
        yield f"feeds in {', '.join(one.coverage.blind)}, and no words to find anything there"
    if one.coverage.blind_countries:
        yield f"no words for any feed of {', '.join(one.coverage.blind_countries)}"
    if one.coverage.unfed:
        yield f"words in {', '.join(one.coverage.unfed)}, and no feed"


def _show_rule(one: RuleFigures, days: int) -> None:
    last = show.plural(days, "day", "days")
    show.say(show.printable(f"{one.rule}: {one.name}, {last}"), "bold")
    show.say(
        f"{show.plural(one.matches, 'match', 'matches')}, "
        f"{show.plural(one.stories, 'story', 'stories')}, "
        f"{show.plural(one.alerts, 'alert', 'alerts')}, not relevant: {_share(one)}"
    )
    if one.languages:
        said = ", ".join(f"{language} {count}" for language, count in one.languages.most_common())
        show.say(f"languages: {show.printable(said)}")
    for remark in _remarks(one):
        show.say(show.printable(remark.removeprefix(f"{one.rule}: ")), "yellow")
    if one.terms:
        rows = [(term, name, str(count)) for (term, name), count in one.terms.most_common()]
        show.say("")
        show.table("found", ("term", "name or word", "matches"), rows)
    if one.dead:
        show.say(f"\nfound nothing ({len(one.dead)} of {one.words})", "bold")
        grouped: dict[tuple[str, str], list[str]] = {}
        for term, language, name in one.dead:
            grouped.setdefault((term, language), []).append(name)
        for (term, language), names in grouped.items():
            label = f"{term} {language}".strip() if term.startswith("@") else "query"
            show.quote(f"{label}: {', '.join(names)}", indent=2)


def _rule_json(one: RuleFigures) -> dict[str, object]:
    coverage = one.coverage
    return {
        "rule": one.rule,
        "name": one.name,
        "matches": one.matches,
        "stories": one.stories,
        "alerts": one.alerts,
        "not_relevant": one.irrelevant,
        "not_relevant_share": round(one.share, 4),
        "last_match": one.last,
        "silent_days": one.silent_days,
        "languages": dict(Counter(one.languages).most_common()),
        "terms": [
            {"term": term, "name": name, "matches": count}
            for (term, name), count in one.terms.most_common()
        ],
        "dead": [
            {"term": term, "language": language, "name": name} for term, language, name in one.dead
        ],
        "noisy": [
            {"term": term, "name": name, "alerts": alerts, "not_relevant": marked}
            for term, name, alerts, marked in one.noisy
        ],
        "coverage": asdict(coverage) if coverage else None,
    }
