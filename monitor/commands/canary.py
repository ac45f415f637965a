"""`monitor canary`: whether an item gets through, now."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import show
from monitor.commands.options import (
    CONFIG,
    FAILED,
    FINE,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    right_now,
    time_of,
)
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.canary import Step
    from monitor.config import Config
    from monitor.store.database import Database
    from monitor.store.outbox import Queued

_LOOK_S = 0.25


def canary(
    *,
    dry: Annotated[
        bool, typer.Option("--dry", help="Send nothing: end where the ops channel would be told.")
    ] = False,
    wait: Annotated[
        int, typer.Option(min=1, max=3600, help="Seconds that the service has to send it.")
    ] = 60,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Send a made-up item through parsing, matching, grouping and the outbox, to the ops channel.

    The item is undone; only a message to the ops channel stays, which the running service sends.
    Readers' channels see nothing.
    """
    from monitor import canary as room
    from monitor.reload import checked

    loaded = load(config)
    matcher, _ = checked(Path(loaded.rules.path), today=right_now().date())
    why_dry = "asked for by --dry" if dry else _why_dry(loaded)
    steps: list[Step] = []
    error = ""
    with database_of(loaded) as database:
        try:
            for step in room.rehearse(database, matcher, now=time_of(database)):
                steps.append(step)  # noqa: PERF402 - those passed before it got stuck are shown
            if not why_dry:
                steps.append(_delivered(database, loaded, steps, wait=wait))
        except MonitorError as stuck:
            error = str(stuck)
    if as_json:
        rows = [asdict(step) for step in steps]
        show.data({"through": not error, "error": error, "dry": why_dry, "steps": rows})
    else:
        _print(steps, error, why_dry)
    raise typer.Exit(FAILED if error else FINE)


def _why_dry(config: Config) -> str:
    """Why nothing is sent; "" where something is."""
    from monitor.config import receiver_in_use
    from monitor.credentials import load_secrets

    if not config.alerts.ops_channel:
        return "alerts.ops_channel is empty"
    kind, reason = receiver_in_use(config, load_secrets(os.environ))
    if kind == "webhook":
        return "a webhook has one channel only, the readers'"
    return "" if kind == "slack" else f"there is no Slack here: {reason}"


def _delivered(database: Database, config: Config, steps: Sequence[Step], *, wait: int) -> Step:
    """Promise a message to the ops channel and wait until the service has sent it."""
    from monitor import canary as room

    channel = config.alerts.ops_channel
    began = time.monotonic()
    key = room.promise(database, steps, channel=channel, now=time_of(database))
    with show.working(f"waiting until the service tells {channel}"):
        queued = _sent(database, key, until=began + wait)
    if queued is None:
        limit = show.span(timedelta(seconds=wait).total_seconds())
        raise room.Lost(
            f"deliver: the service has not told {channel} within {limit}: is `monitor run` running? "
            "`monitor alerts list --undelivered` shows what waits"
        )
    if queued.error:
        raise room.Lost(f"deliver: {channel} was not told: {queued.error}")
    return room.Step("deliver", f"{channel} was told", time.monotonic() - began)


def _sent(database: Database, key: str, *, until: float) -> Queued | None:
    """The message once it is sent or refused; None where neither comes in time."""
    from monitor.store import outbox
    from monitor.store.outbox import State

    while True:
        with database.reading() as tx:
            queued = outbox.of_key(tx, key)
        if queued and queued.state in {State.SENT, State.PARKED, State.DEAD}:
            return queued
        if time.monotonic() >= until:
            return None
        time.sleep(_LOOK_S)


def _print(steps: Sequence[Step], error: str, why_dry: str) -> None:
    rows = [(step.name, _took(step.seconds), step.said) for step in steps]
    if rows:
        show.table("A made-up item", ("step", "took", "what"), rows)
    if error:
        show.fail(error)
        return
    if why_dry:
        show.say(f"\nit gets as far as the outbox; nothing was sent: {why_dry}", "yellow")
    else:
        show.say("\nit gets through", "green")


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
