"""The order in which waiting requests get their turn."""

from __future__ import annotations

import math

from monitor.feeds.exchange import Request
from monitor.feeds.transfers import REST_S, Line
from monitor.model import Validators


def request(number: int, host: str = "a.example") -> Request:
    return Request(number, f"https://{host}/{number}", Validators())


def test_requests_have_their_turn_in_order_and_few_of_a_host_at_once() -> None:
    line = Line(per_host=2)
    for number in range(3):
        line.add(request(number))
    line.add(request(9, "b.example"))

    taken = [line.next(now=0) for _ in range(4)]

    assert [one and one.feed for one in taken] == [0, 1, 9, None]
    assert len(line) == 1


def test_a_host_rests_between_two_requests() -> None:
    line = Line(per_host=1)
    first, second = request(1), request(2)
    line.add(first)
    line.add(second)
    assert line.next(now=0) == first
    assert line.rest(now=0) == math.inf

    line.done(first, now=10)

    assert line.next(now=10 + REST_S / 2) is None
    assert line.rest(now=10) == REST_S
    assert line.next(now=10 + REST_S) == second


def test_a_resting_host_holds_up_no_other() -> None:
    line = Line(per_host=1)
    line.add(request(1))
    first = line.next(now=0)
    assert first
    line.done(first, now=0)
    line.add(request(2))
    line.add(request(3, "b.example"))

    taken = line.next(now=0)

    assert taken
    assert taken.feed == 3
