"""The poll job: from due feeds to stored items and promised alerts.

claim due feeds | fetch | parse | normalise | in one transaction: keep what is new, match, group, decide,
promise alerts, and note what to ask the feed next time.
"""

from __future__ import annotations

import hashlib
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.alerts import policy, routing
from monitor.errors import FetchError, ParseError
from monitor.feeds import identity, schedule
from monitor.feeds.fetch import Request, Response
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import PARSER_VERSION
from monitor.model import Alert, Item, Match, RuleLabel
from monitor.store import alerts as stored_alerts
from monitor.store import feeds as stored_feeds
from monitor.store import items as stored_items
from monitor.store import outbox
from monitor.store import stories as stored_stories
from monitor.stories import grouping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.errors import FeedError
    from monitor.feeds.fetch import Fetched, Fetcher
    from monitor.feeds.parse import ParsedFeed
    from monitor.feeds.parsing import ParsePool
    from monitor.feeds.settings import PollingSettings
    from monitor.model import Reason
    from monitor.rules import Matcher
    from monitor.store.database import Database, Transaction
    from monitor.store.feeds import Claimed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll of one feed brought."""

    items: int = 0
    new: int = 0
    matched: int = 0
    told: int = 0


class Poll:
    """Polls every feed that is due, and those that become due meanwhile, until none is left."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        parser: ParsePool,
        matcher: Callable[[], Matcher],
        settings: PollingSettings,
        *,
        channel: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._parser = parser
        self._matcher = matcher
        self._settings = settings
        self._channel = channel
        self._clock = clock
        self._claimed: dict[int, Claimed] = {}

    def __call__(self) -> None:
        """Poll what is due.

        Raises:
            StoreError: The database refused; what was not kept is polled again when its lease ends.
        """
        for fetched in self._fetcher.fetch(self._claim):
            claimed = self._claimed.pop(fetched.request.feed)
            try:
                self._take(claimed, fetched)
            except (FetchError, ParseError) as error:
                self._failed(claimed, error)

    def _claim(self, free: int) -> Sequence[Request]:
        with self._database.transaction() as tx:
            claimed = stored_feeds.claim_due(
                tx,
                now=self._clock(),
                limit=free,
                lease=self._lease(),
                parser_version=PARSER_VERSION,
            )
        self._claimed |= {one.id: one for one in claimed}
        return [Request(one.id, one.feed.url, one.validators) for one in claimed]

    def _lease(self) -> timedelta:
        # Long enough for waiting behind its host's other feeds, a slow answer and a slow parse.
        return 6 * self._settings.timeout + timedelta(minutes=1)

    def _take(self, claimed: Claimed, fetched: Fetched) -> None:
        if isinstance(fetched.outcome, FetchError):
            raise fetched.outcome
        response = fetched.outcome
        digest = hashlib.sha256(response.body).hexdigest()
        if response.status == 304 or digest == claimed.body_hash:  # noqa: PLR2004 - HTTP's own number
            self._unchanged(claimed)
            return
        parsed = self._parser.parse(
            response.body, url=response.url, content_type=response.headers.get("content-type", "")
        )
        self._keep(claimed, response, parsed, digest)

    def _unchanged(self, claimed: Claimed) -> None:
        now = self._clock()
        with self._database.transaction() as tx:
            stored_feeds.unchanged(tx, claimed.id, now=now, next_poll_at=self._next(claimed, now))
        _log_recovery(claimed)

    def _keep(
        self, claimed: Claimed, response: Response, parsed: ParsedFeed, digest: str
    ) -> None:
        now = self._clock()
        items = normalise_document(parsed, claimed.feed, seen=now)
        matcher = self._matcher()

        def keep(tx: Transaction) -> Polled:
            polled = self._store(tx, claimed, items, matcher, now)
            stored_feeds.polled(
                tx,
                claimed.id,
                now=now,
                next_poll_at=self._next(claimed, now),
                validators=response.validators if parsed.complete else None,
                body_hash=digest,
                parser_version=PARSER_VERSION,
            )
            return polled

        polled = self._database.run(keep)
        _log_recovery(claimed)
        if polled.new:
            log.info(
                "feed polled: feed=%s items=%d new=%d matched=%d told=%d",
                claimed.feed.outlet.name,
                polled.items,
                polled.new,
                polled.matched,
                polled.told,
            )

    def _store(
        self,
        tx: Transaction,
        claimed: Claimed,
        items: Sequence[Item],
        matcher: Matcher,
        now: datetime,
    ) -> Polled:
        new = matched = told = 0
        for item in items:
            id_ = _add_new(tx, item, feed=claimed.id, now=now)
            if id_ is None:
                continue
            new += 1
            found = matcher.match(item)
            if not found:
                continue
            matched += 1
            too_old = policy.is_too_old(
                item.published,
                first_sight=claimed.first_sight,
                lookback=self._settings.lookback,
                now=now,
            )
            told += self._tell(tx, id_, item, found, matcher.rules, too_old=too_old, now=now)
        return Polled(len(items), new, matched, told)

    def _tell(
        self,
        tx: Transaction,
        id_: int,
        item: Item,
        found: Sequence[Match],
        rules: Mapping[str, Rule],
        *,
        too_old: bool,
        now: datetime,
    ) -> int:
        stored_items.add_matches(tx, id_, found)
        story = _group(tx, id_, item, now=now)
        told = 0
        for route in routing.routes(found, rules, default=self._channel):
            reason = _promise(tx, id_, item, story, route, rules, too_old=too_old, now=now)
            told += reason.tells
            log.info(
                "item matched: item=%d story=%d channel=%s rules=%s decision=%s",
                id_,
                story,
                route.channel,
                ",".join(match.rule for match in route.matches),
                reason.value,
            )
        return told

    def _failed(self, claimed: Claimed, error: FeedError) -> None:
        now = self._clock()
        next_poll_at = self._next(claimed, now, error=error)
        with self._database.transaction() as tx:
            stored_feeds.failed(
                tx, claimed.id, now=now, next_poll_at=next_poll_at, error=str(error)
            )
        if claimed.failures == 0 or error.gone:
            log.warning(
                "feed %s: feed=%s cause=%s",
                "gone, polled no more" if error.gone else "failing",
                claimed.feed.outlet.name,
                error,
            )
