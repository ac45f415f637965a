from __future__ import annotations

import pytest

from monitor.rules.forms import korean


@pytest.mark.parametrize(
    "tail", ["", "은", "이라고", "에게서는", "으로부터", "과의", "씨는", "장관", "측이"]
)
def test_particles_and_titles_follow_a_name(tail: str) -> None:
    assert korean.tail_is_particles(tail, "열") or korean.tail_is_particles(tail, "현")


@pytest.mark.parametrize(
    "tail", ["병", "아", "우", "준", "천", "일보", "은행", "사정찰위성", "전력"]
)
def test_other_syllables_make_another_name(tail: str) -> None:
    assert not korean.tail_is_particles(tail, "현")
    assert not korean.tail_is_compound(tail, "현")


@pytest.mark.parametrize(
    ("tail", "last", "fits"),
    [
        ("로", "원", False),
        ("으로", "원", True),
        ("로", "울", True),
        ("로", "포", True),
        ("은", "우", False),
        ("는", "우", True),
        ("가", "군", False),
        ("이", "군", True),
    ],
)
def test_the_last_sound_decides_the_particle(tail: str, last: str, *, fits: bool) -> None:
    assert korean.tail_is_particles(tail, last) is fits


@pytest.mark.parametrize("tail", ["며", "다", "면서", "지", "고"])
def test_a_name_in_ha_is_not_the_verb_it_looks_like(tail: str) -> None:
    assert not korean.tail_is_particles(tail, "하")


@pytest.mark.parametrize(
    "tail", ["했다", "된", "할", "하기로", "교환", "송환을", "수용소에서", "들의", "3명"]
)
def test_verb_endings_nouns_and_suffixes_follow_a_noun(tail: str) -> None:
    assert korean.tail_is_compound(tail, "로")


@pytest.mark.parametrize(
    ("head", "fits"),
    [("", True), ("전쟁", True), ("추가", True), ("공", False), ("선", False), ("목", False)],
)
def test_only_known_nouns_stand_before_a_noun(head: str, *, fits: bool) -> None:
    assert korean.head_is_compound(head) is fits
