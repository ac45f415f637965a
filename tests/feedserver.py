"""A feed publisher on loopback for tests: serves what it is given, and misbehaves as told.

    with FeedServer() as server:
        server.publish("/feed.xml", body, etag='"1"')
        ... poll server.url("/feed.xml") ...
        assert server.requests[-1].status == 304

Faults are paths too: `server.answer(path, Answer(status=429, headers=...))` for any answer,
`server.play(path, script)` to write raw bytes to the connection, slowly or for ever.
"""

from __future__ import annotations

import gzip
import re
import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Self

_TAG = re.compile(r'"[^"]*"')
STOP_S = 0.05
"""How soon a script that waits notices that the server closes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers with. `headers` come on top of the ones the server makes itself."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/xml"
    etag: str = ""
    last_modified: str = ""

    def is_current(self, headers: Mapping[str, str]) -> bool:
        """Whether a client that asks with these headers has it already (RFC 9110, 13.2.2)."""
        if "if-none-match" in headers:
            asked = headers["if-none-match"]
            tags = {asked, *_TAG.findall(asked)}
            return bool(self.etag) and bool({self.etag, self.etag.removeprefix("W/")} & tags)
        return bool(self.last_modified) and headers.get("if-modified-since") == self.last_modified


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came, and what it was answered with."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    status: int
    """0 where a script answered."""
    at: float
    """`time.monotonic()` when the request had been read."""


class Connection(Protocol):
    """What a script may do with the connection of a request."""

    def send(self, data: bytes) -> None:
        """Write bytes; ends the script when the client or the server has gone."""

    def wait(self, seconds: float) -> None:
        """Do nothing for a while; ends the script when the server closes."""

    def reset(self) -> None:
        """Drop the connection without a goodbye (RST)."""


class FeedServer:
    """Serves on 127.0.0.1 (or another loopback address) from its own threads until it is left."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Answer | Callable[[Connection], None]] = {}
        self._requests: list[Asked] = []
        self._busy = 0
        self.busiest = 0
        """The most requests that were being answered at once."""
        self.connections = 0
        """How many connections were made so far."""
        self._server = _Server((host, port), self)
        self.host = host
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_S,), name="feed server", daemon=True
        )

    def publish(
        self,
        path: str,
        body: bytes | str,
        *,
        etag: str = "",
        last_modified: str = "",
        content_type: str = "application/xml",
        compress: bool = False,
    ) -> str:
        """Serve a document, with 304 for those who have it already; returns its URL."""
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Encoding": "gzip"} if compress else {}
        answer = Answer(
            gzip.compress(data, mtime=0) if compress else data,
            headers=headers,
            content_type=content_type,
            etag=etag,
            last_modified=last_modified,
        )
        return self.answer(path, answer)

    def answer(self, path: str, answer: Answer) -> str:
        """Answer a path with this from now on; returns its URL."""
        with self._lock:
            self._answers[path] = answer
        return self.url(path)

    def redirect(self, path: str, to: str, *, status: int = 302) -> str:
        """Send those who ask for a path elsewhere; returns its URL."""
        return self.answer(path, Answer(status=status, headers={"Location": to}))

    def play(self, path: str, script: Callable[[Connection], None]) -> str:
        """Let a script write the whole answer, status line included; returns the URL."""
        with self._lock:
            self._answers[path] = script
        return self.url(path)

    def withdraw(self, path: str) -> None:
        """Answer a path with 404 from now on."""
        with self._lock:
            self._answers.pop(path, None)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.address}{path}"

    @property
    def address(self) -> str:
        """host:port, as `polling.allow_private` takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def requests(self) -> list[Asked]:
        """All requests so far, in the order they were answered."""
        with self._lock:
            return list(self._requests)

    def asked(self, path: str) -> list[Asked]:
        """The requests for one path so far."""
        return [one for one in self.requests if one.path == path]

    def close(self) -> None:
        """Stop serving; scripts that still play end first."""
        self._server.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self, path: str) -> Answer | Callable[[Connection], None] | None:
        """What to do about a request that begins; for the handler."""
        with self._lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return self._answers.get(path)

    def note(self, asked: Asked) -> None:
        """Write a request into the log; for the handler."""
        with self._lock:
            self._requests.append(asked)

    def end(self) -> None:
        """A request was answered; for the handler."""
        with self._lock:
            self._busy -= 1


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: FeedServer) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.owner = owner
        self.closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(  # type: ignore[override]
        self, request: socket.socket, client_address: tuple[str, int]
    ) -> None:
        self._sockets.add(request)
        self.owner.connections += 1
        super().process_request(request, client_address)

    def close_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._sockets.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        # Idle connections that a client keeps open would keep their threads, and us, waiting.
        for idle in list(self._sockets):
            _quietly(lambda idle=idle: idle.shutdown(socket.SHUT_RDWR))  # type: ignore[misc]
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what these tests are about: no traceback."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        owner = self.server.owner
        found = owner.begin(self.path)
        try:
            if callable(found):
                self._log(0)
                self._play(found)
            else:
                self._answer(found or Answer(b"no such feed", status=HTTPStatus.NOT_FOUND))
        finally:
            owner.end()

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _log(self, status: int) -> None:
        asked = Asked(self.path, self._headers(), status, time.monotonic())
        self.server.owner.note(asked)

    def _answer(self, answer: Answer) -> None:
        if answer.status == HTTPStatus.OK and answer.is_current(self._headers()):
            answer = replace(answer, status=HTTPStatus.NOT_MODIFIED, body=b"")
        # Logged before it is sent: a client that has the answer finds the request in the log.
        self._log(answer.status)
        self.send_response(answer.status)
        for name, value in self._answer_headers(answer).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _answer_headers(self, answer: Answer) -> dict[str, str]:
        made = {"ETag": answer.etag, "Last-Modified": answer.last_modified}
        if answer.status != HTTPStatus.NOT_MODIFIED:
            made |= {"Content-Length": str(len(answer.body)), "Content-Type": answer.content_type}
        return {name: value for name, value in made.items() if value} | dict(answer.headers)

    def _play(self, script: Callable[[Connection], None]) -> None:
        self.close_connection = True
        try:
            script(_Wire(self.connection, self.server.closing))
        except (_Over, OSError):
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """Quiet: tests read `requests`."""


class _Over(Exception):
    """The server closes."""


class _Wire:
    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self._closing = closing
        # A client that stops reading must not keep the server from closing.
        connection.settimeout(5)

    def send(self, data: bytes) -> None:
        if self._closing.is_set():
            raise _Over
        self._connection.sendall(data)

    def wait(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise _Over

    def reset(self) -> None:
        linger_off = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
        self._connection.close()
        raise _Over


def _quietly(act: Callable[[], None]) -> None:
    try:
        act()
    except OSError:
        return


def closed_port(host: str = "127.0.0.1") -> int:
    """A port where nobody listens."""
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def http_date(seconds: float) -> str:
    """A time (seconds since 1970) as HTTP writes it."""
    return formatdate(seconds, usegmt=True)


def rss(items: Iterable[str], *, title: str = "Test feed") -> bytes:
    """A small RSS 2.0 document around ready-made `<item>` elements."""
    joined = "\n".join(items)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://news.example/</link>\n{joined}\n</channel></rss>\n"
    ).encode()


def rss_item(  # one keyword for each element of an entry
    title: str,
    *,
    guid: str = "",
    link: str = "",
    published: str = "",
    description: str = "",
) -> str:
    """One `<item>`; what is empty is left out."""
    parts = {"title": title, "link": link, "description": description, "pubDate": published}
    inner = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in parts.items() if value)
    if guid:
        inner += f'<guid isPermaLink="false">{_xml(guid)}</guid>'
    return f"<item>{inner}</item>"


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
