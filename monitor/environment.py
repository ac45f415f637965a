"""Settings from environment variables: MONITOR_SECTION__KEY wins over the config file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import BaseModel

from monitor import toml
from monitor.credentials import SECRET_KEY, from_environment
from monitor.errors import ConfigError, Problem
from monitor.problems import did_you_mean, is_secret, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.toml import Where

PREFIX = "MONITOR_"


@dataclass(frozen=True, slots=True)
class Override:
    """A setting that the environment gives."""

    variable: str
    section: str
    key: str
    value: object

    @property
    def place(self) -> Where:
        """Where it stands in a document."""
        return self.section, self.key


def _sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The tables that hold one set of keys; not the lists of tables."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def variables(model: type[BaseModel]) -> dict[str, tuple[str, str]]:
    """Every environment variable that stands for a setting, with its section and key."""
    return {
        f"{PREFIX}{name}__{key}".upper(): (name, key)
        for name, section in _sections(model)
        for key in section.model_fields
    }


def overrides(
    environ: Mapping[str, str], model: type[BaseModel]
) -> tuple[list[Override], list[Problem]]:
    """The settings that the environment gives, and what is wrong with them."""
    known = variables(model)
    found: list[Override] = []
    problems: list[Problem] = []
    for variable in sorted(environ):
        name = variable.removesuffix("_FILE") if variable in _FILES else variable
        if name not in known:
            if _is_meant_for_us(variable, environ[variable], known):
                problems.append(_unknown_variable(variable, known))
            continue
        try:
            text = from_environment(name, environ) if name in _FROM_FILES else environ[name]
        except ConfigError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        section, key = known[name]
        if section != "database" and is_secret(text or ""):
            cause = "it holds a secret, and this setting is no place for one"
            remedy = _SECRETS
            problems.append(Problem(variable, None, None, cause, remedy))
            continue
        annotation = dict(_sections(model))[section].model_fields[key].annotation
        found.append(Override(variable, section, key, _value(text or "", annotation)))
    return found, problems


_SECRETS = (
    "Secrets are called SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_WEBHOOK_URL and MONITOR_WEB_TOKEN"
)
_FROM_FILES = ("MONITOR_DATABASE__URL",)
"""Settings that may hold a password: with _FILE after the name, the variable names a file."""
_FILES = tuple(f"{name}_FILE" for name in _FROM_FILES)


def _is_meant_for_us(variable: str, text: str, known: Iterable[str]) -> bool:
    """Others have variables of that prefix too: Kubernetes makes MONITOR_PORT for a service `monitor`."""
    name = variable.upper()
    if not name.startswith(PREFIX):
        return False
    if is_secret(text) or (variable.startswith(PREFIX) and "__" in variable):
        return True
    return name.replace("__", "_") in {one.replace("__", "_") for one in known}


def _unknown_variable(variable: str, known: Iterable[str]) -> Problem:
    if variable.startswith(f"{PREFIX}FEEDS__"):
        remedy = "Write the feeds into the config file, and remove this variable"
        cause = "feeds cannot be set by the environment"
        return Problem(variable, None, None, cause, remedy)
    if SECRET_KEY.search(variable.upper().removeprefix(PREFIX)):
        remedy = _SECRETS
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
    if kind in {tuple, dict, int, bool, float} or (text[:1] in {'"', "'"} and len(text) > 1):
        return toml.value(text)
    return text


def merged(values: dict[str, Any], given: Iterable[Override]) -> dict[str, Any]:
    """The values of a document with those of the environment over them."""
    result = dict(values)
    for override in given:
        table = result.get(override.section, {})
        if isinstance(table, dict):  # else the file is wrong there, which is told
            result[override.section] = {**table, override.key: override.value}
    return result
