"""Secrets: only the environment holds them, or files that it names; masked wherever they are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from monitor import toml
from monitor.errors import ConfigError, Problem
from monitor.problems import did_you_mean, is_secret, label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.toml import Positions, Where

_MAX_SIZE = 10_000
_SHORTEST = 16
"""Characters of a token that anybody on the network may guess at."""
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the environment may hold. Masked wherever it is printed."""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None
    monitor_web_token: SecretStr | None = None

    @property
    def web_token(self) -> str:
        """What opens the status page; "" for none."""
        return self.monitor_web_token.get_secret_value() if self.monitor_web_token else ""


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
            text = from_environment(variable, environ)
        except ConfigError as error:
            problems += error.problems
            continue
        found[secret.name] = SecretStr(text) if text else None
        if text and (wrong := _mistake(variable, text)):
            problems.append(Problem(variable, None, None, *wrong))
    problems += _misspelt(environ)
    if problems:
        raise ConfigError(problems)
    return Secrets(**found)


def _misspelt(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Variables that hold a secret of Slack's or are called nearly like ours: nobody reads them."""
    ours = [secret.name.upper() for secret in fields(Secrets)]
    ours += [f"{name}_FILE" for name in ours]
    for variable in sorted(environ):
        if not variable.upper().startswith("SLACK_") or variable in ours:
            continue
        text = environ[variable].strip()
        meant = next((home for start, _, home in _KINDS if text.startswith(start)), "")
        meant = meant or did_you_mean(variable, ours)
        if environ.get(meant) or environ.get(f"{meant}_FILE"):
            continue  # another program's: ours is set
        if meant or is_secret(text):
            cause = f'there is no variable "{label(variable)}"'
            remedy = f'Did you mean "{meant}"?' if meant else f"We read {', '.join(ours[:3])}"
            yield Problem(label(variable), None, None, cause, remedy)


def from_environment(variable: str, environ: Mapping[str, str]) -> str | None:
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
        text = toml.read(Path(file), limit=_MAX_SIZE).strip()
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
    if variable == "MONITOR_WEB_TOKEN":
        return _weak(text)
    return _wrong_kind(variable, text)


def _weak(text: str) -> tuple[str, str] | None:
    if text.startswith(tuple(start for start, _, _ in _KINDS)):
        return "it holds a secret of Slack's", "Make one of its own: `openssl rand -hex 16`"
    if len(text) < _SHORTEST:
        cause = f"it has fewer than {_SHORTEST} characters and could be guessed"
        return cause, "Make one with `openssl rand -hex 16`"
    return None


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


def leaks(values: object, positions: Positions, file: str) -> Iterator[Problem]:
    """Secrets in a file that people copy, commit and send around."""
    for place, text in _texts(values):
        key = str(next((part for part in reversed(place) if isinstance(part, str)), ""))
        if place[0] == "database" or not (_SLACK_SECRET.search(text) or SECRET_KEY.search(key)):
            continue
        line, column = positions.key(place)
        variable = "MONITOR_WEB_TOKEN" if place[0] == "web" else _secret_variable(key, text)
        remedy = f"Remove it here, and set {variable} in the environment"
        cause = f'"{key}" holds a secret, and secrets do not belong in this file'
        yield Problem(file, line, column, cause, remedy)


_SLACK_SECRET = re.compile(r"xox[a-z]-|xapp-|hooks\.slack\.com/", re.IGNORECASE)
SECRET_KEY = re.compile("token|secret|passw|webhook", re.IGNORECASE)


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
