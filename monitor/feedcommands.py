"""The commands `monitor feeds ...`: what is followed, finding and adding feeds, OPML."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from monitor import app, discover, feedlists, online, show, urls
from monitor.errors import ConfigError, FeedError, MonitorError, Problem, RuleError
from monitor.feedpreview import Preview, preview
from monitor.feeds import opml, rhythm
from monitor.feeds.opml import Outline, Skipped
from monitor.feeds.reading import Reading
from monitor.feeds.settings import FeedSettings
from monitor.options import (
    CONFIG,
    FAILED,
    FINE,
    MISCONFIGURED,
    ConfigOption,
    JsonOption,
    database_of,
    load,
    load_placed,
)
from monitor.reload import checked
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config import Config
    from monitor.discover import Answer
    from monitor.feedlists import Placed
    from monitor.rules import Matcher
    from monitor.store.feeds import FeedState

feeds_cli = typer.Typer(help="Show, find, add and exchange feeds.", no_args_is_help=True)

ADDED = "added.toml"
"""The feed list that `feeds add` writes to."""

_SHOWN = 50
"""Of what an import skipped, in a terminal."""

UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Address of a feed, or of a page of its site.")
]
TagsOption = Annotated[
    list[str], typer.Option("--tag", metavar="WORD", help="A word for rules; repeatable.")
]


# -- list


@feeds_cli.command("list")
def feeds_list(*, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List the feeds with their state."""
    loaded = load(config)
    with database_of(loaded) as database, database.reading() as tx:
        states = stored_feeds.states(tx)
    now = app.now()
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
    show.table(f"{len(rows)} feeds", columns, rows)
    waiting = {feed.url for feed in loaded.feeds} - {state.feed.url for state in states}
    if waiting:
        count = _plural(len(waiting), "feed", "feeds")
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
    """When its last news came, of a feed that is silent for longer than its rhythm allows."""
    known = rhythm.unpack(state.rhythm, now=now.timestamp())
    silent = rhythm.is_silent(known, now.timestamp())
    return datetime.fromtimestamp(known.at, UTC) if silent else None


def _feed_json(state: FeedState, now: datetime) -> dict[str, object]:
    outlet = asdict(state.feed.outlet)
    row = asdict(state) | {"url": urls.shown(state.feed.url), "outlet": outlet}
    del row["feed"], row["rhythm"]
    row["silent_since"] = _silent_since(state, now)
    return row


# -- discover and add


@feeds_cli.command("discover")
def feeds_discover(
    url: UrlArgument, *, config: ConfigOption = CONFIG, as_json: JsonOption = False
) -> None:
    """Say which feeds an address leads to, what they carry and which rules would match; add none."""
    loaded, placed = load_placed(config)
    address = _address(url)
    answer = _look(loaded, address)
    found = _previews(answer, {}, loaded, placed)
    if as_json:
        show.data(_answer_json(address, answer, found))
    else:
        _show(answer, found)
    raise typer.Exit(FINE if found else FAILED)


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
    loaded, placed = load_placed(config)
    target = _list_folder(loaded) / ADDED
    given = {
        "name": name,
        "language": language,
        "kind": kind,
        "country": country,
        "tags": tags,
        "interval": interval,
    }
    address = _address(url)
    if where := _followed(address, placed):
        _fail(f"{urls.shown(address)} is followed already: {where}")
    answer = _look(loaded, address)
    found = _previews(answer, {key: one for key, one in given.items() if one}, loaded, placed)
    if not as_json:
        _show(answer, found)
    new = [one for one in found if not one.followed]
    if not new:
        _fail("nothing to add: " + ("all of them are followed already" if found else discover.NONE))
    chosen = _chosen(new, found, ask=not (yes or as_json), every=every)
    feedlists.append(target, [one.settings for one in chosen])
    if as_json:
        show.data({"file": str(target), "added": [_preview_json(one) for one in chosen]})
        return
    for one in chosen:
        show.say(f'added {urls.shown(one.settings.url)} as "{one.settings.name}"', "green")
    show.say(f"to {target}; followed from the next start of the service", "dim")


