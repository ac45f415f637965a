"""Which network addresses a feed may be fetched from: public ones, and what the operator allows.

Checked against the address that is connected to, never against a name: what a name resolves to
can change between a check and its use. `ipaddress.is_global` is not enough: it calls addresses
global that lead inside (NAT64, 6to4) or nowhere (multicast).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_V4 = ipaddress.IPv4Network
_V6 = ipaddress.IPv6Network

# First the more specific name, then the wider one: the first hit is what a person reads.
_REFUSED_V4 = (
    (_V4("0.0.0.0/8"), "an address of this host"),
    (_V4("127.0.0.0/8"), "a loopback address"),
    (_V4("169.254.0.0/16"), "a link-local or cloud metadata address"),
    (_V4("168.63.129.16/32"), "a cloud metadata address"),
    (_V4("192.0.0.192/32"), "a cloud metadata address"),
    (_V4("10.0.0.0/8"), "a private address"),
    (_V4("172.16.0.0/12"), "a private address"),
    (_V4("192.168.0.0/16"), "a private address"),
    (_V4("100.64.0.0/10"), "a private address of a provider's network"),
    (_V4("192.0.0.0/24"), "a reserved address"),
    (_V4("192.0.2.0/24"), "an address for documentation"),
    (_V4("198.51.100.0/24"), "an address for documentation"),
    (_V4("203.0.113.0/24"), "an address for documentation"),
    (_V4("198.18.0.0/15"), "an address for benchmarks"),
    (_V4("192.31.196.0/24"), "a reserved address"),
    (_V4("192.52.193.0/24"), "a reserved address"),
    (_V4("192.88.99.0/24"), "a reserved address"),
    (_V4("192.175.48.0/24"), "a reserved address"),
    (_V4("224.0.0.0/4"), "a multicast address"),
    (_V4("240.0.0.0/4"), "a reserved or broadcast address"),
)
_REFUSED_V6 = (
    (_V6("::1/128"), "a loopback address"),
    (_V6("::/128"), "an address of this host"),
    (_V6("fe80::/10"), "a link-local address"),
    (_V6("fec0::/10"), "a site-local address"),
    (_V6("fc00::/7"), "a unique-local address"),
    (_V6("ff00::/8"), "a multicast address"),
    (_V6("2001:db8::/32"), "an address for documentation"),
    (_V6("3fff::/20"), "an address for documentation"),
    (_V6("2001::/32"), "a Teredo tunnel"),
    (_V6("2001::/23"), "a reserved address"),
    (_V6("2620:4f:8000::/48"), "a reserved address"),
)
_PUBLIC_V6 = _V6("2000::/3")
"""All that is handed out so far; whatever is outside is reserved or special."""

_NAT64 = _V6("64:ff9b::/96")
_COMPATIBLE = _V6("::/96")
_ENTRY = re.compile(
    r"(?P<net>[0-9.]+(?:/\d{1,2})?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/\d{1,3})"
    r"|(?P<v6>[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*)"
    r"|(?P<host>[0-9.]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})"
    r"|\[(?P<bare>[0-9a-fA-F:.]+)\]"
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """An exception the operator makes: a network, or one host, on every port or on one."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    port: int | None = None

    def covers(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bool:
        """Whether a connection to this address and port is meant."""
        return address in self.network and self.port in {None, port}


def parse_allowed(entry: str) -> Allowed:
    """Read one entry of `polling.allow_private`.

    Raises:
        ValueError: It is none of the forms; the text says which there are.
    """
    found = _ENTRY.fullmatch(entry.strip())
    try:
        return _allowed(found)
    except ValueError:
        raise ValueError(
            f'"{entry}" is not an address; write a network such as "10.0.0.0/8", an address '
            'such as "192.168.1.5", or an address with a port such as "127.0.0.1:8000"'
        ) from None


def _allowed(found: re.Match[str] | None) -> Allowed:
    if found is None:
        raise ValueError
    address = found["net"] or found["v6"] or found["bare"] or found["host"].strip("[]")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 1 << 16:
        raise ValueError
    return Allowed(ipaddress.ip_network(address), port)


def parse_all_allowed(entries: Iterable[str]) -> tuple[Allowed, ...]:
    """Read all entries of `polling.allow_private`; raises as `parse_allowed`."""
    return tuple(parse_allowed(entry) for entry in entries)


def refused(ip: str, port: int, allowed: Sequence[Allowed]) -> str | None:
    """What kind of address this is, where it must not be connected to; None where it may."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "not an address"
    carried = _carried(address)
    if any(one.covers(form, port) for one in allowed for form in (address, carried)):
        return None
    return _kind(carried)


def _carried(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it is only a wrapping."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _kind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _REFUSED_V4 if address in network), None)
    named = next((kind for network, kind in _REFUSED_V6 if address in network), None)
    return named or (None if address in _PUBLIC_V6 else "a reserved address")
