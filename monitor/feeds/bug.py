"""A mistake of ours that a document brought to light, on its way from a worker to the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """What is needed to mend it."""

    kind: str
    """Type of the exception and where it was raised: the same for all documents that it befalls."""
    trace: str
    """The end of the traceback."""
