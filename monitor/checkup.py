"""What does not work now, in words: for /healthz, `monitor health` and whoever is on duty.

Failing means that a restart or a person at the machine may help: a job or the database does not work.
Degraded means that the service does what it can while somebody else must mend something, such as a
token that Slack refuses; restarting it would mend nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import show
from monitor.errors import StoreError
from monitor.store import feeds as stored_feeds
from monitor.store import outbox, pauses
from monitor.store.outbox import State
from monitor.store.pauses import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from monitor.steady import Condition
    from monitor.store.database import Database, Transaction
    from monitor.store.outbox import Held

LATE = timedelta(minutes=15)
"""An alert that waits longer is worth a word: a full channel of twenty needs half a minute."""
UNCLEAR = timedelta(minutes=5)
"""An answer that is unclear for longer: most are cleared up within a minute."""
SILENT = timedelta(minutes=15)
"""A feed that fails for less mends itself mostly."""
_LIST = "`monitor alerts list --undelivered` shows them"


@dataclass(frozen=True, slots=True)
class Report:
    """How the service is."""

    failing: tuple[str, ...]
    degraded: tuple[str, ...]
    jobs: tuple[Condition, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that does not work."""
        return (*self.failing, *(f"degraded: {line}" for line in self.degraded))

    @property
    def status(self) -> str:
        """ok, degraded or failing."""
        return "failing" if self.failing else "degraded" if self.degraded else "ok"


def examine(
    database: Database,
    jobs: Sequence[Condition],
    *,
    essential: Iterable[str],
    rules: Sequence[str] = (),
    now: datetime,
) -> Report:
    """How the service is; without the essential jobs it fails, without another it is degraded.

    `rules` is what is wrong in the rule files, while those before them stay in force.
    """
    needed = set(essential)
    failing = [_of_job(job) for job in jobs if not job.works and job.name in needed]
    degraded = [_of_job(job) for job in jobs if not job.works and job.name not in needed]
    degraded += _of_rules(rules)
    try:
        failing += database.troubles()
        degraded += database.warnings()
        with database.reading() as tx:
            degraded += _of_feeds(tx, now)
            degraded += _of_delivery(tx, now)
    except StoreError as error:
        if not any(str(error) in one for one in failing):
            failing.append(str(error))
    return Report(tuple(failing), tuple(degraded), tuple(jobs))


def _of_job(job: Condition) -> str:
    if job.failing_s is not None:
        return f"{job.name} has failed for {show.span(job.failing_s)}: {job.error}"
    return f"{job.name} hangs: it has made no progress for minutes; restart the service"


def _of_rules(problems: Sequence[str]) -> Iterator[str]:
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield f"the rule files are wrong, the last good ones stay in force: {problems[0]}{more}"


def _of_feeds(tx: Transaction, now: datetime) -> Iterator[str]:
    silent = stored_feeds.silent(tx, before=now - SILENT)
    if not silent.all:
        yield "no feed is followed: write [[feeds]] into the config, or `monitor feeds add URL`"
    elif silent.failing and silent.failing == silent.all:
        yield f"no feed can be read: {silent.error}; `monitor feeds list` shows each"
    elif silent.for_long:
        yield (
            f"{silent.for_long} of {silent.all} feeds can't be read for more than "
            f"{show.span(SILENT.total_seconds())}: `monitor feeds list` shows them"
        )


def _of_delivery(tx: Transaction, now: datetime) -> Iterator[str]:
    for pause in pauses.all_of(tx):
        if pause.cause is Cause.CREDENTIALS:
            yield f"no alert is delivered: {pause.error}"
        elif now < pause.until:
            yield f"alerts wait: {pause.error}"
    for held in outbox.undelivered(tx):
        said = _of_held(held, now)
        if said:
            yield said


def _of_held(held: Held, now: datetime) -> str:
    alerts = "1 alert" if held.number == 1 else f"{held.number} alerts"
    age = now - held.since
    waited = show.span(age.total_seconds())
    match held.state:
        case State.PARKED:
            return f"{held.channel} takes no alerts: {held.error}"
        case State.DEAD:
            return (
                f"{alerts} for {held.channel} refused for good: {held.error}; {_LIST}, "
                "`monitor alerts retry` sends them again"
            )
        case State.UNKNOWN if age > UNCLEAR:
            return (
                f"whether an alert reached {held.channel} is not known for {waited}, and later ones "
                f"wait: {held.error}"
            )
        case State.PENDING if age > LATE:
            return f"{alerts} for {held.channel} wait, the oldest for {waited}"
    return ""
