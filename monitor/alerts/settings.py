"""The [alerts] table of the config file."""

from __future__ import annotations

import re
from datetime import time, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from monitor.alerts import cron
from monitor.alerts.policy import Tempo
from monitor.alerts.quiet import Loudness
from monitor.model import Severity
from monitor.settings import Channel, Duration, Settings, parse_channel

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


def _is_channel_or_none(value: str) -> str:
    return parse_channel(value) if value else value


def _is_time_or_none(value: str) -> str:
    if value and not _TIME.fullmatch(value):
        raise ValueError('write a time of day, such as "09:00", or "" for none')
    return value


def _is_span_or_none(value: str) -> str:
    start, dash, end = value.partition("-")
    if value and not (dash and _TIME.fullmatch(start) and _TIME.fullmatch(end) and start != end):
        raise ValueError('write from when to when, such as "22:00-07:00", or "" for none')
    return value


def _are_times(value: list[str]) -> list[str]:
    if not all(_TIME.fullmatch(one) for one in value):
        raise ValueError('write times of day, such as ["09:00", "17:00"]')
    return value


def _are_schedules(value: dict[str, str]) -> dict[str, str]:
    for schedule in value.values():
        cron.parse(schedule)
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
    hourly: int = Field(
        default=40,
        ge=0,
        le=3_000,
        description="More messages than this to a channel in an hour, and it gets digests; 0 for never.",
    )
    by_severity: dict[Literal["low", "medium", "high", "critical"], list[Channel]] = Field(
        default_factory=dict,
        description="Channels of the rules of a severity that name none of their own.",
    )
    quiet_hours: Annotated[str, AfterValidator(_is_span_or_none)] = Field(
        default="",
        description='Hours, such as "22:00-07:00", after which alerts come as one digest; "" for none.',
    )
    quiet_breaks: Literal["low", "medium", "high", "critical"] = Field(
        default="critical",
        description="Severity that is told in quiet hours all the same, like those above it.",
    )
    digest_at: Annotated[list[str], AfterValidator(_are_times)] = Field(
        default_factory=list,
        description="Times of day at which the alerts that waited for it come as one digest.",
    )
    digest_below: Literal["", "medium", "high", "critical"] = Field(
        default="",
        description='Alerts of a lower severity than this wait for digest_at; "" for none.',
    )

    digests: Annotated[dict[Channel, str], AfterValidator(_are_schedules)] = Field(
        default_factory=dict,
        description="Channels whose alerts come as a digest, each with its schedule as cron writes it.",
    )
    repeat: Duration = Field(
        default=timedelta(0),
        le=timedelta(days=365),
        description="A story still reported on is told again after so long; 0s for never.",
    )
    cooldown: Duration = Field(
        default=timedelta(0),
        le=timedelta(days=365),
        description="After a story was told, what changes it waits for so long.",
    )

    @property
    def routes(self) -> dict[Severity, tuple[str, ...]]:
        """Where rules of each severity are told that name no channels."""
        return {one: tuple(self.by_severity.get(one.value) or (self.channel,)) for one in Severity}

    @property
    def tempo(self) -> Tempo:
        """How often a story is told."""
        return Tempo(self.repeat, self.cooldown)

    def loudness(self, timezone: tzinfo) -> Loudness:
        """When to be quiet, in this time zone."""
        start, dash, end = self.quiet_hours.partition("-")
        return Loudness(
            quiet=(time.fromisoformat(start), time.fromisoformat(end)) if dash else None,
            breaks=Severity(self.quiet_breaks),
            digests=tuple(time.fromisoformat(one) for one in self.digest_at),
            digest_below=Severity(self.digest_below) if self.digest_below else None,
            schedules={channel: cron.parse(one) for channel, one in self.digests.items()},
            timezone=timezone,
        )
