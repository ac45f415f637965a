"""The poll job: claim due feeds | fetch | parse | normalise | take in, and note what to ask next time."""

from __future__ import annotations

import hashlib
import logging
import random
import time
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor import urls
from monitor.errors import FeedError, FetchError, StoreError, Unstorable
from monitor.feeds import schedule
from monitor.feeds.exchange import Request, Response
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import PARSER_VERSION
from monitor.intake import Source, Taken
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.feeds.exchange import Fetched
    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.parse import ParsedFeed
    from monitor.feeds.parsing import ParsePool
    from monitor.feeds.settings import PollingSettings
    from monitor.intake import Intake
    from monitor.store.database import Database, Transaction
    from monitor.store.feeds import Claimed

log = logging.getLogger(__name__)


class Poll:
    """Polls every feed that is due, and those that become due meanwhile, until none is left."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        parser: ParsePool,
        intake: Callable[[], Intake],
        settings: PollingSettings,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._parser = parser
        self._intake = intake
        """Asked anew for each document: a reload of the rules takes effect at once."""
        self._settings = settings
        self._clock = clock
        self._claimed: dict[int, Claimed] = {}
        self._stopped = False
        self.alive_at = time.monotonic()
        """When it last looked for due feeds, by the monotonic clock."""

    def __call__(self) -> None:
        """Poll what is due.

        Raises:
            StoreError: The database refused; what was not kept is polled again when its lease ends.
        """
        for fetched in self._fetcher.fetch(self._claim):
            claimed = self._claimed.pop(fetched.request.feed)
            try:
                self._take(claimed, fetched)
            except FeedError as error:
                if self._stopped:
                    return  # the parser was closed under it; its lease ends and it is polled again
                self._failed(claimed, error)
            except Unstorable as error:
                self._failed(claimed, FeedError(str(error)))
            except StoreError:
                raise
            except Exception:
                # A bug that one feed's content brings to light must not keep all others waiting.
                log.exception(
                    "feed not understood, please report: feed=%s url=%s", *_names(claimed)
                )
                self._failed(claimed, FeedError("this program has a bug that it brings to light"))

    def stop(self) -> None:
        """Poll nothing more after the transaction at hand. Safe in a signal handler."""
        self._stopped = True
        self._fetcher.stop()

    def _claim(self, free: int) -> Sequence[Request]:
        self.alive_at = time.monotonic()
        with self._database.transaction() as tx:
            claimed = stored_feeds.claim_due(
                tx,
                now=self._clock(),
                limit=free,
                lease=_lease(self._settings.timeout),
                parser_version=PARSER_VERSION,
            )
        self._claimed |= {one.id: one for one in claimed}
        return [Request(one.id, one.feed.url, one.validators) for one in claimed]

    def _take(self, claimed: Claimed, fetched: Fetched) -> None:
        if isinstance(fetched.outcome, FetchError):
            raise fetched.outcome
        response = fetched.outcome
        body_hash = hashlib.sha256(response.body).hexdigest()
        if response.status == HTTPStatus.NOT_MODIFIED or body_hash == claimed.body_hash:
            self._unchanged(claimed)
            return
        parsed = self._parser.parse(
            response.body, url=response.url, content_type=response.headers.get("content-type", "")
        )
        self._keep(claimed, response, parsed, body_hash)

    def _unchanged(self, claimed: Claimed) -> None:
        now = self._clock()
        with self._database.transaction() as tx:
            stored_feeds.unchanged(tx, claimed.id, now=now, next_poll_at=self._next(claimed, now))
        _log_recovery(claimed)

    def _keep(
        self, claimed: Claimed, response: Response, parsed: ParsedFeed, body_hash: str
    ) -> None:
        now = self._clock()
        items = normalise_document(parsed, claimed.feed, seen=now)
        intake = self._intake()
        if parsed.left_out:
            log.warning(
                "oldest entries left out: feed=%s url=%s n=%d", *_names(claimed), parsed.left_out
            )

        def keep(tx: Transaction) -> Taken:
            taken = intake.take(tx, items, Source(claimed.id, claimed.first_sight), now=now)
            stored_feeds.polled(
                tx,
                claimed.id,
                now=now,
                next_poll_at=self._next(claimed, now),
                validators=response.validators if parsed.complete else None,
                body_hash=body_hash,
                parser_version=PARSER_VERSION,
            )
            return taken

        taken = self._database.run(keep)
        _log_recovery(claimed)
        _log_taken(claimed, len(items), taken)

    def _failed(self, claimed: Claimed, error: FeedError) -> None:
        now = self._clock()
        next_poll_at = None if error.gone else self._next(claimed, now, error)
        with self._database.transaction() as tx:
            stored_feeds.failed(
                tx, claimed.id, now=now, next_poll_at=next_poll_at, error=str(error)
            )
        # Once when it starts, once when it ends: a feed that is down for a week is two lines.
        if error.gone:
            log.warning("feed gone, polled no more: feed=%s url=%s", *_names(claimed))
        elif claimed.failures == 0:
            log.warning("feed failing: feed=%s url=%s cause=%s", *_names(claimed), error)

    def _next(self, claimed: Claimed, now: datetime, error: FeedError | None = None) -> datetime:
        return schedule.next_poll(
            claimed.feed.interval,
            self._settings,
            now=now,
            failures=claimed.failures + 1 if error else 0,
            retry_after=error.retry_after if error else None,
            jitter=random.random(),
        )


def _lease(timeout: timedelta) -> timedelta:
    # A slow answer and a slow parse. Where a feed waits longer behind others of its host, a replica
    # may ask it too, which costs a request; a longer lease would leave it unasked after a crash.
    return timeout + timedelta(seconds=30)


def _names(claimed: Claimed) -> tuple[str, str]:
    return claimed.feed.outlet.name, urls.without_credentials(claimed.feed.url)


def _log_recovery(claimed: Claimed) -> None:
    if claimed.failures:
        log.info("feed recovered: feed=%s url=%s failures=%d", *_names(claimed), claimed.failures)


def _log_taken(claimed: Claimed, items: int, taken: Taken) -> None:
    if taken.new:
        counts = (items, taken.new, taken.matched)
        log.info(
            "feed polled: feed=%s url=%s items=%d new=%d matched=%d", *_names(claimed), *counts
        )
    for one in taken.decisions:
        log.info(
            "item decided: item=%d story=%d channel=%s rules=%s decision=%s",
            one.item,
            one.story,
            one.channel,
            ",".join(one.rules),
            one.reason.value,
        )
