"""The poll job: claim due feeds | fetch | parse | normalise | take in, and note what to ask next time."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import metrics, urls
from monitor.errors import FeedError, StoreError, Unstorable
from monitor.feeds import hints, moves, rhythm, schedule
from monitor.feeds.exchange import Request
from monitor.feeds.fetch import BREATH_S
from monitor.feeds.normalise import normalise_document
from monitor.feeds.parse import PARSER_VERSION
from monitor.intake import Source, Taken
from monitor.store import feeds as stored_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.feeds.exchange import Fetched, Response
    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.parse import ParsedFeed
    from monitor.feeds.reading import Reading
    from monitor.feeds.rhythm import Rhythm
    from monitor.feeds.settings import PollingSettings
    from monitor.intake import Intake
    from monitor.model import Hints, Item, Move
    from monitor.plan import Plan
    from monitor.store.database import Database, Transaction
    from monitor.store.feeds import Claimed

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""How long nobody else polls a feed of ours without a sign from us: what a crash may delay it by."""
RENEW_S = 10.0
STEP = 100
"""Entries that are taken in one transaction: others write between two, and other feeds are read."""
MOST_HELD = 8
"""Documents of which some is left to take in; until one is done no other feed is asked."""
LONGEST_HOST_PAUSE = timedelta(minutes=10)
"""One feed's word must not silence the others of its host for long: many hosts serve strangers."""


_NOTHING = Taken(0, 0, 0, 0, ())


