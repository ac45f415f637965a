"""Feeds: what is polled when, and what each poll left to ask with next time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, func, insert, or_, select, update

from monitor import urls
from monitor.model import Feed, Hints, Move, Outlet, Validators
from monitor.store.schema import Time, feeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter, ColumnElement, Row, Update

    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Claimed:
    """A feed that is ours to poll until its lease ends."""

    id: int
    feed: Feed
    validators: Validators
    body_hash: str
    """Of the last whole document read, "" where there is none."""
    marks: bytes
    """Of the entries of that document."""
    move: Move
    rhythm: bytes
    """When it brings news, packed; b"" where nothing is known."""
    hints: Hints
    """Of the document last read."""
    first_sight: bool
    """No poll of it has ever succeeded."""
    last_ok_at: datetime | None
    failures: int
    """Polls failed in a row."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A poll that found the document last read."""

    feed: int
    next_poll_at: datetime
    validators: Validators
    """To ask with next time."""
    move: Move


@dataclass(frozen=True, slots=True)
class FeedState:
    """What `feeds list` shows of a feed."""

    id: int
    feed: Feed
    active: bool
    next_poll_at: datetime
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    failures: int
    failing_since: datetime | None
    error: str
    gone_at: datetime | None
    move: Move
    gaps: int
    """Polls that found none of the entries of the poll before: news may have been missed."""
    gap_at: datetime | None
    rhythm: bytes
    """Packed."""


_LONGEST_WAIT = timedelta(days=1)
"""No back-off and no Retry-After is longer."""


@dataclass(frozen=True, slots=True)
class Silent:
    """How many of the feeds can't be read."""

    all: int
    failing: int
    """At the latest poll, or gone for good."""
    for_long: int
    """Of these, since before some moment."""
    error: str
    """Of one of them; "" for none."""


def silent(tx: Transaction, *, before: datetime) -> Silent:
    """How many of the followed feeds can't be read, and since before a moment."""
    broken = (feeds.c.failures > 0) | feeds.c.gone_at.is_not(None)
    since = func.coalesce(feeds.c.gone_at, feeds.c.failing_since)
    row = tx.execute(
        select(
            func.count(),
            func.count(case((broken, 1))),
            func.count(case((broken & (since <= before), 1))),
            func.max(case((broken, feeds.c.error))),
        ).where(feeds.c.active.is_(True))
    ).one()
    return Silent(row[0], row[1], row[2], row[3] or "")


@dataclass(frozen=True, slots=True)
class Tally:
    """The followed feeds in numbers."""

    all: int
    failing: int
    gone: int
    new: int
    """Never read so far, and not failing."""
    overdue: int
    due_since: datetime | None
    """Since when the one that is longest due has been; None for none, in the past or not."""
    gaps: int
    with_gap: int
    last_polled_at: datetime | None


def tally(tx: Transaction, *, overdue: datetime, since: datetime) -> Tally:
    """The followed feeds in numbers; those due before `overdue`, with a gap `since`."""
    gone = feeds.c.gone_at.is_not(None)
    failing = (feeds.c.failures > 0) & ~gone
    new = feeds.c.last_ok_at.is_(None) & ~gone & (feeds.c.failures == 0)
    row = tx.execute(
        select(
            func.count(),
            func.count(case((failing, 1))),
            func.count(case((gone, 1))),
            func.count(case((new, 1))),
            func.count(case((~gone & (feeds.c.next_poll_at < overdue), 1))),
            func.min(case((~gone, feeds.c.next_poll_at)), type_=Time),
            func.coalesce(func.sum(feeds.c.gaps), 0),
            func.count(case((feeds.c.gap_at >= since, 1))),
            func.max(feeds.c.last_polled_at, type_=Time),
        ).where(feeds.c.active.is_(True))
    ).one()
    return Tally(*row)


