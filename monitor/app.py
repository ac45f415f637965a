"""The composition root: builds the parts from a config, starts them, stops them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor import __version__, checkup, show
from monitor.answering import Answering
from monitor.canary import EVERY as CANARY_EVERY
from monitor.canary import Canary
from monitor.config import receiver_in_use
from monitor.deliver import Deliver, Pacing
from monitor.errors import ConfigError, StoreError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.reading import Reading
from monitor.feeds.schedule import PATIENCE
from monitor.intake import Intake
from monitor.listening import Listening
from monitor.maintain import Maintain
from monitor.model import Line, Notice
from monitor.ops import Ops
from monitor.plan import Plan
from monitor.poll import Poll
from monitor.receivers import Answerer, Updater
from monitor.receivers.console import ConsoleReceiver
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.socket import Socket
from monitor.receivers.slack.webhook import WebhookReceiver
from monitor.recent import RecentStories
from monitor.reload import Reload
from monitor.review import Review
from monitor.scheduler import Scheduler
from monitor.steady import Steady
from monitor.store import feeds as stored_feeds
from monitor.store import migrate, outbox, pauses
from monitor.store.clock import Timekeeper
from monitor.store.database import Database, InstanceLock, sqlite_file
from monitor.store.outbox import Held, State
from monitor.update import Update
from monitor.web.about import About
from monitor.web.gate import Gate
from monitor.web.server import Server, split
from monitor.web.site import Site
from monitor.weekly import Weekly
from monitor.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from monitor.checkup import Report
    from monitor.config import Config
    from monitor.credentials import Secrets
    from monitor.receivers import Ear, Receiver
    from monitor.store.database import Transaction

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
STUCK = timedelta(minutes=5)
"""A job silent for longer than its slowest step (a look-up in many pages, a parse) hangs."""
ESSENTIAL = ("polling", "delivery")
"""The jobs without which the service fails."""
ONCE_PATIENCE = timedelta(minutes=2)
"""A single run in which no message arrives for so long ends, and says what is left."""
LONG_OUTAGE = timedelta(hours=1)
"""After no feed was read for so long, what came meanwhile is a flood."""
GATHERING = timedelta(minutes=3)
"""In so long every feed is asked after a start."""
_SOON = timedelta(minutes=1)
_OPS_TICK = timedelta(seconds=10)
_OF_SLACK = {"delivery", "updating", "telling ops", "listening"}
_WATCH_S = 0.25
SET = timedelta(seconds=2)
"""A server's clock that moved this much against ours was set."""
PLAN_EVERY = timedelta(minutes=5)
START_PACE = 10.0
"""Feeds asked in a second after a start, for their answers come all at once as well."""
START_WITHIN = timedelta(minutes=1)
"""However many they are: news that came meanwhile has waited long enough."""
GRACE = timedelta(seconds=8)
"""How long a stop waits for the transaction and the message at hand."""


def now() -> datetime:
    """The time, as every job gets it."""
    return datetime.now(UTC)


def make_fetcher(config: Config) -> Fetcher:
    """A fetcher that tells feed owners who asks, and whom to write to."""
    contact = f" (+{config.service.contact})" if config.service.contact else ""
    return Fetcher(config.polling, user_agent=f"news-monitor/{__version__}{contact}")


def make_receiver(config: Config, secrets: Secrets) -> Receiver:
    """The receiver that the config and the secrets at hand allow."""
    kind, reason = receiver_in_use(config, secrets)
    log.info("receiver chosen: receiver=%s reason=%s", kind, reason)
    if kind == "slack" and secrets.slack_bot_token:
        return SlackReceiver(
            secrets.slack_bot_token,
            api_url=config.slack.api_url,
            service=config.service.name,
            timeout=config.slack.timeout.total_seconds(),
            buttons=secrets.slack_app_token is not None,
        )
    if kind == "webhook" and secrets.slack_webhook_url:
        return WebhookReceiver(
            secrets.slack_webhook_url,
            service=config.service.name,
            timeout=config.slack.timeout.total_seconds(),
        )
    return ConsoleReceiver(timezone=config.service.timezone)


