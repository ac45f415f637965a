"""Why something was told, in words: the rules, the words that matched, the story, who silenced what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor import explaining, unseen
from monitor.model import Alert, Digest, Line, Notice, Outcome, Reason
from monitor.receivers import telling
from monitor.store import mutes
from monitor.store import record as records
from monitor.store import stories as stored_stories
from monitor.store.outbox import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from monitor.explaining import Explanation, InStory, Matched, Told
    from monitor.model import Content, Evidence, Receipt
    from monitor.rules import Matcher
    from monitor.store.database import Transaction
    from monitor.unseen import Carrier, Unseen

MAX_QUERY = 200
"""Code points of a query, or of a clause, that are read with ease."""
MAX_LISTED = 8
"""Feeds, and wordings, of an item."""
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
    """What became of the newest item at an address, or why there is none.

    Args:
        tx: The transaction.
        address: As it was asked for.
        keys: Under which identities an item at this address is known.
        matcher: The rules in force.
        now: The time.
    """
    ids, _ = records.at_keys(tx, keys)
    record = records.of_item(tx, ids[0], now=now) if ids else None
    if record is None:
        return of_unseen(unseen.of_address(tx, address, now=now))
    told = of_item(explaining.explain(record, matcher))
    return (*told, _members(tx, record.member.story, now=now)) if record.member else told


def of_item(one: Explanation) -> tuple[Notice, ...]:
    """What became of an item: the answer first, then what it follows from."""
    return (
        Notice(one.item.title or "(untitled)", tuple(_seen(one))),
        *(Notice(_rule_heading(rule), tuple(_matched(rule))) for rule in one.matched),
        *(Notice(_rule_heading(rule), (_NOW, *_matched(rule))) for rule in one.matches_now),
        *_near(one),
        *([_in_story(one.story)] if one.story else []),
        *([Notice("Decided", tuple(map(_told, one.told)))] if one.told else []),
    )


_NOW = Line("Matches it as the rule is now; it did not when the item came")


def answer(one: Explanation) -> str:
    """In one clause, whether it was told and why."""
    reasons = dict.fromkeys(
        str(told.decided.reason)
        for told in one.told
        if told.decided.reason.tells or not one.is_told
    )
    if one.is_told:
        channels = dict.fromkeys(
            told.decided.channel for told in one.told if told.decided.reason.tells
        )
        return f"Told in {', '.join(channels)}: {'; '.join(reasons)}"
    return f"Not told: {'; '.join(reasons) or 'no rule matched it when it came'}"


def _seen(one: Explanation) -> Iterator[Line]:
    yield Line(answer(one))
    first = one.sightings[0].outlet if one.sightings else one.item.outlet.name
    yield Line(f"Item {one.id}, first seen in {first}", one.seen)
    if one.item.published is None:
        yield Line("The feed gives it no usable date")
    else:
        yield Line("Published, as the feed says", one.item.published)
    for sighting in one.sightings[1:MAX_LISTED]:
        yield Line(f"Also carried by {sighting.outlet}", sighting.at)
    if len(one.sightings) > MAX_LISTED:
        yield Line(f"and by {len(one.sightings) - MAX_LISTED} feeds more")
    for wording in one.wordings[:MAX_LISTED]:
        own = wording.outlet == first
        said = "It said before" if own else f"{wording.outlet} words it"
        yield Line(f"{said}: {wording.title}", wording.at)


def _rule_heading(rule: Matched) -> str:
    return f"Rule {rule.name} ({rule.rule}), {rule.severity}"


def _matched(rule: Matched) -> Iterator[Line]:
    if not rule.query:
        yield Line("The rule is not in the files any more")
    elif len(rule.query) <= MAX_QUERY:
        yield Line(rule.query)
    if rule.failed:
        yield Line(f"As it is now it does not match: {_clause(rule.failed)}: {rule.cause}")
    for words, field in _distinct(rule.evidence):
        yield Line(f"{words} in the {field}")


def _near(one: Explanation) -> Iterator[Notice]:
    if not one.near:
        return
    lines = [
        Line(
            f"{near.name} ({near.rule}) has "
            + ", ".join(list(dict.fromkeys(words for words, _ in _distinct(near.found)))[:MAX_TOLD])
            + f", but not {_clause(near.failed)}: {near.cause}"
        )
        for near in one.near
    ]
    if one.more_near:
        lines.append(Line(f"and {one.more_near} rules less near"))
    yield Notice("Rules that came near", tuple(lines))


def _clause(query: str) -> str:
    return telling.cut(" ".join(query.split()), MAX_QUERY)


def _distinct(evidence: Sequence[Evidence]) -> list[tuple[str, str]]:
    """Each word once with what it stands for, and where it is."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in evidence:
        terms = found.setdefault((one.text, one.field), [])
        plain = one.term.strip("@\"'=*").casefold() == one.text.casefold()
        if not plain and one.term not in terms:
            terms.append(one.term)
    return [
        (f"“{text}”" + (f" ({', '.join(terms)})" if terms else ""), field)
        for (text, field), terms in found.items()
    ]