def _address(written: str) -> str:
    """The address of what people paste."""
    url = urls.with_scheme(written.strip())
    try:
        return FeedSettings.model_validate({"url": url}).url
    except ValidationError as error:
        raise typer.BadParameter(_reason(error), param_hint="URL") from None


def _reason(error: ValidationError) -> str:
    """In the words of our own validators."""
    details = error.errors(include_url=False)[0]
    return str(details.get("ctx", {}).get("error") or "it cannot be this")


def _key(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["loc"][0])


def _list_folder(config: Config) -> Path:
    if not config.polling.feed_lists:
        show.fail('there is no folder for feeds: polling.feed_lists is ""')
        raise typer.Exit(MISCONFIGURED)
    return Path(config.polling.feed_lists)


def _followed(url: str, placed: Iterable[Placed]) -> str:
    """Where a feed of this address is written, "" for nowhere."""
    wanted = urls.canonical(url)
    return next((one.where for one in placed if urls.canonical(one.feed.url) == wanted), "")


def _look(config: Config, address: str) -> Answer:
    with (
        show.working(f"asking {urls.host(address)} ..."),
        app.make_fetcher(config) as fetcher,
        Reading() as reading,
    ):
        try:
            return discover.look(address, fetcher, reading)
        except FeedError as error:
            raise MonitorError(f"{urls.shown(address)}: {error}") from None


def _previews(
    answer: Answer, given: dict[str, Any], config: Config, placed: Sequence[Placed]
) -> list[Preview]:
    if not answer.feeds:
        return []
    matcher, now = _matcher(config), app.now()
    try:
        return [
            preview(one, given, matcher, followed=_followed(one.url, placed), now=now)
            for one in answer.feeds
        ]
    except ValidationError as error:
        raise typer.BadParameter(_reason(error), param_hint=f"--{_key(error)}") from None


def _matcher(config: Config) -> Matcher | None:
    try:
        return checked(Path(config.rules.path), today=app.now().date())[0]
    except RuleError:
        show.warn("the rules are not tried: `monitor check` says what is wrong in them", "yellow")
        return None


def _show(answer: Answer, found: Sequence[Preview]) -> None:
    if answer.how != discover.IS_ONE:
        count = f" {len(found)} {'feed' if len(found) == 1 else 'feeds'}" if found else ""
        show.say(f"{answer.how}{count}", "" if found else "red")
    now = app.now()
    for number, one in enumerate(found, 1):
        _show_preview(one, f"{number}. " if len(found) > 1 else "", now)
    for bad in answer.unreadable:
        show.say(f"can't be read: {urls.shown(bad.url)}: {bad.why}", "yellow")


def _show_preview(one: Preview, number: str, now: datetime) -> None:
    newest = f", newest {show.ago(one.newest, now=now)}" if one.newest else ", without dates"
    language = f", in {one.settings.language}" if one.settings.language else ""
    entries = _plural(len(one.lines), "entry", "entries")
    show.say("")
    show.say(f"{number}{one.settings.name}  {urls.shown(one.settings.url)}", "bold")
    show.say(f"{entries}{newest if one.lines else ''}{language}; {_matching(one)}")
    if one.found.moved_from:
        show.say(f"moved for good from {urls.shown(one.found.moved_from)}", "dim")
    if one.followed:
        show.say(f"followed already: {one.followed}", "yellow")
    rows = [
        (
            show.ago(line.item.published, now=now) if line.item.published else "-",
            show.Cell(", ".join(line.rules), "green"),
            line.item.title,
        )
        for line in one.telling
    ]
    if rows:
        show.table("", ("published", "rules", "headline"), rows)


