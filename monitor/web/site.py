"""Which address answers what: probes for machines, /metrics for Prometheus, pages for people."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import gauges, metrics
from monitor.errors import StoreError
from monitor.web import exchange
from monitor.web.gate import FORGET, ours
from monitor.web.pages import Pages, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.checkup import Report
    from monitor.web.about import About
    from monitor.web.exchange import Answer, Request
    from monitor.web.gate import Gate

AT_ONCE = 2
"""Answers that read the database at a time: the rest waits, and polling goes on."""
_PATIENCE_S = 3.0
_STYLE = Path(__file__).with_name("style.css")
_SHUT = (
    "This address can be reached from other machines, so the page wants a token: set MONITOR_WEB_TOKEN "
    "where the service runs, and restart it. Probes and /metrics are answered without."
)
_NOTHING = "It may have been deleted by age, or its address is wrong."


class Site:
    """Answers every request."""

    def __init__(self, about: About, gate: Gate) -> None:
        self._about = about
        self._gate = gate
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._pages = pages = Pages(about)
        style = exchange.Answer(_STYLE.read_bytes(), type="text/css; charset=utf-8")
        nothing = exchange.Answer(b"", HTTPStatus.NO_CONTENT)
        self._plain: dict[str, Callable[[], Answer]] = {
            "/healthz": self._health,
            "/readyz": self._ready,
            "/style.css": lambda: style,
            "/favicon.ico": lambda: nothing,
        }
        self._lists = {
            "/": pages.home,
            "/feeds": pages.feeds,
            "/rules": pages.rules,
            "/deliveries": pages.deliveries,
        }
        self._things = {"items": pages.item, "stories": pages.story}

    def __call__(self, request: Request) -> Answer:
        """The answer to a request."""
        if not self._gate.knows(request.headers.get("host", "")):
            return exchange.text(
                "this page is not offered under that name: see web.hosts in docs/configuration.md",
                HTTPStatus.MISDIRECTED_REQUEST,
            )
        act = {"/login": self._log_in, "/logout": self._log_out}.get(request.path)
        if request.method != "GET":
            if act:
                return act(request)
            return exchange.text("only GET", HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")
        if plain := self._plain.get(request.path):
            return plain()
        if request.path == "/metrics":
            return self._scrape(request)
        return self._for_people(request)

    def _scrape(self, request: Request) -> Answer:
        if self._gate.has_token and not self._is_admitted(request):
            return exchange.text(
                "send the token", HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": "Bearer"}
            )
        return self._in_turn(self._metrics)

    def _for_people(self, request: Request) -> Answer:
        if self._gate.is_shut:
            return self._pages.message("Not open", _SHUT, HTTPStatus.FORBIDDEN)
        if not self._is_admitted(request):
            return self._pages.login(to=ours(request.target))
        return self._in_turn(lambda: self._page(request))

    def _page(self, request: Request) -> Answer:
        listed = self._lists.get(request.path)
        if listed:
            return listed(request.query)
        kind, _, name = request.path.removeprefix("/").partition("/")
        one, id_ = self._things.get(kind), number(name)
        found = one(id_) if one and id_ is not None else None
        return found or self._pages.message("There is no such page", _NOTHING, HTTPStatus.NOT_FOUND)

    def _log_in(self, request: Request) -> Answer:
        to = ours(request.form.get("to", "/"))
        if not self._gate.opens(request.form.get("token", "").strip()):
            return self._pages.login(to=to, wrong=True)
        secure = request.headers.get("x-forwarded-proto", "") == "https"
        cookie = self._gate.cookie(now=self._about.clock(), secure=secure)
        return exchange.redirect(to, **{"Set-Cookie": cookie})

    def _log_out(self, _: Request) -> Answer:
        return exchange.redirect("/", **{"Set-Cookie": FORGET})

    def _is_admitted(self, request: Request) -> bool:
        return self._gate.admits(request.headers, now=self._about.clock())

    def _in_turn(self, make: Callable[[], Answer]) -> Answer:
        if not self._turns.acquire(timeout=_PATIENCE_S):
            return exchange.text(
                "too many ask at once", HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "5"}
            )
        try:
            return make()
        except StoreError as error:
            return exchange.text(str(error), HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            self._turns.release()

    def _health(self) -> Answer:
        """200 also where something is degraded: an orchestrator restarts what answers 503.

        A restart does not make Slack take a token.
        """
        report = self._about.report()
        status = HTTPStatus.SERVICE_UNAVAILABLE if report.failing else HTTPStatus.OK
        return exchange.as_json(_told(report), status)

    def _ready(self) -> Answer:
        missing = list(self._about.unready())
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return exchange.as_json({"ready": not missing, "missing": missing}, status)

    def _metrics(self) -> Answer:
        about = self._about
        found = gauges.of_service(
            about.report(),
            rules=len(about.rules()),
            rule_set=about.rule_set(),
            problems=len(about.problems()),
            version=about.version,
        )
        # Whether it answers is in the report; what was counted is told all the same.
        with contextlib.suppress(StoreError):
            found += gauges.of_database(about.database, now=about.clock())
        return exchange.Answer(metrics.page(found), type=metrics.CONTENT_TYPE)


def _told(report: Report) -> dict[str, object]:
    return {
        "status": report.status,
        "failing": report.failing,
        "degraded": report.degraded,
        "jobs": {
            job.name: {k: v for k, v in asdict(job).items() if k != "name"} for job in report.jobs
        },
    }