def _in_story(story: InStory) -> Notice:
    said = story.member.assignment
    lines = [Line(f"It is item {story.place} of {story.items}: {said.reason} ({said.score:.2f})")]
    if said.copy_of is not None:
        lines.append(Line(f"Its text repeats that of item {said.copy_of}"))
    if said.outcome is Outcome.RELATED:
        lines.append(Line(f"Related to story {said.story}"))
    if story.muted:
        lines.append(Line(str(story.muted)))
    return Notice(f"Story {story.member.story}", tuple(lines))


def _told(told: Told) -> Line:
    decided = told.decided
    said = "told" if decided.reason.tells else "not told"
    text = f"{decided.channel}: {said}, {decided.reason}"
    if decided.changes:
        text += f" ({'; '.join(decided.changes)})"
    if decided.edited:
        text += ", of an edit"
    if decided.why:
        text += f", {decided.why}"
    if decided.message is not None:
        return _delivered(f"{text}; ", told, decided.at)
    if told.shown_in and decided.reason is not Reason.TOO_OLD:
        text += f"; the message of its story counts it ({_place(told.shown_in, told.link)})"
    return Line(text, decided.at)


def _delivered(text: str, told: Told, decided_at: datetime) -> Line:
    one = told.delivery
    if one is None:
        return Line(
            f"{text}its message is forgotten, for it is older than the retention", decided_at
        )
    number = f"message {one.message}"
    error = f": {one.error}" if one.error else ""
    if one.state is State.SENT:
        where = f" ({_place(one.receipt, told.link)})" if one.receipt.ts else ""
        return Line(f"{text}{number} delivered{where}", one.sent_at)
    if one.state is State.HELD:
        if one.not_before > one.created_at:
            return Line(f"{text}{number} waits until {one.not_before:%Y-%m-%d %H:%M} UTC")
        return Line(f"{text}{number} is held for quiet hours or a digest", one.created_at)
    said = {
        State.PENDING: "waits to be sent",
        State.SENDING: "is being sent",
        State.UNKNOWN: "may have arrived, and is looked up",
        State.PARKED: "is not delivered, somebody must mend something",
        State.DEAD: "was refused for good",
        State.DIGESTED: f"told in a digest, message {one.digest}",
        State.MUTED: "set aside",
    }
    # What sets it aside was said by the decision, unless somebody did so later.
    known = one.state is State.MUTED and bool(told.decided.why)
    return Line(f"{text}{number} {said[one.state]}{'' if known else error}", one.created_at)


def _place(receipt: Receipt, link: str) -> str:
    if link:
        return link
    return f"{receipt.ts} in {receipt.channel}" if receipt.channel else receipt.ts


def of_unseen(one: Unseen) -> tuple[Notice, ...]:
    """Why an address is not among the items."""
    if one.forgotten:
        gone = Line("It was stored once, and deleted when it was older than the retention")
        return (Notice("No item with this address is stored any more", (Line(one.address), gone)),)
    heading = Notice("No item with this address is stored", (Line(one.address),))
    if one.carriers:
        rest = (Notice(f"and {one.more} more feeds of this site"),) if one.more else ()
        return (heading, *map(of_carrier, one.carriers), *rest)
    lines = (
        Line(
            f"None of the {one.feeds} feeds is of {one.site or 'this site'}, or carried it lately"
        ),
        Line("monitor feeds discover URL says which feeds a site has"),
    )
    return (heading, Notice("No feed should have carried it", lines))


def of_carrier(one: Carrier) -> Notice:
    """How a feed is that should have carried something."""
    return Notice(f"{one.name}: {one.state}", tuple(_carrier(one)))


def _carrier(one: Carrier) -> Iterator[Line]:
    yield Line(one.url)
    if one.carried:
        many = "1 item" if one.carried == 1 else f"{one.carried} items"
        yield Line(f"Carried {many} of this site lately, the last", one.carried_last)
    if one.last_polled_at is None:
        yield Line("It was never asked yet")
    else:
        yield Line("Last asked", one.last_polled_at)
    if one.failing_since:
        yield Line(f"Fails: {one.error}; since", one.failing_since)
        if one.last_ok_at:
            yield Line("Last answered", one.last_ok_at)
    if one.gap_at:
        yield Line(
            f"Entries may have come and gone unseen between its polls ({one.gaps} gaps), last",
            one.gap_at,
        )
    if one.silent_since:
        yield Line("It is silent for longer than is its way; its last news came", one.silent_since)
    if one.next_poll_at is None:
        yield Line("It is asked no more: the publisher says that it is gone")
    elif not (one.failing_since or one.gap_at or one.silent_since):
        yield Line(
            "Nothing is wrong with it: the entry was not in it when it was asked, or not yet"
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
