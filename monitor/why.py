"""Why something was told, in words: the rules, the words that matched, the story, who silenced what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Alert, Digest, Line, Notice
from monitor.store import items as stored_items
from monitor.store import mutes
from monitor.store import stories as stored_stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from monitor.model import Content, Evidence, Match
    from monitor.rules import Matcher
    from monitor.store.database import Transaction

MAX_ITEMS = 12
MAX_TOLD = 5
"""Alerts of a digest that are explained."""


def of_message(
    tx: Transaction, content: Content, matcher: Matcher, *, now: datetime
) -> tuple[Notice, ...]:
    """Why a message was sent."""
    if isinstance(content, Notice):
        return (Notice(content.heading, content.lines),)
    if isinstance(content, Digest):
        told = content.alerts[:MAX_TOLD]
        more = len(content.alerts) - len(told)
        rest = (Notice(f"and {more} more alerts"),) if more > 0 else ()
        return (*(_in_short(alert, matcher) for alert in told), *rest)
    return (*_rules(content, matcher), *_story(tx, content, now=now))


def of_address(
    tx: Transaction, address: str, keys: Sequence[str], matcher: Matcher, *, now: datetime
) -> tuple[Notice, ...]:
    """What became of the items at an address.

    Args:
        tx: The transaction.
        address: As it was asked for.
        keys: Under which identities an item at this address is known.
        matcher: The rules in force.
        now: The time.
    """
    found = next((one for one in stored_items.known(tx, keys, feed=0).values() if one), None)
    if found is None:
        return (
            Notice(
                "No item with this address is stored",
                (Line(f"{address}: no feed carried it, or it is older than the retention"),),
            ),
        )
    matches = stored_items.matches_of(tx, found.id)
    member = stored_stories.of_item(tx, found.id)
    seen = Line(f"Item {found.id} is known", found.seen)
    if not matches or member is None:
        return (Notice(found.title, (seen, Line("No rule matched it when it came"))),)
    return (
        Notice(found.title, (seen,)),
        *(_rule(match, matcher) for match in matches),
        _members(tx, member.story, now=now),
    )


def _in_short(alert: Alert, matcher: Matcher) -> Notice:
    lines = [Line(f"Rule {rule.name} ({rule.id}), {rule.severity}") for rule in alert.rules]
    return Notice(alert.title, (*lines, *_words(alert.evidence, matcher)))


def _rules(alert: Alert, matcher: Matcher) -> Iterator[Notice]:
    for label in alert.rules:
        rule = matcher.rules.get(label.id)
        query = rule.query if rule else "not in force any more"
        yield Notice(f"Rule {label.name} ({label.id}), {label.severity}", (Line(query),))
    yield Notice("Matched words", tuple(_words(alert.evidence, matcher)))


def _rule(match: Match, matcher: Matcher) -> Notice:
    rule = matcher.rules.get(match.rule)
    query = rule.query if rule else "not in force any more"
    heading = f"Rule {rule.name if rule else match.rule} ({match.rule}), {match.severity}"
    return Notice(heading, (Line(query), *_words(match.evidence, matcher)))


def _words(evidence: Sequence[Evidence], matcher: Matcher) -> Iterator[Line]:
    for one in dict.fromkeys((one.text, one.term, one.field) for one in evidence):
        text, term, field = one
        gloss = matcher.names.get(term, term)
        meaning = f" ({gloss})" if gloss.strip("@\"'=").casefold() != text.casefold() else ""
        yield Line(f"“{text}”{meaning} in the {field}")


def _story(tx: Transaction, alert: Alert, *, now: datetime) -> Iterator[Notice]:
    yield Notice("Told because", (Line(str(alert.reason)), *map(Line, alert.changes)))
    current = stored_stories.current(tx, alert.story)
    if current is not None:
        yield _members(tx, current, now=now)


def _members(tx: Transaction, story: int, *, now: datetime) -> Notice:
    members = stored_stories.members(tx, story)
    lines = [
        Line(f"{one.outlet}: {one.title} — {one.assignment.reason}", one.added_at)
        for one in members[:MAX_ITEMS]
    ]
    if len(members) > MAX_ITEMS:
        lines.append(Line(f"and {len(members) - MAX_ITEMS} more items"))
    muted = mutes.of_story(tx, story, now=now)
    return Notice(f"Story {story}", (*([Line(str(muted))] if muted else []), *lines))
