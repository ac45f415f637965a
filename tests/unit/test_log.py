from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from monitor import log


def record(message: str, *args: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("monitor.poll", level, __file__, 1, message, args, None)


# Spelled apart, so that no scanner takes made-up tokens for real ones.
SECRETS = (
    "xoxb" + "-123-abc",
    "xapp" + "-1-A-x",
    "https://hooks.slack.com" + "/services/T0/B0/x",
    "hunter2",
)


@pytest.mark.parametrize("formatter", [log.TextFormatter(), log.JsonFormatter()])
def test_no_secret_gets_out(formatter: logging.Formatter) -> None:
    line = formatter.format(record("%s %s %s postgresql://user:%s@host/db?password=k3y", *SECRETS))

    assert not any(secret in line for secret in (*SECRETS, "k3y"))
    assert "postgresql://host/db?password=" in line


@pytest.mark.parametrize("formatter", [log.TextFormatter(), log.JsonFormatter()])
def test_text_from_a_feed_cannot_forge_a_line_or_steer_a_terminal(
    formatter: logging.Formatter,
) -> None:
    line = formatter.format(record("title=%s", "a\n12:00 info: forged\x1b[2J"))

    assert "\n" not in line
    assert "\x1b[2J" not in line


def test_a_secret_in_a_traceback_is_masked() -> None:
    try:
        raise ValueError(SECRETS[0])
    except ValueError:
        broken = record("job failed", level=logging.ERROR)
        broken.exc_info = sys.exc_info()

    assert SECRETS[0] not in log.TextFormatter().format(broken)
    assert SECRETS[0] not in log.JsonFormatter().format(broken)


def test_a_pipe_gets_json(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    out = io.StringIO()

    log.set_up(stream=out)
    logging.getLogger("monitor.poll").info("feed polled: new=%d", 3)

    line = json.loads(out.getvalue())
    assert (line["level"], line["message"]) == ("info", "feed polled: new=3")
