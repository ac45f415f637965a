"""Socket Mode of the Slack that behaves: websockets on its own port, envelopes, acknowledgements."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

Json = dict[str, Any]
_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


@dataclass(slots=True)
class Connection:
    """One open websocket."""

    socket: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)
    deaf: bool = False
    """Reads everything and answers nothing, as a connection whose other end hangs."""
    gone: bool = False

    def send(self, opcode: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([size]) if size < 126 else struct.pack("!BH", 126, size)
        with self.lock, contextlib.suppress(OSError):
            self.socket.sendall(head + data)

    def tell(self, message: Json) -> None:
        self.send(_TEXT, json.dumps(message).encode())


class Sockets:
    """All connections of one app, and what was acknowledged."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self._changed = threading.Condition()
        self._open: list[Connection] = []
        self._acknowledged: set[str] = set()
        self.greets = True
        """Whether a new connection gets a hello."""
        self.opened = 0

    def wait_open(self, at_least: int = 1, timeout: float = 20) -> bool:
        """Wait until so many connections were made in all and one is there."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.opened >= at_least and bool(self._open), timeout
            )

    @property
    def open(self) -> int:
        with self._changed:
            return len(self._open)

    def send(self, kind: str, payload: Json, *, envelope: str = "", timeout: float = 3) -> bool:
        """Send an envelope to one connection; whether it was acknowledged in time."""
        envelope = envelope or str(uuid.uuid4())
        with self._changed:
            self._acknowledged.discard(envelope)
            target = self._open[-1]
        target.tell({"type": kind, "envelope_id": envelope, "payload": payload})
        with self._changed:
            return self._changed.wait_for(lambda: envelope in self._acknowledged, timeout)

    def disconnect(self, reason: str) -> None:
        """Ask every connection to be renewed, as Slack does now and then."""
        for one in self._all():
            one.tell({"type": "disconnect", "reason": reason})

    def cut(self) -> None:
        """End every connection without a word."""
        for one in self._all():
            with contextlib.suppress(OSError):
                one.socket.shutdown(socket.SHUT_RDWR)

    def deafen(self) -> None:
        """From now on nobody answers on the connections there are."""
        for one in self._all():
            one.deaf = True

    def _all(self) -> list[Connection]:
        with self._changed:
            return list(self._open)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Be the other end of a websocket until it ends; in the handler's thread."""
        key = handler.headers["Sec-WebSocket-Key"] + _MAGIC
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()  # noqa: S324 - its protocol
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection = Connection(handler.connection)
        handler.connection.sendall(f"{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        with self._changed:
            self._open.append(connection)
            self.opened += 1
            self._changed.notify_all()
        if self.greets:
            connection.tell({"type": "hello", "num_connections": 1})
        try:
            self._read(connection)
        finally:
            with self._changed:
                self._open.remove(connection)
                self._changed.notify_all()
            handler.close_connection = True

    def _read(self, connection: Connection) -> None:
        connection.socket.settimeout(0.05)
        buffer = b""
        while not self._closing.is_set():
            try:
                received = connection.socket.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not received:
                return
            buffer += received
            while frame := _frame(buffer):
                opcode, data, buffer = frame
                if opcode == _CLOSE:
                    return
                if not connection.deaf:
                    self._take(connection, opcode, data)

    def _take(self, connection: Connection, opcode: int, data: bytes) -> None:
        if opcode == _PING:
            connection.send(_PONG, data)
        elif opcode == _TEXT:
            with self._changed:
                self._acknowledged.add(json.loads(data).get("envelope_id", ""))
                self._changed.notify_all()


def _frame(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole frame of a client, which masks its data, and what follows it."""
    if len(buffer) < 2:
        return None
    size, start = buffer[1] & 0x7F, 2
    if size == 126:
        if len(buffer) < 4:
            return None
        size, start = struct.unpack("!H", buffer[2:4])[0], 4
    mask, end = buffer[start : start + 4], start + 4 + size
    if len(buffer) < end:
        return None
    data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(buffer[start + 4 : end]))
    return buffer[0] & 0x0F, data, buffer[end:]


def press(channel: str, ts: str, action: str, *, base: str, **changes: Any) -> Json:  # noqa: ANN401
    """What Slack sends when somebody presses a button."""
    pressed = {"action_id": action, "type": "button", "action_ts": f"{time.time():.6f}"}
    pressed |= {name: changes.pop(name) for name in ("value", "action_ts") if name in changes}
    return {
        "type": "block_actions",
        "user": {"id": "U0ANN", "username": "ann", "name": "ann"},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "trigger_id": f"{uuid.uuid4().hex}.1",
        "response_url": f"{base}actions/T0/{uuid.uuid4().hex}",
        "actions": [pressed],
        **changes,
    }


def submit(view: Json, **values: Json) -> Json:
    """What Slack sends when somebody fills in a form: what was given for each name."""
    return {
        "type": "view_submission",
        "user": {"id": "U0ANN", "username": "ann"},
        "trigger_id": f"{uuid.uuid4().hex}.1",
        "view": {
            **view,
            "id": f"V{uuid.uuid4().hex[:9].upper()}",
            "state": {"values": {name: {name: given} for name, given in values.items()}},
        },
    }


def chosen(value: str) -> Json:
    """What a form holds where an option was chosen."""
    return {"selected_option": {"value": value}}


def command(text: str, *, base: str) -> Json:
    """What Slack sends when somebody writes /monitor."""
    return {
        "command": "/monitor",
        "text": text,
        "user_id": "U0ANN",
        "user_name": "ann",
        "channel_id": "C0FAKE0000",
        "trigger_id": f"{uuid.uuid4().hex}.1",
        "response_url": f"{base}commands/T0/{uuid.uuid4().hex}",
    }


def shortcut(channel: str, ts: str) -> Json:
    """What Slack sends when somebody uses the shortcut of a message."""
    return {
        "type": "message_action",
        "callback_id": "why",
        "user": {"id": "U0ANN", "username": "ann"},
        "channel": {"id": channel},
        "message_ts": ts,
        "trigger_id": f"{uuid.uuid4().hex}.1",
    }


def reaction(channel: str, ts: str, name: str = "-1", **changes: Any) -> Json:  # noqa: ANN401
    """What Slack sends when somebody puts an emoji on a message, or takes it away."""
    event = {
        "type": "reaction_added",
        "user": "U0ANN",
        "reaction": name,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "event_ts": f"{time.time():.6f}",
    }
    return {"type": "event_callback", "event": event | changes}
