"""How late news is seen under five ways to plan the same number of requests.

    python benchmarks/bench_schedule.py [--feeds 1000] [--days 28] [--interval 10] [--seed 1]

A made-up world (`make_feed` states it all): rates spread wide in three ways, day and night of a
dozen time zones, weekends, news in the wake of news, breaking news that many feeds take up, and one
feed in ten that changes for good. Nobody is told any of it: each way learns from what its own polls
brought, and all four weeks count, the first hours included. Times are minutes. `--interval 5` is
the default of the service and takes twice as long.

fixed       every feed once in an interval
Miniflux    entry frequency: a week / (entries of the last week x factor), from the floor to a day;
            the factor is tuned so that it costs the same number of requests
TTL         what feeds say in <ttl>, the interval where they say nothing; scaled likewise
Sia et al.  "Efficient Monitoring Algorithm for Fast News Alerts" (TKDE 2007), as understood here: each
            midnight hourly rates from the last two weeks; polls given to feeds, and within the day, so
            that no move of one to another place lowers the sum of delays (the limit of many polls a day)
ours        monitor/feeds/schedule.py, rhythm.py and budget.py

Miniflux and one of Sia's have no ceiling of two intervals: without one they may do better.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from multiprocessing import Pool
from typing import TYPE_CHECKING

from monitor.feeds import rhythm
from monitor.feeds.budget import Demand, threshold
from monitor.feeds.schedule import PATIENCE, demand, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WEEK = 7 * DAY
FLOOR = MINUTE
START = 1_700_438_400.0
"""A Monday, 00:00 UTC."""

WORLDS: dict[str, Callable[[random.Random], float]] = {
    "log-normal rates, median 8 a day, sigma 1.5": lambda dice: dice.lognormvariate(2.08, 1.5),
    "as 77 recorded feeds: median 8 a day, log-normal, sigma 2 above, 3 below": lambda dice: (
        8 * math.exp(abs(dice.gauss(0, 1)) * dice.choice((2, -3)))
    ),
    "Pareto rates, from 2 a day, alpha 1.1": lambda dice: 2 * dice.paretovariate(1.1),
}
"""News a day of a feed."""
MOST_A_DAY = 720.0
ZONES = (-8, -5, -5, 0, 1, 1, 2, 3, 8, 9, 9)
WAKE, WAKE_S = 0.2, 30 * MINUTE
FLASHES_A_DAY, FLASH_REACH, FLASH_BOOST, FLASH_S = 2.0, 0.15, 6.0, 90 * MINUTE
CHANGING, CHANGE = 0.1, 4.0
TTLS = {None: 40, 5: 5, 10: 5, 15: 10, 30: 12, 60: 23, 120: 5}
"""Minutes of <ttl>, and how many feeds of a hundred say so."""

Feeds = list[list[float]]
"""When each feed's news come."""


@dataclass
class Outcome:
    """What a way to plan cost and brought."""

    name: str
    requests: int = 0
    delays: list[float] = field(default_factory=list)


def make_feeds(daily: Callable[[random.Random], float], count: int, days: int, seed: int) -> Feeds:
    dice = random.Random(seed)
    flashes = [START + dice.random() * days * DAY for _ in range(round(FLASHES_A_DAY * days))]
    return [make_feed(min(daily(dice), MOST_A_DAY), flashes, days, dice) for _ in range(count)]


