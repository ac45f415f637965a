"""The [alerts] table of the config file."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from monitor.settings import Channel, Settings, parse_channel

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


def _is_channel_or_none(value: str) -> str:
    return parse_channel(value) if value else value


def _is_time_or_none(value: str) -> str:
    if value and not _TIME.fullmatch(value):
        raise ValueError('write a time of day, such as "09:00", or "" for none')
    return value


class AlertsSettings(Settings):
    """Where alerts go."""

    receiver: Literal["slack", "console"] = Field(
        default="slack",
        description="slack or console; the console, which is said, where no Slack secret is set.",
    )
    channel: Channel = Field(
        default="#news-alerts",
        description="Channel, by name or id, of the rules that name none of their own.",
    )
    ops_channel: Annotated[str, AfterValidator(_is_channel_or_none)] = Field(
        default="#news-ops",
        description='Channel where the service speaks of its own troubles; "" for none.',
    )
    heartbeat: Annotated[str, AfterValidator(_is_time_or_none)] = Field(
        default="09:00",
        description='Time of day of a message to the ops channel that counts what was done; "" for none.',
    )
    collapse_above: int = Field(
        default=20,
        ge=0,
        le=10_000,
        description="More alerts than this waiting for a channel become one digest; 0 for never.",
    )
