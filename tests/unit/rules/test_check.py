"""The rules' own tests, and what lint warns about."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from monitor.rules import lint, run_tests

if TYPE_CHECKING:
    from rulefiles import Loads

RULE = '[[rules]]\nid = "r"\nname = "r"\n'
TESTS = """\
[[rules.tests]]
title = "quite another thing"
match = false
[[rules.tests]]
title = "kursk and sudzha"
match = true
"""
TODAY = date(2026, 1, 1)


def warnings(load: Loads, text: str) -> list[str]:
    return [str(one) for one in lint(load(rules=text), today=TODAY)]


def test_a_rule_that_does_what_its_tests_say_passes(load: Loads) -> None:
    assert run_tests(load(rules=f"{RULE}query = 'kursk AND sudzha'\n{TESTS}")) == []


def test_a_failing_test_is_told_with_its_place_and_the_clause_that_failed(load: Loads) -> None:
    (failure,) = run_tests(load(rules=f"{RULE}query = 'kursk AND battle'\n{TESTS}"))

    assert failure.line == 9
    assert failure.column == 10
    assert "does not match" in failure.cause
    assert "battle: it is not found" in failure.cause


def test_a_test_that_must_not_match_tells_what_was_found(load: Loads) -> None:
    (failure,) = run_tests(load(rules=f"{RULE}query = 'kursk OR thing'\n{TESTS}"))

    assert failure.line == 6
    assert 'it found "thing"' in failure.cause


def test_tests_of_a_rule_that_is_not_enabled_do_not_run(load: Loads) -> None:
    assert run_tests(load(rules=f"{RULE}query = 'nothing'\nenabled = false\n{TESTS}")) == []


def test_tests_give_language_source_and_address(load: Loads) -> None:
    text = f"""{RULE}query = 'lang:ko AND source:tass AND url:x.org AND body:word'
[[rules.tests]]
title = "t"
content = "word"
language = "ko"
source = "TASS"
url = "https://x.org/1"
match = true
"""
    assert run_tests(load(rules=text)) == []


@pytest.mark.parametrize(
    ("text", "place", "warning"),
    [
        ('[terms.x]\nen = ["up"]\nko = ["포로"]\n', ":2:8:", "so short"),
        ('[terms.x]\nen = ["captive"]\nko = ["포"]\n', ":3:8:", "so short"),
        ('[terms.x]\nen = ["POW"]\nko = ["포로"]\n', ":2:8:", "Write =POW"),
        ('[terms.x]\nen = ["captive"]\n', ":1:", "one script only (latin)"),
        (
            '[terms.x]\nen = ["prisoner", "prisoner of war"]\nko = ["포로"]\n',
            ":2:20:",
            "found by prisoner",
        ),
        ('[terms.x]\nen = ["captur*", "captured"]\nko = ["포로"]\n', ":2:19:", "found by captur*"),
        ('[terms.x]\nen = ["captive"]\nko = ["포로"]\nexcept = ["포로"]\n', ":3:8:", "never match"),
        ('[terms.y]\nen = ["captive"]\nko = ["포로"]\n', ":1:", "no rule uses @y"),
    ],
)
def test_lint_warns_about_words(text: str, place: str, warning: str, load: Loads) -> None:
    text += f"{RULE}query = '{'@x OR ' * ('terms.x' in text)}(kursk AND sudzha)'\n{TESTS}"

    (told,) = warnings(load, text)

    assert place in told
    assert warning in told


@pytest.mark.parametrize(
    ("query", "column", "warning"),
    [
        ("kursk AND sudzha AND NOT up", 35, "so short"),
        ("kursk AND sudzha AND NOT POW", 35, "=POW"),
        ("sudz* NEAR/20 kursk", 10, "wildcard"),
        ("kursk AND sudzha AND kursk", 31, "twice"),
        ("kursk OR (kursk AND sudzha)", 20, "makes no difference"),
    ],
)
def test_lint_warns_about_queries(query: str, column: int, warning: str, load: Loads) -> None:
    told = warnings(load, f"{RULE}query = '{query}'\n{TESTS}")

    assert any(f":4:{column}:" in one and warning in one for one in told), told


@pytest.mark.parametrize(
    ("query", "column", "warning"),
    [
        ("(kursk AND sudzha) OR NOT another", 32, "lets nearly every item match"),
        ("NOT another", 10, "evaluated for every item"),
    ],
)
def test_lint_warns_about_queries_for_everything_of_some_feeds(
    query: str, column: int, warning: str, load: Loads
) -> None:
    told = warnings(load, f"{RULE}query = '{query}'\nfeeds = ['kind:wire']\n{TESTS}")

    assert any(f":4:{column}:" in one and warning in one for one in told), told


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("review_by = 2025-12-31", "was to be reviewed"),
        ("expires = 2025-12-31", "expired on"),
    ],
)
def test_lint_warns_about_days_that_have_passed(line: str, warning: str, load: Loads) -> None:
    (told,) = warnings(load, f"{RULE}query = 'kursk AND sudzha'\n{line}\n{TESTS}")

    assert warning in told
    assert ":5:" in told


def test_lint_asks_for_tests_of_both_kinds(load: Loads) -> None:
    told = warnings(load, f"{RULE}query = 'kursk AND sudzha'\n")

    assert len(told) == 2
    assert "must match" in told[0]
    assert "must not match" in told[1]


def test_lint_has_nothing_to_say_of_a_good_rule(load: Loads) -> None:
    assert warnings(load, f"{RULE}query = '\"kursk\" AND sudzha AND lang:ko'\n{TESTS}") == []


def test_however_long_a_query_and_a_title_are_the_failure_is_short(load: Loads) -> None:
    query = " OR ".join(f"word{number}" for number in range(500))
    text = f"[[rules]]\nid = '{'r' * 300}'\nname = 'r'\nquery = '{query}'\n"
    test = f'[[rules.tests]]\ntitle = "{"kursk " * 200}"\nmatch = true\n'

    (failure,) = run_tests(load(rules=text + test))

    assert len(failure.cause) <= 200
    assert "kursk kursk" in failure.cause
    assert "word0 OR word1" in failure.cause
