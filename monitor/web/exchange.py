"""What a browser asks and what it is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HTML = "text/html; charset=utf-8"
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SAFETY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer: no script runs, nothing is loaded from elsewhere, nobody frames it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as we look at it."""

    method: str
    path: str
    """Decoded, without the query."""
    query: Mapping[str, str]
    """The last value of each parameter."""
    headers: Mapping[str, str]
    """Names in lower case."""
    form: Mapping[str, str] = field(default_factory=dict)
    target: str = "/"
    """Path and query as they came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)


def text(said: str, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Answer:
    """A line of plain text."""
    return Answer(f"{said}\n".encode(), status, "text/plain; charset=utf-8", headers)


def as_json(value: object, status: HTTPStatus) -> Answer:
    """A line of JSON."""
    return Answer(json.dumps(value).encode() + b"\n", status, "application/json")


def redirect(to: str, **headers: str) -> Answer:
    """Go on with another page of ours, by GET."""
    return Answer(b"", HTTPStatus.SEE_OTHER, headers={"Location": to, **headers})
