"""The commands `monitor rules ...`."""

from __future__ import annotations

from dataclasses import asdict
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
)

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.rules import RuleSet
    from monitor.rules.namesake import Namesake

rules_cli = typer.Typer(help="Show and test the rules.", no_args_is_help=True)

FolderArgument = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="Rule files; default: the configured ones."),
]


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
    from monitor import rules as rules_room

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
    from monitor.problems import did_you_mean

    name = entity.removeprefix("@")
    known = [*rule_set.entities, *rule_set.terms, *rule_set.groups]
    if name and name not in known:
        near = did_you_mean(name, known)
        hint = f"Did you mean {near}?" if near else "`monitor rules list --forms` shows all"
        raise typer.BadParameter(f'no entity or term list is called "{name}". {hint}')
    return name


def _list_rules(loaded: Config, *, as_json: bool) -> None:
    from monitor.reload import checked

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
    from monitor.rules import listing

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
    from monitor import rules as rules_room
    from monitor.rules import listing
    from monitor.store import history

    matcher = rules_room.compile_rules(rule_set)
    with database_of(loaded) as database:
        with database.reading() as tx:
            total = history.count(tx)
        stored = show.progress(history.newest(database), total)
        counted = listing.count_hits(matcher, (one.item for one in stored))
    wanted = rule_set.members(name)
    found = [one for one in counted if not name or one.named in wanted]
    if as_json:
        show.data([asdict(one) for one in found])
        return
    rows = [(one.named, one.name, one.word, str(one.items)) for one in found]
    title = f"{len(rows)} words in {total} stored items; strike one out with except = [...]"
    show.table(title, ("@name", "as written", "word found", "items"), rows)


@rules_cli.command("test")
def rules_test(
    folder: FolderArgument = None,
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Run the tests that the rule files carry."""
    from monitor import rules as rules_room

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
    from monitor import rules as rules_room

    loaded = None if folder else load(config)
    rule_set = rules_room.load(folder or Path(loaded.rules.path if loaded else "."))
    outlets = [feed.to_feed().outlet for feed in loaded.feeds] if loaded else None
    warnings = rules_room.lint(rule_set, today=right_now().date(), outlets=outlets)
    for warning in warnings:
        show.say(str(warning), "yellow")
    show.say(f"{len(warnings)} warnings", "" if warnings else "green")
    raise typer.Exit(FAILED if strict and warnings else FINE)


@rules_cli.command("schema")
def rules_schema() -> None:
    """Print the JSON Schema of rule files, for editors that check TOML as you type."""
    from monitor import rules as rules_room

    show.data(rules_room.json_schema())


@rules_cli.command("suggest")
def rules_suggest(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A state, city or other place.")],
    *,
    geonames_file: Annotated[
        Path | None,
        typer.Option(
            "--geonames",
            metavar="FILE",
            help="alternateNamesV2.txt of geonames.org, or that of one country; you download it.",
        ),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Language code; repeat for more than one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print names in other languages as TOML to read, correct and keep; writes nothing."""
    from monitor.rules import suggest
    from monitor.rules.languages import mistake

    languages = tuple(language or suggest.LANGUAGES)
    for code in languages:
        if remedy := mistake(code):
            raise typer.BadParameter(f'"{code}" is not a language. {remedy}')
    found = suggest.drafts(name, _namesakes(name, geonames_file, languages), languages)
    if as_json:
        show.data([asdict(draft) for draft in found])
    elif found:
        show.say(suggest.UNKNOWN)
        for draft in found:
            show.say(suggest.as_toml(draft, languages))
    if not found:
        show.fail(
            f'no source knows a place called "{name}". They know no persons, organisations or '
            "formations; try its English name, or write the names by hand"
        )
        raise typer.Exit(FAILED)


def _namesakes(name: str, file: Path | None, languages: tuple[str, ...]) -> list[Namesake]:
    from monitor.rules import cldr, geonames

    found: list[Namesake] = []
    if cldr.is_installed():
        found += cldr.namesakes(name, languages)
    else:
        show.warn("states and large cities need: pip install 'news-monitor[names]'", "yellow")
    if file is not None:
        try:
            found += geonames.namesakes(name, file, languages)
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise typer.BadParameter(
                f"{file} can't be read: {cause}. Unpack alternateNamesV2.zip and name the .txt in it"
            ) from error
    return found
