from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules import forms


def variants(name: str, language: str) -> set[str]:
    return set(forms.romanisations(name, language=language))


@pytest.mark.parametrize(
    ("name", "language", "others"),
    [
        ("Cho Tae-yul", "en", {"Jo Tae-yeol", "Cho Tae-yeol", "Cho Taeyul", "Cho Tae Yul"}),
        ("Kim Jong-un", "ko", {"Kim Jong Un", "Kim Jongun", "Kim Jung-eun"}),
        ("Kim Jongun", "ko", {"Kim Jong-un"}),
        ("조태열", "ko", {"Cho Tae-yul", "Jo Tae-yeol"}),
        ("조현", "ko", {"Cho Hyun", "Jo Hyeon"}),
        ("Andrii Sybiha", "uk", {"Andriy Sybiha", "Andrey Sibiga", "Andrii Sybiga"}),
        ("Volodymyr Zelensky", "en", {"Volodymyr Zelenskyy", "Vladimir Zelensky"}),
        ("Сибіга", "uk", {"Sybiha", "Sybiga", "Sibiga"}),
        ("Володимир Зеленський", "uk", {"Volodymyr Zelenskyi", "Volodymyr Zelenskyy"}),
        ("Курск", "ru", {"Kursk"}),
        ("Суджа", "ru", {"Sudzha"}),
    ],
)
def test_names_are_spelled_in_the_ways_papers_spell_them(
    name: str, language: str, others: set[str]
) -> None:
    assert others <= variants(name, language)


@pytest.mark.parametrize(
    "name", ["John Smith", "Seoul", "Security Council", "Lee Harvey Oswald", "Song Contest", ""]
)
def test_what_is_not_such_a_name_has_no_variants(name: str) -> None:
    assert variants(name, "en") == set()


@given(st.text(max_size=300), st.sampled_from(["", "en", "ko", "uk", "ru"]))
def test_variants_are_few_and_never_the_name_itself(name: str, language: str) -> None:
    found = variants(name, language)
    assert len(found) <= 60
    assert name not in found


@pytest.mark.parametrize(
    ("name", "language", "kind", "other"),
    [
        ("Сибіга", "uk", "person", "Sybiga"),
        ("Дмитро Кулеба", "uk", "person", "Dmytro Kuleba"),
        ("조태열", "ko", "person", "Cho Tae-yul"),
        ("Kim Jong-un", "en", "person", "Kim Jong Un"),
        ("Тёткино", "ru", "place", "Tyotkino"),
    ],
)
def test_names_of_persons_and_places_are_looked_for_in_other_spellings(
    name: str, language: str, kind: str, other: str
) -> None:
    assert other in forms.spellings(name, language=language, kind=kind)


@pytest.mark.parametrize(
    ("name", "language", "kind"),
    [
        ("Трамп", "uk", "person"),  # tramp
        ("Ван И", "ru", "person"),  # van i
        ("Пак Чин", "ru", "person"),
        ("Ким", "ru", "person"),
        ("서울", "ko", "place"),  # no Seo Ul
        ("Рим", "ru", "place"),
        ("Сибіга", "uk", "organisation"),
        ("полон", "uk", ""),
    ],
)
def test_names_whose_spelling_could_be_another_word_are_not(
    name: str, language: str, kind: str
) -> None:
    assert not forms.spellings(name, language=language, kind=kind)
