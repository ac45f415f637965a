"""Which entities and term lists an item mentions, whether or not a rule asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Concept
from monitor.rules.garbage import no_collections
from monitor.rules.hits import Vocabulary
from monitor.rules.model import Entity
from monitor.rules.parser import parse_entry
from monitor.rules.reading import Reading
from monitor.rules.surfaces import excluded_surfaces, respelled, surfaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Item
    from monitor.rules.model import Terms


class Concepts:
    """Finds all entities and term lists of a rule set in one pass."""

    def __init__(self, named: Sequence[Entity | Terms]) -> None:
        self._named = named
        vocabulary = Vocabulary()
        with no_collections():
            for number, one in enumerate(named):
                _fill(vocabulary, one, number)
            self._finder = vocabulary.finish()

    def find(self, item: Item) -> tuple[Concept, ...]:
        """What the item mentions, in the order of the rule files."""
        hits = self._finder.hits(Reading(item))
        found = ((self._named[number], len(hits[number])) for number in sorted(hits))
        return tuple(_concept(one, count) for one, count in found)


def _concept(named: Entity | Terms, count: int) -> Concept:
    if isinstance(named, Entity):
        return Concept(named.id, named.kind, named.name, count)
    return Concept(named.id, "", named.id.replace("-", " "), count, named.follows)


def _fill(vocabulary: Vocabulary, named: Entity | Terms, number: int) -> None:
    for language, names in named.names.items():
        for name in names:
            term = parse_entry(name)
            vocabulary.add(surfaces(term, language=language, kind=named.kind), number, name)
            if named.kind:
                vocabulary.add(respelled(term, language=language, kind=named.kind), number, name)
    for excluded in named.excluded:
        vocabulary.except_in(excluded_surfaces(parse_entry(excluded)), number)
