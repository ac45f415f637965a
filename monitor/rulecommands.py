"""The commands `monitor rules ...`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor import app, show
from monitor import rules as rules_room
from monitor.options import CONFIG, FAILED, FINE, ConfigOption, JsonOption, database_of, load
from monitor.problems import did_you_mean
from monitor.reload import checked
from monitor.rules import listing
from monitor.store import items as stored_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Config
    from monitor.model import Item
    from monitor.rules import RuleSet
    from monitor.store.database import Database

rules_cli = typer.Typer(help="Show and test the rules.", no_args_is_help=True)

FolderArgument = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="Rule files; default: the configured ones."),
]
_BATCH = 500


@rules_cli.command("list")
def rules_list(
    *,
    config: ConfigOption = CONFIG,
    forms: Annotated[
        bool, typer.Option("--forms", help="Every form in which each name is found.")
    ] = False,
    hits: Annotated[
        bool, typer.Option("--hits", help="Which words each name found in the stored items.")
    ] = False,
    entity: Annotated[
        str, typer.Option(metavar="NAME", help="Only of this entity or term list.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List the rules in the configured folder, or what its names find."""
    loaded = load(config)
    if forms and hits:
        raise typer.BadParameter("--forms and --hits are two lists: ask for one")
    if not (forms or hits or entity):
        _list_rules(loaded, as_json=as_json)
        return
    rule_set = rules_room.load(Path(loaded.rules.path))
    name = _known_name(entity, rule_set)
    if hits:
        _list_hits(loaded, rule_set, name, as_json=as_json)
    else:
        _list_forms(rule_set, name, as_json=as_json)


def _known_name(entity: str, rule_set: RuleSet) -> str:
    name = entity.removeprefix("@")
    known = [*rule_set.entities, *rule_set.terms, *rule_set.groups]
    if name and name not in known:
        near = did_you_mean(name, known)
        hint = f"Did you mean {near}?" if near else "`monitor rules list --forms` shows all"
        raise typer.BadParameter(f'no entity or term list is called "{name}". {hint}')
    return name


def _list_rules(loaded: Config, *, as_json: bool) -> None:
    matcher, _ = checked(Path(loaded.rules.path))
    found = list(matcher.rules.values())
    if as_json:
        show.data([asdict(rule) for rule in found])
        return
    default = loaded.alerts.channel
    rows = [
        (
            rule.id,
            rule.name,
            rule.severity.value,
            ", ".join(rule.channels or (default,)),
            rule.status if rule.enabled else "off",
            rule.query,
        )
        for rule in found
    ]
    show.table(
        f"{len(rows)} rules", ("id", "name", "severity", "channels", "status", "query"), rows
    )


def _list_forms(rule_set: RuleSet, name: str, *, as_json: bool) -> None:
    found = listing.forms_of(rule_set, name)
    if as_json:
        show.data([asdict(one) for one in found])
        return
    rows = [
        (
            one.named,
            one.language,
            one.name,
            one.beside,
            ", ".join(one.forms),
            ", ".join(one.spellings),
            show.Cell(", ".join(one.struck_out), "dim"),
        )
        for one in found
    ]
    columns = ("@name", "lang", "as written", "found", "forms", "other spellings", "struck out")
    show.table(f"{len(rows)} names; strike a form out with except = [...]", columns, rows)


def _list_hits(loaded: Config, rule_set: RuleSet, name: str, *, as_json: bool) -> None:
    matcher = rules_room.compile_rules(rule_set)
    with database_of(loaded) as database:
        with database.reading() as tx:
            total = stored_items.count(tx)
        counted = listing.count_hits(matcher, show.progress(_stored(database), total))
    wanted = rule_set.members(name)
    found = [one for one in counted if not name or one.named in wanted]
    if as_json:
        show.data([asdict(one) for one in found])
        return
    rows = [(one.named, one.name, one.word, str(one.items)) for one in found]
    title = f"{len(rows)} words in {total} stored items; strike one out with except = [...]"
    show.table(title, ("@name", "as written", "word found", "items"), rows)


def _stored(database: Database) -> Iterator[Item]:
    """All stored items, a few at a time, so that nobody waits for the database meanwhile."""
    last: int | None = 0
    while last is not None:
        with database.reading() as tx:
            batch, last = stored_items.page(tx, after=last, limit=_BATCH)
        yield from batch


@rules_cli.command("test")
def rules_test(
    folder: FolderArgument = None,
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Run the tests that the rule files carry."""
    rule_set = rules_room.load(folder or Path(load(config).rules.path))
    failures = rules_room.run_tests(rule_set)
    for failure in failures:
        show.fail(str(failure))
    total = sum(len(tests) for tests in rule_set.tests.values())
    show.say(f"{total} tests, {len(failures)} failed", "red" if failures else "green")
    raise typer.Exit(FAILED if failures else FINE)


@rules_cli.command("lint")
def rules_lint(
    folder: FolderArgument = None,
    *,
    config: ConfigOption = CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if anything is found.")] = False,
) -> None:
    """Warn about what is allowed in rules and hurts all the same."""
    loaded = None if folder else load(config)
    rule_set = rules_room.load(folder or Path(loaded.rules.path if loaded else "."))
    outlets = [feed.to_feed().outlet for feed in loaded.feeds] if loaded else None
    warnings = rules_room.lint(rule_set, today=app.now().date(), outlets=outlets)
    for warning in warnings:
        show.say(str(warning), "yellow")
    show.say(f"{len(warnings)} warnings", "" if warnings else "green")
    raise typer.Exit(FAILED if strict and warnings else FINE)


@rules_cli.command("schema")
def rules_schema() -> None:
    """Print the JSON Schema of rule files, for editors that check TOML as you type."""
    show.data(rules_room.json_schema())
