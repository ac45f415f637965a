"""The commands. Each reads its arguments, calls one thing, prints the answer and sets the exit code.

0: fine; 1: the check failed or work could not be done; 2: wrong usage or configuration.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import __version__, log, show, signals, urls
from monitor.commands.alerts import alerts_cli
from monitor.commands.backtest import backtest
from monitor.commands.canary import canary
from monitor.commands.database import db_cli
from monitor.commands.explain import explain
from monitor.commands.feeds import feeds_cli
from monitor.commands.mute import mute, unmute
from monitor.commands.options import (
    CONFIG,
    FAILED,
    FINE,
    MISCONFIGURED,
    ConfigOption,
    load,
    load_placed,
    right_now,
)
from monitor.commands.rules import rules_cli
from monitor.commands.search import search
from monitor.commands.stats import stats
from monitor.commands.stories import stories_cli
from monitor.errors import ConfigError, MonitorError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.app import Ended
    from monitor.config import Config
    from monitor.credentials import Secrets

cli = typer.Typer(
    help="Watches news feeds and tells a team on Slack, once per story, when something they follow "
    "is reported.\n\nFirst look: `monitor demo`. To begin: `monitor init`, then `monitor run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.add_typer(rules_cli, name="rules")
cli.add_typer(feeds_cli, name="feeds")
cli.add_typer(alerts_cli, name="alerts")
cli.add_typer(stories_cli, name="stories")
cli.add_typer(db_cli, name="db")
cli.command("explain")(explain)
cli.command("search")(search)
cli.command("backtest")(backtest)
cli.command("stats")(stats)
cli.command("canary")(canary)
cli.command("mute")(mute)
cli.command("unmute")(unmute)


def main() -> None:
    """Run the command line; the entry point of `monitor` and `python -m monitor`."""
    show.in_utf_8()
    try:
        try:
            cli(prog_name="monitor")
        finally:
            if sys.stdout:  # None where it was closed before we came
                sys.stdout.flush()
    except ConfigError as error:
        for problem in error.problems:
            show.fail(str(problem))
        sys.exit(MISCONFIGURED)
    except MonitorError as error:
        show.fail(log.masked(str(error)))
        sys.exit(FAILED)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`monitor match | head`).
        _give_up_output()
        sys.exit(FAILED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _give_up_output()
        show.fail("the output can't be written: its disk is full")
        sys.exit(FAILED)


def _give_up_output() -> None:
    """Or the interpreter tries once more at its end, and fails in words of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        show.say(f"monitor {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""
    if context.invoked_subcommand != run.__name__:
        signals.as_usual()


@cli.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.")] = Path(),
) -> None:
    """Write a commented config.toml and the shipped rules; never overwrites."""
    from monitor import example

    for path, written in example.write(folder):
        show.say(f"{'wrote' if written else 'kept '} {path}", "" if written else "dim")
    show.say(f"\nNext: edit {folder / 'config.toml'}, then `monitor check`, then `monitor run`.")


@cli.command("demo")
def demo_command(
    *,
    seconds: Annotated[
        float, typer.Option(help="How long to run; 0 runs until Ctrl-C.", min=0, max=86_400)
    ] = 45,
) -> None:
    """Run the whole service on sample feeds: alerts within seconds, no account, no network."""
    from monitor import demo

    raise typer.Exit(demo.run(seconds))


@cli.command()
def run(
    *,
    config: ConfigOption = CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="Poll every feed now, deliver, and end.")
    ] = False,
) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    from monitor import app
    from monitor.credentials import load_secrets

    stopping = signals.taken()
    log.set_up()
    loaded, secrets = load(config), load_secrets(os.environ)
    receiver = app.make_receiver(loaded, secrets)
    ear = None if once else app.make_ear(loaded, secrets)
    with app.Service(
        loaded, receiver, ear=ear, token=secrets.web_token, file=str(config), listens=not once
    ) as service:
        stopping.by(service.stop)
        if not once:
            service.run()
            return
        ended = service.once()
    show.warn(_ended(ended))
    raise typer.Exit(FAILED if ended.failing or ended.left else FINE)


def _ended(ended: Ended) -> str:
    """What a single run left undone, and why."""
    left = sum(held.number for held in ended.left)
    lines = [f"feeds failing: {ended.failing}; messages not delivered: {left}"]
    for held in ended.left:
        why = f": {held.error}" if held.error else ""
        lines.append(f"  {held.number} {held.state} for {held.channel}{why}")
    return "\n".join(lines)


