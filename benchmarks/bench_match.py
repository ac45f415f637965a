"""What matching costs: CPU time an item, memory, time from TOML to ready; against naive loops and spaCy.

    python benchmarks/bench_match.py [RULES...]        default: 10 1000 10000 (100000 takes a while)

Rules and items are made up with fixed seeds: six languages, words drawn as often as Zipf says.
Rules combine entities, term lists, words and phrases as analysts do. All figures of one line come
from one run, so that ratios hold on any machine; times are medians. spaCy's PhraseMatcher, where it is
installed (pip install spacy), only looks for the names and words as written: no forms, no rules, and
nothing in texts without spaces. flashtext has no wheel and is left out.
"""

from __future__ import annotations

import gc
import random
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import rules
from monitor.model import Item
from monitor.rules import ast
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.rules import Matcher, RuleSet

VOCABULARY = 30_000
ITEMS = 600
ITEM_LENGTH = 300
CONSONANTS = {
    "en": [
        "b",
        "c",
        "d",
        "f",
        "g",
        "h",
        "k",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "w",
        "st",
        "tr",
        "ch",
    ],
    "uk": [
        "б",
        "в",
        "г",
        "д",
        "ж",
        "з",
        "к",
        "л",
        "м",
        "н",
        "п",
        "р",
        "с",
        "т",
        "х",
        "ц",
        "ч",
        "ш",
        "щ",
    ],
    "ru": [
        "б",
        "в",
        "г",
        "д",
        "ж",
        "з",
        "к",
        "л",
        "м",
        "н",
        "п",
        "р",
        "с",
        "т",
        "ф",
        "х",
        "ц",
        "ч",
        "ш",
    ],
}
VOWELS = {
    "en": ["a", "e", "i", "o", "u", "ea", "ou"],
    "uk": list("аеиіїоуюя"),
    "ru": list("аеиоуыюя"),
}
LANGUAGES = ("en", "ko", "uk", "ru", "zh", "ja")


@cache
def words(language: str) -> list[str]:
    """A language's words, the commonest first and shortest."""
    rng = random.Random(f"words {language}")
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made[_word(language, rng, len(made))] = None
    return list(made)


def _word(language: str, rng: random.Random, rank: int) -> str:
    syllables = 1 + (rank > 60) + (rank > 2000) + (rng.random() < 0.5)
    if language == "ko":
        return "".join(chr(rng.randrange(0xAC00, 0xD7A3)) for _ in range(syllables))
    if language == "zh":
        return "".join(chr(rng.randrange(0x4E00, 0x5E00)) for _ in range(max(2, syllables - 1)))
    if language == "ja":
        kind = (0x30A2, 0x30F3) if rng.random() < 0.3 else (0x4E00, 0x5E00)
        return "".join(chr(rng.randrange(*kind)) for _ in range(max(2, syllables)))
    consonants, vowels = CONSONANTS[language], VOWELS[language]
    return "".join(rng.choice(consonants) + rng.choice(vowels) for _ in range(syllables + 1))


def _common(language: str, rng: random.Random) -> str:
    """A word as often as it occurs in texts."""
    return words(language)[min(int(VOCABULARY ** rng.random()), VOCABULARY) - 1]


def _wanted(language: str, rng: random.Random) -> str:
    """A word that somebody writes into a rule: never one of the commonest five hundred."""
    return words(language)[min(int(500 * (VOCABULARY / 500) ** rng.random()), VOCABULARY) - 1]


def items(rule_set: RuleSet | None = None) -> list[Item]:
    """News of about three hundred characters; four in five are about what some rule looks for."""
    rng = random.Random("items")
    parsed = list(rule_set.rules.values()) if rule_set else []
    made = []
    for index in range(ITEMS):
        topic = ""
        if rule_set and rng.random() < 0.8:
            topic = " ".join(_topic(rng.choice(parsed).tree, rule_set, rng)) + " "
        made.append(_item(LANGUAGES[index % len(LANGUAGES)], topic, rng))
    return made


