"""What becomes of a message: when it may be tried, and where it goes if it was not confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import (
    ChannelUnavailable,
    Gone,
    NotSent,
    Puzzling,
    RateLimited,
    Refused,
    Unauthorised,
    Unclear,
)
from monitor.store.outbox import State
from monitor.store.pauses import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.errors import DeliveryError
    from monitor.store.outbox import Queued
    from monitor.store.pauses import Pause

PROBE = timedelta(minutes=5)
"""How often something that a person must mend is tried again by itself: who mends it wants to see it."""
LONGEST_HOLD = timedelta(hours=1)
"""No pause of ours is longer; one that seems to be was made by a clock that was set back since."""
LOOKS = 3
"""Failed look-ups before a message is sent again where Slack does not let us read a channel."""
PATIENT_LOOKS = 15
"""The same where Slack only had trouble of its own: about an hour."""
PUZZLED = 6
"""Tries of a message that Slack refuses with a code unknown here; then its channel goes on without it."""
_PUZZLING = timedelta(seconds=20)
_LOOK_AGAIN = timedelta(minutes=1)
_LOOK_SOON = timedelta(seconds=5)
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=5)


def due_at(
    queued: Queued,
    *,
    now: datetime,
    pauses: Iterable[Pause],
    last_try: datetime | None,
    pace: timedelta,
    finds: bool,
) -> datetime | None:
    """When the head of a channel may be tried; None while somebody is sending it.

    Args:
        queued: The head.
        now: The time.
        pauses: Of all sending.
        last_try: When its channel was last sent something.
        pace: Between two messages in one channel.
        finds: Whether the receiver can look a message up.
    """
    if queued.state is State.SENDING:
        return None
    # A 429 and the pace are about posting: what may have been posted can be looked up meanwhile.
    looking = finds and queued.state is State.UNKNOWN
    holding = [one for one in pauses if one.cause is Cause.CREDENTIALS or not looking]
    moments = [queued.not_before, *(pause.until for pause in holding)]
    if last_try and last_try <= now and not looking:
        moments.append(last_try + pace)
    return max(moment if moment <= now + LONGEST_HOLD else now for moment in moments)


def after(
    error: DeliveryError, *, attempts: int, settle: timedelta, jitter: float, repeat: bool = False
) -> tuple[State, timedelta]:
    """Where a message goes that was not confirmed, and when it is looked at again.

    Args:
        error: Why it was not confirmed.
        attempts: How often it was sent.
        settle: How long a message may take to appear in its channel.
        jitter: 0 to 1.
        repeat: Whether an earlier copy may be there: then it is looked for before anything else.
    """
    state, pause = _after(error, attempts, settle, jitter)
    return (State.UNKNOWN, pause) if repeat and state is not State.DEAD else (state, pause)


def _after(  # noqa: PLR0911 - one for each kind of answer
    error: DeliveryError, attempts: int, settle: timedelta, jitter: float
) -> tuple[State, timedelta]:
    match error:
        case RateLimited(retry_after=pause):
            # A 429 does not prove that the message was not stored: look before sending again.
            return State.UNKNOWN, max(pause, settle)
        case Unclear():
            return State.UNKNOWN, max(settle, backoff(attempts, jitter=jitter))
        case NotSent():
            return State.PENDING, backoff(attempts, jitter=jitter)
        case ChannelUnavailable() | Unauthorised():
            return State.PARKED, PROBE
        case Gone():
            # The message to answer is: the next attempt goes to the channel.
            return State.PENDING, timedelta(0)
        case Puzzling() if attempts < PUZZLED:
            return State.PENDING, max(_PUZZLING, backoff(attempts, jitter=jitter))
        case Refused():
            return State.DEAD, timedelta(0)
    raise AssertionError(error)


def pause_after(error: DeliveryError) -> tuple[Cause, timedelta] | None:
    """How long nothing at all is sent after this, if it concerns every channel."""
    match error:
        case RateLimited(retry_after=pause):
            return Cause.RATE, min(pause, LONGEST_HOLD)
        case Unauthorised():
            return Cause.CREDENTIALS, PROBE
    return None


_NOT_TAKEN = (NotSent, ChannelUnavailable, Unauthorised, Gone)


def looks_kept(error: DeliveryError, looks: int) -> int:
    """The failed look-ups that still count after a message was sent again unseen."""
    # One that surely was not taken leaves everything as it was.
    return looks if isinstance(error, _NOT_TAKEN) else 0


def gives_up_looking(error: DeliveryError, looks: int) -> bool:
    """Whether a message whose channel could not be read so often is sent again unseen.

    A refusal (a scope is missing, the app is no member) ends only when a person ends it, and until
    then everything behind the message would wait; trouble of Slack's own mostly passes.
    """
    refused = isinstance(error, Unauthorised | ChannelUnavailable | Refused)
    return looks >= (LOOKS if refused else PATIENT_LOOKS)


def look_again(error: DeliveryError, looks: int) -> timedelta:
    """The pause after a look-up that could not read everything."""
    if isinstance(error, Unauthorised | ChannelUnavailable | Refused):
        return _LOOK_AGAIN
    doubled: int = 2 ** min(looks - 1, 10)
    pause = min(_LOOK_SOON * doubled, _LONGEST_PAUSE)
    return (
        max(pause, min(error.retry_after, LONGEST_HOLD))
        if isinstance(error, RateLimited)
        else pause
    )


def backoff(attempts: int, *, jitter: float) -> timedelta:
    """The pause after this many failed attempts: doubling from 2 s to 5 min, less up to a quarter."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE) * (1 - jitter / 4)
