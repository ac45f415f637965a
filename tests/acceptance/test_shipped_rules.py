"""The rule files that we ship: they load, keep their own promises, and know the founding story."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.demo.samples import OUTLETS, SAMPLES
from monitor.model import Item, Outlet
from monitor.rules import compile_rules, lint, load, run_tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.demo.samples import Sample
    from monitor.rules import Matcher, RuleSet

ROOT = Path(__file__).parents[2]
RULES = {"nk-pow", "kursk", "seoul-kyiv"}

LABELLED = ROOT.parent / "shared" / "eval" / "dev.jsonl"
FLOORS = {"nk-pow": 0.96, "kursk": 0.96, "seoul-kyiv": 0.92}
"""Precision and recall on the labelled items."""
LANGUAGE_FLOOR = 0.9
"""Recall in every language with five positives or more."""

FOUNDING_STORY = {
    "en": (
        "Seoul asks Kyiv to cooperate over North Korean soldiers captured in Kursk",
        (
            "In a telephone call Foreign Minister Cho Tae-yul asked his Ukrainian colleague Andrii "
            "Sybiha to work together and said those who wish may come to the South. Kyiv counts more "
            "than 3,000 North Korean dead and wounded by early January 2025."
        ),
    ),
    "ko": (
        "조태열 외교장관, 시비하와 통화…쿠르스크 북한군 포로 협력 요청",
        (
            "조태열 장관은 우크라이나 외교장관에게 본인이 원하면 한국으로 올 수 있다고 말했다. "
            "키이우는 1월 초까지 북한군 사상자를 3천 명 이상으로 집계한다."
        ),
    ),
    "uk": (
        "Чо Те Йоль попросив Сибігу співпрацювати щодо полонених солдатів КНДР",
        (
            "Міністр закордонних справ Південної Кореї зателефонував українському колезі: ті, кого "
            "захопили в Курській області, можуть приїхати на Південь, якщо хочуть. За даними Києва, на "
            "початок січня 2025 року КНДР втратила понад 3000 вбитих і поранених."
        ),
    ),
    "ru": (
        "Глава МИД Южной Кореи обсудил с Сибигой пленных северокорейских солдат",
        (
            "Чо Тхэ Ёль по телефону попросил украинского коллегу о сотрудничестве: захваченные в "
            "Курской области, кто пожелает, могут приехать на Юг. Киев оценивает потери КНДР убитыми и "
            "ранеными более чем в 3000 к началу января 2025 года."
        ),
    ),
    "zh": (
        "韩国外长与乌克兰外长通话 商讨在库尔斯克被俘的朝鲜士兵",
        "赵兑烈请瑟比加就此合作,并称愿意者可前往韩国。基辅称截至2025年1月初朝鲜死伤者超过3000人。",
    ),
    "ja": (
        "韓国外相がウクライナ外相に電話、クルスク州で捕虜の北朝鮮兵めぐり協力要請",
        (
            "趙兌烈外相はシビハ外相に対し、希望する者は韓国に来ることができると伝えた。キーウは1月初め"
            "までの北朝鮮兵の死傷者を3000人超とみている。"
        ),
    ),
}

SAMPLE_MATCHES = {
    **{key: {"nk-pow"} for key in ("1002", "2002", "3002")},
    **{key: {"kursk"} for key in ("1003", "4001")},
    **{key: {"nk-pow", "seoul-kyiv"} for key in ("1005", "1006", "2003", "3003", "4002")},
    **{key: {"kursk"} for key in ("1007", "2004", "4003")},
}
"""What each sample of the demo has to match at least."""
SAMPLE_NOISE = ("1001", "1004", "2001", "2005", "3001")


@pytest.fixture(scope="module")
def rule_set() -> RuleSet:
    return load(ROOT / "rules")


@pytest.fixture(scope="module")
def matcher(rule_set: RuleSet) -> Matcher:
    return compile_rules(rule_set)


def matched(matcher: Matcher, title: str, summary: str = "", language: str = "") -> set[str]:
    item = Item(
        title=title,
        summary=summary,
        content="",
        url="",
        outlet=Outlet(""),
        language=language,
    )
    return {match.rule for match in matcher.match(item)}


def test_the_shipped_rules_load(rule_set: RuleSet) -> None:
    assert set(rule_set.rules) == RULES


def test_the_tests_in_the_shipped_files_pass(rule_set: RuleSet, matcher: Matcher) -> None:
    assert run_tests(rule_set, matcher) == []


def test_lint_has_nothing_to_say_about_the_shipped_rules(rule_set: RuleSet) -> None:
    assert [str(warning) for warning in lint(rule_set, today=date(2025, 3, 17))] == []


def test_each_shipped_rule_has_a_dozen_tests_both_ways(rule_set: RuleSet) -> None:
    for id_, parsed in rule_set.rules.items():
        answers = Counter(test.match for test in parsed.tests)
        assert len(parsed.tests) >= 12, id_
        assert answers[True] >= 4, id_
        assert answers[False] >= 4, id_


def test_every_entity_is_known_in_six_languages(rule_set: RuleSet) -> None:
    wanted = {"en", "ko", "uk", "ru", "zh", "ja"}
    lacking = {
        id_: wanted - set(entity.names)
        for id_, entity in rule_set.entities.items()
        if not wanted <= set(entity.names)
    }
    assert lacking == {}


@pytest.mark.parametrize("language", FOUNDING_STORY)
def test_the_founding_story_matches_all_three_rules(matcher: Matcher, language: str) -> None:
    title, summary = FOUNDING_STORY[language]
    assert matched(matcher, title, summary, language) == RULES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_the_samples_of_the_demo_match_what_they_should(matcher: Matcher, sample: Sample) -> None:
    number = sample.path.rpartition("/")[2].partition("?")[0]
    language = OUTLETS[sample.outlet].language

    found = matched(matcher, sample.title, sample.summary, language)

    assert found >= SAMPLE_MATCHES.get(number, set())
    if number in SAMPLE_NOISE:
        assert found == set()


@pytest.fixture(scope="module")
def labelled(matcher: Matcher) -> list[tuple[str, str, bool, bool]]:
    """Language, rule, truth and answer of every labelled pair that is not borderline."""
    if not LABELLED.exists():
        pytest.skip(f"the labelled items are not here: {LABELLED.name}")
    rows = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
    return [
        (row["lang"], rule, row["labels"][rule], rule in found)
        for row in rows
        for found in [matched(matcher, row["title"], row["summary"], row["lang"])]
        for rule in sorted(RULES - set(row["borderline"]))
    ]


def tally(pairs: list[tuple[str, str, bool, bool]], rule: str) -> Mapping[str, Counter[str]]:
    """By language and for all together (""): how many were hit, missed and wrong."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for language, which, truth, answer in pairs:
        if which == rule and (truth or answer):
            outcome = "hit" if truth and answer else "missed" if truth else "wrong"
            counts[language][outcome] += 1
            counts[""][outcome] += 1
    return counts


