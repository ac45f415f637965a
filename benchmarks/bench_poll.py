"""What polling costs: the real program on 1,000 feeds of 40 KB from a server on loopback.

    python benchmarks/bench_poll.py [--feeds 1000] [--times 3] [--reader PYTHON] [--recorded FOLDER]

Four rounds of `monitor run --once`: cold; all unchanged (80 % answer 304, 20 % the same body);
news in every fifth feed; all 304. Each prints CPU seconds of the program with its parser
processes, wall seconds, and the peak of their memory together. `--reader` names a Python that has
lemon24/reader (and sgmllib3k): its `update_feeds` then runs on the same server in the same run, and
the ratios are printed. Start-up is inside but for "ms a feed"; a run without a
feed shows how much. The feeds are made up, or with `--recorded` those of a folder, each many times
under links of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
} | {"PYTHONPYCACHEPREFIX": tempfile.mkdtemp()}
"""Both programs run from compiled files, as where they are installed."""
HOSTS = 250
"""Loopback addresses to serve from, for a service asks one host for few feeds at a time."""
ENTRIES = 17
ENTRY_BYTES = 2_300
SMALLEST, LARGEST = 10_000, 150_000
"""Bytes of the recorded feeds that are served."""
NEWS_EVERY = 5
NO_304_EVERY = 5
READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
known = {feed.url for feed in reader.get_feeds()}
for url in open(sys.argv[2]).read().split():
    if url not in known:
        reader.add_feed(url)
reader.update_feeds(workers=16, scheduled=False)
print(reader.get_entry_counts().total)
"""


