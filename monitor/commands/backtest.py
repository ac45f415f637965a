"""`monitor backtest`: what changed rules would have told of the stored items."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import charts, show, urls
from monitor.commands.options import (
    CONFIG,
    FAILED,
    FINE,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    right_now,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from monitor.backtest import Baseline, Difference, Key, Noise, Replay, Shift, Span, Told
    from monitor.config import Config
    from monitor.rules import Matcher
    from monitor.store.database import Database
    from monitor.store.history import Stored

_INDENT = 4
_RULES = 10
"""Rules of which it is said how many alerts they add and lose."""
RECORD = "what was told"


def backtest(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR|FILE]...",
            help="Changed rule files, in place of those of the same name, or a whole folder of them. "
            "Default: the configured ones, against what was told.",
        ),
    ] = None,
    *,
    against: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Rule files to compare with; default: the configured."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How far to look back.")] = 30,
    limit: Annotated[
        int, typer.Option(min=0, max=10_000, help="Examples of each kind, newest first.")
    ] = 5,
    fail_on_loss: Annotated[
        bool,
        typer.Option("--fail-on-loss", help="Exit 1 if a story that was told would be lost."),
    ] = False,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show which alerts changed rules would have added and lost; changes nothing.

    Rule files are compared with the configured ones. With none given, the configured ones are compared
    with what was told in fact.
    """
    loaded = load(config)
    now = right_now()
    rules, other, names = _sides(loaded, files or [], against, today=now.date())
    since = now - timedelta(days=days)
    with database_of(loaded) as database:
        tried = _tried(loaded, database, rules, other, since=since)
        spans = _spans(tried, since, now, loaded)
        examples = _examples(database, tried, rules, limit=limit)
    if as_json:
        show.data(_json(tried, spans, examples, days=days, names=names))
    else:
        _print(tried, spans, examples, days=days, names=names, now=now)
    lost = len(tried.difference.lost_stories)
    if lost and fail_on_loss:
        stories = show.plural(lost, "story that was told", "stories that were told")
        show.fail(f"{stories} would be lost")
    raise typer.Exit(FAILED if lost and fail_on_loss else FINE)


def _sides(
    config: Config, files: Sequence[Path], against: Path | None, *, today: date
) -> tuple[Matcher, Matcher | None, tuple[str, str]]:
    """The rules to try, those to compare with (None: what was told), and what both are called."""
    from monitor.reload import checked

    configured = Path(config.rules.path)
    folders = [file for file in files if file.is_dir()]
    if folders and len(files) > 1:
        raise typer.BadParameter("name one folder, or files")
    folder = folders[0] if folders else configured
    instead = [] if folders else list(files)
    rules, _ = checked(folder, instead=instead, today=today)
    tried = ", ".join(map(str, instead)) or str(folder)
    if against is None and _is_part_of(files, configured):
        return rules, None, (tried, RECORD)
    other, _ = checked(against or configured, today=today)
    return rules, other, (tried, str(against or configured))