@cli.command()
def check(
    *,
    config: ConfigOption = CONFIG,
    ask: Annotated[
        bool, typer.Option("--online", help="Also ask Slack, channel by channel, and every feed.")
    ] = False,
) -> None:
    """Check the config, the feed lists, the secrets, and the rule files with their tests."""
    from monitor import config as configuration
    from monitor import feedlists
    from monitor.credentials import load_secrets
    from monitor.reload import checked

    loaded, placed = load_placed(config)
    secrets = load_secrets(os.environ)
    kind, reason = configuration.receiver_in_use(loaded, secrets)
    folder = Path(loaded.rules.path)
    outlets = [feed.to_feed().outlet for feed in loaded.feeds]
    matcher, silent = checked(folder, today=right_now().date(), outlets=outlets)
    lists = {one.file for one in placed} - {str(config)}
    listed = f", some of them in {loaded.polling.feed_lists}" if lists else ""
    show.say(f"config   fine: {config}, {len(placed)} feeds{listed}")
    for warning in feedlists.alike(placed):
        show.warn(str(warning), "yellow")
    show.say(f"receiver {kind}: {reason}")
    show.say(f"rules    fine: {folder}, {len(matcher.rules)} rules, all their tests pass")
    for warning in silent:
        show.warn(str(warning), "yellow")
    channels = [name for rule in matcher.rules.values() for name in rule.channels]
    if ask and not _check_online(loaded, secrets, channels):
        raise typer.Exit(FAILED)


def _check_online(config: Config, secrets: Secrets, channels: Sequence[str]) -> bool:
    from monitor import app, online
    from monitor.feeds.reading import Reading

    receiver = app.make_receiver(config, secrets)
    ear = app.make_ear(config, secrets)
    fine, said = online.slack(receiver, buttons=ear is not None)
    show.say(f"slack    {said}", "" if fine else "red")
    if fine:
        alerts = config.alerts
        routed = [name for names in alerts.by_severity.values() for name in names]
        used = [alerts.channel, *routed, *channels, *alerts.digests, alerts.ops_channel]
        for what, (good, said) in {
            "channels": online.channels(receiver, filter(None, used)),
            "messages": online.layout(receiver),
        }.items():
            show.say(f"{what} {said}", "" if good else "red")
            fine = fine and good
    receiver.close()
    if ear:
        hears, said = online.listening(ear)
        show.say(f"buttons  {said}", "" if hears else "red")
        fine = fine and hears
    feeds = [feed.to_feed() for feed in config.feeds]
    failed = 0
    with app.make_fetcher(config) as fetcher, Reading() as reading:
        for feed, readable, what in show.progress(
            online.feeds(feeds, fetcher, reading), len(feeds)
        ):
            failed += not readable
            where = "" if readable else f" ({urls.shown(feed.url)})"
            show.say(f"feed     {feed.outlet.name}: {what}{where}", "" if readable else "red")
    show.say(f"feeds    {len(feeds) - failed} of {len(feeds)} can be read", "red" if failed else "")
    return fine and not failed


@cli.command("health")
def health_command(*, config: ConfigOption = CONFIG) -> None:
    """Ask the running service whether it works (what the container's health check does).

    Fails where the service fails. What only waits for somebody to mend it elsewhere (a token that
    Slack refuses, an archived channel) is said and is no failure: a restart would mend nothing.
    """
    from monitor import health

    listen = load(config).web.listen
    if not listen:
        # No failure: a container without an address would be restarted for ever.
        show.warn('web.listen is "": the service answers nobody, so nobody knows how it is')
        return
    report = health.ask(listen)
    for line in report.failing:
        show.fail(line)
    for line in report.degraded:
        show.warn(f"degraded: {line}", "yellow")
    if not (report.failing or report.degraded):
        show.say("fine")
    raise typer.Exit(FAILED if report.failing else FINE)


@cli.command()
def match(
    items: Annotated[
        str,
        typer.Argument(metavar="ITEMS.jsonl", help="Items, one JSON object a line; - is stdin."),
    ],
    *,
    rules: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Rule files; needs no config file then.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also say why each other rule does not match.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Match and group the items of a file in their order, offline; one JSON line each."""
    from monitor.offline import match_lines
    from monitor.reload import checked

    matcher, _ = checked(rules or Path(load(config).rules.path))
    with _lines(items) as lines:
        for answer in match_lines(lines, matcher, file=items, explain=explain):
            show.line(answer)


@contextmanager
def _lines(items: str) -> Iterator[Iterable[str]]:
    from monitor.rules import jsonl

    if items == "-":
        if not sys.stdin:
            problem = Problem("-", None, None, "standard input is closed", "Name a file instead")
            raise ConfigError([problem])
        yield jsonl.lines(sys.stdin.buffer, file="standard input")
        return
    if not items:
        raise typer.BadParameter("name a file, or - for standard input")
    try:
        file = Path(items).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        cause = f"it cannot be read: {error.strerror}"
        raise ConfigError([Problem(items, None, None, cause, "Check its name")]) from None
    with file:
        yield jsonl.lines(file, file=items)