def make_feed(daily: float, flashes: list[float], days: int, dice: random.Random) -> list[float]:
    zone, width, weekend = dice.choice(ZONES), dice.uniform(3, 7), dice.uniform(0.2, 1)
    night = dice.uniform(0.02, 0.4)
    from_noon = [(hour + zone - 13 + 12) % 24 - 12 for hour in range(24)]
    shape = [night + math.exp(-(off**2) / (2 * width**2)) for off in from_noon]
    mine = [at for at in flashes if dice.random() < FLASH_REACH]
    turn = START + dice.random() * days * DAY if dice.random() < CHANGING else math.inf
    change = dice.choice((CHANGE, 1 / CHANGE))
    times: list[float] = []
    for hour in range(days * 24):
        at = START + hour * HOUR
        rate = daily * shape[hour % 24] / sum(shape)
        rate *= weekend if (hour + zone) // 24 % 7 >= 5 else 1
        rate *= change if at > turn else 1
        rate *= 1 + FLASH_BOOST * sum(math.exp((one - at) / FLASH_S) for one in mine if one <= at)
        for _ in range(poisson(rate * (1 - WAKE), dice)):
            one = at + dice.random() * HOUR
            times.append(one)
            while dice.random() < WAKE:
                one += dice.expovariate(1 / WAKE_S)
                times.append(one)
    end = START + days * DAY
    return sorted(one for one in times if one < end)


def poisson(mean: float, dice: random.Random) -> int:
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, dice.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= dice.random()
    return count


