"""The values that cross rooms. Frozen; times are timezone-aware UTC; text is clean (see text.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# No `TYPE_CHECKING` imports here: the store turns these values into JSON and back by their annotations.


class Severity(StrEnum):
    """How much a rule matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical; for comparing."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes a feed."""

    name: str
    language: str = ""
    """ISO 639-1 code, "" where unknown."""
    kind: str = ""
    """wire, newspaper, broadcaster, government, state-media, blog...; "" where unknown."""
    country: str = ""
    """ISO 3166-1 alpha-2 code, "" where unknown."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """An address we poll, as configured."""

    url: str
    outlet: Outlet
    interval: timedelta | None = None
    """Ceiling between two polls; None is the configured default."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a document says about when to ask for it again."""

    pause: timedelta = timedelta(0)
    """It changes no faster than that."""
    skip_hours: tuple[int, ...] = ()
    """Hours of the day, UTC, in which nothing is published."""
    skip_days: tuple[int, ...] = ()
    """Days of the week, 0 is Monday."""


@dataclass(frozen=True, slots=True)
class Move:
    """A feed's word that it is at another address for good."""

    to: str = ""
    since: datetime | None = None
    """When it was first seen; None where the feed has not moved."""
    times: int = 0
    """Polls in a row that were sent there."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask "anything new?" with, byte for byte (RFC 9110, 8.8)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed said, as parsed: text may still hold markup, links may be anything."""

    guid: str = ""
    link: str = ""
    """Absolute, resolved against the document's base."""
    title: str = ""
    title_is_html: bool = True
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    language: str = ""
    source: str = ""
    """The outlet the entry itself names (RSS `source`), "" where it names none."""


@dataclass(frozen=True, slots=True)
class Item:
    """A news item in our terms; every field means the same for every feed."""

    title: str
    summary: str = ""
    """Plain text; "" where the feed gives none or only repeats the title."""
    content: str = ""
    """Plain text of the body where the feed carries one."""
    url: str = ""
    """http(s) link to the article, "" where the entry has none."""
    outlet: Outlet = Outlet("")
    language: str = ""
    """The entry's language, else the feed's."""
    published: datetime | None = None
    """Never later than the time we saw it; None where the feed gives no usable date."""
    keys: tuple[str, ...] = ()
    """Identity keys, strongest first; see feeds/identity.py."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A query over entities, term lists and words, with where its alerts go."""

    id: str
    name: str
    query: str
    severity: Severity = Severity.MEDIUM
    group: str = "story"
    """story: told once per story; item: every item is told on its own."""
    channels: tuple[str, ...] = ()
    """Empty is the configured default channel."""
    languages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    """Feed names, `tag:x` or `kind:x`; empty is any."""
    owner: str = ""
    note: str = ""
    references: tuple[str, ...] = ()
    review_by: str = ""
    expires: str = ""
    enabled: bool = True
    status: str = "stable"
    broadcast: bool = False
    """What it adds to a story that was told is shown in the channel too, not in the thread only."""
    repeat: timedelta | None = None
    """A story that goes on is told again after so long, zero is never; None is as configured."""
    cooldown: timedelta | None = None
    """After a story was told, what changes it waits for so long; None is as configured."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where one term of a rule occurs in an item: the *why* of a match."""

    term: str
    """The term as the rule has it: `@captivity`, `"cease fire"`, `captur*`."""
    name: str
    """The name or word of the entity or term list that was found; the term itself for a bare word."""
    field: str
    """title, summary or content."""
    start: int
    """Offset of the first code point in the field, as given."""
    end: int
    """Offset after the last code point."""
    text: str
    """The slice of the field from start to end."""
    gloss: str = ""
    """What the term is called in the rule files, for readers of other languages; "" for plain words."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that an item satisfies, and why."""

    rule: str
    severity: Severity
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Concept:
    """An entity or a term list that an item mentions: evidence that means the same in every language."""

    id: str
    kind: str
    """Of an entity: person, place, organisation, group, event; "" for a term list."""
    name: str
    """For people to read."""
    count: int = 1
    """Mentions in the item."""
    follows: tuple[str, ...] = ()
    """Ids of those that say an earlier state of affairs: exchange follows captivity."""


class ChangeKind(StrEnum):
    """In what way a report changes a story that was told, weightiest first."""

    STATUS = "status"
    FIGURE = "figure"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"

    @property
    def material(self) -> bool:
        """Whether a reader of the story has to know; a further name alone is only more detail."""
        return self in {ChangeKind.STATUS, ChangeKind.FIGURE}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a report says and its story did not."""

    kind: ChangeKind
    text: str
    """For people to read: "captivity, now prisoner exchange", "12, now 31", a name."""


class Outcome(StrEnum):
    """What grouping made of a matched item."""

    NEW = "new"
    FOLD = "fold"
    RELATED = "related"

    @property
    def said(self) -> str:
        """To a person."""
        return "joined" if self is Outcome.FOLD else self.value


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story a matched item belongs to, and why."""

    outcome: Outcome
    reason: str
    """One clause for a person: "same title as item 12 (Yonhap)"."""
    story: int | None = None
    """The story joined or related to; None for a new one."""
    copy_of: int | None = None
    """The item whose text this one repeats."""
    score: float = 0.0
    merge: int | None = None
    """Another story that turns out to be this one, and goes into it."""
    changes: tuple[Change, ...] = ()
    """What it adds to the story it joins, weightiest first."""


