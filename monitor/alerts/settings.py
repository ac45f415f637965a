"""The [alerts] table of the config file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from monitor.settings import Channel, Settings, parse_channel


def _is_channel_or_none(value: str) -> str:
    return parse_channel(value) if value else value


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
    collapse_above: int = Field(
        default=20,
        ge=0,
        le=10_000,
        description="More alerts than this waiting for a channel become one digest; 0 for never.",
    )
