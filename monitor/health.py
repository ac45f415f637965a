"""`/healthz` on loopback: whether the running service works, for the container and for `monitor health`."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from monitor.errors import ConfigError, MonitorError, Problem

if TYPE_CHECKING:
    from types import TracebackType

Check = Callable[[], Sequence[str]]
"""Returns what is wrong now, one sentence each; nothing when all is well."""

_PATH = "/healthz"
_TIMEOUT_S = 5.0


def split(listen: str) -> tuple[str, int]:
    """Host and port of a `host:port` setting."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class HealthServer:
    """Answers 200 or 503 with a line of JSON; the only path is `/healthz`.

    Raises:
        ConfigError: The address can't be listened on.
    """

    def __init__(self, listen: str, check: Check) -> None:
        handler = type("Handler", (_Handler,), {"check": staticmethod(check)})
        try:
            self._server = ThreadingHTTPServer(split(listen), handler)
        except OSError as error:
            cause = f"web.listen = {listen!r} cannot be used: {error.strerror}"
            remedy = 'Choose another port, or "" to turn it off'
            raise ConfigError([Problem("config", None, None, cause, remedy)]) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    check: Check
    # A client that sends nothing must not hold a thread for ever.
    timeout = _TIMEOUT_S
    server_version = "monitor"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path != _PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        wrong = list(self.check())
        body = json.dumps({"ok": not wrong, "wrong": wrong}).encode() + b"\n"
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: a probe a minute is no news."""


def ask(listen: str) -> tuple[str, ...]:
    """What the running service says is wrong; nothing when all is well.

    Raises:
        MonitorError: It does not answer.
    """
    host, port = split(listen)
    connection = http.client.HTTPConnection(host or "127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", _PATH)
        return tuple(json.loads(connection.getresponse().read(100_000))["wrong"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        raise MonitorError(f"no service answers on {listen}: is `monitor run` running?") from None
    finally:
        connection.close()
