"""`/healthz` on loopback: whether the running service works, for the container and for `monitor health`."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from monitor.checkup import Report
from monitor.errors import ConfigError, MonitorError, Problem

if TYPE_CHECKING:
    from types import TracebackType

Check = Callable[[], Report]

_PATH = "/healthz"
_TIMEOUT_S = 5.0


def split(listen: str) -> tuple[str, int]:
    """Host and port of a `host:port` setting."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class HealthServer:
    """Answers with a line of JSON; the only path is `/healthz`.

    200 also where something is degraded: an orchestrator restarts what answers 503, and a restart
    does not make Slack take a token.

    Raises:
        ConfigError: The address can't be listened on.
    """

    def __init__(self, listen: str, *, file: str = "config.toml") -> None:
        self._handler = type("Handler", (_Handler,), {})
        try:
            address = split(listen)
            server = _Server6 if ":" in address[0] else ThreadingHTTPServer
            self._server = server(address, self._handler)
        except OSError as error:
            cause = f'web.listen = "{listen}" cannot be used: {(error.strerror or "").lower()}'
            remedy = 'Write another port there, stop what uses this one, or write "" for none'
            if error.errno != errno.EADDRINUSE:
                remedy = (
                    'Write an address of this machine, such as "127.0.0.1:8080", or "" for none'
                )
            raise ConfigError([Problem(file, None, None, cause, remedy)]) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health")

    def answer_with(self, check: Check) -> None:
        """Begin to answer; whoever asked before has waited."""
        self._handler.check = staticmethod(check)  # type: ignore[attr-defined]
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


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
        report = self.check()
        body = json.dumps(_told(report)).encode() + b"\n"
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE if report.failing else HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: a probe a minute is no news."""


def _told(report: Report) -> dict[str, object]:
    return {
        "status": report.status,
        "failing": report.failing,
        "degraded": report.degraded,
        "jobs": {
            job.name: {k: v for k, v in asdict(job).items() if k != "name"} for job in report.jobs
        },
    }


def ask(listen: str) -> Report:
    """What the running service says of itself.

    Raises:
        MonitorError: It does not answer.
    """
    host, port = split(listen)
    connection = http.client.HTTPConnection(host or "127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", _PATH)
        told = json.loads(connection.getresponse().read(1_000_000))
        return Report(tuple(map(str, told["failing"])), tuple(map(str, told["degraded"])))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        raise MonitorError(f"no service answers on {listen}: is `monitor run` running?") from None
    finally:
        connection.close()