def _is_part_of(files: Sequence[Path], folder: Path) -> bool:
    """Whether these files are those of the folder, so that there is nothing to compare them with."""
    whole = folder.resolve()
    return all(file.resolve() == whole or whole in file.resolve().parents for file in files)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of it."""

    items: int
    difference: Difference
    noise: Noise
    rules: dict[str, tuple[int, int]]
    judged: int
    """Alerts that readers found out of place."""


def _tried(
    config: Config,
    database: Database,
    rules: Matcher,
    other: Matcher | None,
    *,
    since: datetime,
) -> _Tried:
    from monitor import backtest as room
    from monitor.store import history, tellings

    replay = room.Replay(
        rules,
        other,
        channel=config.alerts.channel,
        by_severity=config.alerts.routes,
        lookback=config.polling.lookback,
        window=config.stories.window,
    )
    with database.reading() as tx:
        total = history.count(tx, since=since)
        verdicts = tellings.verdicts(tx, since)
        held = tellings.held_back(tx, since)
        told = room.baseline(tellings.since(tx, since), held, since=since)
    for past in show.progress(history.oldest(database, since=since), total):
        replay.add(past)
    difference = _difference(replay, told, other)
    noise = room.noise(difference, verdicts, told.irrelevant)
    judged = sum(one.irrelevant for one in verdicts.values())
    return _Tried(replay.items, difference, noise, room.by_rule(difference), judged)


def _difference(replay: Replay, told: Baseline, other: Matcher | None) -> Difference:
    from monitor import backtest as room

    if other is not None:
        return room.compare(replay.before, replay.after)
    return room.compare(told.told, replay.after, earlier=told.earlier, older=told.older)


def _spans(tried: _Tried, since: datetime, now: datetime, config: Config) -> tuple[Span, ...]:
    from monitor import backtest as room

    timezone = config.service.timezone
    first, last = since.astimezone(timezone).date(), now.astimezone(timezone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return room.volume(tried.difference, days, timezone=timezone)


@dataclass(frozen=True, slots=True)
class _Example:
    """One alert with its item, and why it comes or goes."""

    key: Key
    told: Told
    stored: Stored | None
    """None where it was deleted meanwhile."""
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Examples:
    added: tuple[_Example, ...]
    lost: tuple[_Example, ...]
    changed: tuple[_Example, ...]


def _examples(database: Database, tried: _Tried, rules: Matcher, *, limit: int) -> _Examples:
    difference = tried.difference

    def example(key: Key, told: Told, shift: Shift | None = None) -> _Example:
        stored = _stored(database, key, told)
        if shift is not None:
            why = _shifted(shift)
        elif stored is None:
            why = ()
        else:
            why = tuple(_why(stored, told, rules, key))
        return _Example(key, told, stored, why)

    return _Examples(
        tuple(example(*one) for one in difference.added[:limit]),
        tuple(example(*one) for one in difference.lost[:limit]),
        tuple(example(one.key, one.told, one) for one in difference.changed[:limit]),
    )


def _stored(database: Database, key: Key, told: Told) -> Stored | None:
    from monitor.store import history

    with database.reading() as tx:
        if told.item:
            return history.find(tx, told.item)
        return history.first_of(tx, key.story, told.rules)


def _why(stored: Stored, told: Told, rules: Matcher, key: Key) -> Iterable[str]:
    """Of each rule of the alert, what it finds or the clause that fails now."""
    found = {one.rule: one for one in rules.explain(stored.item)}
    for rule in sorted(told.rules):
        explained = found.get(rule)
        if explained is None:
            yield f"{rule}: there is no such rule any more"
        elif not explained.matched:
            yield f"{rule}: {explained.failed}: {explained.cause}"
        elif explained.evidence:
            words = dict.fromkeys(one.text for one in explained.evidence)
            goes = rules.rules[rule].channels
            elsewhere = (
                f", but goes to {', '.join(goes)}" if goes and key.channel not in goes else ""
            )
            yield f"{rule}: “{'”, “'.join(words)}”{elsewhere}"


def _shifted(shift: Shift) -> tuple[str, ...]:
    gained = [f"also {rule}" for rule in sorted(shift.gained)]
    return (*gained, *(f"no longer {rule}" for rule in sorted(shift.lost)))


def _print(
    tried: _Tried,
    spans: Sequence[Span],
    examples: _Examples,
    *,
    days: int,
    names: tuple[str, str],
    now: datetime,
) -> None:
    difference = tried.difference
    items = show.plural(tried.items, "item", "items")
    show.say(f"{names[0]} against {names[1]}: {items} of {show.plural(days, 'day', 'days')}\n")
    if difference.before or difference.after:
        _chart(spans)
    for title, found, all_ in (
        ("Added", examples.added, len(difference.added)),
        ("Lost", examples.lost, len(difference.lost)),
        ("Told for other rules", examples.changed, len(difference.changed)),
    ):
        _print_examples(title, found, all_, now=now)
    if not difference.is_none and len(tried.rules) > 1:
        rows = [(rule, f"+{more}", f"-{less}") for rule, (more, less) in tried.rules.items()]
        show.say("")
        show.table("By rule", ("rule", "added", "lost"), rows[:_RULES])
        if len(rows) > _RULES:
            show.say(f"and {len(rows) - _RULES} more rules", "dim")
    show.say("")
    for line in _summary(tried, days):
        show.say(line, "bold")


def _chart(spans: Sequence[Span]) -> None:
    first = next((index for index, span in enumerate(spans) if _alerts_in(span)), 0)
    most = max(map(_alerts_in, spans))
    rows = []
    for span in spans[first:]:
        counts = (span.kept, span.added, span.lost)
        changed = f"{f'+{span.added}' if span.added else ''} {f'-{span.lost}' if span.lost else ''}"
        rows.append(
            show.Bar(
                f"{span.first:%d %b}",
                str(span.kept + span.added),
                charts.stacked(counts, most=most, width=show.BAR),
                changed.strip(),
            )
        )
    show.bars(rows, ("█", "▓", "░"), ("", "green", "red"))
    legend = "a line is a week; " if _is_weekly(spans) else ""
    legend += f"none before {spans[first].first:%d %b}; " if first else ""
    show.say(f"{legend}█ alerts as before  ▓ added  ░ lost", "dim")


def _alerts_in(span: Span) -> int:
    return span.kept + span.added + span.lost


def _is_weekly(spans: Sequence[Span]) -> bool:
    return len(spans) > 1 and (spans[1].first - spans[0].first).days > 1


def _print_examples(title: str, found: Sequence[_Example], total: int, *, now: datetime) -> None:
    if not found:
        return
    shown = f" ({len(found)} of {total})" if len(found) < total else f" ({total})"
    show.say(f"\n{title}{shown}", "bold")
    for one in found:
        when = show.ago(one.told.at, now=now)
        outlet = f"  {one.stored.item.outlet.name}" if one.stored else ""
        show.say(show.printable(f"  {when}  {one.key.channel}{outlet}"), "dim")
        title_ = one.stored.item.title if one.stored else "(its item was deleted)"
        show.quote(title_ or "(untitled)", indent=_INDENT)
        for why in one.why:
            show.quote(why, style="dim", indent=_INDENT)


def _summary(tried: _Tried, days: int) -> Iterable[str]:
    difference, noise = tried.difference, tried.noise
    before, after = len(difference.before), len(difference.after)
    yield (
        f"{show.plural(before, 'alert', 'alerts')} before, {after} after "
        f"({before / days:.1f} and {after / days:.1f} a day): "
        f"{len(difference.added)} added, {len(difference.lost)} lost, "
        f"{len(difference.changed)} told for other rules"
    )
    if difference.lost_stories:
        lost = show.plural(len(difference.lost_stories), "story", "stories")
        yield f"{lost} would not be told at all any more"
    if difference.moved:
        moved = show.plural(len(difference.moved), "story", "stories")
        yield f"of these, {moved} would only go to another channel"
    if not tried.judged:
        yield "noise: nobody has marked an alert as not relevant yet"
        return
    if difference.added:
        guess = f"noise: about {noise.expected:g} of the added would be marked as not relevant"
        told = f"; of {noise.unknown} their rules told too little to say" if noise.unknown else ""
        yield guess + told
    if difference.lost:
        yield f"noise: {noise.spared} of the lost were marked as not relevant"


def _json(
    tried: _Tried,
    spans: Sequence[Span],
    examples: _Examples,
    *,
    days: int,
    names: tuple[str, str],
) -> dict[str, object]:
    difference = tried.difference
    return {
        "rules": names[0],
        "against": names[1],
        "days": days,
        "items": tried.items,
        "alerts_before": len(difference.before),
        "alerts_after": len(difference.after),
        "alerts_added": len(difference.added),
        "alerts_lost": len(difference.lost),
        "alerts_changed": len(difference.changed),
        "stories_lost": len(difference.lost_stories),
        "stories_moved": len(difference.moved),
        "noise": asdict(tried.noise) if tried.judged else None,
        "by_rule": {rule: {"added": a, "lost": b} for rule, (a, b) in tried.rules.items()},
        "volume": [asdict(span) | {"first": span.first.isoformat()} for span in spans],
        "added": [_example_json(one) for one in examples.added],
        "lost": [_example_json(one) for one in examples.lost],
        "changed": [_example_json(one) for one in examples.changed],
    }


def _example_json(one: _Example) -> dict[str, object]:
    item = one.stored.item if one.stored else None
    return {
        "story": one.key.story if one.key.story > 0 else None,
        "channel": one.key.channel,
        "rules": sorted(one.told.rules),
        "at": one.told.at,
        "item": one.stored.id if one.stored else None,
        "outlet": item.outlet.name if item else "",
        "language": item.language if item else "",
        "title": item.title if item else "",
        "url": urls.shown(item.url) if item else "",
        "why": list(one.why),
    }
