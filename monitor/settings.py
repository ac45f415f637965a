"""What all settings have in common: strictness, durations and sizes. Each room declares its own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d{1,9})(B|KB|MB|GB)")
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class Settings(BaseModel):
    """Base of every table of the config file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


def parse_duration(value: object) -> timedelta:
    """A duration as the config writes it: a whole number and one of ms, s, m, h, d.

    Raises:
        ValueError: It is not written that way; the text says how it should be.
    """
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            'write a duration as a number and a unit, such as "30s", "5m", "24h", "90d"'
        )
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def format_duration(value: timedelta) -> str:
    """The shortest way to write a duration that `parse_duration` reads back."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit in ("d", "h", "m", "s"):
        size = round(_SECONDS[unit] * 1000)
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def parse_size(value: object) -> int:
    """A size in bytes as the config writes it: a whole number and one of B, KB, MB, GB (powers of ten).

    Raises:
        ValueError: It is not written that way; the text says how it should be.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a size as a number and a unit, such as "500KB", "10MB"')
    return int(found[1]) * _BYTES[found[2]]


def format_size(value: int) -> str:
    """The shortest way to write a size that `parse_size` reads back."""
    for unit in ("GB", "MB", "KB"):
        if value and value % _BYTES[unit] == 0:
            return f"{value // _BYTES[unit]}{unit}"
    return f"{value}B"


_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,20}")
_CHANNEL_NAME = re.compile(r"#[^\s#@<>,!|&\"']{1,80}")


def is_channel_id(text: str) -> bool:
    """Whether a channel is named by Slack's id, such as C0123456789."""
    return _CHANNEL_ID.fullmatch(text) is not None


def parse_channel(value: str) -> str:
    """A channel as config and rule files write it: #name, or Slack's id.

    Raises:
        ValueError: It is neither; the text says how it should be.
    """
    if is_channel_id(value) or _CHANNEL_NAME.fullmatch(value):
        return value
    if _CHANNEL_NAME.fullmatch(f"#{value}"):
        raise ValueError(
            f'write the channel with its #, "#{value}", or its id, such as "C0123456789"'
        )
    raise ValueError('write one channel by name, "#news-alerts", or by id, "C0123456789"')


Channel = Annotated[str, AfterValidator(parse_channel)]

Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)
]
Size = Annotated[int, BeforeValidator(parse_size), PlainSerializer(format_size, return_type=str)]
