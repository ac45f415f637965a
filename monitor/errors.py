"""The exceptions of this program, grouped by what the caller can do next.

MonitorError
 |- ConfigError          a file or setting is wrong: mend it, nothing was changed     (exit 2)
 |   '- RuleError        a rule file is wrong: the last good rules stay in force
 |- FeedError            this poll of this feed failed: try again later, others go on
 |   |- FetchError       no complete answer came back
 |   '- ParseError       an answer came, but it is not a feed we can read
 |- DeliveryError        an alert was not confirmed
 |   |- Unclear          it may have been taken: look before sending again
 |   |- RateLimited      wait `retry_after`; it may have been taken
 |   |- NotSent          surely not taken: send again after a pause
 |   |- ChannelUnavailable  this channel takes nothing until a person mends it
 |   |- Unauthorised     no channel takes anything until a person mends it
 |   |- Gone             the message to change or to answer is not there any more: leave it
 |   '- Refused          this message will never be taken
 |       '- Puzzling     for a reason nobody here knows: it may pass, so some tries are worth it
 '- StoreError           the database can't be used
     |- Unstorable       it does not take this content: leave it out, go on with the rest
     |- DatabaseInUse    another instance holds it
     '- WrongSchema      it was written by a newer version, or was not upgraded
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class MonitorError(Exception):
    """Base of all errors whose text is meant for a person."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file, said so that a person who is not a programmer can mend it."""

    file: str
    """Path as the user gave it, or the name of the environment variable."""
    line: int | None
    """1-based; None where no line is to blame (a missing file, an environment variable)."""
    column: int | None
    """1-based, in code points."""
    cause: str
    """What is wrong, in one sentence without a full stop."""
    remedy: str
    """What to write instead, in one sentence without a full stop."""

    def __str__(self) -> str:
        """`file:line:column: cause. Remedy.`, the form editors make clickable."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        stop = "" if self.remedy.endswith("?") else "."
        return f"{place}: {self.cause}. {self.remedy}{stop}"


class ConfigError(MonitorError):
    """One or more files or settings are wrong; all problems found are listed at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RuleError(ConfigError):
    """One or more rule files are wrong."""


class FeedError(MonitorError):
    """One poll of one feed failed; the text names the cause and never holds credentials."""

    def __init__(
        self,
        cause: str,
        *,
        retry_after: timedelta | None = None,
        gone: bool = False,
        host: str = "",
    ) -> None:
        super().__init__(cause)
        self.retry_after = retry_after
        """How long the publisher asks us to wait, if it said so."""
        self.host = host
        """Who asks for that, at the end of all redirects; "" where nobody does."""
        self.gone = gone
        """The publisher says that the feed is gone for good (410): stop asking."""


class FetchError(FeedError):
    """No complete, acceptable answer came back."""


class ParseError(FeedError):
    """The answer is not a feed."""


class DeliveryError(MonitorError):
    """A receiver did not confirm an alert; the text is one line with the remedy, no secrets."""


class Unclear(DeliveryError):
    """The connection failed after the message left: it may have been taken."""


class RateLimited(DeliveryError):
    """The receiver asks for a pause; whether it took the message is not known."""

    def __init__(self, cause: str, *, retry_after: timedelta) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


class NotSent(DeliveryError):
    """The message surely did not arrive (no connection); send it again after a pause."""


class ChannelUnavailable(DeliveryError):
    """Unknown, archived or closed channel: hold its alerts until someone mends it."""


class Unauthorised(DeliveryError):
    """The credentials are wrong or lack a permission: hold all alerts until someone mends it."""


class Gone(DeliveryError):
    """The message that was to be changed or answered was deleted or can't be changed: leave it."""


class Refused(DeliveryError):
    """The receiver will never take this message."""


class Puzzling(Refused):
    """The receiver did not take this message, for a reason nobody here knows; it may pass."""


class StoreError(MonitorError):
    """The database can't be used; the text says why and what to do."""


class Unstorable(StoreError):
    """The database does not take what it was given, and will not at the next try either."""


class DatabaseInUse(StoreError):
    """Another instance runs on the same SQLite file."""


class WrongSchema(StoreError):
    """The database's schema is not the one this version works with."""
