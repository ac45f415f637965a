"""The real program as a user runs it: a folder with config and rules, a process, its output."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import warm
from feedserver import closed_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OURS = ("MONITOR_", "SLACK_")

RULES = """\
[terms.captivity]
en = ["captured", "prisoner"]
ko = ["포로"]

[[rules]]
id = "pow"
name = "Prisoners"
query = '"North Korean" AND @captivity'
severity = "high"
"""


@dataclass
class Program:
    """A folder of a user's, and the commands run in it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    """Whether every process loads the program itself; else it begins as a copy of one that has."""

    def configure(
        self, *, feeds: Sequence[str], rules: str = RULES, extra: str = "", **tables: str
    ) -> None:
        """Write config and rules; keyword arguments are the lines of a table."""
        self.listen = f"127.0.0.1:{closed_port()}"
        lines = {
            "polling": 'interval = "1s"\nmin_interval = "1s"\ntimeout = "5s"\nallow_private = ["127.0.0.1"]',
            "alerts": 'channel = "#news-alerts"\nops_channel = ""\ncollapse_above = 0\nhourly = 0',
            "web": f'listen = "{self.listen}"',
        } | tables
        text = "".join(f"[{name}]\n{body}\n" for name, body in lines.items()) + extra
        for number, url in enumerate(feeds):
            text += f'[[feeds]]\nurl = "{url}"\nname = "Outlet {number}"\nlanguage = "en"\n'
        self.folder.mkdir(exist_ok=True)
        (self.folder / "config.toml").write_text(text, encoding="utf-8")
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "rules" / "rules.toml").write_text(rules, encoding="utf-8")

    def run(
        self, *args: str, stdin: str = "", timeout: float = 60, stdout: IO[str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; what it prints is captured, or goes to `stdout`."""
        with TemporaryFile("w+") as given, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            given.write(stdin)
            given.seek(0)
            process = self._start(args, given, stdout or out, err)
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
                process.wait()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(args, code, out.read(), err.read())

    def in_shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command with what only a shell can do, such as closing its streams (`run >&-`)."""
        return subprocess.run(
            ["sh", "-c", f'exec "$0" -m monitor {line}', sys.executable],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *args: str, skew: float = 0) -> Running:
        """Start `monitor run` (or another command) and leave it running.

        `skew` is how many seconds the clock of its machine is ahead.
        """
        log = self.folder / f"log-{time.monotonic_ns()}.txt"
        with Path(os.devnull).open() as nothing, log.open("w") as out:
            process = self._start(args or ("run",), nothing, out, out, skew=skew)
        return Running(process, log)

    def _start(
        self, args: Sequence[str], *streams: IO[str], skew: float = 0
    ) -> subprocess.Popen[bytes] | warm.Copy:
        # Our own variables are read when it runs; any other may matter while it loads.
        known = all(name.startswith(_OURS) for name in self.environ)
        if known and not skew and not self.fresh:
            numbers = [stream.fileno() for stream in streams]
            return warm.start(args, folder=self.folder, environ=self.environment(), streams=numbers)
        skewed = [str(Path(__file__).with_name("skewed.py")), str(skew)]
        stdin, stdout, stderr = streams
        return subprocess.Popen(
            [sys.executable, *(skewed if skew else ["-m", "monitor"]), *args],
            cwd=self.folder,
            env=self.environment(),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    def environment(self) -> Mapping[str, str]:
        """Of the processes: ours, less what would set up the program."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return kept | warm.SETTLED | self.environ


@dataclass
class Running:
    """A process, and all that it has said so far."""

    process: subprocess.Popen[bytes] | warm.Copy
    log: Path

    def output(self) -> str:
        """What it wrote to both streams."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def messages(self) -> list[str]:
        """The messages of its log lines."""
        lines = [line for line in self.output().splitlines() if line.startswith("{")]
        return [str(json.loads(line)["message"]) for line in lines]

    def wait_for(self, pattern: str, timeout: float = 30) -> bool:
        """Wait until its output has something; False if it ends or takes too long."""
        return eventually(lambda: bool(re.search(pattern, self.output())), timeout)

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout: float = 10) -> int:
        """SIGTERM; the exit code. Raises TimeoutExpired if it takes longer than it may."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()


def eventually(claim: Callable[[], bool], timeout: float = 30) -> bool:
    """Whether a claim becomes true in time."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.05)
    return claim()
