"""The pages: what each reads from the database, in one short transaction, and then shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from monitor import urls
from monitor.feeds import rhythm
from monitor.model import Alert, Digest
from monitor.store import browsing, mutes, outbox
from monitor.store import feeds as stored_feeds
from monitor.store import stories as stored_stories
from monitor.web.exchange import Answer
from monitor.web.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Content, Evidence, Match
    from monitor.store.feeds import FeedState
    from monitor.web.about import About

DAYS = 7
"""Of stories that are listed."""
STORIES = 20
FEEDS = 100
RULES = 100
MESSAGES = 50
MEMBERS = 200
_MOST_PAGES = 1_000
_MAX_RULE = 100
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list stands."""

    page: int
    older: str
    """Link to the next page; "" where there is none."""
    newer: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as its row shows it."""

    state: FeedState
    url: str
    """Without user, password and keys."""
    condition: str
    """fine, failing, gone or new."""
    remarks: tuple[str, ...]
    per_day: float | None
    """News, as far as is known."""


class Pages:
    """Makes the pages of one service."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._templates = Templates(timezone=about.timezone)

    def home(self, query: Mapping[str, str]) -> Answer:
        """How the service is, and the stories of the last days."""
        now, about = self._about.clock(), self._about
        rule = query.get("rule", "")[:_MAX_RULE]
        page = _page(query)
        with about.database.reading() as tx:
            tally = stored_feeds.tally(tx, overdue=now - _LATE, since=now - timedelta(days=1))
            waiting = outbox.waiting(tx)
            found = browsing.story_list(
                tx,
                since=now - timedelta(days=DAYS),
                rule=rule,
                limit=STORIES + 1,
                offset=page * STORIES,
            )
            marks = mutes.active(tx, now=now)
        return self._page(
            "home.html",
            "",
            now,
            report=about.report(),
            tally=tally,
            waiting=[one for one in waiting if one.number],
            stories=found[:STORIES],
            paging=_paging("/", page, more=len(found) > STORIES, rule=rule),
            rule=rule,
            rules=about.rules(),
            muted={mark.story for mark in marks if mark.story},
            days=DAYS,
        )

    def feeds(self, query: Mapping[str, str]) -> Answer:
        """The feeds, those with troubles first."""
        now, page = self._about.clock(), _page(query)
        with self._about.database.reading() as tx:
            tally = stored_feeds.tally(tx, overdue=now - _LATE, since=now - timedelta(days=1))
            found = browsing.feed_states(tx, limit=FEEDS + 1, offset=page * FEEDS)
        return self._page(
            "feeds.html",
            "Feeds",
            now,
            tally=tally,
            feeds=[_feed(state, now) for state in found[:FEEDS]],
            paging=_paging("/feeds", page, more=len(found) > FEEDS),
        )

    def rules(self, query: Mapping[str, str]) -> Answer:
        """The rules in force, those that match most first."""
        now, page, about = self._about.clock(), _page(query), self._about
        week = now - timedelta(days=7)
        with about.database.reading() as tx:
            volumes = browsing.volumes(tx, day=now - timedelta(days=1), week=week)
            unwanted = browsing.unwanted(tx, since=week)
            marks = mutes.active(tx, now=now)
        nothing = browsing.Volume(0, 0, 0)
        ordered = sorted(
            about.rules().values(), key=lambda rule: (-volumes.get(rule.id, nothing).week, rule.id)
        )
        shown = ordered[page * RULES : (page + 1) * RULES]
        return self._page(
            "rules.html",
            "Rules",
            now,
            rules=[(rule, volumes.get(rule.id, nothing)) for rule in shown],
            all=len(ordered),
            unwanted=unwanted,
            muted={mark.rule: mark for mark in marks if mark.rule},
            problems=list(about.problems())[:_MAX_RULE],
            paging=_paging("/rules", page, more=len(ordered) > (page + 1) * RULES),
        )

    def deliveries(self, query: Mapping[str, str]) -> Answer:
        """What is not delivered, and what was."""
        now, page = self._about.clock(), _page(query)
        with self._about.database.reading() as tx:
            waiting = outbox.waiting(tx)
            held = browsing.undelivered(tx, limit=MESSAGES)
            done = browsing.delivered(tx, limit=MESSAGES + 1, offset=page * MESSAGES)
        return self._page(
            "deliveries.html",
            "Deliveries",
            now,
            held=held if not page else [],
            total=sum(one.number for one in waiting),
            done=done[:MESSAGES],
            headline=headline,
            paging=_paging("/deliveries", page, more=len(done) > MESSAGES),
        )

    def story(self, id_: int) -> Answer | None:
        """A story with its items, and what was told of it."""
        now = self._about.clock()
        with self._about.database.reading() as tx:
            current = stored_stories.current(tx, id_)
            found = browsing.story(tx, current) if current else None
            if found is None:
                return None
            members = stored_stories.members(tx, found.id, limit=MEMBERS)
            told = browsing.told_of(tx, found.id)
            messages = browsing.messages_of(tx, found.id)
            muted = mutes.of_story(tx, found.id, now=now)
        return self._page(
            "story.html",
            f"Story {found.id}",
            now,
            story=found,
            asked=id_,
            members=members,
            told=told,
            messages=messages,
            headline=headline,
            muted=muted,
            rules=self._about.rules(),
        )

    def item(self, id_: int) -> Answer | None:
        """An item: who carried it, why it matched, where it belongs, what was told."""
        now = self._about.clock()
        with self._about.database.reading() as tx:
            found = browsing.item(tx, id_)
            if found is None:
                return None
            sightings = browsing.sightings_of(tx, id_)
            wordings = browsing.wordings_of(tx, id_)
            member = stored_stories.of_item(tx, id_)
            told = browsing.told_of(tx, member.story) if member else []
            messages = browsing.messages_of(tx, member.story) if member else []
        return self._page(
            "item.html",
            f"Item {found.id}",
            now,
            item=found,
            sightings=[(one, urls.shown(one.url)) for one in sightings],
            wordings=wordings,
            member=member,
            told=told,
            messages=messages,
            headline=headline,
            rules=self._about.rules(),
        )

    def message(self, title: str, said: str, status: HTTPStatus) -> Answer:
        """A page that says why there is none."""
        return self._page("message.html", title, self._about.clock(), status=status, said=said)

    def login(self, *, to: str, wrong: bool = False) -> Answer:
        """The form for the token."""
        return self._page(
            "login.html",
            "Log in",
            self._about.clock(),
            status=HTTPStatus.UNAUTHORIZED,
            to=to,
            wrong=wrong,
        )

    def _page(
        self,
        template: str,
        title: str,
        now: datetime,
        status: HTTPStatus = HTTPStatus.OK,
        **values: object,
    ) -> Answer:
        about = self._about
        made = self._templates.render(
            template,
            title=title,
            service=about.name,
            version=about.version,
            now=now,
            spans=spans,
            link=link,
            query=urlencode,
            **values,
        )
        return Answer(made, status)


