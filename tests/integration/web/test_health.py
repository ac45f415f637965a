from __future__ import annotations

import json
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from feedserver import closed_port

from monitor import health
from monitor.checkup import Report
from monitor.errors import ConfigError, MonitorError
from monitor.steady import Condition
from monitor.web.server import Server

if TYPE_CHECKING:
    from webdesk import Desk

FINE = Report((), ())
DEGRADED = Report((), ("no alert is delivered: the token was revoked",))
FAILING = Report(("polling hangs",), ("alerts wait",))


@pytest.mark.parametrize("report", [FINE, DEGRADED, FAILING])
def test_what_the_service_says_of_itself_is_what_the_asker_reads(
    desk: Desk, report: Report
) -> None:
    desk.report = report

    with desk.serving():
        assert health.ask(desk.listen) == report


def test_only_what_a_restart_may_mend_is_an_http_error(desk: Desk) -> None:
    found = {}
    with desk.serving():
        for desk.report in (FINE, DEGRADED, FAILING):
            found[desk.report.status] = desk.ask("/healthz").status

    assert found == {"ok": 200, "degraded": 200, "failing": 503}


def test_the_body_names_the_state_the_reasons_and_each_job(desk: Desk) -> None:
    job = Condition("polling", ok_s=0.5, failing_s=None, error="", hangs=False)
    desk.report = Report((), ("alerts wait",), (job,))

    with desk.serving():
        body = json.loads(desk.ask("/healthz").body)

    assert body["status"] == "degraded"
    assert body["degraded"] == ["alerts wait"]
    assert body["jobs"] == {
        "polling": {"ok_s": 0.5, "failing_s": None, "error": "", "hangs": False}
    }


def test_it_is_ready_when_nothing_is_missing(desk: Desk) -> None:
    with desk.serving():
        assert desk.ask("/readyz").status == HTTPStatus.OK
        desk.missing = ("the database has schema none",)
        answer = desk.ask("/readyz")

    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(answer.body) == {"ready": False, "missing": list(desk.missing)}


def test_while_the_service_starts_it_is_not_ready(desk: Desk) -> None:
    with Server(desk.listen):
        assert desk.ask("/readyz").status == HTTPStatus.SERVICE_UNAVAILABLE


def test_no_answer_is_an_answer() -> None:
    with pytest.raises(MonitorError, match="is `monitor run` running"):
        health.ask(f"127.0.0.1:{closed_port()}")


def test_an_address_in_use_is_named_with_the_setting_and_its_file() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ConfigError, match="Write another port") as caught:
            Server(listen, file="desk.toml")

    assert str(caught.value).startswith(f'desk.toml: web.listen = "{listen}" cannot be used')


def test_it_listens_on_ipv6_too(desk: Desk) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        desk.listen = f"[::1]:{free.getsockname()[1]}"

    with desk.serving():
        assert health.ask(desk.listen) == FINE
