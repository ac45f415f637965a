"""Fakes that behave: a clock to move, a receiver that remembers, items and alerts to begin with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.model import Alert, Evidence, Outlet, Reason, Receipt, RuleLabel, Severity
from monitor.store import alerts, outbox, stories

if TYPE_CHECKING:
    from monitor.errors import DeliveryError
    from monitor.model import Message
    from monitor.store.database import Database


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class MemoryReceiver:
    """Takes every message, unless told what goes wrong; can be asked what it has."""

    taken: list[Message] = field(default_factory=list)
    trouble: list[DeliveryError] = field(default_factory=list)
    """Raised by the next calls, one each."""
    takes_first: bool = False
    """Whether a message that ends in trouble was taken all the same."""
    calls: int = 0
    blind: list[DeliveryError] = field(default_factory=list)
    """Raised by the next look-ups, one each."""
    looks: int = 0
    updates: list[tuple[Message, Receipt]] = field(default_factory=list)
    unchangeable: list[DeliveryError] = field(default_factory=list)
    """Raised by the next updates, one each."""

    def send(self, message: Message) -> Receipt:
        self.calls += 1
        if self.trouble:
            error = self.trouble.pop(0)
            if self.takes_first:
                self.taken.append(message)
            raise error
        self.taken.append(message)
        return Receipt(message.channel, str(len(self.taken)))

    def find(self, message: Message, *, since: datetime) -> Receipt | None:
        self.looks += 1
        if self.blind:
            raise self.blind.pop(0)
        keys = [one.key for one in self.taken]
        if message.key not in keys:
            return None
        return Receipt(message.channel, str(keys.index(message.key) + 1))

    def update(self, message: Message, receipt: Receipt, *, revision: int) -> None:
        if self.unchangeable:
            raise self.unchangeable.pop(0)
        self.updates.append((message, receipt))

    def close(self) -> None:
        """Nothing is open."""


def alert(
    title: str = "Two soldiers captured",
    *,
    story: int = 1,
    rule: str = "pow",
    severity: Severity = Severity.HIGH,
) -> Alert:
    """An alert as the service would promise it."""
    return Alert(
        story=story,
        reason=Reason.NEW_STORY,
        rules=(RuleLabel(rule, "Prisoners of war", severity),),
        title=title,
        summary="They were taken near Sudzha.",
        url="https://example.org/1",
        outlet=Outlet("Example Wire", "en", "wire", "KR", ("korea",)),
        language="en",
        published=datetime(2025, 3, 17, 9, tzinfo=UTC),
        seen=datetime(2025, 3, 17, 9, 30, tzinfo=UTC),
        evidence=(Evidence("captured", "captured", "title", 13, 21, "captured"),),
    )


def promise(
    database: Database,
    title: str,
    *,
    channel: str,
    now: datetime,
    severity: Severity = Severity.HIGH,
) -> None:
    """Promise an alert of a new story to a channel, as the intake does."""
    with database.transaction() as tx:
        story = stories.start(tx, now=now)
        told = alerts.tell(
            tx,
            None,
            story=story,
            channel=channel,
            scope="story",
            rules=["pow"],
            severity=severity,
            now=now,
        )
        content = alert(title, severity=severity)
        outbox.enqueue(
            tx, content, alert=told.alert, revision=told.revision, channel=channel, now=now
        )