def _matching(one: Preview) -> str:
    matched = sum(bool(line.rules) for line in one.lines)
    if not matched:
        return "no rule matches any of them now"
    rules = ", ".join(f"{rule} ({count})" for rule, count in one.matches.items())
    return f"rules match {matched} of them: {rules}"


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _chosen(
    new: Sequence[Preview], found: Sequence[Preview], *, ask: bool, every: bool
) -> list[Preview]:
    if every or len(new) == 1:
        return list(new)
    if not ask:
        return [new[0]]
    numbers = {str(number): one for number, one in enumerate(found, 1) if one in new}
    first = next(iter(numbers))
    while True:
        words = _asked(first).replace(",", " ").split()
        if words == ["all"]:
            return list(new)
        if words == ["none"]:
            raise typer.Exit(FAILED)
        if words and all(word in numbers for word in words):
            return [numbers[word] for word in dict.fromkeys(words)]
        show.warn(f"Write numbers of feeds ({', '.join(numbers)}), all or none.", "yellow")


def _asked(first: str) -> str:
    question = "\nWhich do you want to follow? Numbers such as 1 or 1,2, all, or none"
    try:
        answer: str = typer.prompt(question, default=first, err=True)
    except typer.Abort:
        show.fail("several feeds, and nobody to choose: give the address of one, --yes or --all")
        raise typer.Exit(MISCONFIGURED) from None
    return answer.strip().lower()


def _answer_json(address: str, answer: Answer, found: Sequence[Preview]) -> dict[str, object]:
    return {
        "url": urls.shown(address),
        "feeds": [_preview_json(one) for one in found],
        "unreadable": [{"url": urls.shown(one.url), "why": one.why} for one in answer.unreadable],
    }


def _preview_json(one: Preview) -> dict[str, object]:
    return {
        "url": urls.shown(one.settings.url),
        "name": one.settings.name,
        "language": one.settings.language,
        "entries": len(one.lines),
        "newest": one.newest,
        "matches": one.matches,
        "moved_from": urls.shown(one.found.moved_from) or None,
        "followed": one.followed or None,
    }


# -- OPML


@dataclass(frozen=True, slots=True)
class _Imported:
    """What came of an OPML file."""

    feeds: list[FeedSettings]
    skipped: list[Skipped]
    known: int
    """Of those skipped, the ones that are followed already."""


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
    loaded, placed = load_placed(config)
    folder = _list_folder(loaded)
    outlines, skipped = opml.read(_bytes(file), file)
    imported = _sorted(outlines, skipped, tags, placed)
    if ask:
        imported = _readable(imported, outlines, loaded)
    target = folder / f"{_slug(file)}.toml"
    if imported.feeds:
        feedlists.append(target, imported.feeds)
    if as_json:
        added = [urls.shown(feed.url) for feed in imported.feeds]
        rows = [asdict(one) for one in imported.skipped]
        show.data({"file": str(target) if added else None, "added": added, "skipped": rows})
    else:
        _show_imported(imported, target)
    raise typer.Exit(FINE if imported.feeds or imported.known else FAILED)


def _bytes(file: str) -> bytes:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            data = stream.read(opml.MAX_SIZE + 1)
    except OSError as error:
        cause = f"it cannot be read: {(error.strerror or 'unknown').lower()}"
        problem = Problem(file, None, None, cause, "Check its name")
        raise ConfigError([problem]) from None
    if len(data) > opml.MAX_SIZE:
        cause = f"it is larger than {opml.MAX_SIZE:,} bytes"
        raise ConfigError([Problem(file, None, None, cause, "Check that it is the right file")])
    return data


def _sorted(
    outlines: Sequence[Outline],
    skipped: Sequence[Skipped],
    tags: Sequence[str],
    placed: Iterable[Placed],
) -> _Imported:
    """What is new and can be followed apart from what is not."""
    known = {urls.canonical(one.feed.url): one for one in placed}
    lines: dict[str, int] = {}
    result = _Imported([], list(skipped), 0)
    followed = 0
    for outline in outlines:
        try:
            feed = _feed(outline, tags)
        except ValidationError as error:
            result.skipped.append(_skip(outline, _reason(error)))
            continue
        address = urls.canonical(feed.url)
        if address in known:
            followed += 1
            result.skipped.append(_skip(outline, f"followed already: {known[address].where}"))
        elif address in lines:
            result.skipped.append(_skip(outline, f"the feed of line {lines[address]} again"))
        else:
            lines[address] = outline.line
            result.feeds.append(feed)
    return _Imported(result.feeds, sorted(result.skipped, key=lambda one: one.line), followed)


