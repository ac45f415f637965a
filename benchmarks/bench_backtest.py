"""What a backtest of a stored history costs: time, and memory beside the rules.

    python benchmarks/bench_backtest.py [--items 100000] [--matching 0.03] [--keep FILE]

Makes a database with so many items of 30 days (some minutes), of which a share matches the shipped rules,
taken in as the service takes them. Then compares the shipped rules with what was told, and an edit of
them (their first rule is gone) with themselves. With --keep the file stays and is used again.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import backtest
from monitor.intake import Intake, Source
from monitor.model import Feed, Item, Outlet
from monitor.recent import RecentStories
from monitor.rules import Matcher, compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import history, migrate, tellings
from monitor.store.database import Database

DAYS = 30
BATCH = 50
WORDS = [f"word{n}" for n in range(20_000)]
RULES = Path(__file__).parents[1] / "rules"
LOOKBACK, WINDOW = timedelta(days=1), timedelta(hours=96)


def fill(database: Database, count: int, matching: float, *, end: datetime) -> None:
    """Items as the service takes them in, the matching ones from the rules' own tests."""
    dice = random.Random(1)
    rule_set = load(RULES)
    titles = [
        test.title
        for tests in rule_set.tests.values()
        for test in tests
        if test.match and test.title
    ]
    feeds = [Feed(f"https://{n}.example/rss", Outlet(f"Outlet {n}", "en")) for n in range(200)]
    intake = Intake(
        compile_rules(rule_set), channel="#news", lookback=LOOKBACK, recent=RecentStories()
    )
    start = end - timedelta(days=DAYS)
    with database.transaction() as tx:
        stored_feeds.sync(tx, feeds, now=start)
        ids = [state.id for state in stored_feeds.states(tx)]
    for first in range(0, count, BATCH):
        now = start + timedelta(days=DAYS) * (first / count)
        items = []
        for number in range(first, min(first + BATCH, count)):
            words = " ".join(dice.choices(WORDS, k=8))
            title = f"{dice.choice(titles)} {words[:20]}" if dice.random() < matching else words
            url = f"https://{number}.example/article"
            item = Item(title, " ".join(dice.choices(WORDS, k=40)), url=url, published=now)
            items.append(replace(item, outlet=feeds[0].outlet, language="en", keys=(url,)))
        source = Source(dice.choice(ids), first_sight=False)
        with database.transaction() as tx:
            intake.take(tx, items, source, now=now)


def measure(database: Database, rules: Matcher, other: Matcher | None, *, end: datetime) -> None:
    """One backtest."""
    began, since = time.perf_counter(), end - timedelta(days=DAYS)
    replay = backtest.Replay(rules, other, channel="#news", lookback=LOOKBACK, window=WINDOW)
    with database.reading() as tx:
        told = backtest.baseline(tellings.since(tx, since), (), since=since)
    for past in history.oldest(database, since=since):
        replay.add(past)
    before = replay.before if other else told.told
    difference = backtest.compare(before, replay.after)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{'rules' if other else 'record':8}{replay.items:9} items {took:7.1f} s  {peak:6.0f} MB  "
        f"{len(difference.before)} alerts, {len(difference.added)} added, {len(difference.lost)} lost"
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--matching", type=float, default=0.03)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    end = datetime(2026, 11, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.keep or Path(folder) / "m.db"
        there = file.exists()
        with Database(f"sqlite:///{file.absolute()}") as database:
            migrate.upgrade(database)
            if not there:
                fill(database, chosen.items, chosen.matching, end=end)
            rule_set = load(RULES)
            rules = compile_rules(rule_set)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{len(rules.rules)} rules, {peak:.0f} MB before")
            measure(database, rules, None, end=end)
            fewer = dict(list(rule_set.rules.items())[1:])
            measure(database, compile_rules(replace(rule_set, rules=fewer)), rules, end=end)


if __name__ == "__main__":
    main()
