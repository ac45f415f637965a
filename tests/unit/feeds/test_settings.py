from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.feeds.settings import FeedSettings, PollingSettings
from monitor.model import Feed, Outlet


def test_polling_has_the_promised_defaults() -> None:
    settings = PollingSettings()

    assert settings.model_dump() == {
        "interval": "5m",
        "min_interval": "1m",
        "budget": 0,
        "feed_lists": "feeds",
        "concurrency": 64,
        "per_host": 2,
        "timeout": "20s",
        "max_size": "10MB",
        "lookback": "1d",
        "max_backoff": "6h",
        "allow_private": (),
    }


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("interval", "5 minutes", "write a duration"),
        ("interval", 300, "write a duration"),
        ("min_interval", "10ms", "from"),
        ("concurrency", 0, "must be from 1 to 1000"),
        ("concurrency", 1001, "must be from 1 to 1000"),
        ("per_host", 33, "must be from 1 to 32"),
        ("timeout", "1h", "must be from"),
        ("max_size", "1B", 'must be from "10KB" to "1GB"'),
        ("max_size", "ten", "write a size"),
        ("allow_private", ["localhost"], "is not an address"),
        ("speed", 1, "Extra inputs"),
    ],
)
def test_what_polling_can_not_be_is_explained(key: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PollingSettings.model_validate({key: value})


def test_a_feed_needs_only_an_address() -> None:
    feed = FeedSettings.model_validate({"url": "https://News.example/rss"}).to_feed()

    assert feed == Feed("https://News.example/rss", Outlet("news.example"))


def test_a_feed_says_whose_it_is() -> None:
    table: dict[str, Any] = {
        "url": "https://news.example/rss",
        "name": "Example Wire",
        "language": "ko",
        "kind": "wire",
        "country": "KR",
        "tags": ["korea"],
        "interval": "2m",
    }

    feed = FeedSettings.model_validate(table).to_feed()

    outlet = Outlet("Example Wire", "ko", "wire", "KR", ("korea",))
    assert feed == Feed("https://news.example/rss", outlet, timedelta(minutes=2))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("url", "news.example/rss", "write an address that starts with http:// or https://"),
        ("url", "file:///etc/passwd", "write an address that starts with http:// or https://"),
        ("url", "https://news.example/a b", "without spaces"),
        ("url", "https://news.example\\@evil.example", "backslashes"),
        ("url", "https://", "write an address with a host"),
        ("url", "https://news.example/" + "a" * 2000, "at most 2000 characters"),
        ("language", "Korean", "two letters"),
        ("country", "kr", "two letters"),
        ("interval", "2", "write a duration"),
    ],
)
def test_what_a_feed_can_not_be_is_explained(key: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FeedSettings.model_validate({"url": "https://news.example/rss", key: value})


@pytest.mark.parametrize("model", [PollingSettings, FeedSettings])
def test_every_key_is_described(model: type[PollingSettings | FeedSettings]) -> None:
    described = {name: field.description for name, field in model.model_fields.items()}

    assert all(text and text.endswith(".") for text in described.values()), described
