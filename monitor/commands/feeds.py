"""The commands `monitor feeds ...`: what is followed, finding and adding feeds, OPML."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show, urls
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
    from datetime import datetime

    from monitor.store.feeds import FeedState

feeds_cli = typer.Typer(help="Show, find, add and exchange feeds.", no_args_is_help=True)

UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Address of a feed, or of a page of its site.")
]
TagsOption = Annotated[
    list[str], typer.Option("--tag", metavar="WORD", help="A word for rules; repeatable.")
]


@feeds_cli.command("list")
def feeds_list(*, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List the feeds with their state."""
    from monitor.store import feeds as stored_feeds

    loaded = load(config)
    with database_of(loaded) as database, database.reading() as tx:
        states = stored_feeds.states(tx)
    now = right_now()
    if as_json:
        show.data([_feed_json(state, now) for state in states])
        return
    rows = [
        (
            state.feed.outlet.name,
            state.feed.outlet.language,
            _feed_state(state),
            show.ago(state.last_ok_at, now=now),
            "-" if state.gone_at else show.ago(state.next_poll_at, now=now),
            state.error or _remark(state, now),
            urls.shown(state.feed.url),
        )
        for state in states
    ]
    columns = ("outlet", "lang", "state", "last answer", "next poll", "remark", "address")
    show.table(show.plural(len(rows), "feed", "feeds"), columns, rows)
    waiting = {feed.url for feed in loaded.feeds} - {state.feed.url for state in states}
    if waiting:
        count = show.plural(len(waiting), "feed", "feeds")
        show.warn(f"{count} more from the next start of the service", "yellow")


def _feed_state(state: FeedState) -> show.Cell:
    if state.gone_at:
        return show.Cell("gone", "red")
    if state.failures:
        return show.Cell(f"failing ({state.failures})", "red")
    if state.last_ok_at is None:
        return show.Cell("new", "dim")
    return show.Cell("fine", "green")


def _remark(state: FeedState, now: datetime) -> str:
    """What a person should know of a feed that works."""
    remarks = []
    if state.move.to:
        remarks.append(f"says it moved to {urls.shown(state.move.to)}")
    if silent_since := _silent_since(state, now):
        remarks.append(f"silent for {show.span((now - silent_since).total_seconds())}, unlike it")
    if state.gap_at:
        remarks.append(f"{state.gaps} gaps, entries may have been missed: poll it more often")
    return "; ".join(remarks)


def _silent_since(state: FeedState, now: datetime) -> datetime | None:
    from monitor import unseen

    return unseen.silent_since(state, now)


def _feed_json(state: FeedState, now: datetime) -> dict[str, object]:
    outlet = asdict(state.feed.outlet)
    row = asdict(state) | {"url": urls.shown(state.feed.url), "outlet": outlet}
    del row["feed"], row["rhythm"]
    row["move"] = asdict(state.move) | {"to": urls.shown(state.move.to)}
    row["silent_since"] = _silent_since(state, now)
    return row


@feeds_cli.command("discover")
def feeds_discover(
    url: UrlArgument, *, config: ConfigOption = CONFIG, as_json: JsonOption = False
) -> None:
    """Say which feeds an address leads to, what they carry and which rules would match; add none."""
    """Say which feeds an address leads to, what they carry and which rules would match; add none."""
    from monitor.commands import adding

    raise typer.Exit(FINE if adding.look(url, config, as_json=as_json) else FAILED)


@feeds_cli.command("add")
def feeds_add(
    url: UrlArgument,
    *,
    config: ConfigOption = CONFIG,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The outlet; default: what the feed says.")
    ] = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Two letters; default: what the feed says.")
    ] = "",
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="wire, newspaper, broadcaster, government...")
    ] = "",
    country: Annotated[str, typer.Option(metavar="CODE", help="Two letters, such as KR.")] = "",
    tags: TagsOption = [],  # noqa: B006 - typer's way; never changed
    interval: Annotated[
        str, typer.Option(metavar="TIME", help='Longest time between two polls: "2m".')
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: of several feeds, add the first.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Of several feeds, add all.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a feed, or the feeds that a page names, once they could be read; asks which of several."""
    from monitor.commands import adding

    given = {
        "name": name,
        "language": language,
        "kind": kind,
        "country": country,
        "tags": tags,
        "interval": interval,
    }
    said = {key: one for key, one in given.items() if one}
    ask = not (yes or as_json)
    adding.add(url, said, config, ask=ask, every=every, as_json=as_json)


@feeds_cli.command("import")
def feeds_import(
    file: Annotated[str, typer.Argument(metavar="FILE.opml", help="The list; - is stdin.")],
    *,
    config: ConfigOption = CONFIG,
    tags: TagsOption = [],  # noqa: B006 - typer's way; never changed
    ask: Annotated[
        bool, typer.Option("--online", help="Ask every feed, and skip those that can't be read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add the feeds of an OPML file; its folders become tags. Says what was skipped, and why."""
    from monitor.commands import opml

    fine = opml.take(file, config, tags, ask=ask, as_json=as_json)
    raise typer.Exit(FINE if fine else FAILED)


@feeds_cli.command("export")
def feeds_export(
    file: Annotated[str, typer.Argument(metavar="FILE.opml", help="- is standard output.")] = "-",
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Write the feeds as OPML, for other readers; user names and passwords are left out."""
    from monitor.commands import opml

    opml.give(file, config)
