from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.addresses import parse_all_allowed, parse_allowed, refused

if TYPE_CHECKING:
    import ipaddress


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
        *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
        *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *(
            "64:ff9b::a9fe:a9fe",
            "2002:a00:1::1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ),
        *("4000::1", "5f00::1", "100::1", "", "localhost", "2130706433"),
    ],
)
def test_addresses_that_lead_inside_or_nowhere_are_refused(ip: str) -> None:
    assert refused(ip, 80, ())


@pytest.mark.parametrize(
    "ip",
    [
        *("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "11.0.0.1"),
        *(
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ),
    ],
)
def test_public_addresses_are_not(ip: str) -> None:
    assert refused(ip, 443, ()) is None


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6, network="2000::/3"))
def test_nothing_python_calls_private_is_let_through(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    kinds = (ip.is_private, ip.is_loopback, ip.is_link_local, ip.is_multicast, ip.is_reserved)

    assert refused(str(ip), 80, ()) or not any(kinds)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_judged_by_what_is_inside(ip: ipaddress.IPv4Address) -> None:
    wrapped = [f"::ffff:{ip}", f"64:ff9b::{ip}"]

    assert {refused(one, 80, ()) for one in wrapped} == {refused(str(ip), 80, ())}


@pytest.mark.parametrize(
    ("entry", "ip", "port"),
    [
        ("10.0.0.0/8", "10.1.2.3", 80),
        ("192.168.1.5", "192.168.1.5", 8080),
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("127.0.0.1:8000", "::ffff:127.0.0.1", 8000),
        ("[::1]:8000", "::1", 8000),
        ("::1", "::1", 80),
        ("[::1]", "::1", 80),
        ("fd00::/8", "fd12::1", 443),
    ],
)
def test_the_operator_may_make_exceptions(entry: str, ip: str, port: int) -> None:
    assert refused(ip, port, [parse_allowed(entry)]) is None


@pytest.mark.parametrize(
    ("entry", "ip", "port"),
    [
        ("10.0.0.0/8", "192.168.0.1", 80),
        ("127.0.0.1:8000", "127.0.0.1", 8001),
        ("127.0.0.1:8000", "127.0.0.2", 8000),
        ("[::1]:8000", "::1", 80),
    ],
)
def test_an_exception_is_no_wider_than_it_says(entry: str, ip: str, port: int) -> None:
    assert refused(ip, port, parse_all_allowed([entry]))


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        "1.2.3",
        "::1:x",
    ],
)
def test_an_exception_that_is_no_address_is_explained(entry: str) -> None:
    with pytest.raises(ValueError, match="is not an address; write a network such as"):
        parse_allowed(entry)
