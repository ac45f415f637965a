"""The composition root: builds the parts from a config, starts them, stops them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from monitor import __version__
from monitor.config import receiver_in_use
from monitor.deliver import PACE, Deliver
from monitor.errors import StoreError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.reading import Reading
from monitor.health import HealthServer
from monitor.intake import Intake
from monitor.maintain import Maintain
from monitor.poll import Poll
from monitor.receivers.console import ConsoleReceiver
from monitor.receivers.slack.client import SlackReceiver
from monitor.receivers.slack.webhook import WebhookReceiver
from monitor.recent import RecentStories
from monitor.reload import Reload
from monitor.scheduler import Scheduler
from monitor.store import feeds as stored_feeds
from monitor.store import migrate, outbox
from monitor.store.database import Database, InstanceLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from monitor.config import Config
    from monitor.credentials import Secrets
    from monitor.receivers import Receiver

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
STUCK = timedelta(minutes=3)
"""A job silent for longer than its slowest step (a page of look-ups, a parse) hangs."""
_WATCH_S = 0.25
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
        )
    if kind == "webhook" and secrets.slack_webhook_url:
        return WebhookReceiver(
            secrets.slack_webhook_url,
            service=config.service.name,
            timeout=config.slack.timeout.total_seconds(),
        )
    return ConsoleReceiver(timezone=config.service.timezone)


class Service:
    """The whole service on one database. A context manager: leaving it frees everything.

    Raises:
        RuleError: The rule files are wrong; nothing was started or changed.
        DatabaseInUse: Another instance runs on the same SQLite file.
        StoreError: The database can't be used.
    """

    def __init__(
        self,
        config: Config,
        receiver: Receiver,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._config = config
        self._clock = clock
        self._stopping = False
        self._open = contextlib.ExitStack()
        try:
            self._build(config, receiver)
        except BaseException:
            self._open.close()
            raise

    def _build(self, config: Config, receiver: Receiver) -> None:
        # Rules first: a broken rule file must not cost a migration.
        self._reload = Reload(Path(config.rules.path), clock=self._clock)
        self._database = Database(config.database.url)
        if self._database.path:
            self._open.callback(InstanceLock(self._database.path).release)
        self._open.enter_context(self._database)
        before = migrate.upgrade(self._database)
        if before:
            log.info("database upgraded: from=%s to=%s", before, migrate.latest())
        self._open.callback(receiver.close)
        self._recent = RecentStories(config.stories)
        fetcher = self._open.enter_context(make_fetcher(config))
        self._reading = self._open.enter_context(Reading())
        self._poll = Poll(
            self._database,
            fetcher,
            self._reading,
            self._intake,
            config.polling,
            clock=self._clock,
        )
        self._deliver = Deliver(
            self._database,
            receiver,
            collapse_above=config.alerts.collapse_above,
            clock=self._clock,
            settle=config.slack.settle,
        )
        self._maintain = Maintain(self._database, keep=config.database.retention, clock=self._clock)
        self._recover()

    def _intake(self) -> Intake:
        return Intake(
            self._reload.matcher,
            channel=self._config.alerts.channel,
            lookback=self._config.polling.lookback,
            recent=self._recent,
        )

    def _recover(self) -> None:
        """Put in order what a killed process left behind."""
        alone = self._database.path is not None
        with self._database.transaction() as tx:
            feeds = [feed.to_feed() for feed in self._config.feeds]
            stored_feeds.sync(tx, feeds, now=self._clock())
            if alone:
                stored_feeds.release_leases(tx)
        self._deliver.start(alone=alone)

    def wrong(self) -> list[str]:
        """What does not work now, one sentence each."""
        latest = time.monotonic() - STUCK.total_seconds()
        jobs = (("polling", self._poll.alive_at), ("delivery", self._deliver.alive_at))
        wrong = [f"{name} has made no progress for {STUCK}" for name, at in jobs if at < latest]
        try:
            with self._database.reading() as tx:
                outbox.counts(tx)
        except StoreError as error:
            wrong.append(str(error))
        return wrong

    def run(self) -> None:
        """Work until `stop` is called, in this thread and some of its own."""
        scheduler = Scheduler()
        scheduler.every(TICK, _steady("poll", self._poll), name="poll")
        scheduler.every(TICK, _steady("deliver", self._deliver), name="deliver")
        scheduler.every(TICK, _steady("reload", self._reload), name="reload")
        scheduler.every(timedelta(hours=1), _steady("maintain", self._maintain), name="maintain")
        listen = self._config.web.listen
        if listen:
            self._open.enter_context(HealthServer(listen, self.wrong))
        scheduler.start()
        log.info(
            "service started: version=%s feeds=%d rules=%d",
            __version__,
            len(self._config.feeds),
            len(self._reload.matcher.rules),
        )
        while not self._stopping:
            time.sleep(_WATCH_S)
            if scheduler.clock_was_set():
                self._replan()
        log.info("stopping: the work at hand is finished first")
        watchdog = threading.Timer(GRACE.total_seconds(), _leave)
        watchdog.daemon = True
        watchdog.start()
        self._reading.close()
        scheduler.stop()
        watchdog.cancel()
        log.info("service stopped")

    def _replan(self) -> None:
        """After the clock was stepped back, what is due in an hour by the old clock is due too late."""
        latest = self._clock() + self._config.polling.interval
        with self._database.transaction() as tx:
            stored_feeds.due_by(tx, latest)

    def stop(self) -> None:
        """End `run` soon: the current transaction and message are finished. Safe in a signal handler."""
        # Plain flags: a signal handler must not take a lock that the thread it interrupts may hold.
        self._stopping = True
        self._poll.stop()
        self._deliver.stop()
        self._maintain.stop()

    def once(self, *, pause: Callable[[float], None] = time.sleep) -> tuple[int, int]:
        """Poll every feed now and deliver until nothing more can be; feeds failing, messages left.

        Raises:
            StoreError: The database refused.
        """
        with self._database.transaction() as tx:
            stored_feeds.make_due(tx, now=self._clock())
        self._poll()
        while not self._stopping and self._can_deliver():
            self._deliver()
            pause(PACE.total_seconds() / 4)
        with self._database.reading() as tx:
            failing = sum(state.failures > 0 for state in stored_feeds.states(tx))
            left = len(outbox.latest(tx, limit=1_000_000, undelivered=True))
        return failing, left

    def _can_deliver(self) -> bool:
        soon = self._clock() + timedelta(minutes=1)
        with self._database.reading() as tx:
            return any(queued.not_before <= soon for queued in outbox.heads(tx))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()


def _steady(name: str, job: Callable[[], None]) -> Callable[[], None]:
    """A job that goes on after the database refused, and says so once, not at each tick."""
    said = ""

    def run() -> None:
        nonlocal said
        try:
            job()
        except StoreError as error:
            if str(error) != said:
                log.error("%s waits: %s", name, error)
            said = str(error)
        else:
            if said:
                log.info("%s works again", name)
            said = ""

    return run


def _leave() -> None:
    # Something hangs outside our reach (a receiver that does not answer). What was promised is in the
    # database, and what was being sent is looked up at the next start.
    log.warning("leaving without the last answer: it is looked up at the next start")
    logging.shutdown()
    os._exit(0)
