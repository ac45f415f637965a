"""What takes alerts: Slack, the console. A receiver confirms a message or says what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.model import Digest, Message, Notice, Receipt


class Receiver(Protocol):
    """Takes messages, one at a time; may be used from several threads."""

    def send(self, message: Message) -> Receipt:
        """Deliver a message once and say where it is.

        Raises:
            Unclear: It may have been taken: look before sending again.
            RateLimited: Wait first; it may have been taken all the same.
            NotSent: It surely was not taken; send it again after a pause.
            ChannelUnavailable: Its channel takes nothing until a person mends it.
            Unauthorised: No channel takes anything until a person mends it.
            Gone: The message whose thread it was to go to is not there any more.
            Refused: This message will never be taken.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files. Nothing is sent after that."""
        ...


@runtime_checkable
class Finder(Protocol):
    """An ability of some receivers: to tell whether a message is already there."""

    def find(self, message: Message, *, since: datetime) -> Receipt | None:
        """Look a message's key up among what its channel took since then.

        Args:
            message: Its key and channel are looked at.
            since: When it was first tried; clocks that differ a little are allowed for.

        Returns:
            Where its first copy is, or None if everything was read and it is not there.

        Raises:
            DeliveryError: Not everything could be read, so nothing is known: look again later.
        """
        ...


@runtime_checkable
class Answerer(Protocol):
    """An ability of some receivers: to answer one person."""

    def show(self, trigger: str, title: str, notices: Sequence[Notice]) -> None:
        """Open a dialogue for whoever did something a moment ago.

        Args:
            trigger: What came with the deed; good for three seconds.
            title: In 24 characters.
            notices: What it says.

        Raises:
            DeliveryError: It was not opened.
        """
        ...

    def ask_reason(self, trigger: str, about: Receipt, place: int | None) -> None:
        """Ask somebody who said that an alert is not relevant, why; they need not say.

        Args:
            trigger: As above.
            about: The message.
            place: Which alert of a digest, from 0.

        Raises:
            DeliveryError: They were not asked.
        """
        ...

    def ask_which(self, trigger: str, about: Receipt, digest: Digest) -> None:
        """Ask somebody which alert of a digest they mean, and what is to be done with it.

        Raises:
            DeliveryError: They were not asked.
        """
        ...

    def answer(self, address: str, notices: Sequence[Notice]) -> None:
        """Tell one person something, where they asked.

        Raises:
            DeliveryError: They may not have seen it.
        """
        ...


class Ear(Protocol):
    """Where it is heard what people do. For one thread at a time."""

    def open(self, take: Callable[[str, object, str], None]) -> None:
        """Begin to hear; ends an earlier beginning.

        Args:
            take: Gets the kind, the payload and the id of what is heard, in another thread.

        Raises:
            DeliveryError: Nothing is heard; the text says how to mend that.
        """
        ...

    def works(self) -> bool:
        """Whether it hears."""
        ...

    def close(self) -> None:
        """Hear nothing more."""
        ...


@runtime_checkable
class Linked(Protocol):
    """An ability of some receivers: to say where the messages stand that they took."""

    def workspace(self) -> str:
        """The address below which they stand; "" where there is none.

        Raises:
            DeliveryError: It can't be found out now.
        """


@runtime_checkable
class Updater(Protocol):
    """An ability of some receivers: to change a message that was delivered."""

    def update(self, message: Message, receipt: Receipt, *, revision: int) -> None:
        """Let a delivered message say something else. Harmless if made twice.

        Args:
            message: What it says from now on.
            receipt: Where it is.
            revision: Counts the updates of this message.

        Raises:
            Gone: It was deleted, or can't be changed.
            DeliveryError: It may or may not say it now: try again later.
        """
        ...
