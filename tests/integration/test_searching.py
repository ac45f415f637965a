"""Looking for stored items with the rule language, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import rules, searching
from monitor.errors import RuleError
from monitor.model import Feed, Item, Outlet
from monitor.rules import adhoc
from monitor.searching import Trial
from monitor.store import feeds as stored_feeds
from monitor.store import history
from monitor.store import items as stored_items
from monitor.store.items import NewItem

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.rules import RuleSet
    from monitor.store.database import Database

FEED = Feed("https://wire.example/rss", Outlet("Wire", "en", "wire", "KR", ("korea",)))
RULES = """
[entities.sudzha]
name = "Sudzha"
kind = "place"
names.en = ["Sudzha"]
names.uk = ["Суджа"]

[[rules]]
id = "town"
name = "The town"
query = "@sudzha"
"""


@pytest.fixture
def rule_set(tmp_path: Path) -> RuleSet:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return rules.load(tmp_path)


def keep(database: Database, now: datetime, *titles: str) -> None:
    """Store items, one a minute, the first the oldest."""
    with database.transaction() as tx:
        stored_feeds.sync(tx, [FEED], now=now)
        feed = stored_feeds.states(tx)[0].id
        for number, title in enumerate(titles):
            item = Item(title, url=f"https://wire.example/{number}", language="en")
            seen = now + timedelta(minutes=number)
            key = f"x:{title}"
            new = NewItem(replace(item, keys=(key,)), wording=title, keys=(key,))
            stored_items.add(tx, [new], feed=feed, now=seen)


def found(database: Database, query: str, rule_set: RuleSet, **since: datetime) -> list[str]:
    matcher = adhoc.matcher_of(query, rule_set)
    stored = history.newest(database, **since)
    return [hit.stored.item.title for hit in searching.hits(stored, matcher)]


def test_what_a_query_describes_is_found_newest_first(
    database: Database, now: datetime, rule_set: RuleSet
) -> None:
    keep(database, now, "Бої під Суджею", "Rain in Oslo", "A road to Sudzha")

    assert found(database, "@sudzha", rule_set) == ["A road to Sudzha", "Бої під Суджею"]
    assert found(database, "road AND NOT Oslo", rule_set) == ["A road to Sudzha"]
    assert found(database, "source:Wire AND rain", rule_set) == ["Rain in Oslo"]


def test_what_was_seen_before_is_left_out(
    database: Database, now: datetime, rule_set: RuleSet
) -> None:
    keep(database, now, "Sudzha one", "Sudzha two", "Sudzha three")

    assert found(database, "@sudzha", rule_set, since=now + timedelta(minutes=1)) == [
        "Sudzha three",
        "Sudzha two",
    ]
    with database.reading() as tx:
        assert history.count(tx, since=now + timedelta(minutes=1)) == 2
        assert history.count(tx) == 3


def test_more_items_than_are_read_at_once_are_all_looked_at(
    database: Database, now: datetime, rule_set: RuleSet
) -> None:
    keep(database, now, *(f"Sudzha {number}" for number in range(1_001)))

    titles = found(database, "@sudzha", rule_set)

    assert titles == [f"Sudzha {number}" for number in reversed(range(1_001))]


def test_a_trial_counts_what_a_query_would_bring(
    database: Database, now: datetime, rule_set: RuleSet
) -> None:
    keep(database, now, "A road to Sudzha", "A road to Oslo", "Rain in Oslo")
    query, in_force = adhoc.matcher_of("road", rule_set), rules.compile_rules(rule_set)

    trial = Trial()
    for one in history.newest(database):
        trial.add(one, query, in_force, limit=1)

    assert (trial.items, trial.matched, trial.unmatched_before) == (3, 2, 1)
    assert trial.languages == {"en": 2}
    assert [hit.stored.item.title for hit in trial.newest] == ["A road to Oslo"]


@pytest.mark.parametrize(
    ("query", "column", "cause"),
    [
        ("Kursk AND (foo OR", 18, "the query ends after OR"),
        ("Kursk AND @sudza", 11, "there is no entity or term list named sudza"),
        ("NOT Kursk", 1, ""),
    ],
)
def test_a_query_that_can_not_be_understood_is_pointed_at(
    rule_set: RuleSet, query: str, column: int, cause: str
) -> None:
    with pytest.raises(RuleError) as caught:
        adhoc.matcher_of(query, rule_set)

    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (1, column)
    assert problem.cause.startswith(cause)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Two soldiers, captured!", 'title:("Two" AND "soldiers" AND "captured")'),
        ('a" OR b', 'title:("a" AND "OR" AND "b")'),
        ("북한군 포로", 'title:("북한군" AND "포로")'),
        (" … ", ""),
    ],
)
def test_words_of_a_title_make_a_query(text: str, query: str) -> None:
    assert adhoc.words(text) == query
