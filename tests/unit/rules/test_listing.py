"""What names are found as, and what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Item
from monitor.rules import compile_rules
from monitor.rules.listing import Hit, count_hits, forms_of

if TYPE_CHECKING:
    from rulefiles import Loads

    from monitor.rules import RuleSet
    from monitor.rules.listing import NameForms

RULES = """
[entities.sybiha]
name = "Sybiha"
kind = "person"
names.uk = ["Сибіга"]
names.ko = ["시비하"]
except = ["сибігою"]

[terms.captivity]
en = ["captive", "=POW", "captur*"]
ko = ["포로"]

[[rules]]
id = "r"
name = "r"
query = "@sybiha OR @captivity"
"""


def forms(rule_set: RuleSet, name: str) -> dict[str, NameForms]:
    return {one.name: one for one in forms_of(rule_set, name)}


def test_every_form_of_a_name_is_listed(load: Loads) -> None:
    found = forms(load(rules=RULES), "sybiha")["Сибіга"]

    assert {"сибіга", "сибігу", "сибіги"} <= set(found.forms)
    assert "sybiha" in found.spellings
    assert (found.named, found.language, found.beside) == ("sybiha", "uk", "as a word")


def test_what_except_names_is_listed_as_struck_out(load: Loads) -> None:
    found = forms(load(rules=RULES), "sybiha")["Сибіга"]

    assert found.struck_out == ("сибігою",)
    assert "сибігою" not in found.forms


def test_each_listed_form_is_found(load: Loads) -> None:
    rule_set = load(rules=RULES)
    matcher = compile_rules(rule_set)

    for one in forms_of(rule_set):
        for form in one.forms + one.spellings:
            assert matcher.match(Item(f"a {form} b")), form
        for form in one.struck_out:
            assert not matcher.match(Item(f"a {form} b")), form


def test_marks_are_shown_as_what_they_mean(load: Loads) -> None:
    found = forms(load(rules=RULES), "captivity")

    assert found["=POW"].forms == ("POW",)
    assert found["=POW"].beside == "as written"
    assert found["captur*"].beside == "with any ending"
    assert found["포로"].beside == "with particles, in compounds"


def test_hits_count_the_words_found_and_not_the_words_written(load: Loads) -> None:
    items = [
        Item("북한군 포로가 왔다", "포로가 말했다"),
        Item("북한군 포로를 만났다"),
        Item("Captives captured"),
        Item("Weather"),
    ]

    hits = count_hits(compile_rules(load(rules=RULES)), items)

    assert set(hits) == {
        Hit("captivity", "포로", "포로가", 1),
        Hit("captivity", "포로", "포로를", 1),
        Hit("captivity", "captive", "captives", 1),
        Hit("captivity", "captur*", "captured", 1),
    }


def test_the_commonest_word_comes_first(load: Loads) -> None:
    items = [Item("captive"), Item("captured"), Item("Captured again")]

    first, second = count_hits(compile_rules(load(rules=RULES)), items)

    assert (first.word, first.items) == ("captured", 2)
    assert second.word == "captive"
