"""The [stories] table of the config file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from monitor.settings import Duration, Settings


class StoriesSettings(Settings):
    """How items are grouped into stories."""

    window: Duration = Field(
        default=timedelta(hours=96),
        ge=timedelta(hours=1),
        le=timedelta(days=14),
        description="How long after its last item a story can still be joined.",
    )
