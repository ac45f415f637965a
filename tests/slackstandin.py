"""The stand-in of ../shared: a Slack whose state is kept by a program that nobody here wrote."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "shared/slack"
_SECONDS_TO_SET_UP = 300


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running stand-in."""

    base: str

    @property
    def api_url(self) -> str:
        return f"{self.base}/api/"

    def control(self, call: str, body: object = None) -> Any:  # noqa: ANN401  (JSON)
        """Use its control interface: GET, or POST where there is a body."""
        request = urllib.request.Request(
            f"{self.base}/_ctl/{call}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def installed() -> Path:
    """Its folder, set up once for each version of its files; skips the test where that can't be."""
    if not SOURCE.is_dir():
        pytest.skip("../shared is not here")
    for tool in ("bash", "curl", "node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"the stand-in needs {tool}")
    folder = Path(tempfile.gettempdir()) / f"monitor-tests-standin-{_fingerprint(SOURCE)}"
    if not (folder / "ready").exists():
        _set_up(folder)
    return folder


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not {".venv", "node_modules", "__pycache__"} & set(file.parts):
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _set_up(folder: Path) -> None:
    # Whole or not at all, and apart from any other run that does the same now.
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        work = Path(draft) / "slack"
        shutil.copytree(
            SOURCE, work, ignore=shutil.ignore_patterns(".venv", "node_modules", "__pycache__")
        )
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    try:
        done = subprocess.run(
            ["bash", "setup.sh"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS_TO_SET_UP,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the stand-in could not be installed in time")
    if done.returncode:
        pytest.skip(f"the stand-in could not be installed: {done.stderr.strip()[-200:]}")
    (folder / "ready").touch()


@contextlib.contextmanager
def running(folder: Path, run_folder: Path) -> Iterator[StandIn]:
    """The stand-in, started on free ports with nothing in it."""
    front, back = _free_ports()
    environment = {
        **os.environ,
        "EMU_PORT": str(back),
        "FRONT_PORT": str(front),
        "RUN_DIR": str(run_folder),
    }
    try:
        # Its servers inherit the output of start.sh: a pipe would never end.
        started = subprocess.run(
            ["bash", "start.sh"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        if started.returncode:
            pytest.skip("the stand-in did not start")
        yield StandIn(f"http://127.0.0.1:{front}")
    finally:
        subprocess.run(["bash", "stop.sh"], cwd=folder, env=environment, check=False)


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]