def sync(tx: Transaction, configured: Sequence[Feed], *, now: datetime) -> None:
    """Make the table hold the configured feeds: new ones are due now, missing ones rest.

    A feed that was gone is asked again once it has been taken out of the config and put back.
    """
    known = {row.url: row for row in tx.execute(select(feeds))}
    for feed in configured:
        values = _values(feed)
        row = known.pop(feed.url, None)
        if row is None:
            place = {"url": feed.url, "host": urls.host(feed.url)}
            tx.execute(insert(feeds).values(next_poll_at=now, **place, **values))
        elif not row.active:
            tx.execute(_of(row.id).values(gone_at=None, next_poll_at=now, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            tx.execute(_of(row.id).values(values))
    for row in known.values():
        if row.active:
            tx.execute(_of(row.id).values(active=False))


def _of(feed: int) -> Update:
    return update(feeds).where(feeds.c.id == feed)


def _values(feed: Feed) -> dict[str, Any]:
    return {
        "name": feed.outlet.name,
        "language": feed.outlet.language,
        "kind": feed.outlet.kind,
        "country": feed.outlet.country,
        "tags": list(feed.outlet.tags),
        "interval_s": feed.interval.total_seconds() if feed.interval else None,
        "active": True,
    }


def claim_due(
    tx: Transaction, *, now: datetime, limit: int, lease: timedelta, parser_version: int
) -> tuple[Claimed, ...]:
    """Take up to `limit` feeds whose time has come, longest due first; nobody else gets them meanwhile.

    Validators are left out where another parser version read the document they vouch for.
    """
    due = (
        select(feeds)
        .where(_pollable(), feeds.c.next_poll_at <= now, _free(now))
        .order_by(feeds.c.next_poll_at, feeds.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = tx.execute(due).all()
    ids = [row.id for row in rows]
    if ids:
        tx.execute(update(feeds).where(feeds.c.id.in_(ids)).values(lease_until=now + lease))
    return tuple(_claimed(row, parser_version) for row in rows)


def _pollable() -> ColumnElement[bool]:
    return feeds.c.active.is_(True) & feeds.c.gone_at.is_(None)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now)


def _claimed(row: Row[Any], parser_version: int) -> Claimed:
    current = row.parser_version == parser_version
    return Claimed(
        id=row.id,
        feed=_feed(row),
        validators=Validators(row.etag, row.last_modified) if current else Validators(),
        body_hash=row.body_hash if current else "",
        marks=row.marks if current else b"",
        move=_move(row),
        rhythm=row.rhythm,
        hints=_hints(row.hints),
        first_sight=row.first_polled_at is None,
        last_ok_at=row.last_ok_at,
        failures=row.failures,
    )


def _move(row: Row[Any]) -> Move:
    return Move(row.moved_to, row.moved_since, row.moved_times)


def _hints(stored: dict[str, Any]) -> Hints:
    return Hints(
        timedelta(seconds=stored.get("pause_s", 0)),
        tuple(stored.get("skip_hours", ())),
        tuple(stored.get("skip_days", ())),
    )


def _hints_json(hints: Hints) -> dict[str, Any]:
    """Only what was said: most documents say nothing."""
    said = {
        "pause_s": hints.pause.total_seconds(),
        "skip_hours": list(hints.skip_hours),
        "skip_days": list(hints.skip_days),
    }
    return {name: value for name, value in said.items() if value}


def _feed(row: Row[Any]) -> Feed:
    return Feed(
        url=row.url,
        outlet=Outlet(row.name, row.language, row.kind, row.country, tuple(row.tags)),
        interval=None if row.interval_s is None else timedelta(seconds=row.interval_s),
    )


def make_due(tx: Transaction, *, now: datetime) -> int:
    """Make every feed due now, whatever its rhythm or back-off; returns how many there are."""
    return tx.execute(update(feeds).where(_pollable()).values(next_poll_at=now)).rowcount


def any_of(tx: Transaction) -> int | None:
    """One of the feeds, whichever; None where there is none."""
    return tx.execute(select(feeds.c.id).limit(1)).scalar_one_or_none()


def renew(tx: Transaction, ours: Sequence[int], *, until: datetime) -> None:
    """Go on keeping feeds that are being polled from others."""
    tx.execute(update(feeds).where(feeds.c.id.in_(ours)).values(lease_until=until))


def release_leases(tx: Transaction) -> None:
    """Forget who was polling what. Only for a process that knows it is alone."""
    tx.execute(update(feeds).values(lease_until=None))


def polled(
    tx: Transaction,
    feed: int,
    *,
    now: datetime,
    next_poll_at: datetime,
    validators: Validators | None,
    body_hash: str,
    marks: bytes,
    parser_version: int,
    sighted: bool,
    move: Move,
    hints: Hints,
    gap: bool,
    rhythm: bytes,
) -> None:
    """A poll succeeded. `validators` is None for a document that did not arrive or read whole.

    Until a feed was `sighted` with entries in it, those that come may be history.
    """
    kept = validators or Validators()
    first = now if validators and sighted else None
    missed = {"gaps": feeds.c.gaps + 1, "gap_at": now} if gap else {}
    tx.execute(
        _of(feed).values(
            etag=kept.etag,
            last_modified=kept.last_modified,
            body_hash=body_hash if validators else "",
            marks=marks if validators else b"",
            parser_version=parser_version,
            rhythm=rhythm,
            # What a cut document left out is still history when it comes with the next one.
            first_polled_at=func.coalesce(feeds.c.first_polled_at, first),
            hints=_hints_json(hints),
            **_moved(move),
            **missed,
            **_answered(now, next_poll_at),
        )
    )


def unchanged(tx: Transaction, found: Sequence[Unchanged], *, now: datetime) -> None:
    """Polls found the documents last read; what to ask with may have changed all the same."""
    if not found:
        return
    values = _answered(now, next_poll_at=bindparam("due"))
    values |= {"etag": bindparam("tag"), "last_modified": bindparam("date")}
    values |= {name: bindparam(f"new_{name}") for name in _moved(Move())}
    tx.execute(
        update(feeds).where(feeds.c.id == bindparam("feed")).values(values),
        [
            {
                "feed": one.feed,
                "due": one.next_poll_at,
                "tag": one.validators.etag,
                "date": one.validators.last_modified,
            }
            | {f"new_{name}": value for name, value in _moved(one.move).items()}
            for one in found
        ],
    )


def _answered(now: datetime, next_poll_at: datetime | BindParameter[Any]) -> dict[str, Any]:
    return {
        "last_polled_at": now,
        "last_ok_at": now,
        "next_poll_at": next_poll_at,
        "lease_until": None,
        "failures": 0,
        "failing_since": None,
        "error": "",
    }


def _moved(move: Move) -> dict[str, Any]:
    return {"moved_to": move.to, "moved_since": move.since, "moved_times": move.times}


def failed(
    tx: Transaction, feed: int, *, now: datetime, next_poll_at: datetime | None, error: str
) -> None:
    """A poll failed. `next_poll_at` is None for a feed that is gone for good.

    Where it was asked at a new address, its own is asked again.
    """
    gone = next_poll_at is None
    tx.execute(
        _of(feed).values(
            last_polled_at=now,
            next_poll_at=now if gone else next_poll_at,
            gone_at=now if gone else None,
            lease_until=None,
            failures=feeds.c.failures + 1,
            failing_since=func.coalesce(feeds.c.failing_since, now),
            error=error,
            **_moved(Move()),
        )
    )


def put_off(tx: Transaction, host: str, *, until: datetime) -> None:
    """Ask a host for none of its feeds before a moment."""
    sooner = (feeds.c.host == host) & (feeds.c.next_poll_at < until)
    tx.execute(update(feeds).where(sooner).values(next_poll_at=until))


def states(tx: Transaction) -> tuple[FeedState, ...]:
    """All feeds of the config, in its order of first appearance."""
    rows = tx.execute(select(*SHOWN).where(feeds.c.active.is_(True)).order_by(feeds.c.id))
    return tuple(state_of(row) for row in rows)


SHOWN = tuple(column for column in feeds.c if column.name not in {"marks", "hints"})
"""Columns that say how a feed is; the others may be large."""


def state_of(row: Row[Any]) -> FeedState:
    """A feed as it is, of the columns that are shown."""
    return FeedState(
        id=row.id,
        feed=_feed(row),
        active=row.active,
        next_poll_at=row.next_poll_at,
        last_polled_at=row.last_polled_at,
        last_ok_at=row.last_ok_at,
        failures=row.failures,
        failing_since=row.failing_since,
        error=row.error,
        gone_at=row.gone_at,
        move=_move(row),
        gaps=row.gaps,
        gap_at=row.gap_at,
        rhythm=row.rhythm,
    )


def rhythms(tx: Transaction) -> list[tuple[timedelta | None, bytes]]:
    """The own interval and the packed rhythm of every feed that answers."""
    healthy = select(feeds.c.interval_s, feeds.c.rhythm).where(_pollable(), feeds.c.failures == 0)
    return [
        (None if interval is None else timedelta(seconds=interval), rhythm)
        for interval, rhythm in tx.execute(healthy)
    ]


def spread_due(tx: Transaction, *, now: datetime, pace: float, longest: timedelta) -> None:
    """Let the feeds that are due come one after the other, those that waited longest first.

    Args:
        tx: The transaction.
        now: From when on.
        pace: Feeds a second.
        longest: Within which all are due, at a faster pace where there are many.
    """
    due = select(feeds.c.id).where(_pollable(), feeds.c.next_poll_at <= now)
    ids = tx.execute(due.order_by(feeds.c.next_poll_at, feeds.c.id)).scalars().all()
    if not ids:
        return
    step = min(timedelta(seconds=1 / pace), longest / len(ids))
    tx.execute(
        update(feeds).where(feeds.c.id == bindparam("feed")).values(next_poll_at=bindparam("due")),
        [{"feed": id_, "due": now + place * step} for place, id_ in enumerate(ids)],
    )


def wake(tx: Transaction, *, now: datetime, longest: timedelta) -> None:
    """Make due what a restart may have mended, and what no rhythm can have put off so far.

    That is: feeds that fail, but for those asked within `longest`; and feeds that would wait longer
    than their interval allows, because it was shortened or the clock was wrong.

    Args:
        tx: The transaction.
        now: The time.
        longest: Between two polls of a feed without an interval of its own.
    """
    waiting = select(feeds).where(_pollable(), feeds.c.next_poll_at > now)
    ids = [row.id for row in tx.execute(waiting) if _is_asleep(row, now, longest)]
    if ids:
        values = {"next_poll_at": now}
        tx.execute(
            update(feeds).where(feeds.c.id == bindparam("feed")).values(values),
            [{"feed": id_} for id_ in ids],
        )


def _is_asleep(row: Row[Any], now: datetime, longest: timedelta) -> bool:
    if row.failures:
        return row.last_polled_at is None or not now - longest < row.last_polled_at <= now
    allowed = longest if row.interval_s is None else timedelta(seconds=row.interval_s)
    return bool(row.next_poll_at > now + allowed)


def due_by(tx: Transaction, latest: datetime) -> None:
    """Let no healthy feed wait longer than until `latest`, a failing one no day longer, no lease either."""
    late = feeds.c.next_poll_at > latest
    tx.execute(update(feeds).where(late, feeds.c.failures == 0).values(next_poll_at=latest))
    far = feeds.c.next_poll_at > latest + _LONGEST_WAIT
    tx.execute(update(feeds).where(far).values(next_poll_at=latest))
    tx.execute(update(feeds).where(feeds.c.lease_until > latest).values(lease_until=latest))
