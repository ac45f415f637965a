"""A made-up item on the way of every item, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock
from sqlalchemy import text

from monitor import canary
from monitor.canary import Canary, rehearse
from monitor.errors import StoreError
from monitor.model import Feed, Item, Notice, Outlet
from monitor.rules import compile_rules, load
from monitor.steady import Steady
from monitor.store import feeds as stored_feeds
from monitor.store import items, outbox, stories
from monitor.store.database import Database

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.rules import Matcher
    from monitor.store.outbox import Queued

RULE = '[[rules]]\nid = "all"\nname = "All"\nquery = "{query}"\n'


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    """Rules in force, of which one would match the made-up item."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.toml").write_text(RULE.format(query="nothing OR happened"), encoding="utf-8")
    return compile_rules(load(folder))


def promised(database: Database) -> tuple[Queued, ...]:
    with database.reading() as tx:
        return outbox.latest(tx, limit=9)


def test_it_passes_every_step_up_to_the_outbox(
    database: Database, matcher: Matcher, now: datetime
) -> None:
    steps = list(rehearse(database, matcher, now=now))

    assert [one.name for one in steps] == ["parse", "match", "store, story", "outbox"]
    assert all(one.seconds >= 0 for one in steps)


def test_nothing_of_it_is_kept_though_a_rule_of_readers_matches_it(
    database: Database, matcher: Matcher, now: datetime
) -> None:
    assert matcher.match(Item("Made-up item: nothing happened"))

    list(rehearse(database, matcher, now=now))

    with database.reading() as tx:
        assert (items.count(tx), stories.count(tx)) == (0, 0)
        assert stored_feeds.states(tx) == ()
    assert promised(database) == ()


def test_it_uses_up_no_first_sight_of_a_feed(
    database: Database, matcher: Matcher, now: datetime
) -> None:
    with database.transaction() as tx:
        stored_feeds.sync(tx, [Feed("https://a.example/rss", Outlet("A"))], now=now)
        before = stored_feeds.states(tx)

    list(rehearse(database, matcher, now=now))

    with database.reading() as tx:
        assert stored_feeds.states(tx) == before


def test_an_outbox_that_takes_nothing_is_noticed(
    database: Database, matcher: Matcher, now: datetime
) -> None:
    with database.transaction() as tx:
        tx.execute(text("ALTER TABLE outbox RENAME TO lost"))

    with pytest.raises(StoreError):
        list(rehearse(database, matcher, now=now))


def test_the_job_fails_with_the_database_and_recovers_with_it(
    matcher: Matcher, now: datetime, tmp_path: Path
) -> None:
    clock = Clock(now)
    missing = Database(f"sqlite:///{tmp_path / 'm.db'}")
    job = Steady(
        "canary",
        Canary(missing, rules=lambda: matcher, clock=clock),
        may_take=timedelta(hours=2),
    )

    job()

    condition = job.condition()
    assert not condition.works
    assert condition.ok_s is None
    with pytest.raises(StoreError):
        list(rehearse(missing, matcher, now=now))


def test_asked_for_it_tells_the_ops_channel_once_each_time(
    database: Database, matcher: Matcher, now: datetime
) -> None:
    steps = list(rehearse(database, matcher, now=now))

    keys = {canary.promise(database, steps, channel="#ops", now=now) for _ in range(2)}

    messages = [one.message for one in promised(database)]
    assert {one.key for one in messages} == keys
    assert len(keys) == 2
    assert {one.channel for one in messages} == {"#ops"}
    assert all(isinstance(one.content, Notice) for one in messages)
