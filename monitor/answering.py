"""What people ask on Slack is done here: in the database first, then told to whoever asked.

Everything that comes in is checked against the database; the same deed twice is done once, and every
deed leaves a state in which doing it again changes nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import show, why
from monitor.errors import DeliveryError
from monitor.feeds import identity
from monitor.model import Act, Alert, Digest, Line, Mark, Notice
from monitor.receivers.slack.interact import ONE, WHY
from monitor.settings import parse_duration
from monitor.store import alerts as stored_alerts
from monitor.store import clicks, feedback, mutes, outbox, tallies
from monitor.store import feeds as stored_feeds
from monitor.store import stories as stored_stories

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.receivers import Answerer
    from monitor.receivers.slack.interact import Asked
    from monitor.rules import Matcher
    from monitor.store.database import Database, Transaction
    from monitor.store.outbox import Queued

log = logging.getLogger(__name__)

SNOOZE = timedelta(hours=24)
LONGEST = timedelta(days=3650)
MAX_RULES = 60
_RECEIPT_S = (0.2, 0.4, 0.8)
"""Waits for a message that is not known yet; a dialogue can be opened for three seconds."""
_USAGE = (
    Line("status: how the service is"),
    Line("rules: the rules, and which are snoozed"),
    Line("mute STORY [7d], unmute STORY: tell nothing more of a story, or tell of it again"),
    Line(
        "snooze RULE [24h], unsnooze RULE: tell nothing of a rule for a while, or tell of it again"
    ),
    Line("explain URL: what became of the item at an address"),
)
_UNKNOWN = Notice(
    "This message is not known here",
    (Line("It is not one of ours, too old, or so new that you may try again in a moment."),),
)
_SEVERAL = Notice(
    "This message tells several alerts",
    (Line("Choose one by its button, or mute its story: /monitor mute STORY"),),
)


class Answering:
    """Does what is asked."""

    def __init__(
        self,
        database: Database,
        answerer: Answerer,
        *,
        matcher: Callable[[], Matcher],
        status: Callable[[], Notice],
        clock: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make it.

        Args:
            database: What is known and promised.
            answerer: Tells whoever asked.
            matcher: The rules in force.
            status: How the service is.
            clock: The time.
            wait: Lets some seconds pass.
        """
        self._database = database
        self._answerer = answerer
        self._matcher = matcher
        self._status = status
        self._clock = clock
        self._wait = wait

    def __call__(self, asked: Asked) -> None:
        """Do it, unless it was done.

        Raises:
            StoreError: The database refused; nothing was done.
        """
        self._await_receipt(asked)
        answer = self._database.run(lambda tx: self._done(tx, asked))
        try:
            self._answer(asked, answer)
        except DeliveryError as error:
            log.warning("answer not given: action=%s cause=%s", asked.action, error)

    def _answer(self, asked: Asked, answer: Sequence[Notice] | Digest | None) -> None:
        if isinstance(answer, Digest):
            self._answerer.ask_which(asked.trigger, asked.about, answer)
        elif answer and asked.trigger:
            title = "Why this alert" if asked.action == WHY else "Nothing was done"
            self._answerer.show(asked.trigger, title, answer)
        elif answer and asked.reply_to:
            self._answerer.answer(asked.reply_to, answer)
        elif answer is not None and asked.action == "irrelevant" and asked.trigger:
            self._answerer.ask_reason(asked.trigger, asked.about, asked.place)

    def _await_receipt(self, asked: Asked) -> None:
        """Readers may be faster than we note where the message is that Slack has just taken."""
        # A reaction may be to anything that anybody wrote, and nobody waits for an answer to it.
        for pause in _RECEIPT_S if asked.about.ts and asked.trigger else ():
            with self._database.reading() as tx:
                if outbox.at(tx, asked.about):
                    return
            self._wait(pause)

    def _done(self, tx: Transaction, asked: Asked) -> Sequence[Notice] | Digest | None:
        """What to answer, or of which alerts to choose; nothing where the message shows what was done.

        None where it was done before.
        """
        now = self._clock()
        if not clicks.first(tx, asked.key, now=now):
            return None
        log.info("asked on Slack: action=%s by=%s", asked.action, asked.by.slack)
        if asked.action == "command":
            return self._command(tx, asked, now)
        found = outbox.at(tx, asked.about)
        content = found.message.content if found else None
        if found and isinstance(content, Digest) and asked.action == ONE and asked.trigger:
            return content
        if found and content and asked.action == WHY:
            if isinstance(content, Digest) and asked.place in range(len(content.alerts)):
                content = content.alerts[asked.place or 0]
            return why.of_message(tx, content, self._matcher(), now=now)
        return self._press(tx, asked, found, now)

    # Buttons

    def _press(
        self, tx: Transaction, asked: Asked, found: Queued | None, now: datetime
    ) -> Sequence[Notice]:
        number, content = _meant(tx, asked, found)
        shown = stored_alerts.find(tx, number) if number else None
        if shown is None or content is None:
            several = found and isinstance(found.message.content, Digest) and asked.place is None
            return (_SEVERAL if several else _UNKNOWN,)
        story = stored_stories.current(tx, shown.story) or shown.story
        mark = Mark(Act.MUTE, asked.by, now, story=story)
        match asked.action:
            case "mute":
                _mute(tx, mark)
            case "unmute":
                mutes.lift(tx, story=story, now=now)
            case "snooze" | "unsnooze":
                rules = {
                    rule.id for _, one in outbox.alerts_of(tx, shown.alert) for rule in one.rules
                }
                if asked.text not in rules:
                    return (_UNKNOWN,)
                if asked.action == "snooze":
                    _mute(tx, _snooze(mark, asked.text, now + SNOOZE))
                else:
                    mutes.lift(tx, rule=asked.text, now=now)
            case "irrelevant":
                said = replace(mark, act=Act.IRRELEVANT)
                feedback.irrelevant(tx, shown.alert, content, said)
            case "reason":
                feedback.explain(tx, shown.alert, asked.by.slack, reason=asked.text)
            case "relevant" | "unmark":
                who = asked.by.slack if asked.action == "unmark" else None
                feedback.take_back(tx, shown.alert, who=who)
            case _:
                return ()
        of_story = asked.action in {"mute", "unmute"}
        stored_alerts.refresh(
            tx,
            story=story if of_story else None,
            alert=None if of_story else shown.alert,
            now=now,
        )
        return ()

    # Commands

    def _command(self, tx: Transaction, asked: Asked, now: datetime) -> Sequence[Notice]:
        words = asked.text.split()
        answer: Sequence[Notice]
        match [words[0].lower() if words else "", *words[1:]]:
            case ["status"]:
                answer = self._state(tx, now)
            case ["rules"]:
                answer = (self._rules(tx, now),)
            case ["mute", story, *rest] if len(rest) <= 1:
                answer = (_mute_story(tx, asked, story, rest, now),)
            case ["unmute", story]:
                answer = (_unmute(tx, story, now),)
            case ["snooze", rule, *rest] if len(rest) <= 1:
                answer = (self._snooze(tx, asked, rule, rest, now),)
            case ["unsnooze", rule]:
                was = mutes.lift(tx, rule=rule, now=now)
                answer = (
                    Notice(f"Rule {rule} is told again" if was else f"{rule} is not snoozed"),
                )
            case ["explain", url]:
                answer = self._explain(tx, url, now)
            case _:
                answer = (Notice("This is what you can ask: /monitor …", _USAGE),)
        return answer

    def _explain(self, tx: Transaction, url: str, now: datetime) -> Sequence[Notice]:
        # Slack writes an address it knows as <address|label>.
        address = url.strip("<>").partition("|")[0].replace("&amp;", "&")
        keys = identity.keys_of_address(address)
        return why.of_address(tx, address, keys, self._matcher(), now=now)

    def _state(self, tx: Transaction, now: datetime) -> Sequence[Notice]:
        counted = tallies.since(tx, now - timedelta(days=1))
        states = stored_feeds.states(tx)
        failing = sum(state.failures > 0 for state in states)
        waiting = sum(held.number for held in outbox.undelivered(tx))
        day = Notice(
            "In the last 24 hours",
            (
                Line(f"{show.plural(len(states), 'feed', 'feeds')}, {failing} of them failing"),
                Line(f"{counted.items} new items, {counted.matched} matched a rule"),
                Line(f"{counted.delivered} messages delivered, {waiting} waiting"),
            ),
        )
        muted = [Line(f"{_what(mark)} {mark}") for mark in mutes.active(tx, now=now)]
        return (self._status(), day, *([Notice("Silenced", tuple(muted))] if muted else []))

    def _rules(self, tx: Transaction, now: datetime) -> Notice:
        snoozed = {mark.rule: mark for mark in mutes.active(tx, now=now) if mark.rule}
        rules = list(self._matcher().rules.values())
        lines = [
            Line(f"{one.id}: {one.name}, {one.severity}" + _said(snoozed.get(one.id)))
            for one in rules[:MAX_RULES]
        ]
        if len(rules) > MAX_RULES:
            lines.append(Line(f"and {len(rules) - MAX_RULES} more"))
        return Notice(f"{len(rules)} rules", tuple(lines))

    def _snooze(
        self, tx: Transaction, asked: Asked, rule: str, rest: Sequence[str], now: datetime
    ) -> Notice:
        if rule not in self._matcher().rules:
            return Notice(f"There is no rule {rule}", (Line("/monitor rules lists them"),))
        length = _length(rest[0]) if rest else SNOOZE
        if length is None:
            return _no_length(rest[0])
        mark = _snooze(Mark(Act.SNOOZE, asked.by, now), rule, now + length)
        mutes.begin(tx, mark)
        return Notice(f"Rule {rule} {mark}")


