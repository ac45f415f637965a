from __future__ import annotations

import pytest

from monitor.rules import forms


def texts(word: str, language: str = "en", kind: str = "") -> set[str]:
    return set(forms.expand(word, language=language, kind=kind).texts)


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("ally", "allies"),
        ("boy", "boys"),
        ("bus", "buses"),
        ("church", "churches"),
        ("crisis", "crises"),
        ("knife", "knives"),
        ("chief", "chiefs"),
        ("hero", "heroes"),
        ("photo", "photos"),
        ("serviceman", "servicemen"),
        ("human", "humans"),
        ("prisoner of war", "prisoners of war"),
        ("POW", "POWs"),
    ],
)
def test_english_plurals(word: str, plural: str) -> None:
    assert plural in texts(word)


def test_possessives_have_both_apostrophes() -> None:
    assert {"Sybiha's", "Sybiha\u2019s"} <= texts("Sybiha", kind="person")
    assert {"soldiers'", "soldiers\u2019"} <= texts("soldier")


def test_names_have_no_plural() -> None:
    assert "Putins" not in texts("Putin", kind="person")
    assert "Ukraines" not in texts("Ukraine", kind="place")


def test_two_letters_make_no_plural() -> None:
    assert "ITs" not in texts("IT")


def test_verbs_are_not_guessed() -> None:
    assert not texts("capture") & {"captured", "capturing"}


def test_hyphens_spaces_and_one_word_are_one_term() -> None:
    assert {"cease-fire", "cease fire", "ceasefire", "ceasefires"} <= texts("cease-fire")


def test_both_spellings_of_english() -> None:
    assert "defense ministers" in texts("defence minister")
    assert "Ministry of Defense" in texts("Ministry of Defence", kind="organisation")
    assert "organization" in texts("organisation")
    assert "organisation" in texts("organization")


def test_other_languages_inflect_in_agreement() -> None:
    assert "nordkoreanischen Soldaten" in texts("nordkoreanischer Soldat", "de")
    assert "soldats nord-coréens" in texts("soldat nord-coréen", "fr")
    assert "prisioneros de guerra" in texts("prisionero de guerra", "es")
    assert "generali" in texts("generale", "it")


def test_unknown_languages_stay_as_written() -> None:
    assert texts("jeniec wojenny", "pl") == {"jeniec wojenny"}
