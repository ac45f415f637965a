"""The [web] table of the config file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.settings import Settings

_LISTEN = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_MAX_PORT = 65_535
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def _is_listen(value: str) -> str:
    found = _LISTEN.fullmatch(value)
    if value and not (found and int(found["port"]) <= _MAX_PORT):
        raise ValueError('write an address and a port, such as "127.0.0.1:8080", or "" for none')
    return value


def _is_host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(
            'write the name alone, in small letters, such as "news.example.org", without https:// '
            "and without a port"
        )
    return value


class WebSettings(Settings):
    """The status page."""

    listen: Annotated[str, AfterValidator(_is_listen)] = Field(
        default="127.0.0.1:8080",
        description='Address of the status page, /healthz, /readyz and /metrics; "" for none.',
    )
    hosts: tuple[Annotated[str, AfterValidator(_is_host)], ...] = Field(
        default=(),
        strict=False,
        description="Names under which a proxy on this machine offers the page.",
    )
