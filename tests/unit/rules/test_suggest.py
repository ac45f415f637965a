"""Names in other languages, as drafts that a person can keep."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.model import Item
from monitor.rules import cldr, compile_rules, geonames, suggest
from monitor.rules.namesake import Namesake

if TYPE_CHECKING:
    from pathlib import Path

    from rulefiles import Loads

LANGUAGES = suggest.LANGUAGES
ROWS = [
    # id, place, language, name, preferred, short, colloquial, historic
    ("1", "900", "en", "Sudzha", "1"),
    ("2", "900", "uk", "Суджа"),
    ("3", "900", "ru", "Суджа", "1"),
    ("4", "900", "ru", "Суджа-город", "", "", "1"),
    ("5", "900", "link", "https://example.org/Sudzha"),
    ("6", "900", "zh-Hant", "蘇賈"),
    ("7", "900", "zh-CN", "苏贾", "1"),
    ("8", "900", "ru", "Суджанск", "", "", "", "1"),
    ("9", "901", "en", "Sudzha"),
    ("10", "902", "en", "Elsewhere"),
    ("11", "903"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "alternateNamesV2.txt"
    path.write_text("\n".join("\t".join(row) for row in ROWS) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["South Korea", "южная корея", "韩国", "Südkorea", "한국"])
def test_a_state_is_found_by_its_name_in_any_language(name: str) -> None:
    states = [one for one in cldr.namesakes(name, LANGUAGES) if one.source == "CLDR KR"]

    if name in {"южная корея", "한국"}:  # CLDR has only the official name in these languages
        assert not states
    else:
        assert "Південна Корея" in states[0].names["uk"]
        assert len(states[0].names["zh"]) == 2  # both scripts


def test_a_city_that_a_time_zone_is_named_after_is_found() -> None:
    (kyiv,) = cldr.namesakes("Київ", LANGUAGES)
    (pyongyang,) = cldr.namesakes("Pyongyang", LANGUAGES)

    assert kyiv.names["en"] == ("Kyiv",)
    assert pyongyang.names["ko"] == ("평양",)


def test_a_place_of_geonames_has_the_names_in_use_and_the_preferred_first(file: Path) -> None:
    found = geonames.namesakes("sudzha", file, LANGUAGES)

    assert [one.source for one in found] == ["GeoNames 900", "GeoNames 901"]
    assert found[0].names == {
        "en": ("Sudzha",),
        "uk": ("Суджа",),
        "ru": ("Суджа",),
        "zh": ("苏贾", "蘇賈"),
    }


def test_a_draft_is_a_table_of_a_rule_file(file: Path, load: Loads) -> None:
    drafts = suggest.drafts("Sudzha", geonames.namesakes("Sudzha", file, LANGUAGES))
    text = "".join(map(suggest.as_toml, drafts))

    rule = '[[rules]]\nid = "r"\nname = "r"\nquery = "@sudzha"\n'
    matcher = compile_rules(load(draft=suggest.UNKNOWN + text + rule))

    assert [draft.id for draft in drafts] == ["sudzha", "sudzha-2"]
    assert "# no name known in: ko, ja, de, fr, es" in text
    assert matcher.match(Item("Бої під Суджею"))


def test_what_two_sources_know_is_one_draft() -> None:
    one = Namesake("CLDR X", {"en": ("Kyiv",), "uk": ("Київ",), "ja": ("キーウ",)})
    two = Namesake("GeoNames 1", {"en": ("Kyiv", "Kiev"), "uk": ("Київ",)})
    other = Namesake("GeoNames 2", {"en": ("Kyiv",)})

    first, second = suggest.drafts("Kyiv", [one, two, other])

    assert first.sources == ("CLDR X", "GeoNames 1")
    assert first.names == {"en": ("Kyiv", "Kiev"), "uk": ("Київ",), "ja": ("キーウ",)}
    assert second.sources == ("GeoNames 2",)


def test_what_no_rule_file_takes_is_left_out() -> None:
    names = {"en": ("Paris (city)", '"quoted', "star*", "Good \\ name", "")}

    (draft,) = suggest.drafts("Paris", [Namesake("x", names)])

    assert draft.names == {"en": ("Good \\ name",)}


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", "rules", "suggest", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_prints_drafts_and_what_it_can_not_know(file: Path) -> None:
    told = command("Sudzha", "--geonames", str(file))
    data = json.loads(command("Sudzha", "--geonames", str(file), "--json").stdout)

    assert told.returncode == 0
    assert "can't know: persons" in told.stdout
    assert "[entities.sudzha]" in told.stdout
    assert data[0]["names"]["zh"] == ["苏贾", "蘇賈"]


def test_the_command_says_when_nobody_knows_the_name() -> None:
    told = command("Cho Tae-yul")

    assert told.returncode == 1
    assert not told.stdout
    assert "They know no persons" in told.stderr


def test_a_file_that_is_not_unpacked_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "alternateNamesV2.zip").write_bytes(b"PK\x03\x04\xff\xfe")

    told = command("Kyiv", "--geonames", str(tmp_path / "alternateNamesV2.zip"))

    assert told.returncode == 2
    assert "Unpack" in told.stderr
