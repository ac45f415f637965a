"""Small charts of characters, for terminals."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


def sparkline(values: Sequence[float]) -> str:
    """One character a value, as high as the value; what is 0 is a dot, not a low bar."""
    most = max(values, default=0)
    return "".join(_step(value, most) for value in values)


def _step(value: float, most: float) -> str:
    if value <= 0:
        return _NOTHING
    return _STEPS[min(int(value / most * len(_STEPS)), len(_STEPS) - 1)]


def stacked(values: Sequence[int], *, most: int, width: int) -> tuple[int, ...]:
    """How long the parts of a bar are, of which the longest, `most`, has the whole width.

    What is more than 0 is seen, unless the bar has more parts than room.
    """
    if most <= 0:
        return tuple(0 for _ in values)
    ends = [round(end / most * width) for end in accumulate(values)]
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    unseen = [index for index, value in enumerate(values) if value and not lengths[index]]
    for index in unseen:
        lengths[index] = 1
        longest = max(range(len(lengths)), key=lengths.__getitem__)
        if sum(lengths) > width and lengths[longest] > 1:
            lengths[longest] -= 1
    return tuple(lengths)
