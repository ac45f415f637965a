"""`monitor match`: items of a file matched and grouped in their order, without feeds or database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.model import Assignment, Outcome
from monitor.rules import jsonl
from monitor.stories import grouping
from monitor.stories.grouping import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Item
    from monitor.rules import Matcher


class Stories:
    """The stories of one file, kept in memory; grouped by the same function as the service's."""

    def __init__(self) -> None:
        self._by_title: dict[str, list[Candidate]] = {}
        self._stories = 0
        self._items = 0

    def add(self, item: Item) -> tuple[int, int, Assignment]:
        """Put a matched item into a story: its own number, its story's, and why."""
        # A file has no arrival times: an item without a date came with the one before it.
        now = item.published or datetime.fromtimestamp(0, UTC)
        self._items += 1
        key = grouping.title_key(item.title)
        same = self._by_title.setdefault(key, []) if key else []
        assignment = grouping.assign(item.outlet.name, same, now=now)
        if assignment.outcome is not Outcome.FOLD or assignment.story is None:
            self._stories += 1
        story = assignment.story or self._stories
        same.append(Candidate(self._items, story, item.outlet.name, now))
        return self._items, story, assignment


def match_lines(
    lines: Iterable[str], matcher: Matcher, *, file: str, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """One answer for each line of input, as soon as it is read.

    With `explain` each also says, for every rule that does not match, which clause fails and why.

    Raises:
        ConfigError: A line is not an item; says which and why.
    """
    stories = Stories()
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
