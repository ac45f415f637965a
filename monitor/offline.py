"""`monitor match`: items of a file matched and grouped in their order, without feeds or database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.model import Outcome
from monitor.rules import jsonl
from monitor.stories.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Assignment, Item
    from monitor.rules import Matcher

_START = datetime.fromtimestamp(0, UTC)


class Stories:
    """The stories of one file, kept in memory; grouped by the same functions as the service's."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        # A file may be in any order and need not say when an item came: nothing expires.
        self._window = Window()
        self._stories = 0
        self._items = 0

    def add(self, item: Item) -> tuple[int, int, Assignment]:
        """Put a matched item into a story: its own number, its story's, and why."""
        self._items += 1
        item = self._window.own_words(item)
        concepts = self._matcher.concepts(item)
        report = self._window.report(self._items, item, concepts, at=item.published)
        assignment = self._window.decide(report)
        if assignment.outcome is Outcome.FOLD and assignment.story is not None:
            story = assignment.story
        else:
            self._stories += 1
            story = self._stories
        if assignment.merge is not None:
            self._window.merge(assignment.merge, story)
        self._window.add(report, story, seen=item.published or _START)
        return self._items, story, assignment


def match_lines(
    lines: Iterable[str], matcher: Matcher, *, file: str, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """One answer for each line of input, as soon as it is read.

    With `explain` each also says, for every rule that does not match, which clause fails and why.

    Raises:
        ConfigError: A line is not an item; says which and why.
    """
    stories = Stories(matcher)
    ids: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        id_, item = jsonl.read(line, file=file, number=number)
        answer = _answer(id_, item, matcher, stories, ids)
        if explain:
            failed = [one for one in matcher.explain(item) if not one.matched]
            answer["explain"] = {one.rule: f"{one.failed}: {one.cause}" for one in failed}
        yield answer


def _answer(
    id_: str, item: Item, matcher: Matcher, stories: Stories, ids: dict[int, str]
) -> dict[str, Any]:
    found = matcher.match(item)
    if not found:
        return jsonl.answer(id_, found)
    index, story, assignment = stories.add(item)
    ids[index] = id_
    copy_of = ids[assignment.copy_of] if assignment.copy_of else None
    return jsonl.answer(
        id_, found, story=f"s{story}", story_reason=assignment.reason, copy_of=copy_of
    )
