from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules import forms
from monitor.rules.forms import MAX_FORMS, Boundary
from monitor.text import fold

KINDS = ["", "person", "place", "organisation", "group", "event"]
LANGUAGES = ["", "en", "de", "fr", "es", "uk", "ru", "ko", "zh", "ja", "ar"]

CYRILLIC = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэёъ'’- АБВГІЇЄЯ"
words_of_any_script = st.one_of(
    st.text(CYRILLIC, min_size=1, max_size=30),
    st.text("abcdefghijklmnopqrstuvwxyzéüß'- ABC", min_size=1, max_size=30),
    st.text("가나다라한국북로은는군김조태열 ", min_size=1, max_size=8),
    st.text("战俘ソウルのドー・", min_size=1, max_size=8),
    st.text(min_size=1, max_size=30),
)


@given(words_of_any_script, st.sampled_from(LANGUAGES), st.sampled_from(KINDS))
def test_forms_are_bounded_repeatable_normal_and_hold_the_word(
    text: str, language: str, kind: str
) -> None:
    found = forms.expand(text, language=language, kind=kind)
    assert found == forms.expand(text, language=language, kind=kind)
    assert len(found.texts) <= MAX_FORMS
    assert unicodedata.normalize("NFC", text) in found.texts
    for form in found.texts:
        assert unicodedata.is_normalized("NFC", form)
        assert len(fold(form)) == len(form)


@given(words_of_any_script, st.sampled_from(LANGUAGES), st.sampled_from(KINDS))
def test_every_form_fits_where_it_stands_alone(text: str, language: str, kind: str) -> None:
    found = forms.phrase(text, language=language, kind=kind)
    for form in map(fold, found.texts):
        assert forms.fits_left(found.left, form, 0)
        assert forms.fits_right(found.right, form, len(form))


@pytest.mark.parametrize(
    "text", ["а" * 10_000, "a" * 10_000, "가" * 10_000, "é" * 10_000, "a-" * 5_000]
)
def test_an_endless_word_stands_for_itself_only(text: str) -> None:
    assert forms.expand(text, language="", kind="").texts == {text}


@pytest.mark.parametrize(
    "text", ["", " ", "-", "'", "№ 5", "100", "\ud800", "é", "ь", "й", "ь ь", "а-б-в"]
)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_oddities_are_taken_as_they_are(text: str, language: str, kind: str) -> None:
    assert text in forms.expand(text, language=language, kind=kind).texts


def test_long_phrases_stay_bounded() -> None:
    text = "великий " * 5 + "солдат"
    assert len(forms.phrase(text, language="uk", kind="").texts) <= MAX_FORMS
    assert forms.phrase("дуже " * 20, language="uk", kind="").texts == {"дуже " * 20}


@pytest.mark.parametrize("syllables", ["들", "송환", "하고", "의"])
def test_a_tail_of_any_length_is_judged_like_a_long_one(syllables: str) -> None:
    judged = {
        (
            forms.fits_right(Boundary.COMPOUND, f"포로{syllables * count}", 2),
            forms.fits_left(Boundary.COMPOUND, f"{syllables * count}포로", len(syllables) * count),
        )
        for count in (100, 200_000)
    }
    assert len(judged) == 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("북한군", "ko"),
        ("インド", "ja"),
        ("捕虜の", "ja"),
        ("战俘", "zh"),
        ("Київ", "uk"),
        ("солдат", "ru"),
        ("soldier", "en"),
        ("أسير", "ar"),
        ("12", ""),
    ],
)
def test_the_script_tells_the_language(text: str, language: str) -> None:
    assert forms.language_of(text) == language


def test_cyrillic_of_unknown_language_takes_the_forms_of_both() -> None:
    texts = forms.expand("міністр", language="", kind="").texts
    assert "міністрові" in texts
    both = forms.expand("посол", language="", kind="").texts
    assert {"послов", "послів"} <= both


@pytest.mark.parametrize(
    ("text", "kind", "left", "right"),
    [
        ("soldier", "", Boundary.WORD, Boundary.WORD),
        ("солдат", "", Boundary.WORD, Boundary.WORD),
        ("조태열", "person", Boundary.WORD, Boundary.PARTICLES),
        ("포로", "", Boundary.COMPOUND, Boundary.COMPOUND),
        ("インド", "place", Boundary.SCRIPT_RUN, Boundary.SCRIPT_RUN),
        ("捕虜", "", Boundary.FREE, Boundary.FREE),
        ("クルスク州", "place", Boundary.SCRIPT_RUN, Boundary.FREE),
        ("战俘", "", Boundary.FREE, Boundary.FREE),
    ],
)
def test_the_script_and_the_kind_decide_what_may_stand_beside(
    text: str, kind: str, left: Boundary, right: Boundary
) -> None:
    found = forms.expand(text, language="", kind=kind)
    assert (found.left, found.right) == (left, right)


def test_a_latin_name_takes_korean_particles() -> None:
    found = forms.expand("NATO", language="en", kind="organisation")
    assert forms.fits_right(found.right, fold("NATO가 밝혔다"), 4)
    assert not forms.fits_right(found.right, fold("NATOs"), 4)