def number(text: str) -> int | None:
    """The number of an item or a story in an address."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _page(query: Mapping[str, str]) -> int:
    """The page that is asked for, from 0."""
    found = number(query.get("page", "1")) or 1
    return min(found, _MOST_PAGES) - 1


def _paging(path: str, page: int, *, more: bool, **kept: str) -> Paging:
    def to(other: int) -> str:
        given = {name: value for name, value in kept.items() if value}
        given |= {"page": str(other + 1)} if other else {}
        return f"{path}?{urlencode(given)}" if given else path

    beyond = more and page + 1 < _MOST_PAGES
    return Paging(page + 1, to(page + 1) if beyond else "", to(page - 1) if page else "")


def spans(matches: Iterable[Match | Evidence], field: str) -> list[tuple[int, int]]:
    """Where in a field the evidence stands."""
    found = [
        evidence
        for one in matches
        for evidence in (one.evidence if hasattr(one, "evidence") else (one,))
    ]
    return [(one.start, one.end) for one in found if one.field == field]


def link(url: str) -> str:
    """An address that may be followed; "" for one that may not."""
    return url if url.startswith(("https://", "http://")) else ""


def headline(content: Content) -> str:
    """What a message says, in a line."""
    if isinstance(content, Alert):
        return content.title
    if isinstance(content, Digest):
        return f"Digest of {len(content.alerts)} alerts"
    return content.heading


def _feed(state: FeedState, now: datetime) -> Feed:
    known = rhythm.unpack(state.rhythm, now=now.timestamp())
    remarks = []
    if state.move.to:
        remarks.append(f"says it moved to {urls.shown(state.move.to)}")
    if rhythm.is_silent(known, now.timestamp()):
        since = datetime.fromtimestamp(known.at, UTC)
        remarks.append(f"silent since {since:%Y-%m-%d}, unlike it")
    if state.gap_at:
        remarks.append(f"gaps: {state.gaps}, entries may have been missed")
    return Feed(
        state, urls.shown(state.feed.url), _condition(state), tuple(remarks), rhythm.per_day(known)
    )


def _condition(state: FeedState) -> str:
    if state.gone_at:
        return "gone"
    if state.failures:
        return "failing"
    return "fine" if state.last_ok_at else "new"
