from __future__ import annotations

import pytest

from monitor.rules import forms


def texts(word: str, language: str, kind: str = "") -> set[str]:
    return set(forms.expand(word, language=language, kind=kind).texts)


@pytest.mark.parametrize(
    ("word", "some"),
    [
        ("боєць", "бійця бійців бійцем"),
        ("хлопець", "хлопця хлопців"),
        ("будинок", "будинку будинки будинків"),
        ("книга", "книзі книг книгою"),
        ("рука", "руці рук"),
        ("кінь", "коня конем"),
        ("вечір", "вечора вечорів"),
        ("радість", "радості радістю"),
        ("молодь", "молоді молоддю"),
        ("знання", "знанням знань"),
        ("явище", "явища явищ явищем"),
        ("росіянин", "росіяни росіян росіянам"),
        ("герой", "героя героєві героїв"),
        ("сценарій", "сценарію сценарії"),
        ("лікар", "лікаря лікарем лікарі"),
        ("жінка", "жінці жінок"),
        ("земля", "землі землею земель"),
        ("стаття", "статті статтею статей"),
        ("військовий", "військового військові військовими"),
        ("синій", "синього синіх"),
    ],
)
def test_ukrainian_nouns_and_adjectives_decline(word: str, some: str) -> None:
    assert set(some.split()) <= texts(word, "uk")


@pytest.mark.parametrize(
    ("word", "some"),
    [
        ("боец", "бойца бойцов бойцом"),
        ("участок", "участка участков"),
        ("девушка", "девушек девушке"),
        ("война", "войн войне"),
        ("путь", "пути путем путями"),
        ("мать", "матери матерью"),
        ("имя", "имени именем имена имен"),
        ("здание", "здания зданий зданием"),
        ("россиянин", "россияне россиян россиянам"),
        ("герой", "героя героев"),
        ("сценарий", "сценарии сценариев"),
        ("учащийся", "учащегося учащихся"),
        ("большой", "большого больших"),
        ("синий", "синего синяя"),
        ("земля", "земли земель"),
        ("письмо", "писем письма"),
        ("друг", "друзья друзей"),
        ("площадь", "площадью площадей"),
        ("учитель", "учителя учителем"),
        ("ребёнок", "ребенка дети детей"),
    ],
)
def test_russian_nouns_and_adjectives_decline(word: str, some: str) -> None:
    assert set(some.split()) <= texts(word, "ru")


@pytest.mark.parametrize(
    ("word", "language", "never"),
    [
        ("посол", "ru", "после"),
        ("посол", "uk", "после"),
        ("раз", "ru", "разом"),
        ("том", "uk", "тому"),
        ("сталь", "ru", "стали"),
        ("біль", "uk", "біля"),
        ("лев", "uk", "львів"),
    ],
)
def test_a_form_that_is_another_frequent_word_is_left_out(
    word: str, language: str, never: str
) -> None:
    assert never not in texts(word, language)


def test_a_man_s_surname_has_no_feminine_forms() -> None:
    assert "Зеленської" not in texts("Зеленський", "uk", "person")
    assert "Зеленской" not in texts("Зеленский", "ru", "person")
    assert "Зеленської" in texts("Зеленська", "uk", "person")


def test_a_place_in_sk_brings_its_region_and_adjective() -> None:
    assert {"Курській", "Курщині", "Курськом"} <= texts("Курськ", "uk", "place")
    assert {"Донецкой", "Донетчине"} <= texts("Донецк", "ru", "place")


def test_names_have_no_plural_but_names_in_the_plural_do() -> None:
    assert "Газ" not in texts("Газа", "ru", "place")
    assert {"Сумах", "Сум"} <= texts("Суми", "uk", "place")


@pytest.mark.parametrize("word", ["метро", "Сочи", "Токио", "интервью", "КНДР", "США"])
def test_what_does_not_decline_stays(word: str) -> None:
    assert texts(word, "ru") == {word}


def test_of_a_korean_name_only_the_last_part_declines() -> None:
    assert texts("Ким Чен Ын", "ru", "person") >= {"Ким Чен Ына", "Ким Чен Ыном"}
    assert not any(form.startswith("Кима") for form in texts("Ким Чен Ын", "ru", "person"))


def test_words_of_a_phrase_agree_and_its_complement_stays() -> None:
    found = texts("министр иностранных дел", "ru")
    assert "министром иностранных дел" in found
    assert all(form.endswith("иностранных дел") for form in found)
    pairs = texts("північнокорейський солдат", "uk")
    assert {"північнокорейських солдатів", "північнокорейським солдатом"} <= pairs
    assert "північнокорейських солдатом" not in pairs


def test_a_number_with_an_ending_declines_with_its_noun() -> None:
    found = texts("11-й армійський корпус", "uk", "organisation")
    assert "11-го армійського корпусу" in found


def test_letters_keep_their_case() -> None:
    assert {"Київ", "Києва"} <= texts("Київ", "uk", "place")
    assert "МИДа" in texts("МИД", "ru", "organisation")


@pytest.mark.parametrize(
    ("phrase", "language", "some"),
    [
        ("пленный из КНДР", "ru", ("пленные из кндр", "пленных из кндр")),
        ("военный из Северной Кореи", "ru", ("военных из северной кореи",)),
        ("військовий із Північної Кореї", "uk", ("військових із північної кореї",)),
        ("раненый в бою", "ru", ("раненых в бою",)),
    ],
)
def test_an_adjective_before_a_preposition_stands_for_a_noun(
    phrase: str, language: str, some: tuple[str, ...]
) -> None:
    found = forms.phrase(phrase, language=language, kind="").texts

    assert set(some) <= {text.lower() for text in found}
    assert not {text for text in found if " иза " in text or " изы " in text}
