"""config.toml and the environment -> Config and Secrets. What is wrong is said all at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_origin
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
)

from monitor import toml
from monitor.alerts.settings import AlertsSettings
from monitor.errors import ConfigError, Problem
from monitor.feeds.settings import FeedSettings, PollingSettings
from monitor.problems import did_you_mean, in_order, label
from monitor.receivers.settings import SlackSettings
from monitor.rules.settings import RulesSettings
from monitor.settings import Settings
from monitor.store.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.toml import Positions, Where

MAX_SIZE = 4_000_000
"""Of the config file, in bytes: about 20,000 feeds."""
PREFIX = "MONITOR_"
_MAX_SECRET = 10_000
_LISTEN = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_MAX_PORT = 65_535
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/")


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
    if not value.isprintable():
        raise ValueError("write it on one line")
    return value


def _is_header_text(value: str) -> str:
    """It travels in the User-Agent, where a line break would forge other headers."""
    if not value.isascii() or not value.isprintable():
        raise ValueError("write an e-mail or web address, in plain letters on one line")
    return value


def _is_listen(value: str) -> str:
    found = _LISTEN.fullmatch(value)
    if value and not (found and int(found["port"]) <= _MAX_PORT):
        raise ValueError('write an address and a port, such as "127.0.0.1:8080", or "" for none')
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
        description="Time zone of the times on the console; Slack shows each reader their own.",
    )


class WebSettings(Settings):
    """The status page."""

    listen: Annotated[str, AfterValidator(_is_listen)] = Field(
        default="127.0.0.1:8080",
        description='Address of /healthz; the status page is not in this version yet; "" for none.',
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
        ConfigError: The file or a variable is wrong; everything that is wrong is listed.
    """
    values, positions = toml.parse(_source(path), str(path))
    overrides, problems = _overrides(environ)
    leaks = list(_leaks(values, positions, str(path)))
    problems += leaks
    merged = _merged(values, overrides)
    variables = {override.place: override.variable for override in overrides}
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        wrong = toml.problems_of(error, positions, str(path), model=Config, variables=variables)
        leaking = {problem.line for problem in leaks}
        problems += [
            problem for problem in wrong if not problem.line or problem.line not in leaking
        ]
    else:
        problems += _repeated(config, positions, str(path))
    if problems:
        raise ConfigError(sorted(problems, key=in_order))
    return _anchored(config, path.parent)


def _source(path: Path) -> str:
    if not path.exists():
        remedy = "Run `monitor init` to write one, or name yours with -c FILE"
        raise ConfigError([Problem(str(path), None, None, "there is no config file", remedy)])
    return toml.read(path, limit=MAX_SIZE)


