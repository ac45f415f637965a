"""What names are found as, and what they really found: for analysts who prune their lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.parser import parse_entry
from monitor.rules.surfaces import Edge, excluded_surfaces, respelled, surfaces
from monitor.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Evidence, Item
    from monitor.rules.matcher import Matcher
    from monitor.rules.model import Entity, RuleSet, Terms

_BESIDE = {
    Edge.FREE: "anywhere",
    Edge.WORD: "as a word",
    Edge.SCRIPT_RUN: "as a whole run of katakana",
    Edge.PARTICLES: "with particles",
    Edge.COMPOUND: "with particles, in compounds",
    Edge.PREFIX: "with any ending",
}


@dataclass(frozen=True, slots=True)
class NameForms:
    """One name of an entity or list, and all texts it is found as; small letters stand for both."""

    named: str
    """The entity's or list's id."""
    language: str
    name: str
    """As its file has it."""
    beside: str
    """What may stand right of a form."""
    forms: tuple[str, ...]
    spellings: tuple[str, ...]
    """Other spellings in Latin letters."""
    struck_out: tuple[str, ...]
    """Forms that `except` names."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A word that a name found."""

    named: str
    name: str
    word: str
    items: int
    """How many items have it."""


def forms_of(rule_set: RuleSet, name: str = "") -> list[NameForms]:
    """The forms of every name, or of those of one entity or list."""
    wanted = map(rule_set.named, rule_set.members(name)) if name else rule_set.all_named
    return [one for named in wanted for one in _forms_of(named)]


def _forms_of(named: Entity | Terms) -> Iterator[NameForms]:
    struck = {
        text
        for excluded in named.excluded
        for text in excluded_surfaces(parse_entry(excluded)).texts
    }
    for language, names in named.names.items():
        for name in names:
            yield _forms_of_name(named, language, name, struck)


def _forms_of_name(named: Entity | Terms, language: str, name: str, struck: set[str]) -> NameForms:
    term = parse_entry(name)
    found = surfaces(term, language=language, kind=named.kind)
    texts = {found.exact} if found.exact else set(found.texts)
    others = set(respelled(term, language=language, kind=named.kind).texts) - texts
    return NameForms(
        named.id,
        language,
        name,
        "as written" if term.exact else _BESIDE[found.right],
        tuple(sorted(texts - struck)),
        tuple(sorted(others - struck)),
        tuple(sorted((texts | others) & struck)),
    )


def count_hits(matcher: Matcher, items: Iterable[Item]) -> list[Hit]:
    """Which words the names that rules use found, the commonest of each entity or list first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for item in items:
        counts.update({_found(one, item) for one in matcher.mentions(item)})
    hits = [Hit(*found, items) for found, items in counts.items()]
    return sorted(hits, key=lambda hit: (hit.named, -hit.items, hit.word, hit.name))


def _found(one: Evidence, item: Item) -> tuple[str, str, str]:
    text = {"title": item.title, "summary": item.summary, "content": item.content}[one.field]
    return one.term.removeprefix("@"), one.name, fold(_whole(text, one.start, one.end))


def _whole(text: str, start: int, end: int) -> str:
    """A mention with the particles and the parts of a compound that stand beside it."""
    while start and _is_hangul(text[start - 1]):
        start -= 1
    while end < len(text) and _is_hangul(text[end]):
        end += 1
    return text[start:end]


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"
