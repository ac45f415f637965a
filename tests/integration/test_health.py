from __future__ import annotations

import http.client
import json
import socket
from http import HTTPStatus

import pytest
from feedserver import closed_port

from monitor import health
from monitor.checkup import Report
from monitor.errors import ConfigError, MonitorError
from monitor.steady import Condition

FINE = Report((), ())
DEGRADED = Report((), ("no alert is delivered: the token was revoked",))
FAILING = Report(("polling hangs",), ("alerts wait",))


def asked(report: Report) -> tuple[int, dict[str, object]]:
    """Status and body of /healthz."""
    listen = f"127.0.0.1:{closed_port()}"
    with health.HealthServer(listen) as server:
        server.answer_with(lambda: report)
        connection = http.client.HTTPConnection(listen, timeout=5)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body


@pytest.mark.parametrize("report", [FINE, DEGRADED, FAILING])
def test_what_the_service_says_of_itself_is_what_the_asker_reads(report: Report) -> None:
    listen = f"127.0.0.1:{closed_port()}"

    with health.HealthServer(listen) as server:
        server.answer_with(lambda: report)
        assert health.ask(listen) == report


def test_only_what_a_restart_may_mend_is_an_http_error() -> None:
    assert asked(FINE)[0] == HTTPStatus.OK
    assert asked(DEGRADED)[0] == HTTPStatus.OK
    assert asked(FAILING)[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_the_body_names_the_state_the_reasons_and_each_job() -> None:
    job = Condition("polling", ok_s=0.5, failing_s=None, error="", hangs=False)

    _, body = asked(Report((), ("alerts wait",), (job,)))

    assert body["status"] == "degraded"
    assert body["degraded"] == ["alerts wait"]
    assert body["jobs"] == {
        "polling": {"ok_s": 0.5, "failing_s": None, "error": "", "hangs": False}
    }


def test_no_answer_is_an_answer() -> None:
    with pytest.raises(MonitorError, match="is `monitor run` running"):
        health.ask(f"127.0.0.1:{closed_port()}")


def test_an_address_in_use_is_named_with_the_setting_and_its_file() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ConfigError, match="Write another port") as caught:
            health.HealthServer(listen, file="desk.toml")

    assert str(caught.value).startswith(f'desk.toml: web.listen = "{listen}" cannot be used')


def test_it_listens_on_ipv6_too() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    with health.HealthServer(f"[::1]:{port}") as server:
        server.answer_with(lambda: FINE)
        assert health.ask(f"[::1]:{port}") == FINE
