"""What a running service says of itself, for `monitor health` and the container's health check."""

from __future__ import annotations

import http.client
import json

from monitor.checkup import Report
from monitor.errors import MonitorError
from monitor.web.server import split

_TIMEOUT_S = 5.0
_MOST = 1_000_000


def ask(listen: str) -> Report:
    """What the running service says of itself.

    Raises:
        MonitorError: It does not answer.
    """
    host, port = split(listen)
    connection = http.client.HTTPConnection(host or "127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(_MOST))
        return Report(tuple(map(str, told["failing"])), tuple(map(str, told["degraded"])))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        raise MonitorError(f"no service answers on {listen}: is `monitor run` running?") from None
    finally:
        connection.close()