def make_ear(config: Config, secrets: Secrets) -> Ear | None:
    """Where clicks and commands come from; None where there are none."""
    kind, _ = receiver_in_use(config, secrets)
    if kind != "slack" or secrets.slack_app_token is None:
        return None
    timeout = config.slack.timeout.total_seconds()
    return Socket(secrets.slack_app_token, api_url=config.slack.api_url, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a single run ended."""

    failing: int
    """Feeds that could not be polled."""
    left: tuple[Held, ...]
    """What was not delivered."""


class Service:
    """The whole service on one database. A context manager: leaving it frees everything.

    Args:
        config: What to do.
        receiver: Who takes the alerts.
        ear: Where it is heard what people do; None where nobody can do anything.
        token: What opens the status page; "" for none.
        file: The config file, as errors name it.
        listens: Whether it answers on web.listen while it runs.
        clock: This machine's time; where processes share a database, its server's counts instead.
        wait: Lets some seconds pass.

    Raises:
        RuleError: The rule files are wrong; nothing was started or changed.
        ConfigError: The address of web.listen is taken; nothing was started or changed.
        DatabaseInUse: Another instance runs on the same SQLite file.
        StoreError: The database can't be used.
    """

    def __init__(
        self,
        config: Config,
        receiver: Receiver,
        *,
        ear: Ear | None = None,
        token: str = "",
        file: str = "config.toml",
        listens: bool = True,
        clock: Callable[[], datetime] = now,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._clock = clock
        self._wait = wait
        self._stopping = False
        self._clock_was_set = False
        self._web: Server | None = None
        self._listening: Listening | None = None
        self._open = contextlib.ExitStack()
        self._open.callback(receiver.close)
        try:
            if listens and config.web.listen:
                self._web = self._open.enter_context(_listening(config, file))
            self._build(config, receiver)
            self._listen_with(ear, receiver)
            self._site = self._make_site(config, token)
        except BaseException:
            self._open.close()
            raise

    def _build(self, config: Config, receiver: Receiver) -> None:
        # Rules before the database: a broken rule file must not cost a migration.
        outlets = [feed.to_feed().outlet for feed in config.feeds]
        self._reload = Reload(Path(config.rules.path), clock=self._clock, outlets=outlets)
        self._database = Database(config.database.url)
        lock = InstanceLock(self._database.path) if self._database.path else None
        if lock:
            self._open.callback(lock.release)
        self._open.enter_context(self._database)
        self._upgrade(lost=lock is not None and lock.was_there)
        self._clock = self._time = Timekeeper(self._database, self._clock)
        self._recent = RecentStories(config.stories)
        fetcher = self._open.enter_context(make_fetcher(config))
        self._reading = self._open.enter_context(Reading())
        self._plan = Plan(self._database, config.polling, clock=self._clock)
        self._poll = Poll(
            self._database,
            fetcher,
            self._reading,
            self._intake,
            config.polling,
            plan=self._plan,
            clock=self._clock,
        )
        self._threads = isinstance(receiver, Updater)
        self._update = Update(self._database, receiver, clock=self._clock, wait=self._wait)
        self._deliver = Deliver(
            self._database,
            receiver,
            Pacing(config.slack.pace, config.slack.settle, config.slack.timeout),
            update=self._update,
            collapse_above=config.alerts.collapse_above,
            hourly=config.alerts.hourly,
            loudness=config.alerts.loudness(config.service.timezone),
            clock=self._clock,
            wait=self._wait,
        )
        self._ops = Ops(
            self._database,
            receiver,
            channel=config.alerts.ops_channel,
            heartbeat=config.alerts.heartbeat,
            timezone=config.service.timezone,
            rules=lambda: self._reload.problems,
            jobs=self._failing_jobs,
            canary=self._canary_said,
            clock=self._clock,
        )
        ops_channel = config.alerts.ops_channel if self._threads else ""
        self._review = Review(
            self._database,
            self._reload,
            ops_channel=ops_channel,
            channel=config.alerts.channel,
            by_severity=config.alerts.routes,
            lookback=config.polling.lookback,
            window=config.stories.window,
            clock=self._clock,
            wait=self._wait,
        )
        self._weekly = Weekly(
            self._database,
            Path(config.rules.path),
            outlets,
            channel=ops_channel,
            at=config.alerts.heartbeat,
            timezone=config.service.timezone,
            clock=self._clock,
        )
        self._canary = Canary(self._database, rules=lambda: self._reload.matcher, clock=self._clock)
        self._workspace = Workspace(self._database, receiver)
        self._maintain = Maintain(self._database, keep=config.database.retention, clock=self._clock)
        self._periods = self._steady_jobs()
        self._recover()

    def _listen_with(self, ear: Ear | None, receiver: Receiver) -> None:
        if ear is None or not isinstance(receiver, Answerer):
            return
        answering = Answering(
            self._database,
            receiver,
            matcher=lambda: self._reload.matcher,
            status=self._status,
            clock=self._clock,
        )
        self._listening = Listening(self._database, ear, answering, clock=self._clock)
        self._open.callback(self._listening.close)
        self._periods[Steady("listening", self._listening, may_take=STUCK)] = TICK

    def _make_site(self, config: Config, token: str) -> Site:
        about = About(
            name=config.service.name,
            version=__version__,
            timezone=config.service.timezone,
            database=self._database,
            report=self.report,
            unready=self._unready,
            rules=lambda: self._reload.matcher.rules,
            rule_set=lambda: self._reload.version,
            problems=lambda: self._reload.problems,
            clock=self._clock,
        )
        host, _ = split(config.web.listen or "127.0.0.1:0")
        return Site(about, Gate(host, names=config.web.hosts, token=token))

    def _unready(self) -> list[str]:
        """Why it can't work yet or any more; rules are there since the start."""
        missing = ["the service is stopping"] if self._stopping else []
        try:
            migrate.require_latest(self._database)
        except StoreError as error:
            missing.append(str(error))
        return missing

    def _status(self) -> Notice:
        """How the service is, for whoever asks on Slack."""
        report = self.report()
        return Notice(f"The service is {report.status}", tuple(map(Line, report.lines)))

    def _upgrade(self, *, lost: bool) -> None:
        """Bring the database to this version's schema; `lost`: one was here before."""
        before = migrate.upgrade(self._database)
        if before == migrate.NONE and lost:
            log.warning(
                "the database that was here before is gone or empty, a new one was begun: %s. Feeds "
                "count as seen for the first time. If that is not what you want, stop, put the "
                "newest backup back (docs/operations.md), start again",
                self._database.path,
            )
        elif before == migrate.NONE:
            log.info("database made: schema=%s", migrate.latest())
        elif before:
            log.info("database upgraded: from=%s to=%s", before, migrate.latest())

    def _steady_jobs(self) -> dict[Steady, timedelta]:
        """The jobs and the time between two starts of each."""
        poll, deliver, update = self._poll, self._deliver, self._update
        hour = timedelta(hours=1)
        return {
            Steady("polling", poll, may_take=STUCK, alive_at=lambda: poll.alive_at): TICK,
            Steady("delivery", deliver, may_take=STUCK, alive_at=lambda: deliver.alive_at): TICK,
            Steady("updating", update, may_take=STUCK, alive_at=lambda: update.alive_at): TICK,
            Steady("telling ops", self._ops, may_take=STUCK): _OPS_TICK,
            Steady("reloading", self._reload, may_take=STUCK): TICK,
            Steady("re-planning", self._replan, may_take=STUCK): TICK,
            Steady("planning", self._plan, may_take=hour): PLAN_EVERY,
            Steady(
                "reviewing", self._review, may_take=STUCK, alive_at=lambda: self._review.alive_at
            ): _OPS_TICK,
            Steady("the weekly report", self._weekly, may_take=STUCK): _SOON,
            Steady("canary", self._canary, may_take=3 * CANARY_EVERY): CANARY_EVERY,
            Steady("finding the workspace", self._workspace, may_take=STUCK): _SOON,
            Steady("maintenance", self._maintain, may_take=3 * hour): hour,
        }

    def _intake(self) -> Intake:
        return Intake(
            self._reload.matcher,
            channel=self._config.alerts.channel,
            by_severity=self._config.alerts.routes,
            lookback=self._config.polling.lookback,
            recent=self._recent,
            threads=self._threads,
            tempo=self._config.alerts.tempo,
        )

    def _recover(self) -> None:
        """Put in order what a killed process left behind."""
        alone = self._database.path is not None
        feeds = [feed.to_feed() for feed in self._config.feeds]

        def recover(tx: Transaction) -> None:
            stored_feeds.sync(tx, feeds, now=self._clock())
            if alone:
                stored_feeds.release_leases(tx)

        self._database.run(recover)  # replicas may start at the same moment
        self._deliver.start(alone=alone)

    def _gather(self) -> None:
        """After a long outage tell what came meanwhile in digests, once every feed was asked."""
        with self._database.reading() as tx:
            last = max(
                (one.last_ok_at for one in stored_feeds.states(tx) if one.last_ok_at), default=None
            )
        now = self._clock()
        if last and now - last > LONG_OUTAGE:
            self._deliver.gather(now + GATHERING)
            log.info("alerts are gathered after an outage: since=%s for=%s", last, GATHERING)

    @property
    def jobs(self) -> tuple[Steady, ...]:
        """What it does again and again."""
        return tuple(self._periods)

    def _failing_jobs(self) -> list[str]:
        """What ops hear of the jobs: not a hiccup, and nothing about Slack."""
        conditions = [job.condition() for job in self.jobs if job.name not in _OF_SLACK]
        minute = _SOON.total_seconds()
        return [
            f"{one.name}: {one.error or 'it hangs'}"
            for one in conditions
            if one.hangs or (one.failing_s or 0) > minute
        ]

    def _canary_said(self) -> str:
        """What ops hear of the canary once a day."""
        found = next(one for one in map(Steady.condition, self.jobs) if one.name == "canary")
        if found.ok_s is None:
            return "" if found.works else f"The canary has never got through: {found.error}"
        return f"The canary got through {show.span(found.ok_s)} ago"

    def clock_was_set(self) -> None:
        """What is due is planned anew, as soon as the database takes it."""
        # A flag, not the work: a database that refuses must not end the thread that watches.
        self._clock_was_set = True

    def report(self) -> Report:
        """How the service is now."""
        conditions = [job.condition() for job in self.jobs]
        return checkup.examine(
            self._database,
            conditions,
            essential=ESSENTIAL,
            rules=self._reload.problems,
            now=self._clock(),
        )

    def run(self) -> None:
        """Work until `stop` is called, in this thread and some of its own.

        Raises:
            StoreError: The database refused before anything was begun.
        """
        self._gather()
        self._spread_due()
        scheduler = Scheduler()
        for job, period in self._periods.items():
            scheduler.every(period, job, name=job.name)
        if self._web:
            self._web.answer_with(self._site)
        scheduler.start()
        log.info(
            "service started: version=%s feeds=%d rules=%d",
            __version__,
            len(self._config.feeds),
            len(self._reload.matcher.rules),
        )
        try:
            while not self._stopping:
                time.sleep(_WATCH_S)
                if scheduler.clock_was_set():
                    self.clock_was_set()
        finally:
            self._end(scheduler)

    def _end(self, scheduler: Scheduler) -> None:
        log.info("stopping: the work at hand is finished first")
        watchdog = threading.Timer(GRACE.total_seconds(), _leave)
        watchdog.daemon = True
        watchdog.start()
        self.stop()
        self._reading.close()
        scheduler.stop()
        if self._listening:
            self._listening.close()
        watchdog.cancel()
        log.info("service stopped")

    def _spread_due(self) -> None:
        """Let the feeds that became due while the service was off come one after the other."""
        longest = self._config.polling.interval * PATIENCE

        def spread(tx: Transaction) -> None:
            now = self._clock()
            stored_feeds.wake(tx, now=now, longest=longest)
            stored_feeds.spread_due(tx, now=now, pace=START_PACE, longest=START_WITHIN)

        self._database.run(spread)

    def _replan(self) -> None:
        """After the clock was set back, what is due in an hour by the old clock is due too late."""
        moved = self._time.sync()
        if abs(moved) > SET:
            log.warning("the database's clock was set: by=%.0fs", moved.total_seconds())
        elif not self._clock_was_set:
            return
        soon = self._clock() + _SOON
        with self._database.transaction() as tx:
            stored_feeds.due_by(tx, self._clock() + self._config.polling.interval)
            outbox.due_by(tx, soon)
            pauses.due_by(tx, soon)
        self._clock_was_set = False

    def stop(self) -> None:
        """End `run` soon: the current transaction and message are finished. Safe in a signal handler."""
        # Plain flags: a signal handler must not take a lock that the thread it interrupts may hold.
        self._stopping = True
        for job in self._periods:
            job.stop()
        self._poll.stop()
        self._deliver.stop()
        self._update.stop()
        self._review.stop()
        if self._listening:
            self._listening.stop()
        self._maintain.stop()

    def once(self) -> Ended:
        """Poll every feed now and deliver what can be; ends where Slack takes nothing for minutes.

        Raises:
            StoreError: The database refused.
        """
        with self._database.transaction() as tx:
            stored_feeds.make_due(tx, now=self._clock())
        self._poll()
        self._deliver_all()
        self._update()
        with self._database.reading() as tx:
            failing = sum(state.failures > 0 for state in stored_feeds.states(tx))
            return Ended(failing, outbox.undelivered(tx))

    def _deliver_all(self) -> None:
        """Deliver until nothing is left, nothing can be sent soon, or nothing has arrived for long."""
        left = self._left()
        progress_at = self._clock()
        while not self._stopping and left:
            now = self._clock()
            if now - progress_at > ONCE_PATIENCE or not self._deliver.can_send_by(now + _SOON):
                return
            self._deliver()
            if (still := self._left()) < left:
                progress_at = self._clock()
            left = still
            self._wait(_WATCH_S)

    def _left(self) -> int:
        with self._database.reading() as tx:
            return sum(
                held.number for held in outbox.undelivered(tx) if held.state is not State.DEAD
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()


def _listening(config: Config, file: str) -> Server:
    try:
        return Server(config.web.listen, file=file)
    except ConfigError:
        # Mostly the port is taken because the service runs already: then that is what to say.
        path = sqlite_file(config.database.url)
        if path and path.exists():
            InstanceLock(path).release()
        raise


def _leave() -> None:
    # Something hangs outside our reach (a receiver that does not answer). What was promised is in the
    # database, and what was being sent is looked up at the next start.
    log.warning("leaving without the last answer: it is looked up at the next start")
    logging.shutdown()
    os._exit(0)