class Poll:
    """Polls every feed that is due, and those that become due meanwhile, until none is left."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        reading: Reading,
        intake: Callable[[], Intake],
        settings: PollingSettings,
        *,
        plan: Plan,
        clock: Callable[[], datetime],
        step: int = STEP,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._reading = reading
        self._intake = intake
        """Asked anew for each document: a reload of the rules takes effect at once."""
        self._settings = settings
        self._plan = plan
        self._clock = clock
        self._entries = step
        self._wait = wait
        self._claimed: dict[int, Claimed] = {}
        self._held: deque[_Document] = deque()
        """Large documents that are taken in step by step, each in its turn."""
        self._unchanged: list[stored_feeds.Unchanged] = []
        """Written with the next claim: a crash before it only costs a request too many."""
        self._leased_at = time.monotonic()
        self._stopped = False
        self.alive_at = time.monotonic()
        """When it last looked for due feeds, by the monotonic clock."""

    def __call__(self) -> None:
        """Poll what is due.

        Raises:
            StoreError: The database refused; what was not kept is polled again when its lease ends.
        """
        self._claimed.clear()  # of a run that broke off; their leases end
        self._held.clear()
        more = True
        while more and not self._stopped:
            for fetched in self._fetcher.fetch(self._claim, self._reading, self._go_on):
                claimed = self._claimed[fetched.request.feed]
                self._attempt(claimed, functools.partial(self._take, claimed, fetched))
            if more := self._go_on():
                self._wait(BREATH_S)

    def _go_on(self) -> bool:
        """Take some more of the large document whose turn it is; whether any is left."""
        self.alive_at = time.monotonic()
        if self._held and not self._stopped:
            document = self._held.popleft()
            self._attempt(document.claimed, functools.partial(self._take_some, document))
        return bool(self._held)

    def _attempt(self, claimed: Claimed, work: Callable[[], bool]) -> None:
        """Do some work for a feed. It is ours until the work says that no more is left."""
        more = False
        try:
            more = work()
        except FeedError as error:
            if self._stopped:
                return  # its reader was closed; its lease ends and it is polled again
            self._failed(claimed, error)
        except Unstorable as error:
            self._failed(claimed, FeedError(str(error)))
        except StoreError:
            raise
        except Exception:
            # A bug that one feed's content brings to light must not keep all others waiting.
            log.exception("feed not understood, please report: feed=%s url=%s", *_names(claimed))
            self._failed(claimed, FeedError("this program has a bug that it brings to light"))
        if not more:
            del self._claimed[claimed.id]

    def stop(self) -> None:
        """Poll nothing more after the transaction at hand. Safe in a signal handler."""
        self._stopped = True
        self._fetcher.stop()

    def _claim(self, free: int) -> Sequence[Request]:
        """Note what was found unchanged and take what is due, in one transaction."""
        self.alive_at = time.monotonic()
        if len(self._held) >= MOST_HELD:
            free = 0
        renew = bool(self._claimed) and self.alive_at - self._leased_at > RENEW_S
        if not (free or renew):
            return []
        now = self._clock()

        def claim(tx: Transaction) -> tuple[Claimed, ...]:
            stored_feeds.unchanged(tx, self._unchanged, now=now)
            if renew:
                stored_feeds.renew(tx, tuple(self._claimed), until=now + LEASE)
            return stored_feeds.claim_due(
                tx, now=now, limit=free, lease=LEASE, parser_version=PARSER_VERSION
            )

        claimed = self._database.run(claim)
        if renew:
            self._leased_at = self.alive_at
        self._unchanged.clear()
        new = [one for one in claimed if one.id not in self._claimed]
        self._claimed |= {one.id: one for one in new}
        return [_request(one, now=now) for one in new]

    def _take(self, claimed: Claimed, fetched: Fetched) -> bool:
        """Take in what a feed answered; whether some is left for later."""
        if isinstance(fetched.outcome, FeedError):
            raise fetched.outcome
        if fetched.parsed is None:
            self._note_unchanged(claimed, fetched.outcome)
            return False
        return self._begin(claimed, fetched.outcome, fetched.parsed, fetched.body_hash)

    def _note_unchanged(self, claimed: Claimed, response: Response) -> None:
        now = self._clock()
        move = _moved(claimed, response, now=now)
        known = rhythm.unpack(claimed.rhythm, now=now.timestamp())
        wish = _wish(claimed.hints, response, now=now)
        due = self._next(claimed, now, known, wish=wish)
        self._unchanged.append(stored_feeds.Unchanged(claimed.id, due, response.validators, move))
        metrics.polled(news=False)
        _log_recovery(claimed)
        _log_silence(claimed, known, now=now)

    def _begin(
        self, claimed: Claimed, response: Response, parsed: ParsedFeed, body_hash: str
    ) -> bool:
        now = self._clock()
        items = normalise_document(parsed, claimed.feed, seen=now)
        source = Source(claimed.id, claimed.first_sight, whole=not parsed.known)
        if parsed.left_out:
            log.warning(
                "oldest entries left out: feed=%s url=%s n=%d", *_names(claimed), parsed.left_out
            )
        if source.whole and len(items) > self._entries:
            with self._database.reading() as tx:
                beside = self._intake().standing(tx, items, source, now=now)
            source = replace(source, beside=beside)
        move = _moved(claimed, response, now=now)
        return self._take_some(_Document(claimed, response, parsed, body_hash, move, items, source))

    def _take_some(self, document: _Document) -> bool:
        """Take in the next entries of a document; whether some are left, which are held.

        What is noted of the poll comes with the last ones: after a crash all are read again.
        """
        now = self._clock()
        start = document.done
        end = start + self._entries
        last = end >= len(document.items)
        source = replace(document.source, beside=document.source.beside | document.taken.items)
        intake = self._intake()

        def keep(tx: Transaction, items: Sequence[Item]) -> Taken:
            taken = intake.take(tx, items, source, now=now)
            if last:
                self._note(tx, document, document.taken + taken, now=now)
            return taken

        items = document.items[start:end]
        began = time.monotonic()
        try:
            taken = self._database.run(lambda tx: keep(tx, items))
        except Unstorable:
            # One of them is refused: what the database takes must not wait for that one.
            some = self._storable(document.claimed, items, source, now=now)
            taken = self._database.run(lambda tx: keep(tx, some))
        document.done = end
        document.taken += replace(taken, decisions=())
        _count(taken, seconds=time.monotonic() - began)
        if last:
            metrics.polled(news=document.taken.new > 0)
            _log_polled(document)
        else:
            self._held.append(document)
        _log_decisions(taken)
        return not last

    def _note(self, tx: Transaction, document: _Document, taken: Taken, *, now: datetime) -> None:
        """Note a poll that was answered, when the last entries of its document are taken in."""
        claimed, response, parsed = document.claimed, document.response, document.parsed
        gap = _is_gap(claimed, parsed, taken)
        learned = _learned(claimed, document.items, taken, now=now)
        wish = _wish(parsed.hints, response, now=now)
        stored_feeds.polled(
            tx,
            claimed.id,
            now=now,
            next_poll_at=self._next(claimed, now, learned, gap=gap, wish=wish),
            validators=response.validators if parsed.complete else None,
            body_hash=document.body_hash,
            marks=parsed.marks,
            parser_version=PARSER_VERSION,
            sighted=bool(parsed.entries or parsed.known),
            move=document.move,
            hints=parsed.hints,
            gap=gap,
            rhythm=rhythm.pack(learned),
        )

    def _storable(
        self, claimed: Claimed, items: tuple[Item, ...], source: Source, *, now: datetime
    ) -> tuple[Item, ...]:
        """Those that the database takes: tried by halves, and undone."""
        try:
            with contextlib.suppress(_Undone), self._database.transaction() as tx:
                self._intake().take(tx, items, source, now=now)
                raise _Undone
        except Unstorable as error:
            if len(items) == 1:
                title = items[0].title[:_MAX_TITLE]
                log.warning(
                    "item left out: feed=%s url=%s title=%s cause=%s",
                    *_names(claimed),
                    title,
                    error,
                )
                return ()
            half = len(items) // 2
            first = self._storable(claimed, items[:half], source, now=now)
            return first + self._storable(claimed, items[half:], source, now=now)
        return items

    def _failed(self, claimed: Claimed, error: FeedError) -> None:
        now = self._clock()
        if moves.address(claimed.feed.url, claimed.move, now=now) != claimed.feed.url:
            # Its own address is asked next time: not even "gone" is the new one's to say.
            new = urls.shown(claimed.move.to)
            error = FeedError(
                f"at its new address {new}: {error}",
                retry_after=error.retry_after,
                host=error.host,
            )
        known = rhythm.unpack(claimed.rhythm, now=now.timestamp())
        next_poll_at = None if error.gone else self._next(claimed, now, known, error)

        def note(tx: Transaction) -> None:
            stored_feeds.failed(
                tx, claimed.id, now=now, next_poll_at=next_poll_at, error=str(error)
            )
            if error.retry_after:
                pause = min(error.retry_after, LONGEST_HOST_PAUSE)
                stored_feeds.put_off(tx, error.host, until=now + pause)

        self._database.run(note)
        metrics.failed(error)
        # Once when it starts, once when it ends: a feed that is down for a week is two lines.
        if error.gone:
            log.warning("feed gone, polled no more: feed=%s url=%s", *_names(claimed))
        elif claimed.failures == 0:
            log.warning("feed failing: feed=%s url=%s cause=%s", *_names(claimed), error)

    def _next(
        self,
        claimed: Claimed,
        now: datetime,
        known: Rhythm,
        error: FeedError | None = None,
        *,
        wish: datetime | None = None,
        gap: bool = False,
    ) -> datetime:
        return schedule.next_poll(
            claimed.feed.interval,
            self._settings,
            now=now,
            known=known,
            threshold=self._plan.threshold,
            failures=claimed.failures + 1 if error else 0,
            retry_after=error.retry_after if error else None,
            wish=wish,
            gap=gap,
            first_sight=claimed.first_sight,
            jitter=random.random(),
        )


@dataclass(slots=True)
class _Document:
    """What a feed answered, and how much of it is taken in."""

    claimed: Claimed
    response: Response
    parsed: ParsedFeed
    body_hash: str
    move: Move
    items: tuple[Item, ...]
    source: Source
    done: int = 0
    """Items that were taken in."""
    taken: Taken = _NOTHING
    """What they brought; their decisions are in the log."""


class _Undone(Exception):
    """Nothing of this transaction is kept."""


_MAX_TITLE = 80


def _request(one: Claimed, *, now: datetime) -> Request:
    address = moves.address(one.feed.url, one.move, now=now)
    return Request(one.id, address, one.validators, one.body_hash, one.marks)


def _wish(said: Hints, response: Response, *, now: datetime) -> datetime:
    """When the publisher would like to be asked again."""
    return hints.not_before(said, hints.of_answer(response.headers, now=now), now=now)


def _moved(claimed: Claimed, response: Response, *, now: datetime) -> Move:
    """What is known of the feed's move after a poll that was answered."""
    if moves.address(claimed.feed.url, claimed.move, now=now) != claimed.feed.url:
        return claimed.move
    move = moves.noted(claimed.move, response.moved_to, now=now)
    if moves.address(claimed.feed.url, move, now=now) != claimed.feed.url:
        log.warning(
            "feed moved for good, change its address in the config: feed=%s url=%s to=%s",
            *_names(claimed),
            urls.shown(move.to),
        )
    return move


