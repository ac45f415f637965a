"""Something that has a name, as a source of names knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Namesake:
    """One place that a source knows under the name asked for."""

    source: str
    """What the source calls it: "CLDR KR", "GeoNames 1835848"."""
    names: Mapping[str, tuple[str, ...]]
    """By language code."""
