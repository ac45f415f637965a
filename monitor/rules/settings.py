"""The [rules] table of the config file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.settings import Settings


def _is_path(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError('write the path of a folder, such as "rules"')
    return value


class RulesSettings(Settings):
    """Where the rules are."""

    path: Annotated[str, AfterValidator(_is_path)] = Field(
        default="rules", description="Folder of rule files; reloaded when a file changes."
    )
