"""The HTTP server: one request a connection, with limits of number, time and size for all of them."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from monitor.errors import ConfigError, Problem
from monitor.web import exchange
from monitor.web.exchange import SAFETY, Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 64
"""Whoever comes then takes the place of the one who has been here longest."""
DEADLINE_S = 15.0
"""Of a connection, however busy it is: a client that sends a byte a second must not stay."""
_SILENCE_S = 5.0
_LOOK_S = 0.1
_START_S = 4.0
_MAX_TARGET = 2_000
_MAX_FORM = 4_000
_MAX_FIELDS = 20
_READY = "/readyz"


def split(listen: str) -> tuple[str, int]:
    """Host and port of a `host:port` setting."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class Server:
    """Listens from the start; asks before `answer_with` wait, except /readyz. A context manager.

    Raises:
        ConfigError: The address can't be listened on.
    """

    def __init__(self, listen: str, *, file: str = "config.toml") -> None:
        host, port = split(listen)
        family = _Server6 if ":" in host else _Server
        try:
            self._server = family((host, port))
        except OSError as error:
            raise ConfigError([_refused(listen, file, error)]) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_S,), name="web", daemon=True
        )
        self._thread.start()

    def answer_with(self, site: Callable[[Request], Answer]) -> None:
        """Begin to answer; whoever asked before has waited."""
        self._server.site = site
        self._server.started.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.drop_all()


def _refused(listen: str, file: str, error: OSError) -> Problem:
    cause = f'web.listen = "{listen}" cannot be used: {(error.strerror or "").lower()}'
    remedy = 'Write another port there, stop what uses this one, or write "" for none'
    if error.errno != errno.EADDRINUSE:
        remedy = 'Write an address of this machine, such as "127.0.0.1:8080", or "" for none'
    return Problem(file, None, None, cause, remedy)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int]) -> None:
        self.started = threading.Event()
        self.site: Callable[[Request], Answer] = _starting
        self._lock = threading.Lock()
        self._open: dict[socket.socket, float] = {}
        """Since when, oldest first."""
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's types
        with self._lock:
            oldest = next(iter(self._open)) if len(self._open) >= MOST_CONNECTIONS else None
            if oldest:
                del self._open[oldest]
            self._open[request] = time.monotonic()
        if oldest:
            _cut(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's types
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Cut whoever has been here too long; the base calls this again and again."""
        latest = time.monotonic() - DEADLINE_S
        with self._lock:
            late = [one for one, since in self._open.items() if since < latest]
        for one in late:
            _cut(one)

    def drop_all(self) -> None:
        with self._lock:
            left = list(self._open)
        for one in left:
            _cut(one)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked is gone, and what we do wrong is told where it is done."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _cut(connection: socket.socket) -> None:
    """End a connection under the thread that serves it, which then closes it."""
    with contextlib.suppress(OSError):  # it is gone already
        connection.shutdown(socket.SHUT_RDWR)


def _starting(_: Request) -> Answer:
    return exchange.text("starting", HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "5"})


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SILENCE_S
    server_version = "monitor"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        self._send(self._answer())

    def _answer(self) -> Answer:
        if len(self.path) > _MAX_TARGET:
            return exchange.text("too long", HTTPStatus.REQUEST_URI_TOO_LONG)
        try:
            request = self._request()
        except ValueError:
            return exchange.text("not understood", HTTPStatus.BAD_REQUEST)
        if request is None:
            return exchange.text("too much", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if request.path != _READY:
            self.server.started.wait(_START_S)
        try:
            return self.server.site(request)
        except Exception:
            log.exception("page not made, please report: path=%s", request.path)
            return exchange.text(
                "this program has a bug; its log says more", HTTPStatus.INTERNAL_SERVER_ERROR
            )

    def _request(self) -> Request | None:
        """What is asked; None where the form is larger than any of ours.

        Raises:
            ValueError: It is not understood.
        """
        parts = urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        if self.headers.get("transfer-encoding") or size < 0 or not parts.path.startswith("/"):
            raise ValueError
        if size > _MAX_FORM:
            return None
        body = self.rfile.read(size).decode() if size else ""
        return Request(
            method="GET" if self.command == "HEAD" else self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, max_num_fields=_MAX_FIELDS)),
            headers={name.lower(): value for name, value in self.headers.items()},
            form=dict(parse_qsl(body, max_num_fields=_MAX_FIELDS)),
            target=self.path,
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {**SAFETY, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(
        self,
        code: int,
        message: str | None = None,  # noqa: ARG002 - the base's
        explain: str | None = None,  # noqa: ARG002 - the base's
    ) -> None:
        """What the base refuses, said without repeating any of it."""
        self.command = getattr(self, "command", None) or "GET"
        self.close_connection = True
        with contextlib.suppress(OSError):  # nobody listens any more
            self._send(exchange.text(HTTPStatus(code).phrase.lower(), HTTPStatus(code)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: a probe a minute is no news."""
