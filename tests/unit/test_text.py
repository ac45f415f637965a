from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import MAX_COMBINING, clean, fold

any_text = st.text(st.characters(), max_size=60)
marks = st.text(
    st.sampled_from("a가ж\u0301\u0316\u0327\u0344\u0323 \u200d\u202e\u00a0"), max_size=60
)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  two\n\t words ", "two words"),
        ("no\u00a0break", "no break"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("nul\x00 bell\x07", "nul bell"),
        ("half \ud800 a pair", "half a pair"),
        ("조태열".encode().decode(), "조태열"),
        (unicodedata.normalize("NFD", "조태열 й ї é"), "조태열 й ї é"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_text_is_kept_as_one_visible_line(raw: str, kept: str) -> None:
    assert clean(raw) == kept


@given(any_text | marks, st.integers(1, 50))
def test_cleaning_twice_changes_nothing(raw: str, limit: int) -> None:
    once = clean(raw, limit=limit)

    assert clean(once, limit=limit) == once
    assert len(once) <= limit


@given(any_text | marks)
def test_clean_text_holds_no_controls_and_can_be_stored(raw: str) -> None:
    kept = clean(raw)

    assert not {unicodedata.category(char) for char in kept} & {"Cc", "Cs", "Cn"}
    assert kept.encode("utf-8").decode("utf-8") == kept


def test_piles_of_combining_marks_are_cut() -> None:
    assert len(clean("z" + "\u0301\u0316" * 50)) == 1 + MAX_COMBINING


def test_a_hostile_pile_of_marks_is_cut() -> None:
    # Putting half a million marks in order, as normalising does, would not end today.
    assert len(clean("a" + "\u0301\u0316" * 250_000, limit=50_000)) == 1 + MAX_COMBINING


@given(any_text)
def test_folding_keeps_offsets(raw: str) -> None:
    assert len(fold(raw)) == len(raw)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CEASE-FIRE", "cease\u2011fire"),
        ("\u201cÉlysée\u201d", '"elysee"'),
        ("ＡＰ", "ap"),
        ("Ё", "е"),
    ],
)
def test_spellings_of_the_same_text_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_cyrillic_letters_with_marks_stay_letters_of_their_own() -> None:
    assert fold("й") != fold("и")
    assert fold("ї") != fold("і")
