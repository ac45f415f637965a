"""Finding feeds and adding them: what an address leads to is read, shown and tried on the rules first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from monitor import app, discover, feedlists, show, urls
from monitor.commands.options import FAILED, MISCONFIGURED, load_placed, right_now
from monitor.commands.preview import Preview, preview
from monitor.errors import FeedError, MonitorError, RuleError
from monitor.feeds.reading import Reading
from monitor.feeds.settings import FeedSettings
from monitor.problems import reason
from monitor.reload import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.config import Config
    from monitor.discover import Answer
    from monitor.feedlists import Placed
    from monitor.rules import Matcher

ADDED = "added.toml"
"""The feed list that `feeds add` writes to."""


def look(url: str, config: Path, *, as_json: bool) -> bool:
    """Say which feeds an address leads to; whether there are any."""
    loaded, placed = load_placed(config)
    address = _address(url)
    answer = _look(loaded, address)
    found = _previews(answer, {}, loaded, placed)
    if as_json:
        show.data(_answer_json(address, answer, found))
    else:
        _show(answer, found)
    return bool(found)


def add(
    url: str, given: Mapping[str, Any], config: Path, *, ask: bool, every: bool, as_json: bool
) -> None:
    """Add the feeds an address leads to; `given` is what the user says of them.

    Raises:
        ConfigError: The config or the feed list is wrong.
        MonitorError: There is nothing to add.
    """
    loaded, placed = load_placed(config)
    target = feedlists.folder_of(loaded.polling.feed_lists) / ADDED
    address = _address(url)
    if where := _followed(address, placed):
        raise MonitorError(f"{urls.shown(address)} is followed already: {where}")
    answer = _look(loaded, address)
    found = _previews(answer, given, loaded, placed)
    if not as_json:
        _show(answer, found)
    new = [one for one in found if not one.followed]
    if not new:
        why = "all of them are followed already" if found else discover.NONE
        raise MonitorError(f"nothing to add: {why}")
    chosen = _chosen(new, found, ask=ask, every=every)
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
        raise typer.BadParameter(reason(error), param_hint="URL") from None


def _key(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["loc"][0])


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
    answer: Answer, given: Mapping[str, Any], config: Config, placed: Sequence[Placed]
) -> list[Preview]:
    if not answer.feeds:
        return []
    matcher, now = _matcher(config), right_now()
    try:
        return [
            preview(one, given, matcher, followed=_followed(one.url, placed), now=now)
            for one in answer.feeds
        ]
    except ValidationError as error:
        raise typer.BadParameter(reason(error), param_hint=f"--{_key(error)}") from None


def _matcher(config: Config) -> Matcher | None:
    try:
        return checked(Path(config.rules.path), today=right_now().date())[0]
    except RuleError:
        show.warn("the rules are not tried: `monitor check` says what is wrong in them", "yellow")
        return None


def _show(answer: Answer, found: Sequence[Preview]) -> None:
    if answer.how != discover.IS_ONE:
        count = f" {len(found)} {'feed' if len(found) == 1 else 'feeds'}" if found else ""
        show.say(f"{answer.how}{count}", "" if found else "red")
    now = right_now()
    for number, one in enumerate(found, 1):
        _show_preview(one, f"{number}. " if len(found) > 1 else "", now)
    for bad in answer.unreadable:
        show.say(f"can't be read: {urls.shown(bad.url)}: {bad.why}", "yellow")


def _show_preview(one: Preview, number: str, now: datetime) -> None:
    newest = f", newest {show.ago(one.newest, now=now)}" if one.newest else ", without dates"
    language = f", in {one.settings.language}" if one.settings.language else ""
    entries = show.plural(len(one.lines), "entry", "entries")
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