def _topic(tree: ast.Node, rule_set: RuleSet, rng: random.Random) -> list[str]:
    """Words that satisfy a query."""
    if isinstance(tree, ast.And | ast.Near | ast.OfN):
        return [word for part in ast.children(tree) for word in _topic(part, rule_set, rng)]
    return [] if isinstance(tree, ast.Not) else [rng.choice(sorted(_texts(tree, rule_set)))]


def _item(language: str, topic: str, rng: random.Random) -> Item:
    space = "" if language in {"zh", "ja"} else " "
    text = topic
    while len(text) < ITEM_LENGTH:
        text += _common(language, rng) + rng.choice(
            (space, space, space, space, ", " if space else "，")
        )
    cut = text.find(space or "，", 60 + len(topic))
    return Item(title=text[:cut].capitalize(), summary=text[cut + 1 :], language=language)


def write_rules(folder: Path, count: int) -> None:
    """A rule file for every thousand rules, with its entities and term lists."""
    rng = random.Random(f"rules {count}")
    for part in range(0, count, 1000):
        size = min(1000, count - part)
        names = [f"e{part + index}" for index in range(max(4, size // 3))]
        lists = [f"t{part + index}" for index in range(max(4, size // 10))]
        lines = [_entity(name, rng) for name in names] + [_terms(name, rng) for name in lists]
        lines += [_rule(part + index, names, lists, rng) for index in range(size)]
        (folder / f"rules{part:06}.toml").write_text("\n".join(lines), encoding="utf-8")


def _entity(name: str, rng: random.Random) -> str:
    lines = [f'[entities.{name}]\nname = "{name}"\nkind = "{rng.choice(("place", "group"))}"']
    for language in rng.sample(LANGUAGES, 3):
        space = "" if language in {"zh", "ja"} else " "
        full = f"{_wanted(language, rng)}{space}{_wanted(language, rng)}"
        lines.append(f'names.{language} = ["{_wanted(language, rng)}", "{full}"]')
    return "\n".join(lines)


def _terms(name: str, rng: random.Random) -> str:
    lines = [f"[terms.{name}]"]
    for language in rng.sample(LANGUAGES, 2):
        listed = ", ".join(f'"{_wanted(language, rng)}"' for _ in range(4))
        lines.append(f"{language} = [{listed}]")
    return "\n".join(lines)


def _rule(index: int, names: Sequence[str], lists: Sequence[str], rng: random.Random) -> str:
    language = rng.choice(LANGUAGES)

    def word() -> str:
        return _wanted(language, rng)

    kind = rng.random()
    entity, other, listed = (
        f"@{rng.choice(names)}",
        f"@{rng.choice(names)}",
        f"@{rng.choice(lists)}",
    )
    if kind < 0.35:
        query = f"{entity} AND ({listed} OR {word()} OR {word()})"
    elif kind < 0.60:
        query = f"{entity} NEAR/10 ({listed} OR {word()})"
    elif kind < 0.70:
        query = f"title:({entity} OR {word()}) AND {listed}"
    elif kind < 0.80:
        query = f"2 OF ({entity}, {other}, {listed}, {word()})"
    else:
        query = f'({entity} OR "{word()} {word()}") AND {word()} AND NOT {other}'
    return f'[[rules]]\nid = "r{index}"\nname = "r{index}"\nquery = \'{query}\''


# -- naive baselines ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Naive:
    """A rule as a loop of regular expressions would have it: NEAR and title: are only AND."""

    needed: list[re.Pattern[str]]


def naive_rules(rule_set: RuleSet) -> list[Naive]:
    """For each rule one regular expression for each thing that must occur."""
    return [Naive(_patterns(parsed.tree, rule_set)) for parsed in rule_set.rules.values()]


def _patterns(tree: ast.Node, rule_set: RuleSet) -> list[re.Pattern[str]]:
    match tree:
        case ast.And() | ast.Near():
            return [one for part in ast.children(tree) for one in _patterns(part, rule_set)]
        case ast.Not():
            return []
        case _:
            alternatives = "|".join(map(re.escape, sorted(_texts(tree, rule_set))))
            return [re.compile(rf"\b(?:{alternatives})", re.IGNORECASE)]


def _texts(tree: ast.Node, rule_set: RuleSet) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Term):
            found.add(node.text)
        if isinstance(node, ast.Ref):
            for names in rule_set.named(node.name).names.values():
                found.update(names)
    return found


def loop_of_regexes(naive: Sequence[Naive], item: Item) -> int:
    """How many rules match, the obvious way."""
    text = f"{item.title}\n{item.summary}"
    return sum(all(one.search(text) for one in rule.needed) for rule in naive)


def loop_of_substrings(texts: Sequence[str], item: Item) -> int:
    """How many texts of all rules occur, the quick and wrong way."""
    text = fold(f"{item.title}\n{item.summary}")
    return sum(one in text for one in texts)


def phrase_matcher(texts: Sequence[str]) -> Callable[[Item], object] | None:
    """SpaCy's way to find many texts; None where it is not installed."""
    try:
        import spacy  # noqa: PLC0415 - optional
        from spacy.matcher import PhraseMatcher  # noqa: PLC0415
    except ImportError:
        return None
    nlp = spacy.blank("xx")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("all", [nlp.make_doc(text) for text in texts])
    return lambda item: matcher(nlp.make_doc(f"{item.title}\n{item.summary}"))


# -- measuring ------------------------------------------------------------------------------------


def cost(call: Callable[[Item], object], sample: Sequence[Item], rounds: int) -> float:
    """CPU time an item in microseconds, the median of some rounds."""
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        for item in sample:
            call(item)
        spent.append(time.process_time() - started)
    return statistics.median(spent) / len(sample) * 1e6


def resident() -> float:
    """Megabytes this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def ready(folder: Path) -> tuple[RuleSet, Matcher, float, float]:
    """Rule set and matcher, the CPU seconds and the megabytes it took to get them."""
    gc.collect()
    before, started = resident(), time.process_time()
    rule_set = rules.load(folder)
    matcher = rules.compile_rules(rule_set)
    seconds = time.process_time() - started
    gc.collect()
    return rule_set, matcher, seconds, resident() - before


def bench(count: int) -> None:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        write_rules(Path(folder), count)
        rule_set, matcher, seconds, megabytes = ready(Path(folder))
    sample = items(rule_set)
    matches = sum(len(matcher.match(item)) for item in sample) / len(sample)
    ours = cost(matcher.match, sample, rounds=7)
    few = sample[:: max(1, count // 100)][:60] or sample[:6]
    naive = naive_rules(rule_set)
    regexes = cost(lambda item: loop_of_regexes(naive, item), few, rounds=1)
    texts = sorted(
        {fold(text) for one in rule_set.rules.values() for text in _texts(one.tree, rule_set)}
    )
    substrings = cost(lambda item: loop_of_substrings(texts, item), few, rounds=1)
    theirs = phrase_matcher(texts)
    spacys = f"{cost(theirs, few, rounds=3):>7.0f}" if theirs else "      -"
    print(
        f"{count:>7} {ours:>9.1f} {matches:>8.2f} {regexes:>11.0f} {regexes / ours:>7.0f}x"
        f" {substrings:>10.0f} {substrings / ours:>7.0f}x {spacys} {seconds:>9.2f} {megabytes:>7.1f}"
    )


def main(counts: Sequence[int]) -> None:
    """The table."""
    for language in LANGUAGES:
        words(language)
    print(
        "  rules  us an item  matches  regex loop          `in` loop            spaCy s to ready      MB"
    )
    for count in counts:
        bench(count)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [10, 1000, 10_000])
