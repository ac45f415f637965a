"""config.toml and the environment -> Config. What is wrong is said all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
)

from monitor import credentials, environment, feedlists, toml
from monitor.alerts.settings import AlertsSettings
from monitor.errors import ConfigError, Problem
from monitor.feeds.settings import FeedSettings, PollingSettings
from monitor.problems import did_you_mean, in_order
from monitor.receivers.settings import SlackSettings
from monitor.rules.settings import RulesSettings
from monitor.settings import Settings
from monitor.store.settings import DatabaseSettings
from monitor.stories.settings import StoriesSettings
from monitor.web.settings import WebSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.credentials import Secrets
    from monitor.feedlists import Placed
    from monitor.toml import Positions

MAX_SIZE = 4_000_000
"""Of the config file, in bytes: about 20,000 feeds."""


def _zone(value: object) -> object:
    """The time zone of a name such as "Asia/Seoul"."""
    if not isinstance(value, str):
        return value
    zones = available_timezones()
    if value in zones:
        return ZoneInfo(value)
    # People write the city alone, or a space in its name.
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    meant = did_you_mean(value, zones) or cities.get(did_you_mean(value, cities), "")
    raise ValueError(
        "there is no such time zone",
        (f'Did you mean "{meant}"? ' if meant else "")
        + 'Write "UTC", or a region and a city, such as "Europe/Kyiv"',
    )


def _has_no_line_break(value: str) -> str:
    if not value.isprintable() or value.isspace():
        raise ValueError("write it on one line")
    return value


def _is_header_text(value: str) -> str:
    """It travels in the User-Agent, where a line break would forge other headers."""
    if not value.isascii() or not value.isprintable() or value.isspace():
        raise ValueError("write an e-mail or web address, in plain letters on one line")
    return value


class ServiceSettings(Settings):
    """How the service presents itself."""

    name: Annotated[str, AfterValidator(_has_no_line_break)] = Field(
        default="News desk", min_length=1, max_length=80, description="Name shown in its messages."
    )
    contact: Annotated[str, AfterValidator(_is_header_text)] = Field(
        default="",
        max_length=200,
        description="Address in the User-Agent, so that owners of feeds can write to you.",
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone), PlainSerializer(str)] = Field(
        default=ZoneInfo("UTC"),
        description="Time zone of quiet hours, digests, the heartbeat and times on the console.",
    )


_S = TypeVar("_S", bound=Settings)


def _defaults(section: type[_S]) -> _S:
    return section.model_validate({})


class Config(Settings):
    """Everything that config.toml can say."""

    service: ServiceSettings = Field(
        default=_defaults(ServiceSettings), description="How the service presents itself."
    )
    database: DatabaseSettings = Field(
        default=_defaults(DatabaseSettings),
        description="Where everything is stored, and for how long.",
    )
    rules: RulesSettings = Field(default=_defaults(RulesSettings), description="What to look for.")
    polling: PollingSettings = Field(
        default=_defaults(PollingSettings), description="How feeds are asked."
    )
    stories: StoriesSettings = Field(
        default=_defaults(StoriesSettings), description="How items are grouped."
    )
    alerts: AlertsSettings = Field(
        default=_defaults(AlertsSettings), description="Where alerts go."
    )
    slack: SlackSettings = Field(
        default=_defaults(SlackSettings), description="How Slack is reached."
    )
    web: WebSettings = Field(default=_defaults(WebSettings), description="The status page.")
    feeds: tuple[FeedSettings, ...] = Field(
        default=(), strict=False, description="The feeds to follow."
    )


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The settings of a config file, with those of the environment over them.

    Relative paths in it are relative to the folder of the file, wherever the service is started.

    Raises:
        ConfigError: The file, a feed list or a variable is wrong; everything that is wrong is listed.
    """
    return load_placed(path, environ)[0]


