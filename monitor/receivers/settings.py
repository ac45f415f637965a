"""The settings of receivers. Secrets are not settings: they come from the environment."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from monitor.settings import Duration, Settings

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _api_url(value: str) -> str:
    """The address with its closing slash, without which the last part of the path would be lost.

    Raises:
        ValueError: A token must not be sent there; the text says what to write.
    """
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError('write an address such as "https://slack.com/api/"') from None
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not encrypted or not parts.hostname:
        raise ValueError(
            'write an https:// address such as "https://slack.com/api/": '
            "the token travels with every call"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError('write the bare address, such as "https://slack.com/api/"')
    return value if value.endswith("/") else f"{value}/"


class SlackSettings(Settings):
    """How Slack is reached."""

    api_url: Annotated[str, AfterValidator(_api_url)] = Field(
        default="https://slack.com/api/",
        description="Where Slack's Web API is; another address only for tests and proxies.",
    )
    timeout: Duration = Field(
        default=timedelta(seconds=10),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=1),
        description="Longest wait for Slack's answer; after it the message is looked up.",
    )
    settle: Duration = Field(
        default=timedelta(seconds=15),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="Wait before a message whose answer was lost is looked up in its channel.",
    )
    pace: Duration = Field(
        default=timedelta(milliseconds=1050),
        ge=timedelta(0),
        le=timedelta(minutes=1),
        description="Time between two messages in one channel; Slack allows one a second.",
    )
