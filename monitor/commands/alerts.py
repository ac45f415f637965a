"""`monitor alerts`: what was promised and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show
from monitor.commands.options import (
    CONFIG,
    FAILED,
    FINE,
    MAX_NUMBER,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    right_now,
    time_of,
)
from monitor.model import Digest, Notice

if TYPE_CHECKING:
    from monitor.model import Content

alerts_cli = typer.Typer(help="Show alerts and send held ones again.", no_args_is_help=True)


@alerts_cli.command("list")
def alerts_list(
    *,
    config: ConfigOption = CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 30,
    undelivered: Annotated[bool, typer.Option(help="Only those not delivered.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List alerts and whether they were delivered."""
    from monitor.store import outbox

    with database_of(load(config)) as database, database.reading() as tx:
        queued = outbox.latest(tx, limit=limit, undelivered=undelivered)
    if as_json:
        show.data([asdict(one) for one in queued])
        return
    now = right_now()
    rows = [
        (
            str(one.id),
            show.Cell(one.state.value, _STATE_STYLES.get(one.state.value, "")),
            one.message.channel,
            show.ago(one.created_at, now=now),
            str(one.attempts),
            one.error,
            _headline(one.message.content),
        )
        for one in queued
    ]
    columns = ("id", "state", "channel", "promised", "tries", "error", "headline")
    show.table(show.plural(len(rows), "alert", "alerts"), columns, rows)


_STATE_STYLES = {
    "sent": "green",
    "parked": "red",
    "dead": "bold red",
    "unknown": "yellow",
    "digested": "dim",
    "muted": "dim",
}


def _headline(content: Content) -> str:
    if isinstance(content, Digest):
        return f"digest of {len(content.alerts)} alerts"
    if isinstance(content, Notice):
        return content.heading
    return content.title


@alerts_cli.command("preview")
def alerts_preview(
    number: Annotated[
        int,
        typer.Argument(
            metavar="ID", min=1, max=MAX_NUMBER, help="As `monitor alerts list` has it."
        ),
    ],
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Print an alert as Slack would show it, as one HTML page: `... preview 12 > alert.html`."""
    from monitor import messages
    from monitor.receivers.slack import preview
    from monitor.store import outbox

    loaded = load(config)
    with database_of(loaded) as database, database.reading() as tx:
        queued = outbox.find(tx, number)
        message = messages.prepared(tx, queued, now=right_now())[0] if queued else None
    if message is None:
        show.fail(f"there is no alert {number}: `monitor alerts list` shows their numbers")
        raise typer.Exit(FAILED)
    service = loaded.service
    show.page(preview.page(message, service=service.name, timezone=service.timezone))


@alerts_cli.command("retry")
def alerts_retry(
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", min=1, max=MAX_NUMBER, help="Default: all that are held."),
    ] = None,
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Send held alerts again: parked, dead, or unclear for long (after mending what held them)."""
    from monitor.store import outbox, pauses

    with database_of(load(config)) as database:
        now = time_of(database)
        with database.transaction() as tx:
            again = outbox.retry(tx, ids or None, now=now)
            pauses.lift(tx, pauses.Cause.CREDENTIALS)
    show.say(f"{again} alerts queued again")
    raise typer.Exit(FAILED if ids and again < len(set(ids)) else FINE)
