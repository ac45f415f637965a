"""Rule files: what is read, and what every mistake in them is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from monitor import rules
from monitor.errors import Problem, RuleError
from monitor.model import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from rulefiles import Loads


GOOD = """\
[entities.cho]
name = "Cho Tae-yul"
kind = "person"
names.en = ["Cho Tae-yul"]
names.ko = ["조태열"]
except = []

[terms.captivity]
en = ["captive", "=POW"]
ko = ["포로"]

[[rules]]
id = "contacts"
name = "Contacts"
query = '@cho NEAR/12 @captivity'
severity = "high"
group = "item"
channels = ["#desk"]
languages = ["en", "ko"]
feeds = ["tag:korea"]
owner = "desk"
note = "why"
references = ["https://example.org"]
review_by = 2031-01-31
expires = "2032-02-29"
status = "experimental"
[[rules.tests]]
title = "Cho on captives"
match = false
"""

MISTAKES = {
    "no channel": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nchannels = ["#a", "<!channel>"]\n',
        5, 20, "<!channel>", '"#news-alerts"',
    ),
    "a channel without its #": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nchannels = ["nk"]\n', 5, 14, "nk", '"#nk"',
    ),
    "an empty channel": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nchannels = [""]\n', 5, 14, "", "channel",
    ),
    "a day in words": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nexpires = "tomorrow"\n',
        5, 12, "no day", "2031-01-31",
    ),
    "a day with a time": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nexpires = 2031-01-31T12:00:00\n',
        5, 11, "no day", "2031-01-31",
    ),
    "nearly every item": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "NOT kim"\n', 4, 10, "every item", "AND",
    ),
    "nearly every item, by OR": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "(a AND b) OR NOT kim"\n',
        4, None, "every item", "AND",
    ),
    "unknown key": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nseverty = "high"\n', 5, 1, "severty", "severity",
    ),
    "no query": ('[[rules]]\nid = "r"\nname = "r"\n', 1, None, "query", ""),
    "bad severity": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nseverity = "urgent"\n', 5, 13, "urgent", "critical",
    ),
    "a string for a list": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nchannels = "#a"\n', 5, 13, "", "",
    ),
    "TOML syntax": ('[[rules]]\nid = "r\nname = "r"\n', 2, None, "", ""),
    "query": (
        "[[rules]]\nid = \"r\"\nname = \"r\"\nquery = 'North Korea AND b'\n",
        4, 16, "operator is missing", "the phrase",
    ),
    "query over several lines": (
        "[[rules]]\nid = \"r\"\nname = \"r\"\nquery = '''\na AND\n  b OR c'''\n",
        6, 5, "mixed without brackets", "Write (a AND",
    ),
    "unknown reference": (
        '[terms.captivity]\nen = ["captive"]\n[[rules]]\nid = "r"\nname = "r"\nquery = "@captivty"\n',
        6, 10, "captivty", "@captivity",
    ),
    "unknown reference, nothing like it": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a AND @zzz"\n', 4, 16, "zzz", "[terms.zzz]",
    ),
    "duplicate rule": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\n[[rules]]\nid = "r"\nname = "s"\nquery = "b"\n',
        6, 1, "defined twice", "another name",
    ),
    "entity and list of one name": (
        '[terms.x]\nen = ["abc"]\n[entities.x]\nname = "x"\nkind = "place"\nnames.en = ["abc"]\n',
        None, None, "defined twice", "another name",
    ),
    "empty list": ("[terms.x]\nen = []\n", 2, None, "", ""),
    "list without words": ('[terms.x]\nnote = "n"\n', 1, None, "has no words", "en ="),
    "empty entry": ('[terms.x]\nen = ["abc", " "]\n', 2, None, "no letter", "Write the word"),
    "country for language": ('[terms.x]\nkr = ["포로"]\n', 2, 1, "not a language", '"ko"'),
    "no language": ('[terms.x]\nenglish = ["captive"]\n', 2, 1, "not a language", "two-letter"),
    "bad id": ('[[rules]]\nid = "Not good"\nname = "r"\nquery = "a"\n', 2, 1, "not a name", '"not-good"'),
    "follows nothing": (
        '[terms.x]\nen = ["captive"]\nfollows = ["captvity"]\n', 3, 13, "no term list", "[terms.NAME]"
    ),
    "never": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a AND b AND NOT (c OR a)"\n',
        4, 22, "never match", "Delete one",
    ),
    "two languages": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a AND lang:ko AND lang:uk"\n', 4, 28, "never match", "OR",
    ),
    "language and limit": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a AND lang:ko"\nlanguages = ["uk"]\n',
        4, 16, "never match", "languages",
    ),
    "regex": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "/captur(ed/"\n', 4, 10, "regular expression", "",
    ),
    "lookahead": (
        "[[rules]]\nid = \"r\"\nname = \"r\"\nquery = '/captur(?=ed)/'\n",
        4, 10, "ahead or behind", "AND NOT",
    ),
    "regex without literal": (
        "[[rules]]\nid = \"r\"\nname = \"r\"\nquery = '/[a-z]+ed/'\n", 4, 10, "no run of 3", "slow = true",
    ),
    "bad date": (
        '[[rules]]\nid = "r"\nname = "r"\nquery = "a"\nexpires = "soon"\n', 5, None, "", "",
    ),
}  # fmt: skip


def problems(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(RuleError) as caught:
        rules.load(folder)
    return tuple(caught.value.problems)


def test_everything_a_file_says_is_read(load: Loads) -> None:
    rule_set = load(good=GOOD)

    parsed = rule_set.rules["contacts"]
    assert parsed.rule.severity is Severity.HIGH
    assert parsed.rule.group == "item"
    assert parsed.rule.channels == ("#desk",)
    assert parsed.rule.languages == ("en", "ko")
    assert parsed.rule.review_by == "2031-01-31"
    assert parsed.rule.expires == "2032-02-29"
    assert [test.title for test in parsed.tests] == ["Cho on captives"]
    assert rule_set.entities["cho"].names == {"en": ("Cho Tae-yul",), "ko": ("조태열",)}
    assert rule_set.terms["captivity"].names["en"] == ("captive", "=POW")


def test_everything_of_some_feeds_may_be_asked_for(load: Loads) -> None:
    text = '[[rules]]\nid = "r"\nname = "r"\nquery = "NOT sport"\nfeeds = ["tag:mod"]\n'

    assert "r" in load(a=text).rules


def test_files_share_one_name_space(load: Loads) -> None:
    lists, rest = GOOD.split("[[rules]]")

    rule_set = load(b=lists, a="[[rules]]" + rest)

    assert list(rule_set.rules) == ["contacts"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(mistake: str, tmp_path: Path) -> None:
    text, line, column, cause, remedy = MISTAKES[mistake]
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")

    (problem,) = problems(tmp_path)

    assert problem.file == str(tmp_path / "bad.toml")
    assert problem.line
    assert problem.column
    assert line in {problem.line, None}
    assert column in {problem.column, None}
    assert cause in problem.cause
    assert remedy in problem.remedy
    assert problem.remedy


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for index, mistake in enumerate(("query", "unknown key", "empty entry")):
        text = MISTAKES[mistake][0].replace('"r"', f'"r{index}"')
        (tmp_path / f"{index}.toml").write_text(text, encoding="utf-8")

    assert [problem.file[-6:] for problem in problems(tmp_path)] == ["0.toml", "1.toml", "2.toml"]


def test_a_name_taken_in_another_file_is_told_with_both_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = '[[rules]]\nid = "r"\nname = "r"\nquery = "word"\n'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")

    (problem,) = problems(tmp_path)

    assert problem.file.endswith("b.toml")
    assert f"{tmp_path / 'a.toml'}:1" in problem.cause


@pytest.mark.parametrize(
    "name",
    [".hidden.toml", "~good.toml", "#good.toml#", "good.toml~", ".good.toml.swp", "good.txt"],
)
def test_what_editors_leave_behind_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / name).write_text("not = [toml", encoding="utf-8")

    assert list(rules.load(tmp_path).rules) == ["contacts"]


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()]
)
def test_byte_order_mark_and_windows_lines_are_fine(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_bytes(content)

    assert list(rules.load(tmp_path).rules) == ["contacts"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'[terms.x]\nen = ["caf\xe9"]\n', "UTF-8"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (b"# " + b"x" * 10_000_000, "larger than"),
        (b"a" * 1000 + b" = " + b"[" * 5000, ""),
    ],
)
def test_a_file_that_is_no_text_or_far_too_large_is_refused(
    content: bytes, cause: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_bytes(content)

    (problem,) = problems(tmp_path)

    assert cause in problem.cause
    assert problem.remedy


def test_an_empty_file_is_fine_beside_others(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "empty.toml").write_text("", encoding="utf-8")

    assert list(rules.load(tmp_path).rules) == ["contacts"]


def test_a_folder_of_a_million_other_things_is_no_folder_of_rules(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    for number in range(20_001):
        (tmp_path / f"{number}.txt").touch()

    (problem,) = problems(tmp_path)

    assert problem.file == str(tmp_path)
    assert "far more than rules" in problem.cause


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_rules_in_a_folder_that_is_closed_to_us_do_not_vanish_silently(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "closed").mkdir(mode=0o000)

    (problem,) = problems(tmp_path)

    assert problem.file == str(tmp_path / "closed")
    assert "permission denied" in problem.cause


@pytest.mark.parametrize("folder", ["", "missing"])
def test_a_folder_without_rules_is_an_error(folder: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / folder)

    assert problem.file == str(tmp_path / folder)
    assert problem.remedy


def test_a_fingerprint_changes_with_every_change_and_only_then(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    seen = [rules.fingerprint(folder)]
    folder.mkdir()
    seen.append(rules.fingerprint(folder))
    (folder / "a.toml").write_text("# 1", encoding="utf-8")
    seen.append(rules.fingerprint(folder))
    os.utime(folder / "a.toml", (1, 1))
    (folder / ".a.toml.swp").write_text("noise", encoding="utf-8")
    assert rules.fingerprint(folder) == seen[-1]
    (folder / "a.toml").write_text("# 2", encoding="utf-8")
    seen.append(rules.fingerprint(folder))
    (folder / "a.toml").rename(folder / "b.toml")
    seen.append(rules.fingerprint(folder))

    assert len(set(seen)) == len(seen)


def test_a_file_that_changes_back_and_forth_always_says_what_it_says_now(load: Loads) -> None:
    one = '[[rules]]\nid = "one"\nname = "One"\nquery = "a word"\n'
    two = '[[rules]]\nid = "two"\nname = "Two"\nquery = "word"\n'
    other = '[[rules]]\nid = "other"\nname = "Other"\nquery = "word"\n'

    for _ in range(2):
        with pytest.raises(RuleError, match="an operator is missing"):
            load(changing=one, staying=other)
        assert set(load(changing=two, staying=other).rules) == {"two", "other"}
        with pytest.raises(RuleError, match="defined twice"):
            load(changing=other, staying=other)


def test_a_term_list_is_called_by_its_label(load: Loads) -> None:
    rule_set = load(
        names="""
        [terms.captivity]
        label = "taken prisoner"
        ko = ["생포"]

        [terms.plain]
        en = ["word"]

        [[rules]]
        id = "r"
        name = "R"
        query = "@captivity OR @plain"
        """
    )

    assert rules.compile_rules(rule_set).names == {"@captivity": "taken prisoner"}
