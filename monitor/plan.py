"""The plan job: how patient all feeds must be so that their polls stay within the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.feeds import rhythm, schedule
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.feeds.settings import PollingSettings
    from monitor.store.database import Database


class Plan:
    """Looks at the rhythms of all feeds now and then; replicas come to the same result."""

    def __init__(
        self, database: Database, settings: PollingSettings, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self.threshold = schedule.first_threshold(settings)
        """How much delay makes a feed due, see `schedule.threshold`."""

    def __call__(self) -> None:
        """Plan anew.

        Raises:
            StoreError: The database refused; the last plan stays.
        """
        now = self._clock()
        with self._database.reading() as tx:
            stored = stored_feeds.rhythms(tx)
        feeds = ((own, rhythm.unpack(packed, now=now.timestamp())) for own, packed in stored)
        self.threshold = schedule.threshold(feeds, self._settings, now=now, before=self.threshold)