class Reason(StrEnum):
    """Why an item was or was not told to a channel: for the log, the metric, `explain`, the reader."""

    NEW_STORY = "new story"
    NEW_RULE = "a rule its story had not told yet"
    NEW_SEVERITY = "a severity its story had not told yet"
    EVERY_ITEM = "the rule tells every item"
    CHANGED_STORY = "its story was told, and this changes it"
    COOLING_DOWN = "its story was told a moment ago, so this change waits until its cooldown ends"
    REPEATED = "its story goes on, and was last told long ago"
    KNOWN_STORY = "its story was told already"
    MUTED_STORY = "its story is muted"
    SNOOZED_RULE = "its rule is snoozed"
    TOO_OLD = "older than the lookback when its feed was first seen"

    @property
    def tells(self) -> bool:
        """Whether the channel is told, now or once a cooldown ends."""
        return self in _TELLS

    @property
    def silenced(self) -> bool:
        """Whether somebody asked not to be told."""
        return self in {Reason.MUTED_STORY, Reason.SNOOZED_RULE}


_TELLS = frozenset(
    {
        Reason.NEW_STORY,
        Reason.NEW_RULE,
        Reason.NEW_SEVERITY,
        Reason.EVERY_ITEM,
        Reason.CHANGED_STORY,
        Reason.COOLING_DOWN,
        Reason.REPEATED,
    }
)


class Act(StrEnum):
    """What a reader may say of an alert."""

    MUTE = "mute"
    """Tell nothing more of its story."""
    SNOOZE = "snooze"
    """Tell nothing of a rule for a while."""
    IRRELEVANT = "irrelevant"
    """It should not have been told."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something."""

    name: str
    """As they are called where they did it; not clean."""
    slack: str = ""
    """Their id on Slack, "" for somebody at the command line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said of a story, a rule or an alert, and it holds."""

    act: Act
    by: Person
    made_at: datetime
    story: int | None = None
    rule: str = ""
    until: datetime | None = None
    """None for ever, or until somebody takes it back."""
    note: str = ""
    """Why, in their words; not clean. "" where they did not say."""

    def __str__(self) -> str:
        """For people: "muted by ann until 2026-01-31 09:00 UTC"."""
        done = {Act.MUTE: "muted", Act.SNOOZE: "snoozed", Act.IRRELEVANT: "not relevant, said"}
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        why = f": {self.note}" if self.note else ""
        return f"{done[self.act]} by {self.by.name}{until}{why}"


@dataclass(frozen=True, slots=True)
class RuleLabel:
    """What a reader sees of a rule."""

    id: str
    name: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far a story has spread."""

    outlets: tuple[str, ...]
    """Each once, the first first."""
    languages: tuple[str, ...]
    """Codes, each once, the first first."""
    reports: int
    """Items in words of their own."""
    copies: int
    """Items that repeat another's text."""
    since: datetime
    """When we saw the first of them."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What one channel is told about one story; complete, so that it renders without the database."""

    story: int
    reason: Reason
    rules: tuple[RuleLabel, ...]
    """Every rule the item matched that goes to this channel, most severe first."""
    title: str
    summary: str
    url: str
    outlet: Outlet
    language: str
    published: datetime | None
    seen: datetime
    evidence: tuple[Evidence, ...] = ()
    """Of all those rules; offsets into title and summary as they stand here, or into the content."""
    so_far: SoFar | None = None
    """The story when the message was last sent or updated; None until then."""
    broadcast: bool = False
    """In the thread of a story it is shown in the channel too."""
    changes: tuple[str, ...] = ()
    """What the item says and its story did not, where that is why it is told: "12, now 31"."""
    marks: tuple[Mark, ...] = ()
    """What readers said of it when the message was last sent or updated."""

    @property
    def severity(self) -> Severity:
        """The highest severity among its rules."""
        return max((rule.severity for rule in self.rules), key=lambda s: s.rank)


@dataclass(frozen=True, slots=True)
class Digest:
    """Several alerts for one channel in one message, told because there were too many."""

    alerts: tuple[Alert, ...]
    waiting: int
    """How many were waiting in the channel when this was made, in all its digests."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a notice says."""

    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What the service says of itself, to those who run it."""

    heading: str
    lines: tuple[Line, ...] = ()


Content = Alert | Digest | Notice
"""What a message can hold."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a delivered message is: enough to update it or link to it later."""

    channel: str = ""
    """The receiver's id of the channel."""
    ts: str = ""
    """The receiver's id of the message in the channel."""

    def link(self, workspace: str) -> str:
        """The message's address below that of its workspace; "" where one of these is not known."""
        if not (workspace and self.channel and self.ts):
            return ""
        return f"{workspace}archives/{self.channel}/p{self.ts.replace('.', '')}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to deliver: content for a channel, under the key that recognises it there again."""

    key: str
    """UUID, the same at every attempt; travels with the message."""
    channel: str
    """By name (`#news`) or receiver's id."""
    content: Content
    repeat: bool = False
    """An earlier copy may be there, and could not be looked for."""
    thread: Receipt | None = None
    """The message whose thread it goes to; None for the channel itself."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stored item that may be the same as one just read; enough to tell them apart."""

    id: int
    feed: int
    """Of its first sighting."""
    title: str
    url: str
    keys: tuple[str, ...] = ()
    wording: str = ""
    """Of its present text; see feeds/identity.py."""
    published: datetime | None = None
    seen: datetime | None = None
    """When it was first seen."""
    sighted: bool = False
    """The feed that is read now carried it before."""
