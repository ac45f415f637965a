"""What an HTTP answer means: its body decompressed, its status in words. Pure.

Decompression is ours because libcurl takes a gzip stream that was cut off for a whole one.
"""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitor.errors import FetchError
from monitor.settings import format_size

ENCODINGS = "gzip"
"""What we ask for: the one compression the standard library can undo in bounded steps."""

LONGEST_RETRY_AFTER = timedelta(hours=24)
_SECONDS = re.compile(r"\d{1,15}")
_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_RETRY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MEANINGS = {
    HTTPStatus.UNAUTHORIZED: "asks for a user name and password",
    HTTPStatus.FORBIDDEN: "refuses us",
    HTTPStatus.NOT_FOUND: "has no such feed",
    HTTPStatus.GONE: "says that the feed is gone for good",
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: "may not serve it here",
    HTTPStatus.TOO_MANY_REQUESTS: "asks us to come less often",
    HTTPStatus.SERVICE_UNAVAILABLE: "is not available for now",
}


def decompressed(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The body without its Content-Encoding.

    Raises:
        FetchError: It is cut off, damaged, too large, or in an encoding we did not ask for.
    """
    encoding = encoding.strip().lower()
    if not body or encoding in {"", "identity"}:
        return body
    try:
        return _inflated(body, encoding, limit)
    except zlib.error as error:
        raise FetchError(f"damaged compressed data ({encoding})") from error


def _inflated(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in {"gzip", "x-gzip"}:
        bits = _GZIP
    elif encoding == "deflate":
        # The standard means zlib's format, some servers send the bare one.
        bits = zlib.MAX_WBITS if body[0] & 0x0F == zlib.DEFLATED else _RAW_DEFLATE
    else:
        raise FetchError(f"compressed in a way we did not ask for ({encoding[:40]})")
    inflated = bytearray()
    while body:
        stream = zlib.decompressobj(bits)
        # max_length bounds what one step makes of a few bytes; 0 would mean no bound.
        inflated += stream.decompress(body, limit - len(inflated) + 1)
        if len(inflated) > limit:
            raise too_large(limit)
        if not stream.eof:
            raise FetchError("a compressed answer that was cut off")
        # gzip may go on with another member; anything else behind the end is padding.
        body = stream.unused_data if stream.unused_data.startswith(b"\x1f\x8b") else b""
    return bytes(inflated)


def too_large(limit: int) -> FetchError:
    """The error for a body beyond the limit."""
    return FetchError(f"larger than {format_size(limit)} (polling.max_size)")


def refusal(status: int, headers: dict[str, str], *, host: str, now: datetime) -> FetchError:
    """The error for an answer that brings no document."""
    return FetchError(
        _words(status, headers),
        retry_after=retry_after(headers.get("retry-after", ""), now=now)
        if status in _RETRY
        else None,
        gone=status == HTTPStatus.GONE,
        host=host,
    )


def _words(status: int, headers: dict[str, str]) -> str:
    if status == HTTPStatus.FORBIDDEN and "cf-mitigated" in headers:
        return "answered 403: its bot protection wants a browser"
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "unknown status"
    meaning = _MEANINGS.get(HTTPStatus(status), "") if phrase != "unknown status" else ""
    return f"answered {status} {phrase}" + (f": {meaning}" if meaning else "")


def retry_after(value: str, *, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait, at most a day; None where it says nothing usable."""
    value = value.strip()
    if _SECONDS.fullmatch(value):
        asked = timedelta(seconds=min(int(value), LONGEST_RETRY_AFTER.total_seconds()))
    else:
        asked = _until(value, now)
    return min(asked, LONGEST_RETRY_AFTER) if asked > timedelta(0) else None


def _until(value: str, now: datetime) -> timedelta:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta(0)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
