"""The web server over a real database, asked on loopback."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

from feedserver import closed_port

from monitor.checkup import Report
from monitor.model import (
    Assignment,
    Evidence,
    Feed,
    Item,
    Match,
    Outcome,
    Outlet,
    Rule,
    Severity,
)
from monitor.store import feeds as stored_feeds
from monitor.store import items, stories
from monitor.web.about import About
from monitor.web.gate import Gate
from monitor.web.server import Server
from monitor.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fakes import Clock

    from monitor.store.database import Database

RULES = {
    "pow": Rule("pow", "Prisoners of war", "@captivity", Severity.HIGH),
    "quiet": Rule("quiet", "Nothing yet", "word"),
}


@dataclass(frozen=True)
class Got:
    """An answer as the asker has it."""

    status: int
    body: str
    headers: Mapping[str, str]


@dataclass
class Desk:
    """What the site is about, and a way to ask it."""

    database: Database
    clock: Clock
    listen: str = field(default_factory=lambda: f"127.0.0.1:{closed_port()}")
    report: Report = field(default_factory=lambda: Report((), ()))
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def site(
        self, *, token: str = "", listens_on: str = "127.0.0.1", names: tuple[str, ...] = ()
    ) -> Site:
        about = About(
            name="Test desk",
            version="1.2.3",
            timezone=UTC,
            database=self.database,
            report=lambda: self.report,
            unready=lambda: self.missing,
            rules=lambda: RULES,
            rule_set=lambda: "0123456789abcdef",
            problems=lambda: self.problems,
            clock=self.clock,
        )
        return Site(about, Gate(listens_on, names=names, token=token))

    @contextmanager
    def serving(
        self, *, token: str = "", listens_on: str = "127.0.0.1", names: tuple[str, ...] = ()
    ) -> Iterator[None]:
        """Answer while the block lasts; `listens_on` is where the gate believes to listen."""
        with Server(self.listen) as server:
            server.answer_with(self.site(token=token, listens_on=listens_on, names=names))
            yield

    def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        body: str = "",
        **headers: str,
    ) -> Got:
        """One request; `host` and the like are header names with _ for -."""
        connection = http.client.HTTPConnection(self.listen, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body or None, headers=named)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Got(answer.status, text, {k.lower(): v for k, v in answer.headers.items()})
        finally:
            connection.close()


@dataclass(frozen=True)
class Stored:
    """The numbers of what was put into the database."""

    item: int
    story: int


def item(
    title: str, *, summary: str = "", language: str = "en", url: str = "https://news.example/1"
) -> Item:
    """An item as a feed brings it."""
    return Item(title, summary=summary, url=url, language=language)


def stored(
    desk: Desk,
    one: Item,
    *,
    outlet: str = "Wire 1",
    rule: str = "pow",
    found: tuple[str, ...] | list[str] = (),
    story: int | None = None,
    copy_of: int | None = None,
    reason: str = "because the test says so",
) -> Stored:
    """An item of a feed that matched a rule by some words, in a story."""
    now = desk.clock()
    feed = Feed(f"https://feeds.example/{quote(outlet)}", Outlet(outlet))
    fields = {"title": one.title, "summary": one.summary}
    evidence = tuple(
        Evidence("@captivity", word, name, at, at + len(word), word)
        for word in found
        for name, text in fields.items()
        if (at := text.find(word)) >= 0
    )
    outcome = Outcome.NEW if story is None else Outcome.FOLD
    with desk.database.transaction() as tx:
        known = [state.feed for state in stored_feeds.states(tx)]
        stored_feeds.sync(tx, [*known, *([] if feed in known else [feed])], now=now)
        number = next(state.id for state in stored_feeds.states(tx) if state.feed == feed)
        (id_,) = items.add(tx, [items.NewItem(one)], feed=number, now=now)
        items.add_matches(tx, id_, [Match(rule, Severity.HIGH, evidence)])
        assignment = Assignment(outcome, reason, story, copy_of=copy_of)
        story_, _ = stories.add(tx, id_, assignment, report="", algorithm=1, now=now)
    return Stored(id_, story_)
