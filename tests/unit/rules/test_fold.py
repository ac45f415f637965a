"""Folding, which offsets and every comparison hang on, for all of Unicode."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import fold

EVERYTHING = [chr(code) for code in range(sys.maxunicode + 1)]


@pytest.mark.no_cover  # watching each line of so much would take three times as long
def test_every_code_point_folds_to_one_that_stays() -> None:
    folded = [fold(char) for char in EVERYTHING]

    assert {len(one) for one in folded} == {1}
    assert [fold(one) for one in folded] == folded


@pytest.mark.no_cover  # watching each line of so much would take three times as long
def test_upper_and_lower_case_are_the_same() -> None:
    for char in EVERYTHING:
        if len(char.upper()) == len(char.upper().lower()) == 1:
            assert fold(char.upper()) == fold(char.upper().lower())


@given(st.text(st.characters() | st.sampled_from("ΣςİıßЁ`\n\u3000Ａ𝐀—“")))
def test_a_character_folds_the_same_in_any_text(text: str) -> None:
    assert fold(text) == "".join(map(fold, text))