def _meant(tx: Transaction, asked: Asked, found: Queued | None) -> tuple[int | None, Alert | None]:
    """The alert that somebody means, and its number: the message's, or one of those it tells."""
    if found is None:
        return None, None
    content = found.message.content
    if isinstance(content, Alert):
        return found.alert, content
    if isinstance(content, Digest) and asked.place is not None:
        told = outbox.told_in(tx, found.id)
        # Where some are forgotten, nobody knows any more which is which.
        if len(told) == len(content.alerts) and asked.place < len(told):
            return told[asked.place]
    return None, None


def _mute_story(
    tx: Transaction, asked: Asked, number: str, rest: Sequence[str], now: datetime
) -> Notice:
    story = _story(tx, number)
    if story is None:
        return Notice(f"There is no story {number}")
    length = _length(rest[0]) if rest else None
    if rest and length is None:
        return _no_length(rest[0])
    mark = Mark(Act.MUTE, asked.by, now, story=story, until=now + length if length else None)
    mutes.begin(tx, mark)
    stored_alerts.refresh(tx, story=story, now=now)
    return Notice(f"Story {story} {mark}")


def _mute(tx: Transaction, mark: Mark) -> None:
    """Silence what is not silent yet: a second click changes neither who it was nor until when."""
    same = (mark.story, mark.rule)
    if same not in {(one.story, one.rule) for one in mutes.active(tx, now=mark.made_at)}:
        mutes.begin(tx, mark)


def _snooze(mark: Mark, rule: str, until: datetime) -> Mark:
    return Mark(Act.SNOOZE, mark.by, mark.made_at, rule=rule, until=until)


def _unmute(tx: Transaction, number: str, now: datetime) -> Notice:
    story = _story(tx, number)
    if story is None or not mutes.lift(tx, story=story, now=now):
        return Notice(f"Story {number} is not muted")
    stored_alerts.refresh(tx, story=story, now=now)
    return Notice(f"Story {story} is told again")


def _story(tx: Transaction, number: str) -> int | None:
    longest = 18  # digits of what a database numbers
    if not (number.isascii() and number.isdecimal() and len(number) <= longest):
        return None
    return stored_stories.current(tx, int(number))


def _length(text: str) -> timedelta | None:
    try:
        length = parse_duration(text)
    except ValueError:
        return None
    return length if timedelta(0) < length <= LONGEST else None


def _no_length(text: str) -> Notice:
    return Notice(f"{text} is no time", (Line("Write 30m, 24h or 7d"),))


def _what(mark: Mark) -> str:
    return f"Rule {mark.rule}" if mark.rule else f"Story {mark.story}"


def _said(mark: Mark | None) -> str:
    return f", {mark}" if mark else ""
