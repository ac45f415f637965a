"""The [polling] table and the [[feeds]] of the config file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from monitor import urls
from monitor.feeds.addresses import parse_allowed
from monitor.model import Feed, Outlet
from monitor.settings import Duration, Line, Settings, Size, format_duration, format_size

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_SMALLEST = 10_000
_LARGEST = 10**9

_T = TypeVar("_T", timedelta, int)


def _between(low: _T, high: _T) -> AfterValidator:
    def check(value: _T) -> _T:
        if not low <= value <= high:
            raise ValueError(f"must be from {_written(low)} to {_written(high)}")
        return value

    return AfterValidator(check)


def _written(value: timedelta | int) -> str:
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    # Sizes begin where counts end.
    return f'"{format_size(value)}"' if value in {_SMALLEST, _LARGEST} else str(value)


def _is_feed_url(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError("write an address that starts with http:// or https://")
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in value):
        raise ValueError("write the address without spaces, line breaks or backslashes")
    if not urls.host(value):
        raise ValueError("write an address with a host, such as https://example.org/rss")
    if len(value) > urls.MAX_LENGTH:
        raise ValueError(f"write an address of at most {urls.MAX_LENGTH} characters")
    return value


def _is_language(value: str) -> str:
    if value and not (
        value.isascii() and value.isalpha() and value.islower() and len(value) in {2, 3}
    ):
        raise ValueError('write the language as its code of two letters, such as "en", "ko", "uk"')
    return value


def _is_country(value: str) -> str:
    if value and not (value.isascii() and value.isalpha() and value.isupper() and len(value) == 2):  # noqa: PLR2004
        raise ValueError('write the country as its code of two letters, such as "KR", "UA", "GB"')
    return value


def _is_exception(value: str) -> str:
    parse_allowed(value)
    return value


class PollingSettings(Settings):
    """How often and how carefully feeds are asked."""

    interval: Annotated[Duration, _between(_SECOND, 7 * _DAY)] = Field(
        default=timedelta(minutes=5),
        description="Time between two polls of a feed on average; a quiet one waits twice it at most.",
    )
    min_interval: Annotated[Duration, _between(_SECOND, _DAY)] = Field(
        default=timedelta(minutes=1),
        description="Shortest time between two polls of a feed, whatever else suggests less.",
    )
    budget: Annotated[int, _between(0, 100_000)] = Field(
        default=0,
        description="Requests per minute for all feeds; 0 for what `interval` for each would cost.",
    )
    feed_lists: str = Field(
        default="feeds", description='Folder of files with more [[feeds]]; "" for none.'
    )
    concurrency: Annotated[int, _between(1, 1000)] = Field(
        default=64, description="Feeds asked at the same time."
    )
    per_host: Annotated[int, _between(1, 32)] = Field(
        default=2, description="Feeds of one host asked at the same time."
    )
    timeout: Annotated[Duration, _between(timedelta(milliseconds=50), timedelta(minutes=5))] = (
        Field(
            default=timedelta(seconds=20),
            description="Longest time one answer may take, from the name look-up to the last byte.",
        )
    )
    max_size: Annotated[Size, _between(_SMALLEST, _LARGEST)] = Field(
        default=10_000_000, description="Largest document taken, after decompression."
    )
    lookback: Annotated[Duration, _between(timedelta(0), 365 * _DAY)] = Field(
        default=timedelta(hours=24),
        description="At first sight of a feed, older entries are stored but never alert.",
    )
    max_backoff: Annotated[Duration, _between(_SECOND, 7 * _DAY)] = Field(
        default=timedelta(hours=6),
        description="Longest pause after failures; a feed is never given up.",
    )
    allow_private: tuple[Annotated[str, AfterValidator(_is_exception)], ...] = Field(
        default=(),
        strict=False,
        description=(
            "Exceptions to the refusal of private addresses: networks, addresses, address:port."
        ),
    )


class FeedSettings(Settings):
    """A feed to poll, and whose it is."""

    url: Annotated[str, AfterValidator(_is_feed_url)] = Field(
        description="Address of the feed: RSS, Atom, JSON Feed, or a Google News sitemap."
    )
    name: Line = Field(
        default="", description="The outlet, as shown in alerts; the host where left out."
    )
    language: Annotated[str, AfterValidator(_is_language)] = Field(
        default="", description="Language of its entries, two letters: en, ko, uk."
    )
    kind: Line = Field(
        default="",
        description="wire, newspaper, broadcaster, government, state-media, blog; for rules.",
    )
    country: Annotated[str, AfterValidator(_is_country)] = Field(
        default="", description="Country of the outlet, two letters: KR, UA, GB."
    )
    tags: tuple[Annotated[Line, Field(min_length=1)], ...] = Field(
        default=(), strict=False, description="Words that rules can select it by."
    )
    interval: Annotated[Duration, _between(_SECOND, 7 * _DAY)] | None = Field(
        default=None,
        description="Longest time between two polls of this feed.",
    )

    def to_feed(self) -> Feed:
        """The feed as the rest of the program knows it."""
        name = self.name or urls.host(self.url)
        outlet = Outlet(name, self.language, self.kind, self.country, self.tags)
        return Feed(self.url, outlet, self.interval)
