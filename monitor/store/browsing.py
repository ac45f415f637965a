"""What the status page reads: the newest first, a page at a time, in few and short queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, false, func, select

from monitor.model import Evidence, Match, Severity
from monitor.store import outbox as stored_outbox
from monitor.store.feeds import SHOWN, state_of
from monitor.store.outbox import UNDELIVERED, State
from monitor.store.schema import (
    alerts,
    feedback,
    feeds,
    items,
    matches,
    outbox,
    revisions,
    sightings,
    stories,
    story_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from monitor.model import Content
    from monitor.store.database import Transaction
    from monitor.store.feeds import FeedState

_MOST = 200
"""Of anything that belongs to one item or story."""
_MOST_SAID = 10_000
_MAX_SUMMARY = 1_000
_MAX_CONTENT = 20_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as a page shows it."""

    id: int
    title: str
    summary: str
    content: str
    url: str
    outlet: str
    language: str
    published: datetime | None
    seen: datetime
    matches: tuple[Match, ...]
    """With the evidence for each; most severe first."""


@dataclass(frozen=True, slots=True)
class Story:
    """A story as a list shows it."""

    id: int
    started_at: datetime
    last_item_at: datetime
    lead: Shown
    """Its first item."""
    outlets: tuple[str, ...]
    languages: tuple[str, ...]
    reports: int
    copies: int
    rules: tuple[str, ...]
    """Ids of all that any of its items matched."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A feed that carried an item."""

    outlet: str
    url: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told of a story."""

    id: int
    channel: str
    rules: tuple[str, ...]
    severity: Severity
    since: datetime
    latest: datetime
    closed: str
    """Why its message is left as it is."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the outbox as a list shows it."""

    id: int
    channel: str
    state: State
    attempts: int
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    error: str
    content: Content
    story: int | None


@dataclass(frozen=True, slots=True)
class Volume:
    """How often a rule matched of late."""

    day: int
    """Items that were first seen within the last day."""
    week: int
    latest: int
    """The last item."""


