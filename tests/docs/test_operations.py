from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import ops

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", [begun for begun, _ in ops.HEADINGS.values()])
def test_every_message_of_the_ops_channel_says_what_to_do(heading: str) -> None:
    row = re.search(rf'^\| "{re.escape(heading)}.*$', OPERATIONS, re.MULTILINE)

    assert row
    _, message, begins, do, _ = row[0].split("|")
    assert all(len(cell.strip()) > 10 for cell in (message, begins, do))


def test_the_examples_give_the_process_nothing_it_does_not_need() -> None:
    compose = (ROOT / "docs" / "compose.example.yaml").read_text(encoding="utf-8")
    kubernetes = (ROOT / "docs" / "kubernetes.example.yaml").read_text(encoding="utf-8")
    unit = (ROOT / "docs" / "news-monitor.service").read_text(encoding="utf-8")

    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "user: "):
        assert line in compose
    for line in (
        "readOnlyRootFilesystem: true",
        "runAsNonRoot: true",
        "capabilities: {drop: [ALL]}",
        "allowPrivilegeEscalation: false",
        "livenessProbe:",
    ):
        assert line in kubernetes
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "ProtectSystem=strict"):
        assert line in unit


def test_the_examples_name_variables_that_are_read() -> None:
    config = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    examples = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("compose.example.yaml", "kubernetes.example.yaml", "news-monitor.service")
    )
    for name in set(re.findall(r"SLACK_[A-Z_]+(?=_FILE)", examples)):
        assert name in config
    for section, key in set(re.findall(r"MONITOR_([A-Z]+)__([A-Z_]+)", examples)):
        assert re.search(rf"\[{section.lower()}\][^\[]*\b{key.lower()} =", EXAMPLE)


EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