# --- the environment --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Override:
    """A setting that the environment gives."""

    variable: str
    section: str
    key: str
    value: object

    @property
    def place(self) -> Where:
        return self.section, self.key


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables that hold one set of keys; not the lists of tables."""
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def variables() -> dict[str, tuple[str, str]]:
    """Every environment variable that stands for a setting, with its section and key."""
    return {
        f"{PREFIX}{name}__{key}".upper(): (name, key)
        for name, section in _sections()
        for key in section.model_fields
    }


def _overrides(environ: Mapping[str, str]) -> tuple[list[_Override], list[Problem]]:
    known = variables()
    found: list[_Override] = []
    problems: list[Problem] = []
    for variable in sorted(environ):
        name = variable.removesuffix("_FILE") if variable in _FILES else variable
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        if name not in known:
            problems.append(_unknown_variable(variable, known))
            continue
        try:
            text = _from_environment(name, environ) if name in _FROM_FILES else environ[name]
        except ConfigError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        section, key = known[name]
        annotation = dict(_sections())[section].model_fields[key].annotation
        found.append(_Override(variable, section, key, _value(text or "", annotation)))
    return found, problems


_FROM_FILES = ("MONITOR_DATABASE__URL",)
"""Settings that may hold a password: with _FILE after the name, the variable names a file."""
_FILES = tuple(f"{name}_FILE" for name in _FROM_FILES)


def _unknown_variable(variable: str, known: Iterable[str]) -> Problem:
    if variable.startswith(f"{PREFIX}FEEDS__"):
        remedy = "Write the feeds into the config file, and remove this variable"
        cause = "feeds cannot be set by the environment"
        return Problem(variable, None, None, cause, remedy)
    if _SECRET_KEY.search(variable):
        remedy = "Secrets are called SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_WEBHOOK_URL"
        return Problem(variable, None, None, "there is no such setting", remedy)
    meant = did_you_mean(variable, (*known, *_FILES))
    hint = f'Did you mean "{meant}"? ' if meant else ""
    return Problem(
        variable,
        None,
        None,
        f'unknown environment variable "{label(variable)}"',
        f"{hint}The form is MONITOR_SECTION__KEY, such as MONITOR_ALERTS__CHANNEL",
    )


def _value(text: str, annotation: object) -> object:
    """What a variable says: TOML, or for text and lists what people write without quotes."""
    kind = get_origin(annotation) or annotation
    if kind is tuple and not text.lstrip().startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    if kind in {tuple, int, bool, float} or (text[:1] in {'"', "'"} and len(text) > 1):
        return toml.value(text)
    return text


def _merged(values: dict[str, Any], overrides: Iterable[_Override]) -> dict[str, Any]:
    merged = dict(values)
    for override in overrides:
        table = merged.get(override.section, {})
        if isinstance(table, dict):  # else the file is wrong there, which is told
            merged[override.section] = {**table, override.key: override.value}
    return merged


# --- what models can't see --------------------------------------------------------------------


def _leaks(values: object, positions: Positions, file: str) -> Iterator[Problem]:
    """Secrets in a file that people copy, commit and send around."""
    for place, text in _texts(values):
        key = str(next((part for part in reversed(place) if isinstance(part, str)), ""))
        if place[0] == "database" or not (_SLACK_SECRET.search(text) or _SECRET_KEY.search(key)):
            continue
        line, column = positions.key(place)
        remedy = f"Remove it here, and set {_secret_variable(key, text)} in the environment"
        cause = f'"{key}" holds a secret, and secrets do not belong in this file'
        yield Problem(file, line, column, cause, remedy)


_SLACK_SECRET = re.compile(r"xox[a-z]-|xapp-|hooks\.slack\.com/", re.IGNORECASE)
_SECRET_KEY = re.compile("token|secret|passw|webhook", re.IGNORECASE)


def _secret_variable(key: str, text: str) -> str:
    if "hooks.slack.com" in text.lower() or "webhook" in key.lower():
        return "SLACK_WEBHOOK_URL"
    if "xapp-" in text.lower() or "app" in key.lower():
        return "SLACK_APP_TOKEN"
    return "SLACK_BOT_TOKEN"


def _texts(value: object, place: Where = ()) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*place, index))


def _repeated(config: Config, positions: Positions, file: str) -> list[Problem]:
    """Feeds that are there twice: whose name would their items get?"""
    first: dict[str, int] = {}
    problems = []
    for index, feed in enumerate(config.feeds):
        address = _without_scheme(feed.url)
        if address not in first:
            first[address] = index
            continue
        line, column = positions.value(("feeds", index, "url"))
        before, _ = positions.value(("feeds", first[address], "url"))
        cause = f"this feed is here twice, on line {before} and on line {line}"
        problems.append(Problem(file, line, column, cause, "Delete one of the two"))
    return problems


def _without_scheme(url: str) -> str:
    # No further: what makes two articles one (urls.canonical) may choose between two feeds of a site.
    host, slash, path = re.sub(r"(?i)^https?://(?:www\.)?", "", url).partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/")


def _anchored(config: Config, folder: Path) -> Config:
    """The same settings, with relative paths as seen from where the service was started."""
    rules = config.rules.model_copy(update={"path": str(folder / config.rules.path)})
    url = config.database.url
    if url.startswith(_SQLITE):
        path, mark, options = url.removeprefix(_SQLITE).partition("?")
        url = f"{_SQLITE}{folder / path}{mark}{options}"
    database = config.database.model_copy(update={"url": url})
    return config.model_copy(update={"rules": rules, "database": database})


_SQLITE = "sqlite:///"


def without_password(url: str) -> str:
    """The address of a database as it may be shown."""
    url = re.sub(r"(?<=://)([^:/@\s]*):.*@", r"\1:***@", url)
    return re.sub(r"(?<=[?&]password=)[^&]*", "***", url)


# --- secrets ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the environment may hold. Masked wherever it is printed."""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None


