"""The process that parses for the service: documents come in on standard input, entries go back.

Standard input is a socket. It ends when the service does, even when that is killed, and then so
does this. The alarm is for a document that is still being parsed at that moment.
"""

from __future__ import annotations

import contextlib
import pickle
import resource
import signal
import socket
import struct
import sys
import traceback
from typing import TYPE_CHECKING, TypeAlias

from monitor.errors import ParseError
from monitor.feeds.parse import Bug, parse

if TYPE_CHECKING:
    from monitor.feeds.parse import ParsedFeed

HEADER = struct.Struct("!Q")
"""The length of what follows, in both directions."""

READY = b"!"
"""Said once, when it can begin."""

Request = tuple[bytes, str, str, bytes]
"""Body, address, content type, marks."""

Answer: TypeAlias = "ParsedFeed | str | Bug"
"""What was read, or why nothing was; "" where the memory did not suffice."""

_MAX_PLACES = 20
_MAX_TEXT = 1_000


def main() -> None:
    """Parse what comes until nothing more does; `sys.argv` says the limits: bytes, seconds."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    # The service decides when we end: a Ctrl-C in its terminal is not meant for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=0) as service, contextlib.suppress(ConnectionError):
        service.sendall(READY)
        while (frame := _read_frame(service)) is not None:
            signal.alarm(seconds)
            answer = pickle.dumps(_answer(pickle.loads(frame)))  # noqa: S301 - from our own service
            del frame
            service.sendall(HEADER.pack(len(answer)) + answer)
            signal.alarm(0)


def _answer(request: Request) -> Answer:
    """What was parsed, or why nothing could be."""
    body, url, content_type, marks = request
    try:
        return parse(body, url=url, content_type=content_type, marks=marks)
    except ParseError as error:
        return str(error)
    except MemoryError:
        return ""
    except Exception as error:  # noqa: BLE001 - told by the service, which has a log
        return _bug(error)


def _bug(error: Exception) -> Bug:
    places = traceback.extract_tb(error.__traceback__)
    kind = f"{type(error).__name__} {places[-1].filename}:{places[-1].lineno}"
    # Each part bounded: the text of an error may hold as much of a document as it likes.
    trace = "".join(traceback.format_list(places[-_MAX_PLACES:]))
    text = "".join(traceback.format_exception_only(error))
    return Bug(kind, trace + text[:_MAX_TEXT])


def _read_frame(service: socket.socket) -> bytearray | None:
    header = _read(service, HEADER.size)
    return None if header is None else _read(service, HEADER.unpack(header)[0])


def _read(service: socket.socket, length: int) -> bytearray | None:
    """Exactly so many bytes; None where the service has gone."""
    data = bytearray(length)
    view, got = memoryview(data), 0
    while got < length:
        count = service.recv_into(view[got:])
        if not count:
            return None
        got += count
    return data


if __name__ == "__main__":
    main()
