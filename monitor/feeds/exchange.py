"""What a feed is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.errors import FeedError
    from monitor.feeds.parse import ParsedFeed
    from monitor.model import Validators


@dataclass(frozen=True, slots=True)
class Request:
    """A feed to ask, and what to ask "anything new?" with."""

    feed: int
    url: str
    validators: Validators
    body_hash: str = ""
    """SHA-256 of the document last read, in hex; the same one need not be read again."""
    marks: bytes = b""
    """Of the entries of that document (`delta.py`)."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer: 200 with a document, or 304."""

    status: int
    url: str
    """Where it came from in the end, without credentials."""
    headers: Mapping[str, str]
    """Of the last hop, names in lower case."""
    body: bytes
    """Complete and decompressed; empty for 304."""
    validators: Validators
    """To ask with next time."""
    moved_to: str | None
    """The new address, where every redirect on the way was a permanent one (301, 308)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a request."""

    request: Request
    outcome: Response | FeedError
    parsed: ParsedFeed | None = None
    """The document read; None where nothing is new, or nobody was asked to read it."""
    body_hash: str = ""
    """SHA-256 of the document that was read, in hex."""