@pytest.mark.parametrize("rule", sorted(RULES))
def test_precision_and_recall_on_labelled_items_hold_their_floor(
    labelled: list[tuple[str, str, bool, bool]], rule: str
) -> None:
    count = tally(labelled, rule)[""]
    assert count["hit"] / (count["hit"] + count["wrong"]) >= FLOORS[rule]
    assert count["hit"] / (count["hit"] + count["missed"]) >= FLOORS[rule]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_language_is_left_behind(labelled: list[tuple[str, str, bool, bool]], rule: str) -> None:
    for language, count in tally(labelled, rule).items():
        positives = count["hit"] + count["missed"]
        if positives >= 5:
            assert count["hit"] / positives >= LANGUAGE_FLOOR, language


HEADLINES = ROOT / "tests" / "data" / "rules" / "headlines.tsv"
CODES = {"P": "nk-pow", "K": "kursk", "S": "seoul-kyiv"}


def test_the_rules_read_headlines_of_six_languages(matcher: Matcher) -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for line in HEADLINES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        codes, language, title, summary, *_ = f"{line}\t".split("\t")
        truth = {CODES[code] for code in codes if code in CODES}
        said = matched(matcher, title, summary, language) & RULES
        right.update(truth & said)
        wrong.update(said - truth)
        missed.update(truth - said)

    for rule in sorted(RULES):
        assert right[rule] / (right[rule] + missed[rule]) >= 0.98, rule
        assert right[rule] / (right[rule] + wrong[rule]) >= 0.95, rule


BLIND = {
    "unseen": {"nk-pow": (0.98, 0.98), "kursk": (0.97, 1.0), "seoul-kyiv": (0.92, 0.92)},
    "heldout": {"nk-pow": (0.96, 1.0), "kursk": (0.97, 0.97), "seoul-kyiv": (0.96, 0.96)},
}
"""What the rules reached: precision and recall. Both sets were written and labelled without a look at the
rules; since then the rules have seen the mistakes in `unseen`, and none of `heldout`."""


@pytest.mark.parametrize("name", BLIND)
def test_the_rules_read_what_was_written_without_a_look_at_them(
    matcher: Matcher, name: str
) -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    lines = HEADLINES.with_name(f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        language, rules, title, summary, *_ = f"{line}\t".split("\t")
        truth = set(rules.replace(",", " ").split()) & RULES
        said = matched(matcher, title, summary, language) & RULES
        right.update(truth & said)
        wrong.update(said - truth)
        missed.update(truth - said)

    for rule, (precision, recall) in BLIND[name].items():
        assert right[rule] / (right[rule] + wrong[rule]) >= precision, rule
        assert right[rule] / (right[rule] + missed[rule]) >= recall, rule