def load_placed(path: Path, environ: Mapping[str, str]) -> tuple[Config, list[Placed]]:
    """The settings, and where each of the feeds is written.

    Raises:
        ConfigError: As `load` does.
    """
    values, positions = toml.parse(_source(path), str(path))
    overrides, problems = environment.overrides(environ, Config)
    leaks = list(credentials.leaks(values, positions, str(path)))
    problems += leaks
    merged = environment.merged(values, overrides)
    variables = {override.place: override.variable for override in overrides}
    feeds: list[Placed] = []
    others: list[Problem] = []
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        wrong = toml.problems_of(error, positions, str(path), model=Config, variables=variables)
        leaking = {problem.line for problem in leaks}
        problems += [
            problem for problem in wrong if not problem.line or problem.line not in leaking
        ]
    else:
        variable = variables.get(("polling", "feed_lists"), "")
        listed, others = _feed_lists(config, positions, path, variable=variable)
        feeds = [*feedlists.placed(config.feeds, positions, str(path)), *listed]
        others += feedlists.repeated(feeds)
    if problems or others:
        raise ConfigError([*sorted(problems, key=in_order), *others])
    config = config.model_copy(update={"feeds": tuple(one.feed for one in feeds)})
    return _anchored(config, path.parent), feeds


def _feed_lists(
    config: Config, positions: Positions, path: Path, *, variable: str
) -> tuple[list[Placed], list[Problem]]:
    """The feeds of the feed lists; `variable` is the environment's that names their folder, if any."""
    name = config.polling.feed_lists
    if not name:
        return [], []
    folder = path.parent / name
    if name != _DEFAULT_LISTS and not folder.exists():
        wrong = "is not there", 'Make it, or name none: ""'
    elif path.resolve().is_relative_to(folder.resolve()):
        wrong = "holds the config file too", "Name a folder with feed lists only"
    else:
        return feedlists.read(folder)
    file, line, column = variable, None, None
    if not variable:
        file, (line, column) = str(path), positions.value(("polling", "feed_lists"))
    cause = f"the folder that polling.feed_lists names {wrong[0]}"
    return [], [Problem(file, line, column, cause, wrong[1])]


_DEFAULT_LISTS: str = PollingSettings.model_fields["feed_lists"].default
"""It need not be there."""


def _source(path: Path) -> str:
    if _is_missing(path):
        remedy = "Run `monitor init` to write one, or name yours with -c FILE"
        raise ConfigError([Problem(str(path), None, None, "there is no config file", remedy)])
    return toml.read(path, limit=MAX_SIZE)


def _is_missing(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # a name that is too long, a folder that is closed to us: reading it says which
        return False


def _anchored(config: Config, folder: Path) -> Config:
    """The same settings, with relative paths as seen from where the service was started."""
    rules = config.rules.model_copy(update={"path": str(folder / config.rules.path)})
    lists = config.polling.feed_lists
    polling = config.polling.model_copy(update={"feed_lists": str(folder / lists) if lists else ""})
    url = config.database.url
    if url.startswith(_SQLITE):
        url = f"{_SQLITE}{folder / url.removeprefix(_SQLITE)}"
    database = config.database.model_copy(update={"url": url})
    return config.model_copy(update={"rules": rules, "polling": polling, "database": database})


_SQLITE = "sqlite:///"


def receiver_in_use(
    config: Config, secrets: Secrets
) -> tuple[Literal["slack", "webhook", "console"], str]:
    """Where alerts go, and why."""
    if config.alerts.receiver == "console":
        return "console", 'alerts.receiver is "console"'
    if secrets.slack_bot_token:
        return "slack", "SLACK_BOT_TOKEN is set"
    if secrets.slack_webhook_url:
        return "webhook", (
            "SLACK_WEBHOOK_URL is set and SLACK_BOT_TOKEN is not: "
            "all alerts go to the channel of the webhook and are never updated"
        )
    return "console", "no SLACK_BOT_TOKEN set: alerts go to the console"
