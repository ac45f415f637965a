"""The commands on stories: what was grouped, why, and an analyst's corrections."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show
from monitor.commands.options import (
    CONFIG,
    FAILED,
    MAX_NUMBER,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    right_now,
)

if TYPE_CHECKING:
    from monitor.store.database import Transaction

stories_cli = typer.Typer(
    help="Show the stories, and correct how they were grouped.", no_args_is_help=True
)


@stories_cli.command("list")
def stories_list(
    *,
    config: ConfigOption = CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List the stories with the newest items."""
    from monitor.store import stories as stored_stories

    with database_of(load(config)) as database, database.reading() as tx:
        found = stored_stories.latest(tx, limit=limit)
    if as_json:
        show.data([asdict(one) for one in found])
        return
    now = right_now()
    rows = [
        (str(one.id), show.ago(one.last_item_at, now=now), str(one.items), one.title)
        for one in found
    ]
    show.table(
        show.plural(len(rows), "story", "stories"),
        ("id", "last item", "items", "first headline"),
        rows,
    )


@stories_cli.command("show")
def stories_show(
    story: Annotated[
        int, typer.Argument(metavar="STORY", min=1, max=MAX_NUMBER, help="Its number.")
    ],
    *,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show the items of a story, and why each is in it."""
    from monitor.store import mutes
    from monitor.store import stories as stored_stories

    now = right_now()
    with database_of(load(config)) as database, database.reading() as tx:
        id_ = _story(tx, story)
        members = stored_stories.members(tx, id_)
        muted = mutes.of_story(tx, id_, now=now)
    if as_json:
        show.data([asdict(one) for one in members])
        return
    rows = [
        (
            str(one.item),
            show.ago(one.added_at, now=now),
            one.outlet,
            one.language,
            one.title,
            f"{one.assignment.reason} ({one.assignment.score:.2f})",
        )
        for one in members
    ]
    show.table(
        f"story {id_}{f', {muted}' if muted else ''}",
        ("item", "seen", "outlet", "lang", "headline", "why"),
        rows,
    )


@stories_cli.command("merge")
def stories_merge(
    story: Annotated[
        int, typer.Argument(metavar="STORY", min=1, max=MAX_NUMBER, help="The one that stays.")
    ],
    other: Annotated[
        int,
        typer.Argument(metavar="OTHER", min=1, max=MAX_NUMBER, help="The one that goes into it."),
    ],
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Say that two stories are one; what comes next joins the first."""
    from monitor import recent
    from monitor.store import stories as stored_stories

    with database_of(load(config)) as database, database.transaction() as tx:
        stored_stories.lock(tx)
        into, gone = _story(tx, story), _story(tx, other)
        if into == gone:
            show.fail(f"{story} and {other} are one story already: {into}")
            raise typer.Exit(FAILED)
        recent.merge(tx, gone, into, by="analyst", now=right_now())
    show.say(f"story {gone} is part of story {into} now", "green")


@stories_cli.command("split")
def stories_split(
    item: Annotated[
        int,
        typer.Argument(
            metavar="ITEM", min=1, max=MAX_NUMBER, help="The item that is another event."
        ),
    ],
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Say that an item is another event: it gets a story of its own, which is never merged back."""
    from monitor.store import stories as stored_stories

    with database_of(load(config)) as database, database.transaction() as tx:
        stored_stories.lock(tx)
        member = stored_stories.of_item(tx, item)
        if member is None:
            show.fail(f"no story holds an item {item}: monitor stories show STORY lists its items")
            raise typer.Exit(FAILED)
        if len(stored_stories.members(tx, member.story)) == 1:
            show.fail(f"item {item} is alone in story {member.story} already")
            raise typer.Exit(FAILED)
        made = stored_stories.split(tx, item, by="analyst", now=right_now())
    show.say(f"item {item} left story {member.story} for a story of its own: {made}", "green")


def _story(tx: Transaction, story: int) -> int:
    from monitor.store import stories as stored_stories

    found = stored_stories.current(tx, story)
    if found is None:
        show.fail(f"there is no story {story}: monitor stories list shows the newest")
        raise typer.Exit(FAILED)
    return found
