"""Feeds as OPML: taking over the list of another reader, and giving ours away."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from monitor import app, feedlists, online, show, urls
from monitor.commands.options import load, load_placed, right_now
from monitor.errors import ConfigError, MonitorError, Problem
from monitor.feeds import opml
from monitor.feeds.opml import Outline, Skipped
from monitor.feeds.reading import Reading
from monitor.feeds.settings import FeedSettings
from monitor.problems import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config import Config
    from monitor.feedlists import Placed

_SHOWN = 50
"""Of what an import skipped, in a terminal."""


@dataclass(frozen=True, slots=True)
class _Imported:
    """What came of an OPML file."""

    feeds: list[FeedSettings]
    skipped: list[Skipped]
    known: int
    """Of those skipped, the ones that are followed already."""


def take(file: str, config: Path, tags: Sequence[str], *, ask: bool, as_json: bool) -> bool:
    """Add the feeds of an OPML file; whether the service follows any of them now.

    Raises:
        ConfigError: The file, the config or a feed list is wrong.
        MonitorError: The feed list can't be written.
    """
    loaded, placed = load_placed(config)
    folder = feedlists.folder_of(loaded.polling.feed_lists)
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
    return bool(imported.feeds or imported.known)


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
            result.skipped.append(_skip(outline, reason(error)))
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
    count = show.plural(len(imported.feeds), "feed", "feeds")
    show.say(f"added {count} to {target}", "green")
    show.say(
        "Followed from the next start of the service; `monitor check --online` asks each before.",
        "dim",
    )


def give(file: str, config: Path) -> None:
    """Write the feeds as OPML.

    Raises:
        ConfigError: The config is wrong.
        MonitorError: The file can't be written.
    """
    loaded = load(config)
    feeds = [feed.to_feed() for feed in loaded.feeds]
    _warn_of_secrets([feed.url for feed in feeds])
    made = opml.write(feeds, title=loaded.service.name, now=right_now()).encode()
    if file == "-":
        sys.stdout.buffer.write(made)
        return
    try:
        with Path(file).open("xb") as stream:
            stream.write(made)
    except FileExistsError:
        raise MonitorError(f"{file} is there already: delete it, or name another file") from None
    except OSError as error:
        why = (error.strerror or "unknown").lower()
        raise MonitorError(f"{file} cannot be written: {why}") from None
    show.say(f"wrote {show.plural(len(feeds), 'feed', 'feeds')} to {file}", "green")


def _warn_of_secrets(addresses: Sequence[str]) -> None:
    left_out = [url for url in addresses if urls.without_credentials(url) != url]
    if left_out:
        show.warn(f"user name and password left out of: {_hosts(left_out)}", "yellow")
    keys = [url for url in addresses if urls.shown(url) != urls.without_credentials(url)]
    if keys:
        show.warn(f"may hold a key, look before you share it: {_hosts(keys)}", "yellow")


def _hosts(addresses: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(map(urls.host, addresses)))
