from __future__ import annotations

import contextlib
import gzip
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.feeds.answer import decompressed, refusal, retry_after

NOW = datetime(2025, 3, 17, 9, 0, tzinfo=UTC)
BODY = b"<rss>" + b"news " * 1000 + b"</rss>"
PACKED = gzip.compress(BODY, mtime=0)
LIMIT = 10_000


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (PACKED, "gzip"),
        (PACKED, "X-GZIP"),
        (PACKED + b"\0padding", "gzip"),
        (gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:], mtime=0), "gzip"),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY, wbits=-15), "deflate"),
        (BODY, "identity"),
        (BODY, ""),
    ],
)
def test_a_compressed_body_arrives_as_it_was(packed: bytes, encoding: str) -> None:
    assert decompressed(packed, encoding, limit=LIMIT) == BODY


@pytest.mark.parametrize(
    "length", [1, 5, 11, 20, len(PACKED) // 2, len(PACKED) - 8, len(PACKED) - 1]
)
def test_a_cut_one_is_never_taken_for_a_whole(length: int) -> None:
    with pytest.raises(FetchError, match="cut off"):
        decompressed(PACKED[:length], "gzip", limit=LIMIT)


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (BODY, "gzip", "damaged compressed data"),
        (PACKED[:-8] + bytes(8), "gzip", "damaged compressed data"),
        (PACKED, "br", r"did not ask for \(br\)"),
        (gzip.compress(PACKED, mtime=0), "gzip, gzip", "did not ask for"),
    ],
)
def test_a_damaged_or_foreign_one_is_refused(body: bytes, encoding: str, words: str) -> None:
    with pytest.raises(FetchError, match=words):
        decompressed(body, encoding, limit=LIMIT)


def test_a_bomb_is_put_out_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    with pytest.raises(FetchError, match=r"larger than 10KB \(polling.max_size\)"):
        decompressed(bomb, "gzip", limit=LIMIT)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "", "x"]))
def test_decompression_fails_in_one_way_only(body: bytes, encoding: str) -> None:
    with contextlib.suppress(FetchError):
        assert len(decompressed(body, encoding, limit=LIMIT)) <= LIMIT


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("120", timedelta(minutes=2)),
        (" 7200 ", timedelta(hours=2)),
        ("Mon, 17 Mar 2025 09:30:00 GMT", timedelta(minutes=30)),
        ("Monday, 17-Mar-25 10:00:00 GMT", timedelta(hours=1)),
        ("1000000000000", timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
        ("Mon, 17 Mar 2025 08:00:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("Mon, 99 Mar 99999 09:30:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, asked: timedelta | None) -> None:
    assert retry_after(value, now=NOW) == asked


@given(st.text(max_size=30))
def test_no_retry_after_breaks_anything(value: str) -> None:
    asked = retry_after(value, now=NOW)

    assert asked is None or timedelta(0) < asked <= timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "answered 404 Not Found: has no such feed"),
        (500, "answered 500 Internal Server Error"),
        (999, "answered 999 unknown status"),
        (204, "answered 204 No Content"),
    ],
)
def test_a_status_is_told_in_words(status: int, words: str) -> None:
    assert str(refusal(status, {}, host="a.example", now=NOW)) == words


def test_only_410_is_for_good_and_only_429_and_503_may_ask_for_a_pause() -> None:
    headers = {"retry-after": "60"}

    assert refusal(410, headers, host="a.example", now=NOW).gone
    assert not refusal(404, headers, host="a.example", now=NOW).gone
    assert refusal(429, headers, host="a.example", now=NOW).retry_after == timedelta(minutes=1)
    assert refusal(503, headers, host="a.example", now=NOW).retry_after == timedelta(minutes=1)
    assert refusal(500, headers, host="a.example", now=NOW).retry_after is None


def test_bot_protection_is_named() -> None:
    assert "bot protection" in str(
        refusal(403, {"cf-mitigated": "challenge"}, host="a.example", now=NOW)
    )
