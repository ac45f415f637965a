"""Which address answers what: probes for machines, /metrics for Prometheus, pages for people."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor import gauges, metrics
from monitor.errors import StoreError
from monitor.web import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.checkup import Report
    from monitor.model import Rule
    from monitor.store.database import Database
    from monitor.web.exchange import Answer, Request
    from monitor.web.gate import Gate

AT_ONCE = 2
"""Answers that read the database at a time: the rest waits, and polling goes on."""
_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class About:
    """What the pages are about."""

    name: str
    version: str
    database: Database
    report: Callable[[], Report]
    unready: Callable[[], Sequence[str]]
    """Why it can't work yet or any more, one clause each."""
    rules: Callable[[], Mapping[str, Rule]]
    """Those in force."""
    rule_set: Callable[[], str]
    """By what the rule files in force are told from others."""
    problems: Callable[[], Sequence[str]]
    """What is wrong in the rule files."""
    clock: Callable[[], datetime]


class Site:
    """Answers every request."""

    def __init__(self, about: About, gate: Gate) -> None:
        self._about = about
        self._gate = gate
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, request: Request) -> Answer:
        """The answer to a request."""
        if not self._gate.knows(request.headers.get("host", "")):
            return exchange.text(
                "this page is not offered under that name: see web.hosts in docs/configuration.md",
                HTTPStatus.MISDIRECTED_REQUEST,
            )
        probe = {"/healthz": self._health, "/readyz": self._ready}.get(request.path)
        if request.method != "GET":
            return exchange.text("only GET", HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")
        if probe:
            return probe()
        if request.path != "/metrics":
            return exchange.text("there is no such page", HTTPStatus.NOT_FOUND)
        if self._gate.has_token and not self._is_admitted(request):
            return exchange.text(
                "send the token", HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": "Bearer"}
            )
        return self._in_turn(self._metrics)

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
