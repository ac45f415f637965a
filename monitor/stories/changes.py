"""What a report that joins a story changes in it. Pure; whether that is told is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.stories.report import Report
    from monitor.stories.story import Story

_ROUNDED = 0.05
"""Figures this near to each other are one figure, rounded."""
_NAMES = {
    "person": ChangeKind.PERSON,
    "organisation": ChangeKind.ORGANISATION,
    "place": ChangeKind.PLACE,
}


def changes(report: Report, story: Story) -> tuple[Change, ...]:
    """What a report says and no report of its story did, weightiest first."""
    found = [*_status(report, story), *_figures(report, story), *_names(report, story)]
    order = list(ChangeKind)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _status(report: Report, story: Story) -> Iterator[Change]:
    """Term lists that follow one that the story had, as the rule files say."""
    for one in report.concepts:
        before = [story.named[id_].name for id_ in one.follows if id_ in story.named]
        if before and one.id not in story.named:
            yield Change(ChangeKind.STATUS, f"{before[-1]}, now {one.name}")


def _figures(report: Report, story: Story) -> Iterator[Change]:
    """Another number of the same thing; in one language, for it is the same by the word after it."""
    for counted, figure in report.figures:
        before = story.figures.get((report.language, counted), ())
        value = float(figure)
        if before and all(abs(value - one) > _ROUNDED * max(value, one) for one in before):
            yield Change(ChangeKind.FIGURE, f"{before[-1]:.10g}, now {figure}")


def _names(report: Report, story: Story) -> Iterator[Change]:
    for one in report.concepts:
        if one.id not in story.named and (kind := _NAMES.get(one.kind)):
            yield Change(kind, one.name)
