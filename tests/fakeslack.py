"""A Slack that behaves: the Web API and an incoming webhook on loopback, with faults on demand.

    with FakeSlack(channels=["news-alerts"]) as slack:
        slack.fault("chat.postMessage", "reset", phase="after")
        ...  # point a client at slack.api_url with slack.token
        assert [message.key for message in slack.messages] == [...]

Tokens, scopes, membership, Block Kit and paging are as strict as Slack's own documents say.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import socket
import struct
import threading
import time
import urllib.parse
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from blockkit import MAX_TOTAL, validate
from fakesocket import Sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]
TOKEN = "xoxb-fake"
APP_TOKEN = "xapp-fake"
SCOPES = ("chat:write", "channels:history", "groups:history", "channels:read", "groups:read")
_NEEDS = {
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.info": ("channels:read", "groups:read"),
}
_MAX_METADATA = 8000


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as Slack keeps it."""

    channel: str
    """The name, without `#`."""
    channel_id: str
    ts: str
    text: str
    blocks: list[Json]
    metadata: Json
    thread_ts: str = ""
    args: Json = field(default_factory=dict)
    """All arguments of the call that posted it."""
    edits: int = 0

    @property
    def broadcast(self) -> bool:
        """Whether a reply is shown in the channel too."""
        return str(self.args.get("reply_broadcast", "")).lower() in {"1", "true"}

    @property
    def key(self) -> str:
        """The delivery key in its metadata, "" where there is none."""
        return str(self.metadata.get("event_payload", {}).get("key", ""))


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whatever became of it."""

    method: str
    args: Json
    at: float
    """time.monotonic() on arrival."""
    headers: dict[str, str]


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    private: bool = False
    member: bool = True
    archived: bool = False


@dataclass(slots=True)
class Fault:
    method: str
    kind: str
    phase: str
    times: int
    skip: int
    channel: str
    options: Json
    hits: int = 0


class FakeSlack:
    """The server. Thread-safe; everything it holds may be read while it runs."""

    def __init__(
        self, *, channels: Iterable[str] = ("news-alerts", "news-ops"), token: str = TOKEN
    ) -> None:
        self.token = token
        self.scopes = set(SCOPES)
        self.page_size = 100
        """The most messages or channels in one page, whatever `limit` asks for."""
        self._lock = threading.Condition()
        self.closing = threading.Event()
        self.sockets = Sockets(self.closing)
        self.views: list[Json] = []
        """Dialogues that were opened, the first first."""
        self.answers: list[Json] = []
        """What was told to one person only, the first first."""
        self._channels: dict[str, Channel] = {}
        self._messages: list[Stored] = []
        self._calls: list[Call] = []
        self._faults: list[Fault] = []
        self._pace: tuple[float, int] | None = None
        self._allowance: dict[str, tuple[float, float]] = {}
        for name in channels:
            self.add_channel(name)
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, let hanging answers go, free the port."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def api_url(self) -> str:
        """The base address for a Web API client."""
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    @property
    def base(self) -> str:
        """Where answers to one person go, below this."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    @property
    def webhook_url(self) -> str:
        """An incoming webhook that posts to the first channel."""
        return f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/secret"

    @property
    def messages(self) -> list[Stored]:
        """Everything stored, oldest first."""
        with self._lock:
            return list(self._messages)

    @property
    def keys(self) -> list[str]:
        """The delivery keys of everything stored, oldest first."""
        return [message.key for message in self.messages]

    @property
    def calls(self) -> list[Call]:
        """Every request so far, also those that failed."""
        with self._lock:
            return list(self._calls)

    @property
    def faults_hit(self) -> int:
        """How many requests met a fault."""
        with self._lock:
            return sum(fault.hits for fault in self._faults)

    def in_channel(self, name: str) -> list[Stored]:
        """What is stored in one channel, oldest first."""
        return [message for message in self.messages if message.channel == name.lstrip("#")]

    def add_channel(
        self, name: str, *, private: bool = False, member: bool = True, archived: bool = False
    ) -> str:
        """Create a channel and return its id."""
        with self._lock:
            channel = Channel(f"C0FAKE{len(self._channels):04d}", name, private, member, archived)
            self._channels[channel.id] = channel
            return channel.id

    def change_channel(self, name: str, **changes: bool) -> None:
        """Set `member`, `archived` or `private` of a channel."""
        with self._lock:
            channel = self._known(name)
            assert channel is not None
            self._channels[channel.id] = replace(channel, **changes)  # type: ignore[arg-type]

    def channel_id(self, name: str) -> str:
        """The id of a channel."""
        with self._lock:
            channel = self._known(name)
            assert channel is not None
            return channel.id

    def pace(self, per_second: float, burst: int) -> None:
        """Answer 429 above this rate of posts in one channel."""
        with self._lock:
            self._pace = (per_second, burst)
            self._allowance.clear()

    def fault(
        self,
        method: str,
        kind: str,
        *,
        phase: str = "before",
        times: int = 1,
        skip: int = 0,
        channel: str = "",
        **options: Any,  # noqa: ANN401  (each kind has its own)
    ) -> None:
        """Spoil the next `times` calls of a method (`chat.*`; `webhook` for the webhook).

        Args:
            method: Of the Web API; `*` and `?` stand for anything.
            kind: `error` (option error), `ratelimit` (retry_after, header=False for none), `http`
                (status, body), `html` (with status 200), `empty`, `cut` (JSON that ends early),
                `short` (fewer bytes than announced), `reset`, `close`, `hang` (seconds) or
                `delay` (seconds, then the normal answer).
            phase: `before` Slack has stored anything, or `after`.
            times: How often.
            skip: How many calls pass first.
            channel: Only calls for this channel, by name.
            options: Of the kind.
        """
        assert phase in {"before", "after"}
        assert kind in _ACTS or kind == "delay"
        with self._lock:
            self._faults.append(
                Fault(method, kind, phase, times, skip, channel.lstrip("#"), options)
            )

    def heal(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()

    def wait(self, until: Callable[[list[Stored]], bool], timeout: float = 30) -> bool:
        """Wait for the stored messages to satisfy a claim; False if they do not in time."""
        with self._lock:
            return self._lock.wait_for(lambda: until(list(self._messages)), timeout)

    def wait_told(self, views: int = 0, answers: int = 0, timeout: float = 20) -> bool:
        """Wait until so many dialogues were opened and answers given."""
        with self._lock:
            return self._lock.wait_for(
                lambda: len(self.views) >= views and len(self.answers) >= answers, timeout
            )

    def answered(self, body: Json) -> None:
        with self._lock:
            assert validate(body.get("blocks", [])) == []
            self.answers.append(body)
            self._lock.notify_all()

    def delete(self, ts: str) -> None:
        """Delete a message, as a person would."""
        with self._lock:
            self._messages = [message for message in self._messages if message.ts != ts]

    def backdate(self, ts: str, seconds: float) -> None:
        """Make a stored message older."""
        with self._lock:
            self._messages = [
                replace(message, ts=f"{float(ts) - seconds:.6f}") if message.ts == ts else message
                for message in self._messages
            ]

    # What follows runs in the server's threads.

    def _known(self, name: str) -> Channel | None:
        if name in self._channels:
            return self._channels[name]
        wanted = name.removeprefix("#")
        return next((one for one in self._channels.values() if one.name == wanted), None)

    def noted(self, method: str, args: Json, headers: dict[str, str]) -> None:
        with self._lock:
            self._calls.append(Call(method, args, time.monotonic(), headers))

    def spoiled(self, method: str, args: Json, phase: str) -> Fault | None:
        with self._lock:
            channel = self._known(str(args.get("channel", "")))
            for fault in self._faults:
                if fault.phase != phase or fault.hits >= fault.times:
                    continue
                if not fnmatch.fnmatch(method, fault.method):
                    continue
                if fault.channel and (channel is None or channel.name != fault.channel):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                return fault
        return None

    def answer(self, method: str, args: Json, token: str) -> tuple[Json, int]:
        """The answer to a call and, for 429, how long to wait."""
        problem = self._not_allowed(method, token)
        if problem:
            return problem, 0
        wait = self.too_fast(method, args)
        if wait:
            return {"ok": False, "error": "ratelimited"}, wait
        handle = _METHODS.get(method)
        if handle is None:
            return {"ok": False, "error": "unknown_method"}, 0
        with self._lock:
            answer = handle(self, args)
            self._lock.notify_all()
        return answer, 0

    def _not_allowed(self, method: str, token: str) -> Json | None:
        if not token:
            return _error("not_authed")
        if method == "apps.connections.open":
            return None if token == APP_TOKEN else _error("invalid_auth")
        if token.startswith("xapp-"):
            return _error("not_allowed_token_type")
        if token != self.token:
            return _error("invalid_auth")
        for scope in _NEEDS.get(method, ()):
            if scope not in self.scopes:
                given = ",".join(sorted(self.scopes))
                return _error("missing_scope", needed=scope, provided=given)
        return None

    def too_fast(self, method: str, args: Json) -> int:
        with self._lock:
            if self._pace is None or method not in {"chat.postMessage", "webhook"}:
                return 0
            rate, burst = self._pace
            now = time.monotonic()
            channel = str(args.get("channel", ""))
            left, then = self._allowance.get(channel, (float(burst), now))
            left = min(float(burst), left + (now - then) * rate)
            self._allowance[channel] = (left - 1 if left >= 1 else left, now)
            return 0 if left >= 1 else max(1, round((1 - left) / rate + 0.5))

    def handle_auth_test(self, args: Json) -> Json:
        return {
            "ok": True, "url": "https://newsroom.slack.com/", "team": "Newsroom", "team_id": "T0",
            "user": "monitor", "user_id": "U0FAKE", "bot_id": "B0FAKE",
        }  # fmt: skip

    def handle_validate(self, args: Json) -> Json:
        given = args.get("blocks")
        wrong = validate(json.loads(given) if isinstance(given, str) else given or [])
        return _error("invalid_blocks") if wrong else {"ok": True}

    def handle_open_socket(self, args: Json) -> Json:
        return {"ok": True, "url": f"ws://127.0.0.1:{self._server.server_port}/socket?ticket=1"}

    def handle_open_view(self, args: Json) -> Json:
        view = json.loads(args["view"]) if isinstance(args.get("view"), str) else args.get("view")
        if not args.get("trigger_id"):
            return _error("invalid_trigger_id")
        if (
            not isinstance(view, dict)
            or validate(view["blocks"])
            or len(view["title"]["text"]) > 24
        ):
            return _error("invalid_arguments")
        self.views.append(view)
        return {"ok": True, "view": view}

    def _reachable(self, name: str) -> tuple[Channel | None, Json]:
        channel = self._known(name) if name else None
        if channel is None or (channel.private and not channel.member):
            return None, _error("channel_not_found")
        if channel.archived:
            return None, _error("is_archived")
        if not channel.member:
            return None, _error("not_in_channel")
        return channel, {}

    def handle_post(self, args: Json) -> Json:
        problem = _wrong_content(args)
        if problem:
            return problem
        channel, problem = self._reachable(str(args.get("channel", "")))
        if channel is None:
            return problem
        message = Stored(
            channel=channel.name,
            channel_id=channel.id,
            ts=self._next_ts(),
            text=str(args.get("text", ""))[:40_000],
            blocks=args.get("blocks") or [],
            metadata=args.get("metadata") or {},
            thread_ts=str(args.get("thread_ts", "")),
            args=args,
        )
        self._messages.append(message)
        shown = _shown(message, full=True)
        return {"ok": True, "channel": channel.id, "ts": message.ts, "message": shown}

    def _next_ts(self) -> str:
        last = float(self._messages[-1].ts) if self._messages else 0.0
        return f"{max(time.time(), last + 0.000002):.6f}"

    def handle_update(self, args: Json) -> Json:
        problem = _wrong_content(args)
        if problem:
            return problem
        if len(str(args.get("text", ""))) > 4000:
            return _error("msg_too_long")
        channel = self._channels.get(str(args.get("channel", "")))
        if channel is None:
            return _error("channel_not_found")
        for place, message in enumerate(self._messages):
            if message.ts == args.get("ts") and message.channel_id == channel.id:
                self._messages[place] = replace(
                    message,
                    text=str(args.get("text", "")),
                    blocks=args.get("blocks") or [],
                    metadata=args.get("metadata", message.metadata),
                    edits=message.edits + 1,
                )
                return {"ok": True, "channel": channel.id, "ts": message.ts}
        return _error("message_not_found")

    def handle_history(self, args: Json) -> Json:
        # History knows ids only, as the real one does.
        if args.get("channel") not in self._channels:
            return _error("channel_not_found")
        channel, problem = self._reachable(str(args["channel"]))
        if channel is None and problem["error"] != "is_archived":
            return problem
        oldest = float(args.get("oldest") or 0)
        inclusive = str(args.get("inclusive", "")).lower() in {"1", "true"}
        found = [
            message
            for message in reversed(self._messages)
            if message.channel_id == args["channel"]
            and (not message.thread_ts or message.broadcast)
            and (float(message.ts) > oldest or (inclusive and float(message.ts) == oldest))
        ]
        full = str(args.get("include_all_metadata", "")).lower() in {"1", "true"}
        return self._page([_shown(message, full=full) for message in found], "messages", args)

    def handle_replies(self, args: Json) -> Json:
        if args.get("channel") not in self._channels:
            return _error("channel_not_found")
        found = [
            message
            for message in self._messages
            if message.channel_id == args["channel"]
            and args.get("ts") in {message.ts, message.thread_ts}
        ]
        if not found:
            return _error("thread_not_found")
        # Slack always shows the message itself, whatever is asked for.
        oldest = float(args.get("oldest") or 0)
        found = [one for one in found if not one.thread_ts or float(one.ts) >= oldest]
        full = str(args.get("include_all_metadata", "")).lower() in {"1", "true"}
        return self._page([_shown(message, full=full) for message in found], "messages", args)

    def handle_list(self, args: Json) -> Json:
        shown = [
            _described(one) for one in self._channels.values() if one.member or not one.private
        ]
        return self._page(shown, "channels", args)

    def handle_info(self, args: Json) -> Json:
        channel = self._channels.get(str(args.get("channel", "")))
        if channel is None or (channel.private and not channel.member):
            return _error("channel_not_found")
        return {"ok": True, "channel": _described(channel)}

    def _page(self, things: list[Json], name: str, args: Json) -> Json:
        start = int(args.get("cursor") or 0)
        end = start + min(int(args.get("limit") or 100), self.page_size)
        more = end < len(things)
        return {
            "ok": True, name: things[start:end], "has_more": more,
            "response_metadata": {"next_cursor": str(end) if more else ""},
        }  # fmt: skip

    def hook(self, args: Json) -> str:
        """The webhook's answer: `ok` or a code, in plain text."""
        if not args.get("text") and not args.get("blocks"):
            return "no_text"
        with self._lock:
            first = next(iter(self._channels.values()))
            answer = self.handle_post({**args, "channel": first.id})
            self._lock.notify_all()
        renamed = {"is_archived": "channel_is_archived", "not_in_channel": "action_prohibited"}
        code = str(answer.get("error", "ok"))
        return renamed.get(code, code)


_METHODS: dict[str, Callable[[FakeSlack, Json], Json]] = {
    "apps.connections.open": FakeSlack.handle_open_socket,
    "auth.test": FakeSlack.handle_auth_test,
    "chat.postMessage": FakeSlack.handle_post,
    "chat.update": FakeSlack.handle_update,
    "conversations.history": FakeSlack.handle_history,
    "conversations.replies": FakeSlack.handle_replies,
    "conversations.list": FakeSlack.handle_list,
    "conversations.info": FakeSlack.handle_info,
    "views.open": FakeSlack.handle_open_view,
    "blocks.validate": FakeSlack.handle_validate,
}


def _error(code: str, **more: object) -> Json:
    return {"ok": False, "error": code, **more}


def _wrong_content(args: Json) -> Json | None:
    blocks = args.get("blocks")
    if not args.get("text") and not blocks:
        return _error("no_text")
    if blocks:
        found = validate(blocks)
        if found:
            told = [f"[ERROR] {one}" for one in found]
            return _error("invalid_blocks", errors=found, response_metadata={"messages": told})
        if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > MAX_TOTAL:
            return _error("msg_blocks_too_long")
    return _wrong_metadata(args.get("metadata"))


def _wrong_metadata(metadata: object) -> Json | None:
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        return _error("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        return _error("invalid_metadata_format")
    return _error("metadata_too_large") if len(json.dumps(metadata)) > _MAX_METADATA else None


def _shown(message: Stored, *, full: bool) -> Json:
    """A message as the API shows it: the payload of its metadata only on request."""
    metadata = message.metadata
    if metadata and not full:
        metadata = {"event_type": metadata["event_type"]}
    shown = {
        "type": "message", "ts": message.ts, "text": message.text, "blocks": message.blocks,
        "user": "U0FAKE", "bot_id": "B0FAKE", "app_id": "A0FAKE",
    }  # fmt: skip
    return {**shown, "metadata": metadata} if metadata else shown


def _described(channel: Channel) -> Json:
    return {
        "id": channel.id, "name": channel.name, "is_channel": not channel.private,
        "is_private": channel.private, "is_member": channel.member, "is_archived": channel.archived,
    }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them, and nothing leaks into the next test

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that were killed or gave up are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its base's name)
        """Quiet."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        slack = self.server.slack
        path = urllib.parse.urlsplit(self.path)
        if path.path == "/socket":
            slack.sockets.serve(self)
            return
        args = self._args(path.query)
        if path.path.startswith(("/actions/", "/commands/")):
            slack.answered(args)
            self._send(200, "ok", "text/plain")
            return
        method = path.path.removeprefix("/api/")
        if path.path.startswith("/services/"):
            method = "webhook"
        slack.noted(method, args, dict(self.headers))
        if not self._spoil(slack.spoiled(method, args, "before")):
            return
        if method == "webhook":
            self._webhook(args)
        else:
            self._api(method, args)

    def _args(self, query: str) -> Json:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        given: Json = dict(urllib.parse.parse_qsl(query))
        if "json" in self.headers.get("Content-Type", ""):
            return {**given, **json.loads(body or "{}")}
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        for name in ("blocks", "metadata"):
            if name in form:
                form[name] = json.loads(form[name])
        return {**given, **form}

    def _api(self, method: str, args: Json) -> None:
        slack = self.server.slack
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        answer, wait = slack.answer(method, args, token)
        if not self._spoil(slack.spoiled(method, args, "after")):
            return
        headers = {"x-oauth-scopes": ",".join(sorted(slack.scopes))}
        if wait:
            headers["Retry-After"] = str(wait)
        self._send(429 if wait else 200, json.dumps(answer), headers=headers)

    def _webhook(self, args: Json) -> None:
        slack = self.server.slack
        wait = slack.too_fast("webhook", args)
        if wait:
            self._send(429, "rate_limited", "text/plain", {"Retry-After": str(wait)})
            return
        answer = slack.hook(args)
        if self._spoil(slack.spoiled("webhook", args, "after")):
            statuses = {"ok": 200, "channel_is_archived": 410, "channel_not_found": 404}
            self._send(statuses.get(answer, 400), answer, "text/plain")

    def _send(
        self,
        status: int,
        body: str,
        kind: str = "application/json; charset=utf-8",
        headers: dict[str, str] | None = None,
        *,
        announced: int | None = None,
    ) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) if announced is None else announced))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def _spoil(self, fault: Fault | None) -> bool:
        """Act a fault out; True if the normal answer is to follow."""
        if fault is None:
            return True
        if fault.kind == "delay":
            self.server.slack.closing.wait(float(fault.options.get("seconds", 1)))
            return True
        _ACTS[fault.kind](self, fault.options)
        return False

    def _act_error(self, options: Json) -> None:
        more = {name: value for name, value in options.items() if name != "error"}
        self._send(200, json.dumps(_error(options["error"], **more)))

    def _act_ratelimit(self, options: Json) -> None:
        wait = {"Retry-After": str(options.get("retry_after", 1))}
        body = json.dumps(_error("ratelimited"))
        self._send(429, body, headers=wait if options.get("header", True) else {})

    def _act_http(self, options: Json) -> None:
        body = options.get("body", "<html><h1>Server Error</h1></html>")
        self._send(options.get("status", 503), body, options.get("content_type", "text/html"))

    def _act_html(self, options: Json) -> None:
        self._send(200, "<html>maintenance</html>", "text/html")

    def _act_empty(self, options: Json) -> None:
        self._send(200, "")

    def _act_cut(self, options: Json) -> None:
        self._send(200, '{"ok": true, "ts": "17')

    def _act_short(self, options: Json) -> None:
        self._send(200, '{"ok": true', announced=500)

    def _act_hang(self, options: Json) -> None:
        self.server.slack.closing.wait(float(options.get("seconds", 60)))
        self._act_close(options)

    def _act_close(self, options: Json) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _act_reset(self, options: Json) -> None:
        # No lingering: closing sends a TCP reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


_ACTS: dict[str, Callable[[_Handler, Json], None]] = {
    kind: getattr(_Handler, f"_act_{kind}")
    for kind in (
        "error", "ratelimit", "http", "html", "empty", "cut", "short", "hang", "close", "reset"
    )
}  # fmt: skip
