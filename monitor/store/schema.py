"""The tables, one definition for SQLite and PostgreSQL. Changed only together with a migration."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Time(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, `timestamptz` in PostgreSQL, sortable text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive time: it would mean another moment on another machine."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive time {value}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite gives the text back without its zone; it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only where the key's type is exactly INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")

# Where rows are deleted, sqlite_autoincrement: a number that came again would be taken for what had it
# before, by message keys and by identities that outlive their item.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row, made with the tables: no two databases give their messages the same keys.
identity = Table(
    "identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("salt", Text, nullable=False),
    # The address of the Slack workspace that takes our messages; "" while it is not known.
    Column("workspace", Text, nullable=False, server_default=""),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    # Of the address: a host that asks us to come less often means all feeds we ask it for.
    Column("host", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("interval_s", Float),
    # A feed taken out of the config keeps its history and is polled no more.
    Column("active", Boolean, nullable=False),
    # What to ask "anything new?" with: written in the transaction that stores the items, never earlier.
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    Column("body_hash", Text, nullable=False, default=""),
    # By what the entries of that document are known again without being parsed.
    Column("marks", LargeBinary, nullable=False, default=b""),
    # Validators vouch for a document as *this* parser read it; another one asks unconditionally.
    Column("parser_version", Integer, nullable=False, default=0),
    # What the document said about when to ask again.
    Column("hints", JSON, nullable=False, default=dict),
    Column("moved_to", Text, nullable=False, default=""),
    Column("moved_since", Time),
    Column("moved_times", Integer, nullable=False, default=0),
    # Polls whose entries were all new: some may have come and gone since the poll before.
    Column("gaps", Integer, nullable=False, default=0),
    Column("gap_at", Time),
    # When it brings news, as `feeds/rhythm.py` packs it; written with the news, never for a 304.
    Column("rhythm", LargeBinary, nullable=False, default=b""),
    Column("next_poll_at", Time, nullable=False),
    Column("lease_until", Time),
    Column("first_polled_at", Time),
    Column("last_polled_at", Time),
    Column("last_ok_at", Time),
    Column("failures", Integer, nullable=False, default=0),
    Column("failing_since", Time),
    Column("error", Text, nullable=False, default=""),
    Column("gone_at", Time),
    Index("ix_feeds_due", "active", "next_poll_at"),
)

items = Table(
    "items",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("feed_id", _Id, ForeignKey("feeds.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("language", Text, nullable=False),
    # Of the text as it stands: what repeats it is found by this where it comes under another address.
    Column("wording", Text, nullable=False),
    Column("published_at", Time),
    Column("first_seen_at", Time, nullable=False, index=True),
    Index("ix_items_wording", "feed_id", "wording"),
    sqlite_autoincrement=True,
)

# Identities outlive their items: an old item that returns after pruning is still known.
item_keys = Table(
    "item_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("item_id", _Id, nullable=False, index=True),
)

sightings = Table(
    "sightings",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_id", _Id, ForeignKey("feeds.id"), primary_key=True),
    Column("seen_at", Time, nullable=False),
)

matches = Table(
    "matches",
    metadata,
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
)

# What an item said before its publisher changed it, and how other feeds word it; the newest of these.
revisions = Table(
    "revisions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("feed_id", _Id, nullable=False),
    Column("wording", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("noted_at", Time, nullable=False),
    UniqueConstraint("item_id", "wording"),
    sqlite_autoincrement=True,
)

stories = Table(
    "stories",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("started_at", Time, nullable=False),
    Column("last_item_at", Time, nullable=False, index=True),
    # A story that turned out to be part of another; its items are there.
    Column("merged_into", _Id, ForeignKey("stories.id"), index=True),
    sqlite_autoincrement=True,
)

story_items = Table(
    "story_items",
    metadata,
    # In the order of grouping, which replicas do one after the other: what came after row 12 is new.
    Column("id", _Id, primary_key=True),
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("story_id", _Id, ForeignKey("stories.id"), nullable=False, index=True),
    Column("added_at", Time, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("score", Float, nullable=False),
    # Of grouping: the same input is decided alike by the same one.
    Column("algorithm", Integer, nullable=False),
    Column("copy_of", _Id, index=True),
    Column("related_to", _Id),
    # What grouping compares; all that a restart needs.
    Column("report", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Merges and splits, by grouping or by an analyst, in their order; a split is never undone by grouping.
story_changes = Table(
    "story_changes",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("story_id", _Id, nullable=False),
    Column("other_id", _Id, nullable=False),
    Column("item_id", _Id),
    Column("made_by", Text, nullable=False),
    Column("made_at", Time, nullable=False),
    CheckConstraint("kind IN ('merge', 'split')", name="kind"),
    sqlite_autoincrement=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("story_id", _Id, ForeignKey("stories.id"), nullable=False),
    Column("channel", Text, nullable=False),
    # "story", or "item:12" for a rule that tells every item on its own.
    Column("scope", Text, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("severity", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False, index=True),
    # Where the story's message is, "" for nowhere (yet): not sent, or told in a digest.
    Column("message_channel", Text, nullable=False),
    Column("message_ts", Text, nullable=False),
    # Why the message is left as it is from now on; "" while it is kept up to date.
    Column("closed", Text, nullable=False),
    # Since when the message says less than we know; NULL while it says everything.
    Column("grown_at", Time, index=True),
    Column("update_after", Time, nullable=False),
    Column("updates", Integer, nullable=False),
    UniqueConstraint("story_id", "channel", "scope"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("alert_id", _Id, ForeignKey("alerts.id"), index=True),
    Column("channel", Text, nullable=False),
    # post, or reply: goes to the thread of its story's message, or where there is none to the channel.
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Column("state", Text, nullable=False),
    # Rank of severity: what matters less may be held in quiet hours.
    Column("rank", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Time, nullable=False, index=True),
    Column("not_before", Time, nullable=False),
    # Of the first and the latest attempt: a look-up in the channel's history starts at the first.
    Column("first_tried_at", Time),
    Column("tried_at", Time, index=True),
    # Look-ups that could not read the channel's history since the answer was lost.
    Column("looks", Integer, nullable=False),
    Column("sent_at", Time),
    Column("receipt_channel", Text, nullable=False),
    Column("receipt_ts", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("digest_id", _Id, ForeignKey("outbox.id"), index=True),
    # Since when a digest says less of what readers did with it than we know; NULL while it says all.
    Column("marked_at", Time),
    Column("edits", Integer, nullable=False),
    CheckConstraint(
        "state IN ('pending', 'held', 'sending', 'unknown', 'sent', 'parked', 'dead', 'digested', "
        "'muted')",
        name="state",
    ),
    Index("ix_outbox_queue", "state", "channel", "id"),
    # Whoever presses a button names the message by its place.
    Index("ix_outbox_receipt", "receipt_ts", "receipt_channel"),
    Index(
        "ix_outbox_marked",
        "marked_at",
        sqlite_where=text("marked_at IS NOT NULL"),
        postgresql_where=text("marked_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# What was decided about a matched item for each channel, and why; with the item it goes. What else is
# asked of it stands elsewhere: its story and copies in story_items, its delivery in the outbox.
decisions = Table(
    "decisions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("item_id", _Id, ForeignKey("items.id", ondelete="CASCADE"), nullable=False, index=True),
    # At the time: stories are merged and split.
    Column("story_id", _Id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("rules", JSON, nullable=False),
    # The name of a `Reason`; its words may change.
    Column("reason", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("edited", Boolean, nullable=False),
    # What was promised; it may be forgotten before the item.
    Column("message_id", _Id),
    Column("made_at", Time, nullable=False),
)

# What those who run the service are told of a matter: one message while it lasts, edited in place.
boards = Table(
    "boards",
    metadata,
    Column("topic", Text, primary_key=True),
    # Of its message in the outbox.
    Column("key", Text, nullable=False),
    # What the message says.
    Column("shown", JSON, nullable=False),
    # What of that people were notified of.
    Column("told", JSON, nullable=False),
    Column("began_at", Time, nullable=False),
    Column("update_after", Time, nullable=False),
    Column("updates", Integer, nullable=False),
    Column("ended", Boolean, nullable=False),
)

# Why nothing at all is sent for a while; shared by replicas, and lifted by `monitor alerts retry`.
pauses = Table(
    "pauses",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("until", Time, nullable=False),
    Column("error", Text, nullable=False),
)

# What readers asked not to be told; whoever asked last counts.
mutes = Table(
    "mutes",
    metadata,
    # "story:12" or "rule:nk-pow".
    Column("subject", Text, primary_key=True),
    Column("story_id", _Id),
    Column("rule", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_by_slack", Text, nullable=False),
    Column("made_at", Time, nullable=False),
    # NULL for ever.
    Column("until", Time),
)

# What readers said of an alert; kept when the alert is forgotten, for whoever mends the rules.
feedback = Table(
    "feedback",
    metadata,
    Column("alert_id", _Id, primary_key=True, autoincrement=False),
    # The person's id on Slack.
    Column("who", Text, primary_key=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", Time, nullable=False),
    Column("story_id", _Id, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    # Why, in their words; "" where they did not say.
    Column("reason", Text, nullable=False),
    Index("ix_feedback_made_at", "made_at"),
)

# What was asked on Slack and done: an envelope that comes again does nothing.
clicks = Table(
    "clicks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("made_at", Time, nullable=False, index=True),
)

# Work that one of several replicas does at a time.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Time, nullable=False),
)