def feed_states(tx: Transaction, *, limit: int, offset: int) -> list[FeedState]:
    """The followed feeds: those that can't be read first, then those with gaps, then the others."""
    worst = case(
        ((feeds.c.failures > 0) | feeds.c.gone_at.is_not(None), 0),
        (feeds.c.gap_at.is_not(None), 1),
        else_=2,
    )
    query = (
        select(*SHOWN)
        .where(feeds.c.active.is_(True))
        .order_by(worst, feeds.c.name, feeds.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [state_of(row) for row in tx.execute(query)]


def story_list(
    tx: Transaction, *, since: datetime, rule: str, limit: int, offset: int
) -> list[Story]:
    """The stories with the newest items; where a rule is given, those with an item that matched it."""
    some = select(story_items.c.id).where(story_items.c.story_id == stories.c.id)
    if rule:
        some = some.join(matches, matches.c.item_id == story_items.c.item_id)
        some = some.where(matches.c.rule == rule)
    query = (
        select(stories)
        .where(stories.c.last_item_at >= since, stories.c.merged_into.is_(None), some.exists())
        .order_by(stories.c.last_item_at.desc(), stories.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return _stories(tx, tx.execute(query).all())


def story(tx: Transaction, id_: int) -> Story | None:
    """One story; None where there is none, or nothing of it is left."""
    found = _stories(tx, tx.execute(select(stories).where(stories.c.id == id_)).all())
    return found[0] if found else None


def _stories(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Story]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    ours = story_items.c.story_id.in_(ids)
    counts = {
        row.story_id: row
        for row in tx.execute(
            select(
                story_items.c.story_id,
                func.min(story_items.c.item_id).label("lead"),
                func.count().label("all"),
                func.count(story_items.c.copy_of).label("copies"),
            )
            .where(ours)
            .group_by(story_items.c.story_id)
        )
    }
    leads = {one.id: one for one in _shown(tx, [row.lead for row in counts.values()])}
    outlets = _each(tx, ours, feeds.c.name)
    languages = _each(tx, ours, items.c.language)
    rules = _rules(tx, ours)
    return [
        Story(
            id=row.id,
            started_at=row.started_at,
            last_item_at=row.last_item_at,
            lead=leads[counted.lead],
            outlets=outlets.get(row.id, ()),
            languages=tuple(filter(None, languages.get(row.id, ()))),
            reports=counted.all - counted.copies,
            copies=counted.copies,
            rules=rules.get(row.id, ()),
        )
        for row in rows
        if (counted := counts.get(row.id)) and counted.lead in leads
    ]


def _each(
    tx: Transaction, which: ColumnElement[bool], column: ColumnElement[str]
) -> dict[int, tuple[str, ...]]:
    """The different values that the items of each story have, first come first."""
    query = (
        select(story_items.c.story_id, column.label("value"), func.min(story_items.c.id))
        .join(items, items.c.id == story_items.c.item_id)
        .join(feeds, feeds.c.id == items.c.feed_id)
        .where(which)
        .group_by(story_items.c.story_id, column)
        .order_by(func.min(story_items.c.id))
    )
    return _grouped(tx.execute(query))


def _rules(tx: Transaction, which: ColumnElement[bool]) -> dict[int, tuple[str, ...]]:
    query = (
        select(story_items.c.story_id, matches.c.rule.label("value"))
        .join(matches, matches.c.item_id == story_items.c.item_id)
        .where(which)
        .group_by(story_items.c.story_id, matches.c.rule)
        .order_by(func.min(story_items.c.id), matches.c.rule)
    )
    return _grouped(tx.execute(query))


def _grouped(rows: Iterable[Row[Any]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row.story_id] = (*found.get(row.story_id, ()), row.value)
    return found


def item(tx: Transaction, id_: int) -> Shown | None:
    """One item with the beginning of its text; None where there is none."""
    found = _shown(tx, [id_], content=_MAX_CONTENT)
    return found[0] if found else None


def _shown(tx: Transaction, ids: Sequence[int], *, content: int = 0) -> list[Shown]:
    text = func.substr(items.c.content, 1, content).label("text")
    summary = func.substr(items.c.summary, 1, content or _MAX_SUMMARY).label("short")
    query = (
        select(
            items.c.id,
            items.c.title,
            summary,
            text,
            items.c.url,
            items.c.language,
            items.c.published_at,
            items.c.first_seen_at,
            feeds.c.name,
        )
        .join(feeds, feeds.c.id == items.c.feed_id)
        .where(items.c.id.in_(ids))
    )
    found = _matches(tx, ids)
    return [
        Shown(
            row.id,
            row.title,
            row.short,
            row.text,
            row.url,
            row.name,
            row.language,
            row.published_at,
            row.first_seen_at,
            found.get(row.id, ()),
        )
        for row in tx.execute(query)
    ]


def _matches(tx: Transaction, ids: Sequence[int]) -> dict[int, tuple[Match, ...]]:
    query = select(matches).where(matches.c.item_id.in_(ids)).order_by(matches.c.rule)
    found: dict[int, list[Match]] = {}
    for row in tx.execute(query):
        evidence = tuple(Evidence(**one) for one in row.evidence[:_MOST])
        found.setdefault(row.item_id, []).append(Match(row.rule, Severity(row.severity), evidence))
    return {
        one: tuple(sorted(several, key=lambda match: -match.severity.rank)[:_MOST])
        for one, several in found.items()
    }


def sightings_of(tx: Transaction, id_: int) -> list[Sighting]:
    """The feeds that carried an item, the first first."""
    query = (
        select(feeds.c.name, feeds.c.url, sightings.c.seen_at)
        .join(feeds, feeds.c.id == sightings.c.feed_id)
        .where(sightings.c.item_id == id_)
        .order_by(sightings.c.seen_at, feeds.c.id)
        .limit(_MOST)
    )
    return [Sighting(*row) for row in tx.execute(query)]


def wordings_of(tx: Transaction, id_: int) -> list[str]:
    """Other headlines of an item, the newest first."""
    query = select(revisions.c.title).where(revisions.c.item_id == id_)
    return list(tx.execute(query.order_by(revisions.c.id.desc()).limit(_MOST)).scalars())


def told_of(tx: Transaction, story_: int) -> list[Told]:
    """What each channel was told of a story."""
    query = select(alerts).where(alerts.c.story_id == story_).order_by(alerts.c.id).limit(_MOST)
    return [
        Told(
            row.id,
            row.channel,
            tuple(row.rules),
            Severity(row.severity),
            row.created_at,
            row.updated_at,
            row.closed,
        )
        for row in tx.execute(query)
    ]


def messages_of(tx: Transaction, story_: int) -> list[Message]:
    """The messages about a story, the newest first."""
    return _messages(tx, alerts.c.story_id == story_, limit=_MOST)


def undelivered(tx: Transaction, *, limit: int) -> list[Message]:
    """What should be delivered and is not: refused, held up, unclear, waiting; oldest first in each."""
    found: list[Message] = []
    for state in UNDELIVERED:
        left = limit - len(found)
        found += _messages(tx, outbox.c.state == state.value, limit=left, newest=False)
    return found


def delivered(tx: Transaction, *, limit: int, offset: int) -> list[Message]:
    """What needs nothing more: sent, folded into a digest, muted; the newest first."""
    # No list of states: the newest are found by their number, and nearly all are of these.
    done = outbox.c.state.not_in([state.value for state in UNDELIVERED])
    return _messages(tx, done, limit=limit, offset=offset)


def _messages(
    tx: Transaction,
    which: ColumnElement[bool],
    *,
    limit: int,
    offset: int = 0,
    newest: bool = True,
) -> list[Message]:
    query = (
        select(outbox, alerts.c.story_id.label("story"))
        .outerjoin(alerts, alerts.c.id == outbox.c.alert_id)
        .where(which)
        .order_by(outbox.c.id.desc() if newest else outbox.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        Message(
            row.id,
            row.channel,
            State(row.state),
            row.attempts,
            row.created_at,
            row.not_before,
            row.sent_at,
            row.error,
            stored_outbox.load(row.content),
            row.story,
        )
        for row in tx.execute(query)
    ]


def volumes(tx: Transaction, *, day: datetime, week: datetime) -> dict[str, Volume]:
    """How many items first seen since then matched each rule."""
    first_of_week, first_of_day = _first(tx, week), _first(tx, day)
    if first_of_week is None:
        return {}
    today = matches.c.item_id >= first_of_day if first_of_day else false()
    query = (
        select(
            matches.c.rule,
            func.count(case((today, 1))).label("day"),
            func.count().label("week"),
            func.max(matches.c.item_id).label("latest"),
        )
        .where(matches.c.item_id >= first_of_week)
        .group_by(matches.c.rule)
    )
    return {row.rule: Volume(row.day, row.week, row.latest) for row in tx.execute(query)}


def unwanted(tx: Transaction, *, since: datetime) -> Counter[str]:
    """How many alerts of each rule readers found not relevant."""
    query = select(feedback.c.rules).where(feedback.c.made_at >= since)
    newest = query.order_by(feedback.c.made_at.desc()).limit(_MOST_SAID)
    return Counter(rule for rules in tx.execute(newest).scalars() for rule in rules)


def _first(tx: Transaction, since: datetime) -> int | None:
    """The first item seen since then. Numbers grow as items come, and are an index by themselves."""
    query = (
        select(items.c.id)
        .where(items.c.first_seen_at >= since)
        .order_by(items.c.first_seen_at)
        .limit(1)
    )
    return tx.execute(query).scalar_one_or_none()
