"""Addresses to answers, many at a time. The only module that knows pycurl.

Transfers run in a thread of their own, so that they go on while the caller works on an answer:
no feed waits for another one's parsing. Proxies of the environment are not used: behind one, the
address that is connected to could not be checked.
"""

from __future__ import annotations

import errno
import math
import os
import re
import selectors
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pycurl

from monitor import metrics, urls
from monitor.errors import FetchError
from monitor.feeds import addresses, answer
from monitor.feeds.exchange import Fetched, Request, Response
from monitor.feeds.transfers import Transfers
from monitor.model import Validators
from monitor.settings import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from monitor.feeds.addresses import Allowed
    from monitor.feeds.reading import Reading
    from monitor.feeds.settings import PollingSettings

CONNECT_TIMEOUT = timedelta(seconds=5)
MAX_REDIRECTS = 5
MAX_HEADER_BYTES = 256 * 1024
CLOSE_S = 1.0
ASK_EVERY_S = 0.5
"""How often more requests are asked for while others are in flight."""
BREATH_S = 0.1
"""Between two pieces of other work: SQLite has no queue for writers, who waits tries so often."""

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.5, */*;q=0.1"
)
_MIN_BYTES_PER_S = 100
_LOW_SPEED_S = 10
_MAX_ERROR_BODY = 64 * 1024
_MAX_VALIDATOR = 4096
_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_HTTP = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
_STATUS_LINE = re.compile(rb"HTTP/[\d.]+ +(\d{3})\b")
_ABORT = 0
"""What a callback returns to end the transfer: fewer bytes taken than were offered."""


class Fetcher:
    """Asks many feeds at once, politely and warily. A context manager: leaving it frees everything.

    For one thread at a time; only `stop` may be called from anywhere.
    """

    def __init__(self, settings: PollingSettings, *, user_agent: str) -> None:
        self._settings = settings
        self._user_agent = user_agent
        self._stopped = False
        self._engine: _Engine | None = None

    def fetch(
        self,
        take: Callable[[int], Sequence[Request]],
        reading: Reading | None = None,
        meanwhile: Callable[[], bool] = lambda: False,
    ) -> Iterator[Fetched]:
        """Yield what comes of the requests that `take` gives, in the order they are done.

        Args:
            take: Is asked for at most so many requests: at the start, when slots are free again,
                and every half second while others are under way, even where it may give none. It
                ends when `take` has nothing and nothing is under way. A request for a feed that is
                being asked is ignored.
            reading: Reads the documents; without it they come as they are.
            meanwhile: Does a little other work between two outcomes and says whether more is left.
        """
        if self._stopped or not (first := take(self._settings.concurrency)):
            return
        engine = self._engine = self._engine or _Engine(self._settings, self._user_agent)
        with Transfers(engine, self._settings, reading, stopped=lambda: self._stopped) as transfers:
            yield from self._fetch(transfers, take, first, meanwhile)

    def _fetch(
        self,
        transfers: Transfers,
        take: Callable[[int], Sequence[Request]],
        first: Sequence[Request],
        meanwhile: Callable[[], bool],
    ) -> Iterator[Fetched]:
        transfers.add(first)
        asked_at, more = time.monotonic(), True
        while not self._stopped:
            free = transfers.free
            # In handfuls: asking costs a look into the database.
            enough = more and free * 4 >= self._settings.concurrency
            if enough or not transfers.pending or time.monotonic() - asked_at > ASK_EVERY_S:
                given = take(free)
                transfers.add(given)
                asked_at, more = time.monotonic(), len(given) >= free
            if not transfers.pending:
                return
            fetched = transfers.next(BREATH_S if meanwhile() else ASK_EVERY_S)
            if fetched and not self._stopped:
                yield fetched

    def stop(self) -> None:
        """End `fetch` at once, now and for ever; what is in flight is dropped. Signal-safe."""
        self._stopped = True
        if self._engine:
            self._engine.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        if self._engine:
            self._engine.close()
            self._engine = None


class _Engine:
    """libcurl's multi interface on a selector: what is in flight, and the connections kept alive."""

    def __init__(self, settings: PollingSettings, user_agent: str) -> None:
        self._settings = settings
        self._user_agent = user_agent
        self._allowed = addresses.parse_all_allowed(settings.allow_private)
        self._trusted = ssl.get_default_verify_paths()
        self._spare: list[pycurl.Curl] = []
        self._in_flight: dict[pycurl.Curl, _Transfer] = {}
        self._timer: float | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, settings.concurrency)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def wake(self) -> None:
        """Let `step` return now; from any thread or signal handler."""
        try:
            os.write(self._wake_out, b"w")
        except (BlockingIOError, OSError):
            return  # full: it will wake anyway; closed: nobody sleeps

    def start(self, request: Request) -> FetchError | None:
        """Set out for an answer; an error where there is no way to ask."""
        transfer = _Transfer(request, self._settings, self._allowed)
        if not transfer.url:
            return FetchError("an address that can't be asked")
        curl = self._spare.pop() if self._spare else pycurl.Curl()
        try:
            self._set_up(curl, transfer)
            self._multi.add_handle(curl)
        except (pycurl.error, ValueError):
            curl.close()
            return FetchError("an address that can't be asked")
        self._in_flight[curl] = transfer
        return None

    def _set_up(self, curl: pycurl.Curl, transfer: _Transfer) -> None:
        timeout_ms = _milliseconds(self._settings.timeout)
        options = {
            pycurl.URL: transfer.url,
            pycurl.USERAGENT: self._user_agent,
            pycurl.HTTPHEADER: transfer.request_headers(),
            pycurl.TIMEOUT_MS: timeout_ms,
            pycurl.CONNECTTIMEOUT_MS: min(_milliseconds(CONNECT_TIMEOUT), timeout_ms),
            pycurl.LOW_SPEED_LIMIT: _MIN_BYTES_PER_S,
            pycurl.LOW_SPEED_TIME: _LOW_SPEED_S,
            pycurl.MAXFILESIZE_LARGE: self._settings.max_size,
            pycurl.FOLLOWLOCATION: 1,
            pycurl.MAXREDIRS: MAX_REDIRECTS,
            pycurl.PROTOCOLS: _HTTP,
            pycurl.REDIR_PROTOCOLS: _HTTP,
            pycurl.PROXY: "",
            pycurl.NOSIGNAL: 1,
            pycurl.HEADERFUNCTION: transfer.take_header,
            pycurl.WRITEFUNCTION: transfer.take_body,
            pycurl.OPENSOCKETFUNCTION: transfer.open_socket,
        }
        if transfer.user:
            options |= {pycurl.USERNAME: transfer.user, pycurl.PASSWORD: transfer.password}
        # libcurl brings no certificates, and may have been built where they lie elsewhere.
        if self._trusted.cafile:
            options[pycurl.CAINFO] = self._trusted.cafile
        else:
            curl.unsetopt(pycurl.CAINFO)
        if self._trusted.capath:
            options[pycurl.CAPATH] = self._trusted.capath
        for option, value in options.items():
            curl.setopt(option, value)

    def step(self, at_most: float) -> Iterator[Fetched]:
        """Wait for something to happen, at most so many seconds, then yield what was finished by it."""
        for key, events in self._selector.select(min(self._until_timer(), at_most)):
            if key.fd == self._wake_in:
                os.read(self._wake_in, 4096)
            else:
                self._multi.socket_action(key.fd, _curl_events(events))
        if self._until_timer() == 0:
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        yield from self._finished()

    def _until_timer(self) -> float:
        return ASK_EVERY_S if self._timer is None else max(0.0, self._timer - time.monotonic())

    def _set_timer(self, timeout_ms: int) -> None:
        self._timer = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000

    def _watch(self, what: int, fd: int, multi: object, data: object) -> None:  # noqa: ARG002 - libcurl's
        watched = self._selector.get_map()
        if not watched:
            return  # closed: libcurl is only tidying up
        known = fd in watched
        if what == pycurl.POLL_REMOVE:
            if known:
                self._selector.unregister(fd)
            return
        events = _selector_events(what)
        if known:
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events)

    def _finished(self) -> Iterator[Fetched]:
        left = 1
        while left:
            left, good, bad = self._multi.info_read()
            for curl, code in [(curl, pycurl.E_OK) for curl in good] + [one[:2] for one in bad]:
                transfer = self._in_flight.pop(curl)
                self._multi.remove_handle(curl)
                outcome = transfer.outcome(curl, code)
                metrics.fetched(curl.getinfo(pycurl.TOTAL_TIME))
                self._put_back(curl)
                yield Fetched(transfer.request, outcome)

    def _put_back(self, curl: pycurl.Curl) -> None:
        curl.reset()  # keeps its caches, drops the callbacks and with them the body
        self._spare.append(curl)

    def drop_all(self) -> None:
        """End everything in flight without an outcome."""
        for curl in self._in_flight:
            self._multi.remove_handle(curl)
            curl.close()
        self._in_flight.clear()

    def close(self) -> None:
        self.drop_all()
        for curl in self._spare:
            curl.close()
        # libcurl waits for name look-ups that hang, for half a minute: the service can't.
        closing = threading.Thread(target=self._multi.close, name="closing transfers", daemon=True)
        closing.start()
        closing.join(CLOSE_S)
        self._selector.close()
        os.close(self._wake_in)
        os.close(self._wake_out)


class _Lent(socket.socket):
    """A socket that pycurl makes its own copy of and then lets go."""

    def __del__(self) -> None:
        self.close()


@dataclass(eq=False)
class _Transfer:
    """One request on its way, through all its redirects."""

    request: Request
    settings: PollingSettings
    allowed: Sequence[Allowed]
    url: str = ""
    user: bytes = b""
    password: bytes = b""
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    header_bytes: int = 0
    body: bytearray = field(default_factory=bytearray)
    broken: FetchError | None = None
    refused: str = ""

    def __post_init__(self) -> None:
        self.url = urls.safe(self.request.url)
        # Apart from the address, they reach neither another host nor an error's text.
        self.user, self.password = map(unquote_to_bytes, urls.credentials(self.request.url))

    @property
    def status(self) -> int:
        return self.statuses[-1] if self.statuses else 0

    def request_headers(self) -> list[bytes]:
        """What we ask with beyond libcurl's own."""
        validators = self.request.validators
        headers = {
            "Accept": _ACCEPT,
            "Accept-Encoding": answer.ENCODINGS,
            "If-None-Match": validators.etag,
            "If-Modified-Since": validators.last_modified,
        }
        # As bytes, the way they came: an ETag is opaque.
        return [f"{name}: {value}".encode("latin-1") for name, value in headers.items() if value]

    # -- called by libcurl

    def open_socket(
        self,
        purpose: int,  # noqa: ARG002 - libcurl's
        address: tuple[int, int, int, object],
    ) -> socket.socket | int:
        """A socket to an address that may be connected to; every hop and every address passes here."""
        family, kind, protocol, place = address
        ip, port = (str(place[0]), int(place[1])) if isinstance(place, tuple) else ("", 0)
        if why := addresses.refused(ip, port, self.allowed):
            self.refused = _refusal_text(ip, port, why)
            return int(pycurl.SOCKET_BAD)
        return _Lent(family, kind, protocol)

    def take_header(self, line: bytes) -> int | None:
        self.header_bytes += len(line)
        if self.header_bytes > MAX_HEADER_BYTES:
            self.broken = FetchError("an answer with endless headers")
            return _ABORT
        if status := _STATUS_LINE.match(line):
            self._begin(int(status[1]))
        elif not self.body:  # trailers come behind the body and are none of ours
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                self.headers[name.strip().lower()] = value.strip()
        return None

    def _begin(self, status: int) -> None:
        self.headers = {}
        if status >= HTTPStatus.OK:
            self.statuses.append(status)

    def take_body(self, data: bytes) -> int | None:
        self.body += data
        if self.status != HTTPStatus.OK:
            # Read on a little, for the sake of the connection; nobody looks at it.
            return _ABORT if len(self.body) > _MAX_ERROR_BODY else None
        if len(self.body) > self.settings.max_size:
            self.broken = answer.too_large(self.settings.max_size)
            return _ABORT
        return None

    # -- when it is over

    def outcome(self, curl: pycurl.Curl, code: int) -> Response | FetchError:
        """What came of it."""
        try:
            return self._response(curl, code)
        except FetchError as error:
            return error

    def _response(self, curl: pycurl.Curl, code: int) -> Response:
        if self.broken:
            raise self.broken
        if code != pycurl.E_OK and not self._has_refused(code):
            raise FetchError(self.refused or _in_words(self, curl, code))
        if self.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            host = urls.host(_effective_url(curl))
            raise answer.refusal(self.status, self.headers, host=host, now=datetime.now(UTC))
        if self.status == HTTPStatus.NOT_MODIFIED and not any(self.request_validators()):
            raise FetchError("answered 304 Not Modified although we asked for the document")
        final = _effective_url(curl)
        return Response(
            status=self.status,
            url=urls.without_credentials(final),
            headers=self.headers,
            body=self._document(),
            validators=self._validators(),
            moved_to=self._moved_to(final),
        )

    def _has_refused(self, code: int) -> bool:
        """Whether the status says enough, although the rest of the answer failed or was not read."""
        unread = code == pycurl.E_WRITE_ERROR and self.status != HTTPStatus.OK
        return unread or self.status >= HTTPStatus.BAD_REQUEST

    def request_validators(self) -> tuple[str, str]:
        return self.request.validators.etag, self.request.validators.last_modified

    def _document(self) -> bytes:
        if self.status == HTTPStatus.NOT_MODIFIED:
            return b""
        encoding = self.headers.get("content-encoding", "")
        return answer.decompressed(bytes(self.body), encoding, limit=self.settings.max_size)

    def _validators(self) -> Validators:
        asked = self.request.validators if self.status == HTTPStatus.NOT_MODIFIED else Validators()
        return Validators(
            etag=_usable(self.headers.get("etag", "")) or asked.etag,
            last_modified=_usable(self.headers.get("last-modified", "")) or asked.last_modified,
        )

    def _moved_to(self, final: str) -> str | None:
        hops = self.statuses[:-1]
        moved = bool(hops) and _PERMANENT.issuperset(hops) and not self.user
        return final if moved else None


def _effective_url(curl: pycurl.Curl) -> str:
    """Where the last hop led."""
    raw: bytes = curl.getinfo_raw(pycurl.EFFECTIVE_URL) or b""
    return raw.decode("utf-8", "replace")


def _usable(validator: str) -> str:
    # Echoed byte for byte or not at all; one that would break our own request is no validator.
    sane = len(validator) <= _MAX_VALIDATOR and not any(char < " " for char in validator)
    return validator if sane else ""


def _refusal_text(ip: str, port: int, why: str) -> str:
    entry = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    return f'leads to {ip}, {why}; if that is meant, add "{entry}" to polling.allow_private'


def _in_words(transfer: _Transfer, curl: pycurl.Curl, code: int) -> str:
    """What went wrong, for a person: by libcurl's number, for its texts change and show addresses."""
    host = urls.host(_effective_url(curl)) or "its host"
    match code:
        case pycurl.E_COULDNT_RESOLVE_HOST:
            words = f"the name {host} is not known (DNS)"
        case pycurl.E_COULDNT_CONNECT:
            words = f"no connection to {host}: {_connect_words(curl.getinfo(pycurl.OS_ERRNO))}"
        case pycurl.E_OPERATION_TIMEDOUT:
            words = _timeout_words(transfer, curl, host)
        case pycurl.E_PEER_FAILED_VERIFICATION:
            words = _certificate_words(host, curl.getinfo(pycurl.SSL_VERIFYRESULT))
        case pycurl.E_UNSUPPORTED_PROTOCOL | pycurl.E_URL_MALFORMAT:
            redirected = "location" in transfer.headers
            words = "redirects to what is no http(s) address" if redirected else "no HTTP answer"
        case pycurl.E_FILESIZE_EXCEEDED:
            words = str(answer.too_large(transfer.settings.max_size))
        case _:
            words = _WORDS.get(code, f"the transfer failed (libcurl error {code})")
    return words


_WORDS = {
    pycurl.E_TOO_MANY_REDIRECTS: f"more than {MAX_REDIRECTS} redirects",
    pycurl.E_PARTIAL_FILE: "an answer that was cut off",
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection broke off",
    pycurl.E_SEND_ERROR: "the connection broke off",
    pycurl.E_SSL_CONNECT_ERROR: "no secure connection: the TLS handshake failed",
    pycurl.E_SSL_CACERT_BADFILE: "no trusted certificates on this machine: install ca-certificates",
    pycurl.E_HTTP2: "a damaged HTTP/2 answer",
    92: "a damaged HTTP/2 answer",  # CURLE_HTTP2_STREAM, which pycurl has no name for
    100: "headers far too long",  # CURLE_TOO_LARGE, likewise
    8: "no HTTP answer",  # CURLE_WEIRD_SERVER_REPLY, likewise
    pycurl.E_OUT_OF_MEMORY: "out of memory",
}


def _connect_words(number: int) -> str:
    known = {
        errno.ECONNREFUSED: "nobody listens there",
        errno.EHOSTUNREACH: "no way to the host",
        errno.ENETUNREACH: "no way to its network",
    }
    return known.get(number, "it can't be reached")


def _timeout_words(transfer: _Transfer, curl: pycurl.Curl, host: str) -> str:
    limit = transfer.settings.timeout
    taken = curl.getinfo(pycurl.TOTAL_TIME)
    too_early_to_be_slow = taken < min(_LOW_SPEED_S, limit.total_seconds()) * 0.95
    unconnected = too_early_to_be_slow or not curl.getinfo(pycurl.PRETRANSFER_TIME)
    if not transfer.statuses and unconnected:
        return f"no connection to {host} within {format_duration(min(limit, CONNECT_TIMEOUT))}"
    if taken < limit.total_seconds() * 0.95:
        return f"an answer slower than {_MIN_BYTES_PER_S} bytes a second"
    return f"no complete answer within {format_duration(limit)} (polling.timeout)"


def _certificate_words(host: str, result: int) -> str:
    known = {
        9: "is not valid yet",
        10: "has expired",
        18: "is self-signed",
        19: "is signed by an authority this machine does not trust",
        20: "is signed by an authority this machine does not trust",
        21: "is signed by an authority this machine does not trust",
        62: "is for another host",
        64: "is for another host",
        **dict.fromkeys((0, 1), "is for another host"),  # libcurl's own check of the name
    }
    return f"the certificate of {host} {known.get(result, 'is not trusted')}"


def _milliseconds(duration: timedelta) -> int:
    return math.ceil(duration.total_seconds() * 1000)


def _curl_events(events: int) -> int:
    reading = pycurl.CSELECT_IN if events & selectors.EVENT_READ else 0
    return reading | (pycurl.CSELECT_OUT if events & selectors.EVENT_WRITE else 0)


def _selector_events(what: int) -> int:
    reading = selectors.EVENT_READ if what in {pycurl.POLL_IN, pycurl.POLL_INOUT} else 0
    return reading | (selectors.EVENT_WRITE if what in {pycurl.POLL_OUT, pycurl.POLL_INOUT} else 0)
