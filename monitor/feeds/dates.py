"""Dates as ISO 8601 writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(written: str) -> datetime | None:
    """The moment in UTC, which is also meant where no zone is named; None where it is no date."""
    try:
        read = datetime.fromisoformat(written.strip())
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