class Publisher:
    """Answers for every feed; which entries it has depends on how often there was news."""

    def __init__(self, recorded: Path | None = None) -> None:
        self._recorded = _split(recorded) if recorded else []
        self.news = 0
        self.all_304 = False
        self._words = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]

    def body(self, feed: int) -> bytes:
        """The document of a feed, the same for the same state."""
        first = self.news if feed % NEWS_EVERY == 0 else 0
        if self._recorded:
            head, rest = self._recorded[feed % len(self._recorded)]
            # Of its own for each feed, or the service would know the items from the feed before.
            own = rest.replace(b"://", b"://feed%d." % feed).replace(
                b"</guid>", b"-%d</guid>" % feed
            )
            news = "".join(self._entry(feed, n, ENTRY_BYTES // 4) for n in range(first, 0, -1))
            return b"".join((head, news.encode(), own))
        entries = "".join(self._entry(feed, n) for n in range(first + ENTRIES, first, -1))
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>Wire {feed}</title><link>https://wire{feed}.example/</link>"
            f"<lastBuildDate>Mon, 23 Nov 2026 10:{first:02}:00 GMT</lastBuildDate>"
            f"{entries}</channel></rss>"
        ).encode()

    def _entry(self, feed: int, number: int, size: int = ENTRY_BYTES) -> str:
        dice = random.Random(feed * 10_000 + number)
        words = " ".join(dice.choices(self._words, k=size // 6))
        title = " ".join(dice.choices(self._words, k=9)).capitalize()
        return (
            f"<item><title>{title}</title><link>https://wire{feed}.example/{number}</link>"
            f"<guid>{feed}-{number}</guid><pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate>"
            f"<description>{words[:200]}</description>"
            f"<content:encoded><![CDATA[<p>{words[:900]}</p><p>{words[900:]}</p>]]></content:encoded>"
            "</item>"
        )

    def answer(self, head: bytes) -> bytes:
        """The whole HTTP answer to a request."""
        feed = int(head.split(b" ", 2)[1].strip(b"/").partition(b".")[0])
        version = self.news if feed % NEWS_EVERY == 0 else 0
        tag = b'"%d-%d"' % (feed, version)
        if tag in head and (self.all_304 or feed % NO_304_EVERY != 1):
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
        body = self.body(feed)
        lines = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %s\r\n" % tag
        return lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _split(folder: Path) -> list[tuple[bytes, bytes]]:
    """Recorded RSS feeds of usual size, up to their first entry and from there on."""
    files = [one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()]
    usual = [body for body in files if b"xmlns:content" in body and b"<item>" in body]
    return [
        (body[:at], body[at:])
        for body in usual
        if SMALLEST <= len(body) <= LARGEST and (at := body.index(b"<item>"))
    ]


async def _serve(control: Connection, recorded: Path | None) -> None:
    publisher = Publisher(recorded)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                writer.write(publisher.answer(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(talk, "127.0.0.1", 0)]
    port = servers[0].sockets[0].getsockname()[1]
    others = [f"127.0.0.{host}" for host in range(2, HOSTS + 1)]
    servers += [await asyncio.start_server(talk, host, port) for host in others]
    control.send(port)
    while True:
        publisher.news, publisher.all_304 = await asyncio.to_thread(control.recv)
        control.send(None)


def _server(control: Connection, recorded: Path | None) -> None:
    with contextlib.suppress(EOFError):
        asyncio.run(_serve(control, recorded))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    cpu_s: float
    wall_s: float
    memory_mb: float


def measured(command: list[str]) -> Cost:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = [0.0]
    watch = threading.Thread(target=_watch, args=(process, peak))
    watch.start()
    _, errors = process.communicate()
    watch.join()
    if process.returncode:
        sys.exit(f"{command[:3]} failed: {errors[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, time.monotonic() - began, peak[0])


def _watch(process: subprocess.Popen[str], peak: list[float]) -> None:
    """Note the most memory a process and its children held together, in MB."""
    while process.poll() is None:
        with contextlib.suppress(OSError):
            pids = [str(process.pid), *_children(process.pid)]
            peak[0] = max(peak[0], sum(map(_resident, pids)) / 1e6)
        time.sleep(0.05)


def _children(pid: int) -> Iterator[str]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            yield from (task / "children").read_text().split()


def _resident(pid: str) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def configure(folder: Path, urls: list[str]) -> Path:
    """A config with these feeds, the shipped rules, and nobody to tell."""
    rules = Path(__file__).parents[1] / "rules"
    feeds = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    path = folder / f"config-{len(urls)}.toml"
    path.write_text(
        f'[database]\nurl = "sqlite:///{folder}/monitor-{len(urls)}.db"\n'
        f'[rules]\npath = "{rules}"\n[web]\nlisten = ""\n[alerts]\nreceiver = "console"\n'
        f'[polling]\nallow_private = ["127.0.0.0/8"]\n{feeds}',
        encoding="utf-8",
    )
    return path


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--feeds", type=int, default=1000)
    arguments.add_argument("--times", type=int, default=1, help="medians of so many runs")
    arguments.add_argument("--reader", metavar="PYTHON")
    arguments.add_argument("--recorded", metavar="FOLDER", type=Path, help="of feeds to serve")
    given = arguments.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_server, args=(theirs, given.recorded), daemon=True)
    server.start()
    port = ours.recv()
    urls = [f"http://127.0.0.{n % HOSTS + 1}:{port}/{n}.xml" for n in range(given.feeds)]
    runs = [_run(ours, urls, given.reader) for _ in range(given.times)]
    start = median([run["start-up alone"][0] for run in runs])
    for label in runs[0]:
        cost = median([run[label][0] for run in runs])
        line = f"{label:22} cpu {cost.cpu_s:6.2f} s  wall {cost.wall_s:6.2f} s"
        line += f"  memory {cost.memory_mb:4.0f} MB"
        line += f"  {1e3 * (cost.cpu_s - start.cpu_s) / given.feeds:6.2f} ms a feed"
        peers = [peer for run in runs if (peer := run[label][1])]
        if peers:
            peer = median(peers)
            line += f"  reader {peer.cpu_s:6.2f} s = {peer.cpu_s / cost.cpu_s:5.1f} x"
        print(line)
    server.terminate()
    shutil.rmtree(ENVIRONMENT["PYTHONPYCACHEPREFIX"])


def median(costs: list[Cost]) -> Cost:
    """The middle of each figure by itself."""
    columns = zip(*((one.cpu_s, one.wall_s, one.memory_mb) for one in costs), strict=True)
    return Cost(*map(statistics.median, columns))


def _run(
    control: Connection, urls: list[str], reader: str | None
) -> dict[str, tuple[Cost, Cost | None]]:
    """What each round cost us and reader."""
    rounds = {
        "cold": (0, False),
        "unchanged": (0, False),
        "news in every fifth": (1, False),
        "all 304": (1, True),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "urls").write_text("\n".join(urls), encoding="utf-8")
        run = [sys.executable, "-m", "monitor", "run", "--once", "--config"]
        measured([*run, str(configure(folder, []))])  # compiles
        costs: dict[str, tuple[Cost, Cost | None]] = {
            "start-up alone": (measured([*run, str(configure(folder, []))]), None)
        }
        config = str(configure(folder, urls))
        for label, state in rounds.items():
            control.send(state)
            control.recv()
            own = measured([*run, config])
            command = [reader or "", "-c", READER, str(folder / "reader.db"), str(folder / "urls")]
            costs[label] = own, measured(command) if reader else None
    return costs


if __name__ == "__main__":
    main()
