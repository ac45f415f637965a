"""What strangers may do to the server, and that others are answered all the same."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from monitor.web import exchange, server
from monitor.web.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webdesk import Desk

    from monitor.web.exchange import Answer, Request


@contextlib.contextmanager
def connections(
    listen: str, number: int, first: bytes = b"GET / HT"
) -> Iterator[list[socket.socket]]:
    """Clients that begin a request and go no further."""
    host, port = server.split(listen)
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(socket.create_connection((host, port), timeout=30))
            for _ in range(number)
        ]
        for one in made:
            one.sendall(first)
        yield made


def said(client: socket.socket) -> bytes:
    """Everything that comes until the other side ends it."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def raw(listen: str, request: bytes) -> bytes:
    with connections(listen, 1, request) as (client,):
        return said(client)


def test_many_clients_that_say_nothing_keep_nobody_out(desk: Desk) -> None:
    with desk.serving(), connections(desk.listen, server.MOST_CONNECTIONS * 3):
        assert desk.ask("/healthz").status == 200


def test_whoever_sends_a_byte_now_and_then_is_cut_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "DEADLINE_S", 0.5)
    with desk.serving(), connections(desk.listen, 1) as (client,):
        with contextlib.suppress(OSError):
            for _ in range(200):
                client.sendall(b"x")
                client.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    if not client.recv(1):
                        break
            else:
                pytest.fail("it was listened to for ever")
        assert desk.ask("/healthz").status == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"POST /login HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", b"413"),
        (b"POST /login HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /login HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"POST /login HTTP/1.1\r\nContent-Length: 2\r\n\r\n\xff\xfe", b"400"),
        (b"GET http://[::1 HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /?" + b"a=1&" * 50 + b" HTTP/1.1\r\n\r\n", b"400"),
        (b"DELETE / HTTP/1.1\r\n\r\n", b"501"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"bad request"),
    ],
)
def test_what_is_no_request_of_ours_is_refused_in_one_line(
    desk: Desk, request_: bytes, status: bytes
) -> None:
    with desk.serving():
        answer = raw(desk.listen, request_)

    assert status in answer.partition(b"\n")[0]
    assert len(answer) < 1_000
    assert b"Traceback" not in answer


def test_a_bug_in_a_page_is_told_without_what_it_was(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: Request) -> Answer:
        raise RuntimeError("the secret")

    with Server(desk.listen) as listening:
        listening.answer_with(broken)
        answer = desk.ask("/")

    assert answer.status == 500
    assert "secret" not in answer.body
    assert "page not made, please report" in caplog.text


def test_every_answer_forbids_scripts_frames_and_guessing(desk: Desk) -> None:
    with desk.serving():
        answers = [desk.ask(path) for path in ("/", "/healthz", "/nothing", "/metrics")]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""]
)
def test_on_loopback_no_other_name_is_answered(desk: Desk, host: str) -> None:
    with desk.serving():
        assert desk.ask("/healthz", host=host).status == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8080", "[::1]", "desk.example:443"]
)
def test_on_loopback_its_own_names_are(desk: Desk, host: str) -> None:
    with desk.serving(names=("desk.example",)):
        assert desk.ask("/healthz", host=host).status == 200


def test_elsewhere_any_name_is_answered(desk: Desk) -> None:
    with desk.serving(listens_on="0.0.0.0"):
        assert desk.ask("/healthz", host="monitor.pod.cluster").status == 200


def test_head_is_answered_without_a_body(desk: Desk) -> None:
    with desk.serving():
        answer = desk.ask("/healthz", method="HEAD")

    assert (answer.status, answer.body) == (200, "")


def test_what_asks_while_it_starts_waits(desk: Desk) -> None:
    with Server(desk.listen) as listening:
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(desk.ask("/healthz").status))
        asking.start()
        listening.answer_with(lambda _: exchange.text("here"))
        asking.join(10)

    assert answers == [200]


def test_it_can_be_stopped_while_somebody_is_connected(desk: Desk) -> None:
    host, port = server.split(desk.listen)
    with contextlib.ExitStack() as stack:
        with desk.serving():
            client = stack.enter_context(socket.create_connection((host, port), timeout=30))
            client.sendall(b"GET / HT")
            assert desk.ask("/healthz").status == 200

        assert said(client) == b""