def _is_gap(claimed: Claimed, parsed: ParsedFeed, taken: Taken) -> bool:
    """Whether nothing of the poll before is left: entries may have come and gone between the two.

    One entry alone says nothing: many feeds have no more.
    """
    count = len(parsed.entries)
    return not claimed.first_sight and not parsed.known and 1 < count == taken.first_here


def _learned(claimed: Claimed, items: Sequence[Item], taken: Taken, *, now: datetime) -> Rhythm:
    """The feed's rhythm after a poll that was read."""
    if claimed.first_sight:
        dates = [item.published.timestamp() for item in items if item.published]
        return rhythm.of_history(dates, now=now.timestamp())
    known = rhythm.unpack(claimed.rhythm, now=now.timestamp())
    if not taken.new:
        return known
    since = claimed.last_ok_at.timestamp() if claimed.last_ok_at else known.at
    return rhythm.heard(known, taken.new, since=since, now=now.timestamp())


def _names(claimed: Claimed) -> tuple[str, str]:
    return claimed.feed.outlet.name, urls.shown(claimed.feed.url)


def _count(taken: Taken, *, seconds: float) -> None:
    metrics.taken(taken.new, taken.revised, seconds=seconds)
    for _, rule in {(one.item, rule) for one in taken.decisions for rule in one.rules}:
        metrics.matched(rule)
    for one in taken.decisions:
        metrics.decided(one.reason, one.rules)


