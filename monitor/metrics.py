"""What is counted while the service works, for /metrics; the one door to prometheus_client.

Counters begin at zero with each process, as Prometheus expects. What stands in the database is not
counted here but read when somebody asks (`gauges.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monitor.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.errors import DeliveryError, FeedError
    from monitor.model import Alert, Reason

CONTENT_TYPE: str = CONTENT_TYPE_LATEST
MOST_RULES = 1_000
"""Rules with a time series of their own; what comes after these is counted together."""
OTHERS = "(others)"

_CAPITAL = re.compile("(?<!^)(?=[A-Z])")

_registry = CollectorRegistry()
ProcessCollector(registry=_registry)

_NETWORK = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)
_WORK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SINCE_SEEN = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 21600)
_SINCE_PUBLISHED = (15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)

_polls = Counter(
    "monitor_polls",
    "Polls that ended, by result: news, unchanged, failed, gone.",
    ["result"],
    registry=_registry,
)
_fetch = Histogram(
    "monitor_fetch_seconds",
    "From the start of a request to a feed to its end.",
    buckets=_NETWORK,
    registry=_registry,
)
_parse = Histogram(
    "monitor_parse_seconds",
    "For reading one document, in a worker process.",
    buckets=_WORK,
    registry=_registry,
)
_intake = Histogram(
    "monitor_intake_seconds",
    "For the transaction that takes a document, or a part of a large one, in.",
    buckets=_WORK,
    registry=_registry,
)
_items = Counter("monitor_items", "Items taken in: new, revised.", ["kind"], registry=_registry)
_matches = Counter("monitor_matches", "Items that matched a rule.", ["rule"], registry=_registry)
_alerts = Counter(
    "monitor_alerts", "Alerts promised to a channel, by rule.", ["rule"], registry=_registry
)
_decisions = Counter(
    "monitor_decisions",
    "What was decided for a channel about a matched item, by reason.",
    ["reason"],
    registry=_registry,
)
_deliveries = Counter(
    "monitor_deliveries",
    "Attempts to deliver a message, by what became of them.",
    ["result"],
    registry=_registry,
)
_updates = Counter(
    "monitor_updates",
    "Attempts to bring a message up to date, by what became of them.",
    ["result"],
    registry=_registry,
)
_rate_limits = Counter(
    "monitor_rate_limits",
    "Answers that asked us to come back later (429 and its like), by who asked: slack, feed.",
    ["by"],
    registry=_registry,
)
_since_seen = Histogram(
    "monitor_seen_to_delivered_seconds",
    "From the first sight of an item to the receipt of its alert.",
    buckets=_SINCE_SEEN,
    registry=_registry,
)
_since_published = Histogram(
    "monitor_published_to_delivered_seconds",
    "From the time that a publisher gives to an item to the receipt of its alert.",
    buckets=_SINCE_PUBLISHED,
    registry=_registry,
)


class Few:
    """Values of a label: so many as they come, and one for all others, for each costs a time series."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, value: str) -> str:
        """The value, or OTHERS."""
        if value not in self._known:
            if len(self._known) >= self._most:
                return OTHERS
            self._known.add(value)
        return value


_rules = Few(MOST_RULES)


def polled(*, news: bool) -> None:
    """A poll was answered."""
    _polls.labels("news" if news else "unchanged").inc()


def failed(error: FeedError) -> None:
    """A poll was not."""
    _polls.labels("gone" if error.gone else "failed").inc()
    if error.retry_after:
        _rate_limits.labels("feed").inc()


def fetched(seconds: float) -> None:
    """A request to a feed ended."""
    _fetch.observe(seconds)


def parsed(seconds: float) -> None:
    """A document was read, or given up."""
    _parse.observe(seconds)


def taken(new: int, revised: int, *, seconds: float) -> None:
    """A document was taken in."""
    _items.labels("new").inc(new)
    _items.labels("revised").inc(revised)
    _intake.observe(seconds)


def matched(rule: str) -> None:
    """An item matched a rule."""
    _matches.labels(_rules.label(rule)).inc()


def decided(reason: Reason, rules: Iterable[str]) -> None:
    """It was decided whether a channel is told of an item."""
    _decisions.labels(reason.name.lower()).inc()
    if reason.tells:
        for rule in rules:
            _alerts.labels(_rules.label(rule)).inc()


def attempted(error: DeliveryError | None = None) -> None:
    """A message was sent, or was not."""
    _deliveries.labels(_result(error) if error else "sent").inc()
    _count_pause(error)


def updated(error: DeliveryError | None = None) -> None:
    """A message was brought up to date, or was not."""
    _updates.labels(_result(error) if error else "updated").inc()
    _count_pause(error)


def _result(error: DeliveryError) -> str:
    """Its name in the form of labels: RateLimited is rate_limited."""
    return _CAPITAL.sub("_", type(error).__name__).lower()


def _count_pause(error: DeliveryError | None) -> None:
    if isinstance(error, RateLimited):
        _rate_limits.labels("slack").inc()


def delivered(alerts: Iterable[Alert], *, now: datetime) -> None:
    """Alerts reached their channel for the first time."""
    for alert in alerts:
        _since_seen.observe(max(0.0, (now - alert.seen).total_seconds()))
        if alert.published:
            _since_published.observe(max(0.0, (now - alert.published).total_seconds()))


@dataclass(frozen=True, slots=True)
class Gauge:
    """Something measured at the moment that somebody asks."""

    name: str
    help: str
    values: Sequence[tuple[Mapping[str, str], float]]
    """Labels, the same names in each, and value."""


def page(gauges: Iterable[Gauge]) -> bytes:
    """Everything counted so far and these, in the text format of Prometheus."""
    now = CollectorRegistry()
    now.register(_Now(gauges))
    return generate_latest(_registry) + generate_latest(now)


class _Now:
    """Gauges in the library's terms."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in self._gauges:
            names = list(gauge.values[0][0]) if gauge.values else []
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=names)
            for labels, value in gauge.values:
                family.add_metric(list(labels.values()), value)
            yield family
