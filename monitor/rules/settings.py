"""The [rules] table of the config file."""

from __future__ import annotations

from pydantic import Field

from monitor.settings import Settings


class RulesSettings(Settings):
    """Where the rules are."""

    path: str = Field("rules", description="Folder of rule files; reloaded when a file changes.")
