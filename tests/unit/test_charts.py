from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.charts import sparkline, stacked


def test_a_sparkline_rises_with_its_values_and_shows_nothing_as_nothing() -> None:
    assert sparkline([0, 1, 4, 8]) == "·▂▅█"
    assert sparkline([0, 0]) == "··"
    assert sparkline([]) == ""


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_a_sparkline_has_a_character_for_each_value(values: list[int]) -> None:
    line = sparkline(values)

    assert len(line) == len(values)
    assert [char == "·" for char in line] == [value == 0 for value in values]


def test_the_longest_bar_has_the_whole_width() -> None:
    assert stacked((3, 1, 0), most=4, width=40) == (30, 10, 0)
    assert stacked((0, 0, 0), most=0, width=40) == (0, 0, 0)


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), st.integers(0, 10**6))
def test_every_part_of_a_bar_is_seen_and_none_is_too_long(values: list[int], more: int) -> None:
    lengths = stacked(values, most=sum(values) + more, width=40)

    assert [length > 0 for length in lengths] == [value > 0 for value in values]
    assert sum(lengths) <= 40