def load_secrets(environ: Mapping[str, str]) -> Secrets:
    """The secrets in the environment, or in the files that its `..._FILE` variables name.

    Raises:
        ConfigError: One is obviously not what it should be; never repeats any part of it.
    """
    problems: list[Problem] = []
    found: dict[str, SecretStr | None] = {}
    for secret in fields(Secrets):
        variable = secret.name.upper()
        try:
            text = _from_environment(variable, environ)
        except ConfigError as error:
            problems += error.problems
            continue
        found[secret.name] = SecretStr(text) if text else None
        if text and (wrong := _mistake(variable, text)):
            problems.append(Problem(variable, None, None, *wrong))
    if problems:
        raise ConfigError(problems)
    return Secrets(**found)


def _from_environment(variable: str, environ: Mapping[str, str]) -> str | None:
    """The value of a variable, or what stands in the file that its `_FILE` twin names.

    Raises:
        ConfigError: Both are set, or the file can't be read or is empty.
    """
    text, file = environ.get(variable, "").strip(), environ.get(f"{variable}_FILE", "").strip()
    if not file:
        return text or None
    if text:
        cause = f"{variable} and {variable}_FILE are both set"
        raise ConfigError([Problem(variable, None, None, cause, "Remove one of the two")])
    try:
        text = toml.read(Path(file), limit=_MAX_SECRET).strip()
    except ConfigError as error:
        problem = error.problems[0]
        cause = f"the file {file} that it names: {problem.cause}"
        raise ConfigError(
            [Problem(f"{variable}_FILE", None, None, cause, problem.remedy)]
        ) from None
    if not text:
        cause, remedy = f"the file {file} that it names is empty", "Write the value into the file"
        raise ConfigError([Problem(f"{variable}_FILE", None, None, cause, remedy)])
    return text


_KINDS = (
    ("xapp-", "an app-level token (xapp-...)", "SLACK_APP_TOKEN"),
    ("xoxb-", "a bot token (xoxb-...)", "SLACK_BOT_TOKEN"),
    ("https://hooks.", "a webhook's address", "SLACK_WEBHOOK_URL"),
    ("xoxp-", "the token of a person (xoxp-...)", ""),
)
"""How secrets begin, and where they belong."""


def _mistake(variable: str, text: str) -> tuple[str, str] | None:
    """Cause and remedy, where a secret is surely not what its variable is for."""
    if text[0] in "\"'":
        return "it holds quotation marks", "Write it without quotation marks"
    if not text.isascii() or any(char.isspace() or not char.isprintable() for char in text):
        return "it holds a space, line break or odd character", "Copy it again, in one piece"
    return _wrong_kind(variable, text)


def _wrong_kind(variable: str, text: str) -> tuple[str, str] | None:
    for start, what, home in _KINDS:
        if text.startswith(start) and variable != home:
            remedy = f"Put it into {home}" if home else 'Use the "Bot User OAuth Token" (xoxb-...)'
            return f"it holds {what}", remedy
    if variable == "SLACK_WEBHOOK_URL" and not _is_webhook(text):
        return "it is not an https:// address", "Copy the whole Webhook URL of the Slack app"
    if variable != "SLACK_WEBHOOK_URL" and not text.startswith("xox") and "://" in text:
        return "it holds an address, not a token", "Copy the token of the Slack app"
    return None


def _is_webhook(text: str) -> bool:
    return text.startswith("https://") or _LOOPBACK.match(text) is not None


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
