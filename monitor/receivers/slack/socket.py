"""Socket Mode: the other module that knows slack_sdk. What people do on Slack comes in here.

The SDK's own reconnecting is off: it hangs on to a dead connection, and loops where Slack refuses. One
tick a second looks whether the connection lives and makes a new one; `Listening` decides how often.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient

from monitor.errors import Unclear
from monitor.receivers.slack.client import SILENT, called

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr
    from slack_sdk.socket_mode.client import BaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

APP_TOKEN = "SLACK_APP_TOKEN"  # noqa: S105  (the variable's name, not its value)
PING_S = 3.0
"""Between two pings; Slack answers each."""
DEAF_S = 12.0
"""Without an answer to a ping or, at the start, Slack's hello for so long, nobody is at the other end."""
_BUFFER = 65_536


class _Client(SocketModeClient):
    """The SDK's client, less its own ideas of when to connect."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  (the SDK's)
        self.renewal = threading.Event()
        super().__init__(auto_reconnect_enabled=False, **options)

    def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002
        """Slack asks for another connection."""
        self.renewal.set()


class Socket:
    """One connection to Slack, which tells what people do. For one thread at a time."""

    def __init__(self, token: SecretStr, *, api_url: str, timeout: float) -> None:
        """Make it; nothing is connected yet.

        Args:
            token: The app-level token (xapp-...).
            api_url: With a closing slash; see `SlackSettings`.
            timeout: In seconds, for each wait on the network.
        """
        self._token = token
        self._host = urlsplit(api_url).hostname or api_url
        self._plain = api_url.startswith("http://")
        self._web = WebClient(
            base_url=api_url,
            timeout=timeout,  # type: ignore[arg-type]  # typed as int, handed on to a socket
            retry_handlers=[],
            logger=SILENT,
        )
        self._web.proxy = None
        self._client: _Client | None = None
        self._greeted = False
        self._pong: float | None = None
        self._heard_at = 0.0

    def open(self, take: Callable[[str, object, str], None]) -> None:
        """Connect, and close an earlier connection after that.

        Args:
            take: Gets the kind, payload and id of each envelope, which is acknowledged already; in a
                thread of its own, and must not take long.

        Raises:
            DeliveryError: There is no connection; the text says how to mend that.
        """
        client = _Client(
            app_token="",
            web_client=self._web,
            logger=SILENT,
            ping_interval=PING_S,
            receive_buffer_size=_BUFFER,
            concurrency=2,
        )
        if proxy_bypass(self._host):
            client.proxy = None
        client.wss_uri = self._address()
        client.message_listeners.append(self._heard)
        client.socket_mode_request_listeners.append(
            lambda sender, request: _acknowledged(sender, request, take)
        )
        earlier, self._client = self._client, client
        self._greeted, self._pong, self._heard_at = False, None, time.monotonic()
        try:
            client.connect()
        except (OSError, HTTPException, SlackClientError) as error:
            raise Unclear(f"{self._host} does not take our connection") from error
        finally:
            if earlier:
                _close(earlier)
        if not client.is_connected():
            raise Unclear(f"{self._host} does not take our connection")

    def works(self) -> bool:
        """Whether somebody is at the other end; False also where Slack asks for a new connection."""
        client = self._client
        if client is None or client.renewal.is_set() or not client.is_connected():
            return False
        if client.current_session is None or _hung_up(client.current_session.sock):
            return False
        pong = getattr(client.current_session, "last_ping_pong_time", None)
        if self._greeted and pong != self._pong:
            self._pong, self._heard_at = pong, time.monotonic()
        return time.monotonic() - self._heard_at < DEAF_S

    def close(self) -> None:
        """Disconnect, if connected."""
        client, self._client = self._client, None
        if client:
            _close(client)

    def _heard(
        self, _client: BaseSocketModeClient, message: dict[str, Any], _raw: str | None
    ) -> None:
        if message.get("type") == "hello":
            self._greeted = True
        self._heard_at = time.monotonic()

    def _address(self) -> str:
        token = self._token.get_secret_value()
        answer = called(
            lambda: self._web.apps_connections_open(app_token=token),
            host=self._host,
            secret=APP_TOKEN,
        )
        url = answer.get("url")
        # What comes next sends nothing secret, but a click must not cross the network in the open.
        allowed = ("wss://", "ws://") if self._plain else ("wss://",)
        if not isinstance(url, str) or not url.startswith(allowed):
            raise Unclear("Slack's answer holds no address to connect to")
        return url


def _hung_up(open_: socket.socket | None) -> bool:
    """Whether the other end is gone: the SDK would read nothing from it, over and over."""
    if open_ is None or (number := open_.fileno()) < 0:
        return True
    try:
        # Through TLS nobody can look ahead, but the end comes beneath it.
        with socket.socket(fileno=os.dup(number)) as beneath:
            return not beneath.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _acknowledged(
    client: BaseSocketModeClient,
    request: SocketModeRequest,
    take: Callable[[str, object, str], None],
) -> None:
    # What can't be acknowledged comes again, or its sender sees that it failed: done twice is done once.
    with contextlib.suppress(OSError, SlackClientError):
        client.send_socket_mode_response({"envelope_id": request.envelope_id})
    take(request.type, request.payload, request.envelope_id)


def _close(client: _Client) -> None:
    # Where it was broken, it is gone now.
    with contextlib.suppress(OSError):
        if client.current_session and (open_ := client.current_session.sock):
            # Or closing waits for the end of a wait for words, 3 seconds.
            client.current_session_state.terminated = True
            open_.shutdown(socket.SHUT_RDWR)
    # Likewise for the end of a wait for what was heard, 1 second.
    client.closed = True
    client.message_queue.put(None)
    with contextlib.suppress(OSError):
        client.close()