def _feed(outline: Outline, tags: Sequence[str]) -> FeedSettings:
    language = outline.language.partition("-")[0].lower()
    return FeedSettings.model_validate(
        {
            "url": urls.with_scheme(outline.url),
            "name": outline.title,
            "language": language if re.fullmatch("[a-z]{2,3}", language) else "",
            "tags": list(dict.fromkeys([*outline.tags, *tags])),
        }
    )


def _skip(outline: Outline, why: str) -> Skipped:
    return Skipped(urls.shown(outline.url), outline.line, why)


def _readable(imported: _Imported, outlines: Sequence[Outline], config: Config) -> _Imported:
    lines = {outline.url: outline.line for outline in outlines}
    feeds = [feed.to_feed() for feed in imported.feeds]
    failed: dict[str, str] = {}
    with app.make_fetcher(config) as fetcher, Reading() as reading:
        for feed, readable, what in show.progress(
            online.feeds(feeds, fetcher, reading), len(feeds)
        ):
            if not readable:
                failed[feed.url] = what
    skipped = [Skipped(urls.shown(url), lines.get(url, 0), why) for url, why in failed.items()]
    return _Imported(
        [feed for feed in imported.feeds if feed.url not in failed],
        sorted([*imported.skipped, *skipped], key=lambda one: one.line),
        imported.known,
    )


def _slug(file: str) -> str:
    return re.sub(r"[^\w-]+", "-", Path(file).stem.lower()).strip("-_")[:60] or "imported"


def _show_imported(imported: _Imported, target: Path) -> None:
    if imported.skipped:
        skipped = len(imported.skipped)
        rows = [(str(one.line), one.what, one.why) for one in imported.skipped[:_SHOWN]]
        show.table(f"{skipped} skipped", ("line", "what", "why"), rows)
        if skipped > _SHOWN:
            show.say(f"and {skipped - _SHOWN} more; --json prints all", "dim")
    if not imported.feeds:
        show.say("no new feeds", "yellow")
        return
    count = _plural(len(imported.feeds), "feed", "feeds")
    show.say(f"added {count} to {target}", "green")
    show.say(
        "Followed from the next start of the service; `monitor check --online` asks each before.",
        "dim",
    )


@feeds_cli.command("export")
def feeds_export(
    file: Annotated[str, typer.Argument(metavar="FILE.opml", help="- is standard output.")] = "-",
    *,
    config: ConfigOption = CONFIG,
) -> None:
    """Write the feeds as OPML, for other readers; user names and passwords are left out."""
    loaded = load(config)
    feeds = [feed.to_feed() for feed in loaded.feeds]
    _warn_of_secrets([feed.url for feed in feeds])
    made = opml.write(feeds, title=loaded.service.name, now=app.now()).encode()
    if file == "-":
        sys.stdout.buffer.write(made)
        return
    try:
        with Path(file).open("xb") as stream:
            stream.write(made)
    except FileExistsError:
        _fail(f"{file} is there already: delete it, or name another file")
    except OSError as error:
        _fail(f"{file} cannot be written: {(error.strerror or 'unknown').lower()}")
    show.say(f"wrote {_plural(len(feeds), 'feed', 'feeds')} to {file}", "green")


def _warn_of_secrets(addresses: Sequence[str]) -> None:
    left_out = [url for url in addresses if urls.without_credentials(url) != url]
    if left_out:
        show.warn(f"user name and password left out of: {_hosts(left_out)}", "yellow")
    keys = [url for url in addresses if urls.shown(url) != urls.without_credentials(url)]
    if keys:
        show.warn(f"may hold a key, look before you share it: {_hosts(keys)}", "yellow")


def _hosts(addresses: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(map(urls.host, addresses)))


def _fail(text: str) -> NoReturn:
    show.fail(text)
    raise typer.Exit(FAILED)
