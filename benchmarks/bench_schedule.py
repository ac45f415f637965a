"""How late news is seen, for the same number of requests, under five ways to plan them.

    python benchmarks/bench_schedule.py [--feeds 1000] [--days 28] [--seed 1]

A made-up world, stated below; every way learns while it runs, from what its own polls bring.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from multiprocessing import Pool
from typing import TYPE_CHECKING

from monitor.feeds import rhythm
from monitor.feeds.budget import Demand, threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WEEK = 7 * DAY
INTERVAL, FLOOR = 5 * MINUTE, MINUTE
START = 1_700_438_400.0
"""A Monday, 00:00 UTC."""
ZONES = (-8, -5, -5, 0, 1, 1, 2, 3, 8, 9, 9)
CLUSTER, CLUSTER_S = 0.2, 30 * MINUTE
FLASHES_A_DAY, FLASH_REACH, FLASH_BOOST, FLASH_S = 2.0, 0.15, 6.0, 90 * MINUTE
DRIFTING, DRIFT = 0.1, 4.0
MOST_A_DAY = 720.0
TTLS = ((None, 40), (5, 5), (10, 5), (15, 10), (30, 12), (60, 23), (120, 5))
"""Minutes of RSS's <ttl> and how many feeds of a hundred say so."""


@dataclass(frozen=True)
class World:
    name: str
    daily: Callable[[random.Random], float]
    """News a day of a feed."""


WORLDS = (
    World(
        "log-normal, median 8 a day, sigma 1.5", lambda dice: dice.lognormvariate(math.log(8), 1.5)
    ),
    World(
        "log-normal, median 4 a day, sigma 2.0", lambda dice: dice.lognormvariate(math.log(4), 2.0)
    ),
    World("Pareto, from 2 a day, alpha 1.1", lambda dice: 2 * dice.paretovariate(1.1)),
)


