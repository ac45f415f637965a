"""What a large SQLite database costs: starting, polls with news, pruning and a backup while polls go on.

    python benchmarks/bench_size.py [--items 1000000] [--keep FILE]

Makes a database with so many items of 90 days (some minutes), one in twenty of them matched and told,
and measures what the service does with it. With --keep the file stays and is used again.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from monitor.app import Service
from monitor.config import Config
from monitor.intake import Intake, Source
from monitor.maintain import Maintain
from monitor.model import Item, Outlet
from monitor.receivers.console import ConsoleReceiver
from monitor.recent import RecentStories
from monitor.rules import compile_rules, load
from monitor.store import backup, migrate, schema
from monitor.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Table

FEEDS = 2000
DAYS = 90
BATCH = 20_000
NOW = datetime.now(UTC).replace(microsecond=0)
WORDS = [f"word{n}" for n in range(20_000)]
RULES = Path(__file__).parents[1] / "rules"


def fill(database: Database, count: int, dice: random.Random) -> None:
    """Items, their identities and sightings; every twentieth matched, in a story, told."""
    feed = {"language": "en", "kind": "", "country": "", "tags": [], "active": True}
    feeds = [
        {
            "id": n,
            "url": f"https://{n}.example/rss",
            "host": f"{n}.example",
            "name": f"Outlet {n}",
            "next_poll_at": NOW + timedelta(days=1),
            "first_polled_at": NOW,
        }
        | feed
        for n in range(1, FEEDS + 1)
    ]
    with database.transaction() as tx:
        tx.execute(insert(schema.feeds), feeds)
    for first in range(1, count + 1, BATCH):
        rows: dict[Table, list[dict[str, Any]]] = {}
        for number in range(first, min(first + BATCH, count + 1)):
            seen = NOW - timedelta(days=DAYS) * (1 - number / count)
            for table, row in _rows(number, seen, dice):
                rows.setdefault(table, []).append(row)
        with database.transaction() as tx:
            for table, many in rows.items():
                tx.execute(insert(table), many)


def _rows(
    number: int, seen: datetime, dice: random.Random
) -> Iterator[tuple[Table, dict[str, Any]]]:
    title, summary = " ".join(dice.choices(WORDS, k=10)), " ".join(dice.choices(WORDS, k=30))
    text = {"title": title, "summary": summary, "content": "", "language": "en"}
    url, feed = f"https://{number}.example/article", number % FEEDS + 1
    item = {"id": number, "feed_id": feed, "url": url, "wording": f"{number:032x}"}
    yield schema.items, item | text | {"published_at": seen, "first_seen_at": seen}
    for kind in "abc":
        yield schema.item_keys, {"key": f"{kind}{dice.randbytes(20).hex()}", "item_id": number}
    yield schema.sightings, {"item_id": number, "feed_id": feed, "seen_at": seen}
    if number % 20:
        return
    yield schema.matches, {"item_id": number, "rule": "r", "severity": "high", "evidence": []}
    yield schema.stories, {"id": number, "started_at": seen, "last_item_at": seen}
    grouped = {"outcome": "new", "reason": "", "score": 0.0, "algorithm": 0}
    # What was grouped more than the window ago is never read again; the rest is left to the polls.
    if seen < NOW - timedelta(days=8):
        member = {"item_id": number, "story_id": number, "added_at": seen, "report": "{}"}
        yield schema.story_items, member | grouped
    alert = {"id": number, "story_id": number, "channel": "#news", "scope": "story", "rules": ["r"]}
    alert |= {"severity": "high", "revision": 1, "created_at": seen, "updated_at": seen}
    alert |= {"message_channel": "C1", "message_ts": f"{number}.0", "closed": "", "updates": 0}
    yield schema.alerts, alert | {"update_after": seen}
    sent = {"key": f"k{number}", "alert_id": number, "channel": "#news", "kind": "post", "looks": 0}
    sent |= {"revision": 1, "content": {"alert": text}, "state": "sent", "rank": 2, "attempts": 1}
    sent |= {"created_at": seen, "not_before": seen, "tried_at": seen, "sent_at": seen, "error": ""}
    yield schema.outbox, sent | {"receipt_channel": "C1", "receipt_ts": f"{number}.0"}


class Polls:
    """Polls that bring 20 new items each, and how long each took."""

    def __init__(self, database: Database, dice: random.Random) -> None:
        self._database = database
        self._dice = dice
        self._intake = Intake(
            compile_rules(load(RULES)),
            channel="#news",
            lookback=timedelta(days=1),
            recent=RecentStories(),
        )
        self.times: list[float] = []

    def one(self) -> None:
        """A document of 40 entries, 20 of them new."""
        feed = self._dice.randrange(FEEDS) + 1
        items = [self._item() for _ in range(20)]
        began = time.perf_counter()
        self._database.run(
            lambda tx: self._intake.take(tx, items, Source(feed, first_sight=False), now=NOW)
        )
        self.times.append(time.perf_counter() - began)

    def _item(self) -> Item:
        key = self._dice.randbytes(20).hex()
        title = " ".join(self._dice.choices(WORDS, k=10))
        summary = " ".join(self._dice.choices(WORDS, k=30))
        url, keys = f"https://new.example/{key}", (f"a{key}", f"b{key}", f"c{key}")
        return Item(title, summary, url=url, outlet=Outlet("New"), language="en", keys=keys)

    def during(self, work: Callable[[], None]) -> None:
        """Poll every 50 ms until some other work has ended."""
        ended = threading.Event()

        def run() -> None:
            work()
            ended.set()

        thread = threading.Thread(target=run)
        thread.start()
        while not ended.wait(0.05):
            self.one()
        thread.join()

    def said(self) -> str:
        """Median, 95th percentile and slowest, in milliseconds; forgets them."""
        times, self.times = sorted(self.times), []
        if not times:
            return "none"
        slow = times[int(0.95 * len(times))]
        return (
            f"{len(times)} polls: median {1e3 * statistics.median(times):.1f} ms, "
            f"95 % {1e3 * slow:.1f} ms, slowest {1e3 * times[-1]:.1f} ms"
        )


def started(url: str) -> float:
    """Seconds until the service could run."""
    config = Config.model_validate(
        {"database": {"url": url}, "rules": {"path": str(RULES)}, "web": {"listen": ""}}
    )
    began = time.perf_counter()
    with Service(config, ConsoleReceiver()) as service:
        took = time.perf_counter() - began
        began = time.perf_counter()
        service.report()
        print(f"health report     {1e3 * (time.perf_counter() - began):8.1f} ms")
    return took


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=1_000_000)
    arguments.add_argument("--keep", metavar="FILE", type=Path)
    given = arguments.parse_args()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        file = given.keep or Path(name) / "monitor.db"
        new = not file.exists()
        with Database(f"sqlite:///{file}") as database:
            if new:
                began = time.perf_counter()
                migrate.upgrade(database)
                fill(database, given.items, dice)
                print(f"made in           {time.perf_counter() - began:8.1f} s", flush=True)
            print(f"size              {file.stat().st_size / 1e6:8.0f} MB")
        print(f"start             {1e3 * started(f'sqlite:///{file}'):8.0f} ms", flush=True)
        with Database(f"sqlite:///{file}") as database:
            dice = random.Random()
            polls = Polls(database, dice)
            polls.one()
            polls.said()  # the first one reads the rules and the recent stories
            for _ in range(200):
                polls.one()
            print(f"alone             {polls.said()}", flush=True)
            copy = Path(name) / "copy.db"
            began = time.perf_counter()
            polls.during(lambda: backup.write(database, copy))
            print(f"during a backup   {polls.said()}; it took {time.perf_counter() - began:.1f} s")
            keep = timedelta(days=DAYS - 3)
            prune = Maintain(database, keep=keep, clock=lambda: NOW)
            began = time.perf_counter()
            polls.during(prune)
            print(f"while pruning     {polls.said()}; it took {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
