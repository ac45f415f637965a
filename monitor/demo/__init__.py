"""The whole service on sample feeds: loopback only, temporary database, alerts on the console."""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import app, example, log, show
from monitor.config import Config
from monitor.demo.samples import OUTLETS, SAMPLES
from monitor.demo.server import FeedServer
from monitor.receivers.console import ConsoleReceiver

if TYPE_CHECKING:
    from types import FrameType


def run(seconds: float) -> int:
    """Show the service at work for a while (0: until Ctrl-C); the exit code."""
    log.set_up(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="monitor-demo-") as folder, FeedServer() as server:
        example.write_rules(Path(folder) / "rules")
        config = _config(Path(folder), server)
        _introduce(server, seconds)
        with app.Service(config, ConsoleReceiver(timezone=config.service.timezone)) as service:
            _end(service, seconds)
            service.run()
    show.say(
        "\nThat was the demo. Next: `monitor init` writes a config and rules to make your own.",
        "dim",
    )
    return 0


def _config(folder: Path, server: FeedServer) -> Config:
    feeds = [
        {
            "url": server.url(key),
            "name": outlet.name,
            "language": outlet.language,
            "kind": outlet.kind,
            "country": outlet.country,
            "tags": list(outlet.tags),
            "interval": "1s",
        }
        for key, outlet in OUTLETS.items()
    ]
    return Config.model_validate(
        {
            "service": {"name": "Demo desk"},
            "database": {"url": f"sqlite:///{folder / 'demo.db'}"},
            "rules": {"path": str(folder / "rules")},
            "polling": {
                "interval": "1s",
                "min_interval": "1s",
                "allow_private": [server.address],
            },
            "alerts": {"receiver": "console"},
            "web": {"listen": ""},
            "feeds": feeds,
        }
    )


def _introduce(server: FeedServer, seconds: float) -> None:
    length = f"for {seconds:.0f} seconds" if seconds else "until Ctrl-C"
    show.say(
        f"Watching {len(OUTLETS)} sample feeds on {server.address} {length}: {len(SAMPLES)} items in "
        "English, Korean, Ukrainian and Russian,\nsome that matter, some copies, some noise. Each "
        "story is told once.\n",
        "dim",
    )


def _end(service: app.Service, seconds: float) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if seconds:
        timer = threading.Timer(seconds, service.stop)
        timer.daemon = True
        timer.start()