def poisson(dice: random.Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count += 1
        product *= dice.random()
    return count


def make_feeds(world: World, count: int, days: int, dice: random.Random) -> list[list[float]]:
    flashes = [START + dice.random() * days * DAY for _ in range(round(FLASHES_A_DAY * days))]
    return [make_feed(world, flashes, days, dice) for _ in range(count)]


def make_feed(world: World, flashes: list[float], days: int, dice: random.Random) -> list[float]:
    hourly = min(world.daily(dice), MOST_A_DAY) / 24
    zone, awake, weekend = dice.choice(ZONES), dice.uniform(3, 7), dice.uniform(0.2, 1)
    quiet = dice.uniform(0.02, 0.4)
    day = [
        quiet + math.exp(-((((h + zone - 13) + 12) % 24 - 12) ** 2) / (2 * awake**2))
        for h in range(24)
    ]
    mean = sum(day) / 24
    mine = [at for at in flashes if dice.random() < FLASH_REACH]
    turn = START + dice.random() * days * DAY if dice.random() < DRIFTING else math.inf
    factor = dice.choice((DRIFT, 1 / DRIFT))
    times: list[float] = []
    for hour in range(days * 24):
        at = START + hour * HOUR
        local = int((at + zone * HOUR - START) // DAY) % 7
        rate = hourly * day[hour % 24] / mean * (weekend if local >= 5 else 1)
        rate *= factor if at > turn else 1
        rate *= 1 + sum(
            FLASH_BOOST * math.exp((flash - at) / FLASH_S)
            for flash in mine
            if flash <= at < flash + 8 * HOUR
        )
        for _ in range(poisson(dice, rate * (1 - CLUSTER))):
            one = at + dice.random() * HOUR
            while True:
                times.append(one)
                if dice.random() >= CLUSTER:
                    break
                one += dice.expovariate(1 / CLUSTER_S)
    end = START + days * DAY
    return sorted(one for one in times if one < end)


@dataclass
class Outcome:
    requests: int
    delays: list[float]
    peak: float = 0.0


def grid(times: Sequence[float], period: float, phase: float, outcome: Outcome, end: float) -> None:
    """Asked every `period` from `phase` on."""
    outcome.requests += int((end - phase) // period) + 1
    outcome.delays += [(phase - one) % period for one in times]


def fixed(feeds: list[list[float]], end: float, dice: random.Random, scale: float = 1) -> Outcome:
    outcome = Outcome(0, [])
    for times in feeds:
        grid(times, INTERVAL * scale, START + dice.random() * INTERVAL, outcome, end)
    return outcome


def ttl(feeds: list[list[float]], end: float, dice: random.Random, scale: float) -> Outcome:
    outcome = Outcome(0, [])
    values, weights = zip(*TTLS, strict=True)
    for times in feeds:
        said = dice.choices(values, weights)[0]
        period = max((said * MINUTE if said else INTERVAL) * scale, FLOOR)
        grid(times, period, START + dice.random() * period, outcome, end)
    return outcome


def miniflux(feeds: list[list[float]], end: float, dice: random.Random, factor: float) -> Outcome:
    """Week / (entries of the last week x factor), from the floor to a day."""
    outcome = Outcome(0, [])
    for times in feeds:
        now = START + dice.random() * INTERVAL
        seen = 0
        while now < end:
            outcome.requests += 1
            upto = bisect_right(times, now, seen)
            outcome.delays += [now - one for one in times[seen:upto]]
            seen = upto
            week = seen - bisect_left(times, now - WEEK)
            # Before a week has passed, what came counts for a week of its kind.
            week *= WEEK / min(max(now - START, DAY), WEEK)
            now += (
                min(max(WEEK / (week * factor), FLOOR), DAY)
                if week
                else (DAY if now - START > DAY else INTERVAL)
            )
    return outcome


def sia(
    feeds: list[list[float]], end: float, dice: random.Random, budget: float, ceiling: float
) -> Outcome:
    """Each midnight, from the last two weeks: hourly rates; polls ~ sqrt(rate x shape), spread as sqrt(rate)."""
    outcome = Outcome(0, [])
    phases = [dice.random() for _ in feeds]
    day = START
    last = [START] * len(feeds)
    while day < end:
        known = min((day - START) / DAY, 14.0)
        shapes = []
        for times in feeds:
            counts = [0.3] * 24
            for one in times[bisect_left(times, day - 14 * DAY) : bisect_left(times, day)]:
                counts[int((one - START) // HOUR) % 24] += 1
            if known:
                mean = sum(counts) / 24
                counts = [
                    (counts[h - 1] + 2 * counts[h] + counts[(h + 1) % 24] + mean) / 5
                    for h in range(24)
                ]
                shapes.append([count / known / HOUR for count in counts])
            else:
                shapes.append([1 / DAY] * 24)
        mu = threshold((Demand(shape, ceiling) for shape in shapes), floor=FLOOR, budget=budget)
        for number, times in enumerate(feeds):
            pace = [
                min(max(math.sqrt(rate / (2 * mu)), 1 / ceiling), 1 / FLOOR)
                for rate in shapes[number]
            ]
            polls, owed = [], phases[number]
            for hour, each in enumerate(pace):
                at = day + hour * HOUR
                first = at + (1 - owed) / each
                more = owed + each * HOUR
                polls += [first + k / each for k in range(int(more))]
                owed = more - int(more)
            phases[number] = owed
            outcome.requests += len(polls)
            begin, stop = (
                bisect_left(times, last[number]),
                bisect_left(times, polls[-1]) if polls else 0,
            )
            for one in times[begin:stop]:
                outcome.delays.append(polls[bisect_left(polls, one)] - one)
            if polls:
                last[number] = polls[-1]
        day += DAY
    return outcome


def ours(
    feeds: list[list[float]], end: float, dice: random.Random, budget: float, ceiling: float
) -> Outcome:
    outcome = Outcome(0, [])
    count = len(feeds)
    rhythms = [rhythm.unknown(START)] * count
    due = [START + dice.random() * INTERVAL for _ in feeds]
    last = [START] * count
    seen = [0] * count
    mu = INTERVAL * INTERVAL / 2 / HOUR
    now = START
    step = 3 * HOUR
    while now < end:
        guess = rhythm.guess(mu, INTERVAL)
        demands = []
        for number in range(count):
            f = rhythm.Forecast(rhythms[number], now, guess=guess)
            demands.append(Demand([f.usual(now + k * 3 * HOUR) for k in range(8)], ceiling))
        mu = threshold(demands, floor=FLOOR, budget=budget)
        guess = rhythm.guess(mu, INTERVAL)
        before = outcome.requests
        stop = min(now + step, end)
        for number, times in enumerate(feeds):
            at = due[number]
            own = rhythms[number]
            while at < stop:
                outcome.requests += 1
                upto = bisect_right(times, at, seen[number])
                if upto > seen[number]:
                    outcome.delays += [at - one for one in times[seen[number] : upto]]
                    own = rhythm.heard(own, upto - seen[number], since=last[number], now=at)
                    seen[number] = upto
                last[number] = at
                pause = rhythm.Forecast(own, at, guess=guess).pause(mu, most=ceiling)
                at += max(pause * dice.uniform(0.9, 1.1), FLOOR)
            due[number] = at
            rhythms[number] = own
        outcome.peak = max(outcome.peak, (outcome.requests - before) / (stop - now) / budget)
        now = stop
    return outcome


def same_requests(run: Callable[[float], Outcome], budget: float, days: int) -> Outcome:
    """A rule of one knob, with the knob set so that it costs what we may spend."""
    low, high = 1e-4, 1e4
    for _ in range(14):
        middle = math.sqrt(low * high)
        found = run(middle)
        if found.requests > budget * days * DAY:
            high = middle
        else:
            low = middle
    return found


def line(name: str, outcome: Outcome, base: float) -> str:
    delays = sorted(outcome.delays)
    mean = statistics.fmean(delays)
    p95 = delays[int(0.95 * len(delays))]
    return (
        f"  {name:<44}{outcome.requests:>10}{mean / 60:>8.2f}{mean / base:>7.2f}{p95 / 60:>8.2f}"
        f"{delays[-1] / 60:>8.1f}{outcome.peak:>7.2f}"
    )


if __name__ == "__main__":
    import sys

    n = int(sys.argv[1])
    days = 28
    end = START + days * DAY
    for w in WORLDS:
        dice = random.Random(1)
        t = time.time()
        feeds = make_feeds(w, n, days, dice)
        print(w.name, sum(map(len, feeds)), "made", time.time() - t)
        budget = n / INTERVAL
        f = fixed(feeds, end, dice)
        base = statistics.fmean(f.delays)
        print(line("fixed", f, base))
        for c in map(float, sys.argv[2].split(",")):
            t = time.time()
            o = ours(feeds, end, random.Random(2), budget, c * 60)
            print(line(f"ours, ceiling {c}", o, base), f"{time.time() - t:.0f} s")
            t = time.time()
            o = sia(feeds, end, random.Random(2), budget, c * 60)
            print(line(f"sia, ceiling {c}", o, base), f"{time.time() - t:.0f} s", flush=True)
