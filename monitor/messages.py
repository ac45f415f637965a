"""A story's message as it should read now: what was told first, and how far the story has spread since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.model import Alert, Digest, SoFar
from monitor.store import alerts as stored_alerts
from monitor.store import feedback, mutes, outbox
from monitor.store import stories as stored_stories
from monitor.store.outbox import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.model import Mark, Message, Receipt
    from monitor.store.database import Transaction
    from monitor.store.outbox import Queued
    from monitor.store.stories import Member


def so_far(members: Sequence[Member]) -> SoFar | None:
    """How far a story has spread by its items, in the order in which they came; None for none."""
    if not members:
        return None
    copies = sum(one.assignment.copy_of is not None for one in members)
    return SoFar(
        outlets=_each_once(one.outlet for one in members),
        languages=_each_once(one.language for one in members),
        reports=len(members) - copies,
        copies=copies,
        since=min(one.added_at for one in members),
    )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def marks(
    tx: Transaction, alert: int, story: int, content: Alert, *, now: datetime
) -> tuple[Mark, ...]:
    """What readers said of an alert, its story and its rules, and it holds."""
    rules = {rule.id for rule in content.rules}
    said = [one for one in mutes.active(tx, now=now) if one.story == story or one.rule in rules]
    return (*said, *feedback.of_alert(tx, alert))


def prepared(tx: Transaction, queued: Queued, *, now: datetime) -> tuple[Message, datetime | None]:
    """A message as it is sent now, with its thread; and up to which growth it says everything."""
    message = queued.message
    if isinstance(message.content, Digest):
        return replace(message, content=digest(tx, queued.id, message.content, now=now)), None
    if queued.alert is None or not isinstance(message.content, Alert):
        return message, None
    shown = stored_alerts.find(tx, queued.alert)
    if shown is None:
        return message, None
    thread = shown.receipt if queued.kind is Kind.REPLY and shown.receipt.ts else None
    content = replace(message.content, so_far=so_far(stored_stories.members(tx, shown.story)))
    if thread is None:
        said = marks(tx, shown.alert, shown.story, content, now=now)
        content = replace(content, marks=said)
    return replace(message, content=content, thread=thread), shown.grown_at


def digest(tx: Transaction, number: int, content: Digest, *, now: datetime) -> Digest:
    """A digest with what readers said of its alerts."""
    told = outbox.told_in(tx, number)
    if len(told) != len(content.alerts):
        return content  # what it told is partly forgotten
    marked = []
    for alert, (known, _) in zip(content.alerts, told, strict=True):
        shown = stored_alerts.find(tx, known) if known else None
        said = marks(tx, shown.alert, shown.story, alert, now=now) if shown else ()
        marked.append(replace(alert, marks=said))
    return replace(content, alerts=tuple(marked))


def now_reads(
    tx: Transaction, alert: int, story: int, receipt: Receipt, *, now: datetime
) -> Alert | None:
    """What the message of a story should say; None where nothing is known of it any more."""
    promised = outbox.alerts_of(tx, alert)
    root = next((content for where, content in promised if where == receipt), None)
    spread = so_far(stored_stories.members(tx, story))
    if root is None or spread is None:
        return None
    labels = {rule.id: rule for _, content in promised for rule in content.rules}
    labels |= {rule.id: rule for rule in root.rules}
    rules = sorted(labels.values(), key=lambda rule: -rule.severity.rank)
    grown = replace(root, rules=tuple(rules), so_far=spread)
    return replace(grown, marks=marks(tx, alert, story, grown, now=now))
