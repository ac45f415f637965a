"""The review job: what an edit of the rules would have changed is told to those who run the service."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import backtest, show
from monitor.model import Line, Notice
from monitor.store import history, outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.backtest import Difference, Key, Told
    from monitor.model import Severity
    from monitor.reload import Reload
    from monitor.rules import Matcher
    from monitor.store.database import Database

log = logging.getLogger(__name__)

REST = timedelta(minutes=1)
"""Who edits saves more than once: an edit is over when nothing was saved for so long."""
DAYS = 30
MOST_ITEMS = 200_000
"""Of more, fewer days are looked at: this must not go on for long beside the polls."""
EXAMPLES = 3
_STEP = 200
"""Items after which others have their turn, for as long as these took."""


class Review:
    """Notices that the rules in force were edited, and says what that would have changed."""

    def __init__(
        self,
        database: Database,
        reload: Reload,
        *,
        ops_channel: str,
        channel: str,
        by_severity: Mapping[Severity, Sequence[str]] | None = None,
        lookback: timedelta,
        window: timedelta,
        clock: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make the job.

        Args:
            database: The items.
            reload: Where the rules in force are found.
            ops_channel: Where it says so; "" for nowhere.
            channel: Of the rules that name none.
            by_severity: The same by the severity of the rule.
            lookback: At first sight of a feed, older items are not told.
            window: How long a story can be joined.
            clock: The time.
            wait: Lets some seconds pass.
        """
        self._database = database
        self._reload = reload
        self._ops_channel = ops_channel
        self._channel = channel
        self._by_severity = by_severity
        self._lookback = lookback
        self._window = window
        self._clock = clock
        self._wait = wait
        self._known = self._latest = (reload.fingerprint, reload.matcher)
        self._edited_at = clock()
        self._stopped = False
        self.alive_at = time.monotonic()
        """When it last did something, by the monotonic clock."""

    def stop(self) -> None:
        """End after the item at hand. Safe in a signal handler."""
        self._stopped = True

    def __call__(self) -> None:
        """Look for an edit that is over.

        Raises:
            StoreError: The database refused.
        """
        now = self._clock()
        present = (self._reload.fingerprint, self._reload.matcher)
        if present[0] != self._latest[0]:
            self._edited_at = now
        self._latest = present
        if present[0] == self._known[0] or now - self._edited_at < REST:
            return
        if self._ops_channel:
            days, difference = self._difference(present[1], self._known[1], now)
            if self._stopped:
                return
            self._tell(days, difference, f"{self._known[0]}:{present[0]}:{now.date()}", now)
        self._known = present

    def _difference(self, rules: Matcher, before: Matcher, now: datetime) -> tuple[int, Difference]:
        days = self._days(now)
        replay = backtest.Replay(
            rules,
            before,
            channel=self._channel,
            by_severity=self._by_severity,
            lookback=self._lookback,
            window=self._window,
        )
        began = time.monotonic()
        for past in history.oldest(self._database, since=now - timedelta(days=days)):
            replay.add(past)
            if self._stopped:
                break
            if replay.items % _STEP == 0:
                self._wait(time.monotonic() - began)
                self.alive_at = began = time.monotonic()
        return days, backtest.compare(replay.before, replay.after)

    def _days(self, now: datetime) -> int:
        days = DAYS
        with self._database.reading() as tx:
            while days > 1 and history.count(tx, since=now - timedelta(days=days)) > MOST_ITEMS:
                days //= 2
        return days

    def _tell(self, days: int, difference: Difference, name: str, now: datetime) -> None:
        added, lost = len(difference.added), len(difference.lost)
        log.info("rules reviewed: days=%d added=%d lost=%d", days, added, lost)
        if difference.is_none:
            return
        notice = Notice(heading(difference, days), tuple(self._lines(difference)))
        with self._database.transaction() as tx:
            outbox.notify(tx, notice, name=f"edit:{name}", channel=self._ops_channel, now=now)

    def _lines(self, difference: Difference) -> Iterator[Line]:
        for rule, (added, lost) in list(backtest.by_rule(difference).items())[:EXAMPLES]:
            yield Line(f"{rule}: {added} added, {lost} lost")
        if difference.moved:
            moved = show.plural(len(difference.moved), "story", "stories")
            yield Line(f"Of these, {moved} would only go to another channel")
        yield from self._examples("Added", difference.added)
        yield from self._examples("Lost", difference.lost)
        yield Line("`monitor backtest` shows more, also before an edit is saved")

    def _examples(self, said: str, found: tuple[tuple[Key, Told], ...]) -> Iterator[Line]:
        with self._database.reading() as tx:
            stored = [history.find(tx, told.item) for _, told in found[:EXAMPLES]]
        for one in stored:
            if one:
                yield Line(f"{said}: {one.item.title} ({one.item.outlet.name})")


def heading(difference: Difference, days: int) -> str:
    """What an edit would have changed, in a sentence."""
    parts = []
    if difference.added:
        parts.append(f"added {show.plural(len(difference.added), 'alert', 'alerts')}")
    if difference.lost:
        parts.append(f"lost {show.plural(len(difference.lost), 'alert', 'alerts')}")
    if difference.changed:
        parts.append(f"told {len(difference.changed)} for other rules")
    said = ", ".join(parts[:-1]) + " and " * (len(parts) > 1) + parts[-1]
    last = f"the last {show.plural(days, 'day', 'days')}"
    return f"Rules were edited: this would have {said} in {last}"
