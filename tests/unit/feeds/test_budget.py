from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.budget import Demand, threshold

FLOOR, CEILING = 60.0, 600.0
rates = st.floats(1e-8, 0.1)
demands = st.lists(
    st.builds(
        Demand,
        st.lists(rates, min_size=3, max_size=3),
        st.sampled_from([CEILING, 120.0, 86_400.0]),
    ),
    min_size=1,
    max_size=30,
)


def cost(feeds: list[Demand], limit: float) -> float:
    """Requests per second of feeds asked whenever that much delay has come together."""
    return sum(
        1 / min(max(math.sqrt(2 * limit / rate), FLOOR), max(feed.ceiling, FLOOR))
        for feed in feeds
        for rate in feed.rates
    ) / 3  # fmt: skip


@given(demands, st.floats(1e-5, 1))
def test_the_budget_is_met_wherever_floor_and_ceilings_allow(
    feeds: list[Demand], budget: float
) -> None:
    found = cost(feeds, threshold(feeds, floor=FLOOR, budget=budget))

    least = sum(1 / feed.ceiling for feed in feeds)
    most = len(feeds) / FLOOR
    assert math.isclose(found, min(max(budget, least), most), rel_tol=1e-6)


@given(demands, st.floats(1e-5, 0.5))
def test_a_larger_budget_makes_no_feed_wait_longer(feeds: list[Demand], budget: float) -> None:
    small, large = (threshold(feeds, floor=FLOOR, budget=one) for one in (budget, 2 * budget))

    assert large <= small * (1 + 1e-9)


def test_no_request_would_save_more_elsewhere() -> None:
    feeds = [Demand([rate], CEILING) for rate in (1 / 600, 1 / 6000, 1 / 60_000)]
    limit = threshold(feeds, floor=1, budget=3 / 300)

    pauses = [math.sqrt(2 * limit / feed.rates[0]) for feed in feeds]

    # Mean delay falls by rate x pause^2 / 2 for each further request: the same for all between the bounds.
    gains = [feed.rates[0] * pause**2 / 2 for feed, pause in zip(feeds, pauses, strict=True)]
    assert all(math.isclose(gain, gains[0]) for gain in gains)
