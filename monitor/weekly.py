"""The weekly job: on Mondays those who run the service are told what each rule was good for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import rules, show, stats
from monitor.errors import RuleError
from monitor.model import Line, Notice
from monitor.rules.coverage import coverage
from monitor.store import figures, outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from monitor.model import Outlet
    from monitor.stats import RuleFigures
    from monitor.store.database import Database
    from monitor.store.figures import Counts

MOST_RULES = 8
RHYTHM = timedelta(days=30)
"""How much must be known of a rule to say that it is silent."""
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MONDAY = 0


def is_due(at: str, local: datetime) -> bool:
    """Whether it is Monday, and the time of day has come; "" for never."""
    return bool(at) and local.weekday() == _MONDAY and f"{local:%H:%M}" >= at


class Weekly:
    """Tells of the week once."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        outlets: Sequence[Outlet],
        *,
        channel: str,
        at: str,
        timezone: tzinfo,
        clock: Callable[[], datetime],
    ) -> None:
        """Make the job.

        Args:
            database: What is told of.
            folder: The rule files.
            outlets: Of the feeds that are followed.
            channel: Where it is told; "" for nowhere.
            at: The time of day, "09:00"; "" for never.
            timezone: Of that day.
            clock: The time.
        """
        self._database = database
        self._folder = folder
        self._outlets = outlets
        self._channel = channel
        self._at = at
        self._timezone = timezone
        self._clock = clock

    def __call__(self) -> None:
        """Tell of the week, if it is time and nobody did.

        Raises:
            StoreError: The database refused.
        """
        now = self._clock()
        local = now.astimezone(self._timezone)
        if not self._channel or not is_due(self._at, local):
            return
        year, week, _ = local.isocalendar()
        name = f"weekly:{year}-{week}"
        week_ago = now - _WEEK
        with self._database.reading() as tx:
            first = figures.first_item(tx, since=now - RHYTHM)
            if outbox.was_notified(tx, name) or first is None or first > week_ago + _DAY:
                return  # nor is there a week to tell of, where the first item is of these days
        try:
            rule_set = rules.load(self._folder)
        except RuleError:
            return  # that is told elsewhere; when it is mended, this is
        with self._database.reading() as tx:
            (counts,) = figures.between(tx, [week_ago, now])
            told, long_ago = figures.told(tx, since=week_ago), now - RHYTHM
            found = stats.rule_figures(
                rule_set,
                coverage(rule_set, self._outlets),
                figures.found(tx, since=long_ago),
                told,
                today=local.date(),
                timezone=self._timezone,
            )
        notice = report(counts, found)
        with self._database.transaction() as tx:
            outbox.notify(tx, notice, name=name, channel=self._channel, now=now)


def report(counts: Counts, found: Sequence[RuleFigures]) -> Notice:
    """What to say of a week, what needs somebody first."""
    heading = (
        f"The week: {counts.items:,} new items, {counts.matched:,} matched a rule, "
        f"{show.plural(counts.alerts, 'alert', 'alerts')}"
    )
    return Notice(heading, (*_remarks(found), *_rules(found)))


def _remarks(found: Sequence[RuleFigures]) -> Iterator[Line]:
    silent = [f"{one.rule} ({one.silent_days} d)" for one in found if one.silent_days]
    if silent:
        yield Line(f"Silent, unlike them: {', '.join(silent[:MOST_RULES])}")
    for one in [one for one in found if one.noisy][:MOST_RULES]:
        _, name, alerts, out_of_place = one.noisy[0]
        said = f"{out_of_place} of {alerts} alerts with it not relevant"
        yield Line(f"Noisy in {one.rule}: “{name}”, {said}")
    blind = [
        f"{one.rule} ({', '.join(one.coverage.blind)})"
        for one in found
        if one.coverage and one.coverage.blind
    ]
    if blind:
        yield Line(f"No words for languages of their feeds: {', '.join(blind[:MOST_RULES])}")


def _rules(found: Sequence[RuleFigures]) -> Iterator[Line]:
    ranked = sorted(found, key=lambda one: -one.alerts)
    told = [one for one in ranked if one.alerts]
    for one in told[:MOST_RULES]:
        marked = f", {one.irrelevant} not relevant ({one.share:.0%})" if one.irrelevant else ""
        yield Line(f"{one.rule}: {show.plural(one.alerts, 'alert', 'alerts')}{marked}")
    rest = len(found) - min(len(told), MOST_RULES)
    if rest:
        said = "more" if len(told) > MOST_RULES else "without an alert"
        yield Line(f"{show.plural(rest, 'rule', 'rules')} {said}: `monitor rules stats`")
