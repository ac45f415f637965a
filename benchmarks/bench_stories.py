"""What grouping costs, by stories in the window; memory, and the time to read the window at a start.

    python benchmarks/bench_stories.py [STORIES...]       default: 500 5000 20000
    python benchmarks/bench_stories.py --quality SET.jsonl [RULES-DIR]

The first form makes items up with fixed seeds: four languages, words drawn as often as Zipf says, three
reports of each event, and concepts as a rule engine would find them. The second runs the items of a
labelled set (`story`, `lang`) through the same window and prints how many pairs of reports of one
event are found, by pair of languages.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import offline
from monitor.model import Concept, Feed, Item, Outlet
from monitor.recent import RecentStories
from monitor.rules import compile_rules, load
from monitor.store import feeds as stored_feeds
from monitor.store import items as stored_items
from monitor.store import migrate
from monitor.store.database import Database
from monitor.stories.window import Window

START = datetime(2025, 3, 17, tzinfo=UTC)
VOCABULARY = 20_000
CONCEPTS = 2_000
COMMON = 30
REPORTS = 3
MEASURED = 300
LANGUAGES = ("en", "uk", "ru", "de")


def words(count: int, draw: random.Random) -> list[str]:
    """Words as often as Zipf says."""
    ranks = (int(VOCABULARY ** draw.random()) for _ in range(count))
    return [f"w{chr(97 + rank % 26)}{rank:x}q" for rank in ranks]


def made(events: int) -> list[tuple[Item, tuple[Concept, ...], datetime]]:
    """Items of so many events, in the order of their times."""
    draw = random.Random(7)
    items = []
    for event in range(events):
        topic, at = words(14, draw), START + timedelta(hours=90) * draw.random()
        # A few that are in the news all the time, and those that the event is about.
        known = [int(COMMON ** draw.random()) for _ in range(4)]
        known += [draw.randrange(COMMON, CONCEPTS) for _ in range(3)]
        kinds = ("person", "place", "organisation", "")
        concepts = tuple(Concept(f"c{n}", kinds[n % 4], f"c{n}") for n in sorted(set(known)))
        for _ in range(REPORTS):
            own = draw.sample(topic, 9) + words(25, draw)
            title, summary = " ".join(own[:8]), " ".join(own[8:]) + f" {event % 90}"
            item = Item(title=title, summary=summary, language=draw.choice(LANGUAGES))
            items.append((item, concepts, at + timedelta(hours=2) * draw.random()))
    return sorted(items, key=lambda one: one[2])


def filled(items: list[tuple[Item, tuple[Concept, ...], datetime]]) -> tuple[Window, float]:
    """A window of all items, and the mean milliseconds of CPU of the last ones."""
    window, started = Window(), 0.0
    for number, (item, concepts, at) in enumerate(items, 1):
        if number == len(items) - MEASURED:
            started = time.process_time()
        report = window.report(number, item, concepts, at=at)
        found = window.decide(report)
        story = found.story if found.outcome == "fold" and found.story else number
        if found.merge:
            window.merge(found.merge, story)
        window.add(report, story, seen=at)
    return window, (time.process_time() - started) / MEASURED * 1000


def restart(items: list[tuple[Item, tuple[Concept, ...], datetime]]) -> float:
    """Seconds of CPU to know the stories again after a start, from an SQLite file."""
    now = items[-1][2]
    with (
        tempfile.TemporaryDirectory() as folder,
        Database(f"sqlite:///{folder}/monitor.db") as database,
    ):
        migrate.upgrade(database)
        with database.transaction() as tx:
            stored_feeds.sync(tx, [Feed("https://a.example/rss", Outlet("A"))], now=now)
            feed = stored_feeds.states(tx)[0].id
            first = RecentStories()
            first.catch_up(tx, now=now)
            for number, (item, concepts, at) in enumerate(items):
                new = stored_items.NewItem(item, keys=(f"k{number}",))
                (id_,) = stored_items.add(tx, [new], feed=feed, now=at)
                first.place(tx, id_, item, concepts, now=at)
        with database.transaction() as tx:
            started = time.process_time()
            RecentStories().catch_up(tx, now=now)
            taken = time.process_time() - started
    return taken


def cost(sizes: list[int]) -> None:
    """Print a line for each number of events."""
    print(f"{'events':>8} {'stories':>8} {'items':>8} {'ms/item':>8} {'MB':>6} {'restart s':>10}")
    for size in sizes:
        items = made(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        window, each = filled(items)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{size:8} {len(window):8} {len(items):8} {each:8.2f} {grown:6.0f} {restart(items):10.2f}",
            flush=True,
        )


def quality(path: Path, folder: Path) -> None:
    """Print, by pair of languages, the pairs of one story that are found and those wrongly made."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: row.get("published") or "9999")
    lines = (json.dumps(row) for row in rows)
    answers = offline.match_lines(lines, compile_rules(load(folder)), file=str(path))
    found = {answer["id"]: answer["story"] for answer in answers if answer["rules"]}
    seen = [row for row in rows if row["id"] in found and any(row["labels"].values())]
    table: dict[str, Counter[str]] = {}
    for one, other in itertools.combinations(seen, 2):
        pair = "-".join(sorted((one["lang"], other["lang"])))
        same = one["story"] is not None and one["story"] == other["story"]
        joined = found[one["id"]] == found[other["id"]]
        thread = one.get("thread") and one.get("thread") == other.get("thread")
        cell = table.setdefault(pair, Counter())
        cell["same"] += same
        cell["found"] += same and joined
        cell["false"] += joined and not same and not thread
    print(f"{'languages':>10} {'pairs':>6} {'found':>6} {'recall':>7} {'false':>6}")
    for pair, cell in sorted(table.items(), key=lambda one: -one[1]["same"]):
        if cell["same"] or cell["false"]:
            recall = f"{cell['found'] / cell['same']:.2f}" if cell["same"] else "-"
            print(f"{pair:>10} {cell['same']:6} {cell['found']:6} {recall:>7} {cell['false']:6}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--quality"]:
        quality(Path(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else "rules"))
    else:
        cost([int(one) for one in sys.argv[1:]] or [500, 5_000, 20_000])
