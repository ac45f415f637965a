"""JSON Feed 1.0 and 1.1 to entries. A value of another type than it should have is left out."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import urljoin

from monitor.errors import ParseError
from monitor.feeds import dates
from monitor.model import Entry

_VERSIONS = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")


def read(written: str, *, url: str) -> tuple[str, str, list[Entry]]:
    """Title, language and entries of a JSON Feed.

    Raises:
        ParseError: It is no whole JSON document, or no JSON Feed.
    """
    document = _load(written)
    version = _text(document, "version")
    if not version.startswith(_VERSIONS) and not isinstance(document.get("items"), list):
        raise ParseError("JSON, but not a JSON Feed")
    items = document.get("items")
    items = items if isinstance(items, list) else []
    entries = [_entry(item, url) for item in items if isinstance(item, dict)]
    return _text(document, "title"), _text(document, "language"), entries


def _load(written: str) -> dict[str, Any]:
    try:
        document = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise ParseError("damaged JSON, perhaps cut off") from error
    if not isinstance(document, dict):
        raise ParseError("JSON, but not a JSON Feed")
    return document


def _entry(item: dict[str, Any], url: str) -> Entry:
    html, plain = _text(item, "content_html"), _text(item, "content_text")
    return Entry(
        guid=_text(item, "id"),
        link=_link(item, url),
        title=_text(item, "title"),
        title_is_html=False,
        summary=escape(_text(item, "summary"), quote=False),
        content=html or escape(plain, quote=False),
        published=dates.iso(_text(item, "date_published"))
        or dates.iso(_text(item, "date_modified")),
        language=_text(item, "language"),
    )


def _link(item: dict[str, Any], url: str) -> str:
    link = _text(item, "url") or _text(item, "external_url")
    try:
        return urljoin(url, link) if link else ""
    except ValueError:
        return ""


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    if isinstance(value, str):
        return value
    # Version 1.0 asked readers to take numbers as ids.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
