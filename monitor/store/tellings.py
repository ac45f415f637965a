"""What channels were told and what readers said of it, for those who look back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from monitor.model import Alert
from monitor.store.outbox import State, load
from monitor.store.schema import alerts, feedback, outbox, stories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a channel was told of a story."""

    story: int
    """Where it became part of another, that one."""
    channel: str
    scope: str
    """story, or item:12 for a rule that tells every item."""
    rules: frozenset[str]
    at: datetime
    began_before: bool
    """The story is older than the time that was asked about."""
    irrelevant: bool
    """Somebody said that it should not have been told."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What readers said of a rule's alerts."""

    alerts: int
    irrelevant: int
    """Those that should not have been told."""

    @property
    def share(self) -> float:
        """Of the alerts, those that should not have been told; 0 for none."""
        return self.irrelevant / self.alerts if self.alerts else 0.0


def since(tx: Transaction, moment: datetime) -> Iterator[Recorded]:
    """What was told since then, and what was told before of stories that went on."""
    query = (
        select(alerts, stories.c.started_at, stories.c.merged_into)
        .join(stories, stories.c.id == alerts.c.story_id)
        .where(or_(alerts.c.created_at >= moment, stories.c.last_item_at >= moment))
        .order_by(alerts.c.id)
    )
    marked = _marked(tx)
    for row in tx.execute(query):
        yield Recorded(
            row.merged_into or row.story_id,
            row.channel,
            row.scope,
            frozenset(row.rules),
            row.created_at,
            row.started_at < moment,
            row.id in marked,
        )


def held_back(tx: Transaction, moment: datetime) -> set[tuple[int, str]]:
    """Stories and channels of which something was not told since then because a reader asked for that."""
    query = select(outbox.c.channel, outbox.c.content).where(
        outbox.c.state == State.MUTED.value, outbox.c.created_at >= moment
    )
    loaded = ((row.channel, load(row.content)) for row in tx.execute(query))
    return {(content.story, channel) for channel, content in loaded if isinstance(content, Alert)}


def verdicts(tx: Transaction, moment: datetime) -> dict[str, Verdict]:
    """What readers said of the alerts since then, by rule."""
    marked = _marked(tx)
    told, irrelevant = Counter[str](), Counter[str]()
    query = select(alerts.c.id, alerts.c.rules).where(alerts.c.created_at >= moment)
    for row in tx.execute(query):
        told.update(row.rules)
        if row.id in marked:
            irrelevant.update(row.rules)
    return {rule: Verdict(count, irrelevant[rule]) for rule, count in told.items()}


def _marked(tx: Transaction) -> set[int]:
    return set(tx.execute(select(feedback.c.alert_id)).scalars())