def regular(name: str, feeds: Feeds, end: float, periods: Sequence[float]) -> Outcome:
    dice = random.Random(1)
    outcome = Outcome(name)
    for times, period in zip(feeds, periods, strict=True):
        first = START + dice.random() * period
        outcome.requests += int((end - first) // period) + 1
        outcome.delays += [(first - one) % period for one in times]
    return outcome


def by_ttl(feeds: Feeds, end: float, interval: float, speed: float) -> Outcome:
    said = random.Random(2).choices(list(TTLS), list(TTLS.values()), k=len(feeds))
    periods = [max((one * MINUTE if one else interval) / speed, FLOOR) for one in said]
    return regular("TTL", feeds, end, periods)


def miniflux(feeds: Feeds, end: float, interval: float, factor: float) -> Outcome:
    dice = random.Random(1)
    outcome = Outcome("Miniflux")
    for times in feeds:
        now = START + dice.random() * interval
        while now < end:
            # Counted anew each hour at most: the week's count hardly moves within one.
            count = bisect_right(times, now) - bisect_left(times, now - WEEK)
            known = min(max(now - START, HOUR), WEEK)
            period = known / (count * factor) if count else known
            period = min(max(period, FLOOR), DAY)
            polls = max(int(HOUR // period), 1)
            last = now + polls * period
            seen = times[bisect_right(times, now) : bisect_right(times, last)]
            outcome.delays += [(now - one) % period for one in seen]
            outcome.requests += polls
            now = last
    return outcome


def tuned(run: Callable[[float], Outcome], wanted: float) -> Outcome:
    """With the one knob of a way, the larger the more, set so that it costs the wanted requests."""
    knob = 1.0
    while True:
        found = run(knob)
        if abs(found.requests / wanted - 1) < 0.01:
            return found
        knob *= wanted / found.requests


def sia(name: str, feeds: Feeds, end: float, interval: float, ceiling: float) -> Outcome:
    dice = random.Random(1)
    outcome = Outcome(name)
    owed = [dice.random() for _ in feeds]
    seen = [0] * len(feeds)
    today = START
    while today < end:
        rates = [hourly(times, today) for times in feeds]
        mu = threshold(
            (Demand(one, ceiling) for one in rates), floor=FLOOR, budget=len(feeds) / interval
        )
        for number, times in enumerate(feeds):
            polls: list[float] = []
            for hour, rate in enumerate(rates[number]):
                pace = min(max(math.sqrt(rate / (2 * mu)), 1 / ceiling), 1 / FLOOR)
                first = today + hour * HOUR + (1 - owed[number]) / pace
                owed[number] += pace * HOUR
                polls += [first + place / pace for place in range(int(owed[number]))]
                owed[number] %= 1
            if polls:
                upto = bisect_right(times, polls[-1])
                new = times[seen[number] : upto]
                outcome.delays += [polls[bisect_left(polls, one)] - one for one in new]
                seen[number] = upto
            outcome.requests += len(polls)
        today += DAY
    return outcome


def hourly(times: list[float], today: float) -> list[float]:
    days = min((today - START) / DAY, 14)
    if not days:
        return [1 / DAY] * 24
    counts = [0.3] * 24  # an hour in which nothing came is not one in which nothing comes
    for one in times[bisect_left(times, today - days * DAY) : bisect_left(times, today)]:
        counts[int((one - START) // HOUR) % 24] += 1
    mean = statistics.fmean(counts)
    smooth = [counts[h - 1] + 2 * counts[h] + counts[(h + 1) % 24] + mean for h in range(24)]
    return [count / 5 / days / HOUR for count in smooth]


def ours(feeds: Feeds, end: float, interval: float) -> Outcome:
    dice = random.Random(1)
    outcome = Outcome("ours")
    rhythms = [rhythm.unknown(START) for _ in feeds]
    due = [START + dice.random() * interval for _ in feeds]
    polled = [START] * len(feeds)
    seen = [0] * len(feeds)
    now, step, mu = START, 3 * HOUR, interval**2 / HOUR / 2
    ceiling, budget = PATIENCE * interval, len(feeds) / interval
    while now < end:
        guess = rhythm.guess(mu, interval)
        demands = (demand(known, now, guess=guess, ceiling=ceiling) for known in rhythms)
        mu = threshold(demands, floor=FLOOR, budget=budget)
        guess = rhythm.guess(mu, interval)
        stop = min(now + step, end)
        for number, times in enumerate(feeds):
            at, known, before = due[number], rhythms[number], seen[number]
            while at < stop:
                outcome.requests += 1
                if before < len(times) and times[before] <= at:
                    upto = bisect_right(times, at, before)
                    outcome.delays += [at - one for one in times[before:upto]]
                    count, before = upto - before, upto
                    known = rhythm.heard(known, count, since=polled[number], now=at)
                polled[number] = at
                pause = rhythm.Forecast(known, at, guess=guess).pause(mu, most=ceiling)
                at += max(spread(pause, dice.random(), ceiling=ceiling), FLOOR)
            due[number], rhythms[number], seen[number] = at, known, before
        now = stop
    return outcome


def report(world: str, count: int, days: int, interval: float, seed: int) -> list[str]:
    feeds = make_feeds(WORLDS[world], count, days, seed)
    end = START + days * DAY
    fixed = regular("fixed", feeds, end, [interval] * count)
    outcomes = [
        fixed,
        tuned(lambda knob: miniflux(feeds, end, interval, knob), fixed.requests),
        tuned(lambda knob: by_ttl(feeds, end, interval, knob), fixed.requests),
        sia("Sia et al., no ceiling", feeds, end, interval, DAY),
        sia("Sia et al., our ceiling", feeds, end, interval, PATIENCE * interval),
        ours(feeds, end, interval),
    ]
    usual = statistics.fmean(fixed.delays)
    news = sum(map(len, feeds))
    head = f"{world}; seed {seed}; {count} feeds, {days} days, {news} news"
    columns = f"  {'':<26}{'requests':>10}{'mean':>8}{'of fixed':>10}{'95 %':>8}{'longest':>9}"
    return [head, columns, *(line(one, usual) for one in outcomes)]


def line(outcome: Outcome, usual: float) -> str:
    delays = sorted(outcome.delays)
    mean, p95 = statistics.fmean(delays), delays[int(0.95 * len(delays))]
    return (
        f"  {outcome.name:<26}{outcome.requests:>10}{mean / MINUTE:>8.2f}{mean / usual:>10.2f}"
        f"{p95 / MINUTE:>8.2f}{delays[-1] / MINUTE:>9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--interval", type=float, default=10, help="minutes")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    jobs = [
        (world, given.feeds, given.days, given.interval * MINUTE, given.seed + number)
        for number, world in enumerate(WORLDS)
    ]
    print(f"interval {given.interval:g}, floor {FLOOR / MINUTE:g} minutes\n")
    with Pool(len(jobs)) as pool:
        for lines in pool.starmap(report, jobs):
            print("\n".join(lines), end="\n\n")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
