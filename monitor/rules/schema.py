"""The keys of a rule file. `files.py` reads them; editors get them as a JSON Schema."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from monitor.settings import Channel, parse_duration

ID = "[a-z0-9][a-z0-9-]*"
"""What rules, entities and lists are called."""
_IDS: dict[str, Any] = {"propertyNames": {"pattern": f"^{ID}$"}}

Words = Annotated[list[str], Field(min_length=1)]
Kind = Literal["person", "place", "organisation", "group", "event"]


def _iso_date(value: object) -> object:
    """TOML has dates; people write them as strings too."""
    if type(value) is date:  # a date with a time is one too
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(
            "this is no day", "Write year, month and day, such as 2031-01-31"
        ) from None


def _is_span(value: str) -> str:
    if value:
        parse_duration(value)
    return value


Span = Annotated[str, AfterValidator(_is_span)]
"""A duration as people write it; "" is as the config has it."""
Day = Annotated[date, BeforeValidator(_iso_date)]


class Table(BaseModel):
    """Base of every table: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class EntityTable(Table):
    """[entities.ID]: a person, place, organisation, group or event."""

    name: str = Field(min_length=1, description="As people say it; shown in messages.")
    kind: Kind = Field(description="Decides how names are inflected.")
    names: dict[str, Words] = Field(
        min_length=1, description="Names by language code, in dictionary form."
    )
    excluded: list[str] = Field(
        default_factory=list,
        alias="except",
        description="Longer words or phrases in which no name counts.",
    )
    note: str = Field(default="", description="For the next reader.")


class TermsTable(Table):
    """[terms.ID]: words for one idea, by language code."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Words] = Field(init=False)

    label: str = Field(
        default="",
        description="What the words mean, for readers of other languages; shown beside them in messages.",
    )
    stories: bool = Field(
        default=True,
        description="Whether the words also tell stories apart; false where they only help queries.",
    )
    excluded: list[str] = Field(
        default_factory=list,
        alias="except",
        description="Longer words or phrases in which no word counts.",
    )
    follows: list[str] = Field(
        default_factory=list,
        description="Term lists that say an earlier state of affairs; a story that comes from one of "
        "these to this one has changed.",
    )
    note: str = Field(default="", description="For the next reader.")


class GroupTable(Table):
    """[groups.ID]: several entities and term lists under one name."""

    members: Words = Field(description="Names of entities, term lists and other groups.")
    note: str = Field(default="", description="For the next reader.")


class TestTable(Table):
    """[[rules.tests]]: an item that the rule must match, or must not."""

    __test__ = False  # pytest would take it for tests

    match: bool = Field(description="Whether the rule must match.")
    title: str = Field(min_length=1, description="The item's title.")
    summary: str = Field(default="", description="The item's summary.")
    content: str = Field(default="", description="The item's body.")
    url: str = Field(default="", description="The item's address.")
    language: str = Field(default="", description="The item's language code.")
    source: str = Field(default="", description="The outlet's name.")


class RuleTable(Table):
    """[[rules]]: what to look for, and where its alerts go."""

    id: str = Field(
        description="Stable name, of small letters, digits and hyphens.",
        json_schema_extra={"pattern": f"^{ID}$"},
    )
    name: str = Field(min_length=1, description="As people say it; shown in messages.")
    query: str = Field(description="What to look for, in the query language.")
    severity: Literal["low", "medium", "high", "critical"] = Field(
        default="medium", description="How much it matters."
    )
    group: Literal["story", "item"] = Field(
        default="story", description="Told once per story, or every item on its own."
    )
    channels: list[Channel] = Field(
        default_factory=list, description="Empty is the configured channel."
    )
    languages: list[str] = Field(
        default_factory=list, description="Only items in these; empty is any."
    )
    feeds: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=list, description="Only items of these: names, tag:x, kind:x; empty is any."
    )
    owner: str = Field(default="", description="Who answers for the rule.")
    note: str = Field(default="", description="For the next reader.")
    references: list[str] = Field(default_factory=list, description="Links that explain the rule.")
    review_by: Day | None = Field(
        default=None, description="Lint asks for a review after this day."
    )
    expires: Day | None = Field(default=None, description="Last day on which the rule is in force.")
    enabled: bool = Field(default=True, description="False keeps the rule but does not run it.")
    status: Literal["stable", "experimental"] = Field(
        default="stable", description="How far the rule is trusted."
    )
    broadcast: bool = Field(
        default=False,
        description="What it adds to a story that was told goes to the channel too, not only its thread.",
    )
    repeat: Span = Field(
        default="",
        description="A story still reported on is told again after so long, such as 24h; 0s is never.",
    )
    cooldown: Span = Field(
        default="",
        description="After a story was told, what changes it waits for so long, such as 30m.",
    )
    slow: bool = Field(
        default=False, description="Accept a regular expression that every item has to be tried on."
    )
    tests: list[TestTable] = Field(
        default_factory=list, description="Items to match, and not to match."
    )


class FileTables(Table):
    """One rule file."""

    entities: dict[str, EntityTable] = Field(
        default_factory=dict,
        description="Named things, used as @name.",
        json_schema_extra=_IDS,
    )
    terms: dict[str, TermsTable] = Field(
        default_factory=dict,
        description="Word lists, used as @name.",
        json_schema_extra=_IDS,
    )
    groups: dict[str, GroupTable] = Field(
        default_factory=dict,
        description="Several of these under one name, used as @name.",
        json_schema_extra=_IDS,
    )
    rules: list[RuleTable] = Field(default_factory=list, description="What to look for.")


def json_schema() -> dict[str, Any]:
    """The schema of a rule file, for editors: what may stand where, and what it means."""
    made = FileTables.model_json_schema()
    return {"$schema": "http://json-schema.org/draft-07/schema#"} | made | {"title": "Rule file"}
