"""What the schedule costs with many feeds: a look for due feeds, noting what they said, and the plan.

    python benchmarks/bench_tick.py [--feeds 10000]

On an SQLite file, in milliseconds of CPU (median, slowest): a claim of at most 64 due feeds
while 33 a second become due, with the writes of 33 that were found unchanged; the plan, once in five
minutes; the spreading of all feeds after a start.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.feeds import rhythm, schedule
from monitor.feeds.settings import PollingSettings
from monitor.model import Feed, Move, Outlet
from monitor.plan import Plan
from monitor.store import feeds as stored_feeds
from monitor.store import migrate
from monitor.store.database import Database
from monitor.store.schema import feeds as table

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2025, 3, 17, tzinfo=UTC)
SETTINGS = PollingSettings()
LEASE = timedelta(seconds=30)
TICKS = 120


def fill(database: Database, count: int, dice: random.Random) -> None:
    feeds = [Feed(f"https://{n % 3000}.example.org/{n}", Outlet(str(n))) for n in range(count)]
    with database.transaction() as tx:
        stored_feeds.sync(tx, feeds, now=START)
        for number in range(1, count + 1):
            known = rhythm.unknown(START.timestamp() - 20 * 86_400)
            for _ in range(3):
                at = known.at + dice.expovariate(1 / (5 * 86_400))
                known = rhythm.heard(known, dice.randint(1, 200), since=known.at, now=at)
            due = START + timedelta(seconds=dice.uniform(0, 300))
            tx.execute(
                table.update()
                .where(table.c.id == number)
                .values(rhythm=rhythm.pack(known), next_poll_at=due, marks=dice.randbytes(400))
            )


def tick(database: Database, now: datetime, plan: Plan) -> int:
    """What `poll.py` does in one transaction, and deciding when each is due again."""
    with database.transaction() as tx:
        claimed = stored_feeds.claim_due(tx, now=now, limit=64, lease=LEASE, parser_version=1)
        found = []
        for one in claimed:
            due = schedule.next_poll(
                None,
                SETTINGS,
                now=now,
                known=rhythm.unpack(one.rhythm, now=now.timestamp()),
                threshold=plan.threshold,
                jitter=random.random(),
            )
            found.append(stored_feeds.Unchanged(one.id, due, one.validators, Move()))
        stored_feeds.unchanged(tx, found, now=now)
    return len(claimed)


def timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    count = parser.parse_args().feeds
    with (
        tempfile.TemporaryDirectory() as folder,
        Database(f"sqlite:///{folder}/monitor.db") as database,
    ):
        migrate.upgrade(database)
        fill(database, count, random.Random(1))
        measure(database)


def measure(database: Database) -> None:
    now = START + timedelta(seconds=30)
    plan = Plan(database, SETTINGS, clock=lambda: now)
    report("plan", [timed(plan) for _ in range(5)])
    idle = [timed(lambda: tick(database, START - timedelta(hours=1), plan)) for _ in range(TICKS)]
    report("tick, nothing due", idle)
    ticks, claimed = [], []
    for second in range(TICKS):
        at = now + timedelta(seconds=second)
        ticks.append(timed(lambda at=at: claimed.append(tick(database, at, plan))))  # type: ignore[misc]
    report(f"tick, {statistics.fmean(claimed):.0f} feeds due", ticks)
    later = START + timedelta(hours=1)
    with database.transaction() as tx:
        minute = timedelta(minutes=1)
        spread = timed(lambda: stored_feeds.spread_due(tx, now=later, pace=10, longest=minute))
    report("start", [spread])


def report(name: str, times: list[float]) -> None:
    print(f"{name:<24}{statistics.median(times):>8.1f}{max(times):>8.1f}")


if __name__ == "__main__":
    main()
