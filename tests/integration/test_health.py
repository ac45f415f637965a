from __future__ import annotations

import socket

import pytest
from feedserver import closed_port

from monitor import health
from monitor.errors import ConfigError, MonitorError


def test_a_service_that_works_says_so() -> None:
    listen = f"127.0.0.1:{closed_port()}"

    with health.HealthServer(listen, list):
        assert health.ask(listen) == ()


def test_what_is_wrong_is_told() -> None:
    listen = f"127.0.0.1:{closed_port()}"

    with health.HealthServer(listen, lambda: ["polling hangs"]):
        assert health.ask(listen) == ("polling hangs",)


def test_no_answer_is_an_answer() -> None:
    with pytest.raises(MonitorError, match="is `monitor run` running"):
        health.ask(f"127.0.0.1:{closed_port()}")


def test_an_address_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ConfigError, match="Choose another port"):
            health.HealthServer(listen, list)
