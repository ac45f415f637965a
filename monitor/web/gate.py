"""Who may read the pages: the name they are asked under, the token, and the cookie of those who know it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REMEMBERED = timedelta(days=30)
_COOKIE = "monitor"
_OURS = re.compile(r"/(?![/\\])[A-Za-z0-9_/?=&%.~-]{0,500}")


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach an address that is listened on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Gate:
    """Decides who gets in. On loopback everybody does, unless there is a token."""

    def __init__(self, host: str, *, names: Iterable[str] = (), token: str = "") -> None:
        """Where the page is listened for.

        Args:
            host: The address.
            names: Others under which it may be asked for.
            token: What opens it; "" for none.
        """
        self._token = token.encode()
        self._loopback = is_loopback(host)
        self._names = {"localhost", "127.0.0.1", "::1", host.lower(), *names}

    @property
    def has_token(self) -> bool:
        """Whether there is anything to log in with."""
        return bool(self._token)

    @property
    def is_shut(self) -> bool:
        """Whether nobody gets in: strangers could, and there is no token to tell them apart."""
        return not (self._token or self._loopback)

    def knows(self, host: str) -> bool:
        """Whether a Host header names us.

        A page of another site can have its own name lead to 127.0.0.1 and then ask us from the
        reader's browser; but it asks by that name (DNS rebinding).
        """
        if not self._loopback:
            return True  # by whatever names; there the token decides
        name = host.lower()
        if not name.endswith("]"):
            head, colon, port = name.rpartition(":")
            name = head if colon and port.isdecimal() else name
        return name.strip("[]").rstrip(".") in self._names

    def admits(self, headers: Mapping[str, str], *, now: datetime) -> bool:
        """Whether a request carries the token, or the cookie of somebody who gave it."""
        if not self._token:
            return self._loopback
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.opens(given.strip()):
            return True
        return self._is_remembered(headers.get("cookie", ""), now)

    def opens(self, token: str) -> bool:
        """Whether this is the token; takes as long for any other."""
        return bool(self._token) and hmac.compare_digest(
            hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest(),
            hashlib.sha256(self._token).digest(),
        )

    def cookie(self, *, now: datetime, secure: bool) -> str:
        """A Set-Cookie that lets its browser in for a while; nothing leads from it to the token."""
        ends = f"{(now + REMEMBERED).timestamp():.0f}"
        age = f"{REMEMBERED.total_seconds():.0f}"
        rest = f"Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        return f"{_COOKIE}={ends}.{self._sign(ends)}; {rest}"

    def _sign(self, ends: str) -> str:
        return hmac.new(self._token, f"monitor web until {ends}".encode(), "sha256").hexdigest()

    def _is_remembered(self, header: str, now: datetime) -> bool:
        try:
            found = SimpleCookie(header).get(_COOKIE)
        except CookieError:
            return False
        ends, _, sign = (found.value if found else "").partition(".")
        if not (ends.isascii() and ends.isdecimal() and len(ends) < 12):  # noqa: PLR2004 - till the year 5138
            return False
        genuine = hmac.compare_digest(sign.encode(), self._sign(ends).encode())
        return genuine and datetime.fromtimestamp(int(ends), UTC) > now


FORGET = f"{_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
"""A Set-Cookie that shows its browser out."""


def ours(target: str) -> str:
    """A page to go on to after the login: one of ours, whatever a form says."""
    return target if _OURS.fullmatch(target) else "/"
