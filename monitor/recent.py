"""The recent stories: held in memory for speed, in the database for truth.

Grouping happens inside the caller's transaction. A transaction that fails, a restart, another replica
and an analyst's correction are all the same here: what was read no longer holds, and is read again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.rules.garbage import no_collections
from monitor.store import alerts as stored_alerts
from monitor.store import mutes
from monitor.store import stories as stored_stories
from monitor.store.stories import Position
from monitor.stories import report as reports
from monitor.stories.grouping import ALGORITHM
from monitor.stories.settings import StoriesSettings
from monitor.stories.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Assignment, Change, Concept, Item
    from monitor.store.database import Transaction

_EARLIEST = timedelta(hours=48)
"""A date further back than this before we saw the item is not believed."""


class RecentStories:
    """The stories that an item may still join. For one thread at a time."""

    def __init__(self, settings: StoriesSettings | None = None) -> None:
        self._settings = settings or StoriesSettings()
        self._window = Window(self._settings.window)
        self._read = Position()

    def catch_up(self, tx: Transaction, *, now: datetime) -> None:
        """Know what the database knows, until the transaction ends."""
        stored_stories.lock(tx)
        since = now - self._settings.window
        if not stored_stories.holds(tx, self._read):
            self._window = Window(self._settings.window)
            for one, other in stored_stories.parted(tx, since=since - self._settings.window):
                self._window.keep_apart(one, other)
            self._read = Position()
        with no_collections():
            for row in stored_stories.grouped(tx, after=self._read.row, since=since):
                self._window.add(reports.from_json(row.report), row.story, seen=row.added_at)
        self._window.forget_before(since)
        self._read = stored_stories.position(tx)

    def own_words(self, item: Item) -> Item:
        """The item without what its outlet writes below other headlines too. After `catch_up`."""
        return self._window.own_words(item)

    def place(
        self,
        tx: Transaction,
        id_: int,
        item: Item,
        concepts: Sequence[Concept],
        *,
        now: datetime,
    ) -> tuple[int, Assignment]:
        """Put an item into its story: the story, and why. After `catch_up`, in its transaction."""
        report = self._window.report(id_, item, concepts, at=happened(item, now=now))
        assignment = self._window.decide(report)
        if assignment.merge is not None and assignment.story is not None:
            self._merge(tx, assignment.merge, assignment.story, now=now)
        story, row = stored_stories.add(
            tx,
            id_,
            assignment,
            report=reports.to_json(report),
            algorithm=ALGORITHM,
            now=now,
        )
        self._window.add(report, story, seen=now)
        self._read = Position(row, id_, self._read.change)
        return story, assignment

    def revise(
        self,
        tx: Transaction,
        id_: int,
        item: Item,
        concepts: Sequence[Concept],
        story: int,
        *,
        now: datetime,
    ) -> tuple[Change, ...]:
        """Take in what a member of a story says now: what that changes in the story, none if it is old.

        After `catch_up`, in its transaction. Another replica learns of it at its next restart.
        """
        report = self._window.report(id_, item, concepts, at=happened(item, now=now))
        changes = self._window.revise(report, story)
        if changes is None:
            return ()
        stored_stories.revise(tx, id_, report=reports.to_json(report))
        return changes

    def _merge(self, tx: Transaction, gone: int, into: int, *, now: datetime) -> None:
        change = merge(tx, gone, into, by=stored_stories.GROUPING, now=now)
        self._read = Position(self._read.row, self._read.item, change)
        self._window.merge(gone, into)


def merge(tx: Transaction, gone: int, into: int, *, by: str, now: datetime) -> int:
    """Make two stories one, with what their channels were told; returns the number of the change."""
    stored_alerts.merge(tx, gone=gone, into=into, now=now)
    mutes.merge(tx, gone=gone)
    return stored_stories.merge(tx, gone, into, by=by, now=now)


def happened(item: Item, *, now: datetime) -> datetime:
    """When an item's event was reported: its date where that is believable, else the time we saw it."""
    if item.published is None:
        return now
    return min(max(item.published, now - _EARLIEST), now)