def _log_recovery(claimed: Claimed) -> None:
    if claimed.failures:
        log.info("feed recovered: feed=%s url=%s failures=%d", *_names(claimed), claimed.failures)


def _log_silence(claimed: Claimed, known: Rhythm, *, now: datetime) -> None:
    """Once, at the poll that is the first to find it silent for too long."""
    at = now.timestamp()
    if not claimed.last_ok_at or not rhythm.is_silent(known, at):
        return
    if not rhythm.is_silent(known, claimed.last_ok_at.timestamp()):
        days = (at - known.at) / 86400
        log.warning("feed silent: feed=%s url=%s days=%.1f", *_names(claimed), days)


def _log_polled(document: _Document) -> None:
    claimed, taken = document.claimed, document.taken
    _log_recovery(claimed)
    if _is_gap(claimed, document.parsed, taken):
        log.warning("entries may have been missed: feed=%s url=%s", *_names(claimed))
    if taken.new:
        counts = (len(document.items), taken.new, taken.matched)
        log.info(
            "feed polled: feed=%s url=%s items=%d new=%d matched=%d", *_names(claimed), *counts
        )


def _log_decisions(taken: Taken) -> None:
    for one in taken.decisions:
        log.info(
            "item decided: item=%d story=%d channel=%s rules=%s decision=%s changes=%s",
            one.item,
            one.story,
            one.channel,
            ",".join(one.rules),
            one.reason.value,
            "; ".join(change.text for change in one.changes),
        )
