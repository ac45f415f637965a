from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fakes import Clock
from sqlalchemy import text

from monitor.model import Feed, Outlet
from monitor.store import feeds, migrate
from monitor.store.clock import Timekeeper
from monitor.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

NEAR = timedelta(seconds=10)


def test_the_time_of_a_file_is_that_of_its_machine(tmp_path: Path, now: datetime) -> None:
    machine = Clock(now)
    with Database(f"sqlite:///{tmp_path / 'm.db'}") as database:
        time = Timekeeper(database, machine)
        machine.pass_(90)

        assert time() == now + timedelta(seconds=90)
        assert time.sync() == timedelta(0)


def test_a_server_decides_whatever_the_clocks_of_its_users_say(postgres_url: str) -> None:
    real = datetime.now(UTC)
    with Database(postgres_url) as one, Database(postgres_url) as other:
        early = Timekeeper(one, Clock(real - timedelta(minutes=7)))
        late = Timekeeper(other, Clock(real + timedelta(minutes=7)))

        assert abs(early() - late()) < NEAR
        assert abs(early() - datetime.now(UTC)) < NEAR


def test_setting_a_machines_clock_sets_nothing(postgres_url: str) -> None:
    machine = Clock(datetime.now(UTC))
    with Database(postgres_url) as database:
        time = Timekeeper(database, machine)
        before = time()
        machine.pass_(-3600)

        assert before <= time() < before + NEAR
        assert abs(time.sync()) < NEAR


def test_a_servers_clock_that_is_set_is_followed(postgres_url: str) -> None:
    with Database(postgres_url) as database:
        time = Timekeeper(database, Clock(datetime.now(UTC)))
        with database.transaction() as tx:
            # What our connections take for the server's clock from here on.
            name = tx.execute(text("SELECT current_database()")).scalar_one()
            tx.execute(
                text(
                    "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                    "$$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$"
                )
            )
            tx.execute(text(f"ALTER DATABASE {name} SET search_path = public, pg_catalog"))
        database.close()

        assert abs(time.sync() - timedelta(hours=1)) < NEAR
        assert abs(time() - datetime.now(UTC) - timedelta(hours=1)) < NEAR


def test_a_lease_holds_against_a_replica_whose_clock_is_minutes_ahead(postgres_url: str) -> None:
    feed = Feed("https://a.example/", Outlet("A"))
    ahead = Clock(datetime.now(UTC) + timedelta(minutes=7))
    lease = timedelta(seconds=30)
    with Database(postgres_url) as one, Database(postgres_url) as other:
        migrate.upgrade(one)
        ours, theirs = Timekeeper(one, Clock(datetime.now(UTC))), Timekeeper(other, ahead)
        with one.transaction() as tx:
            feeds.sync(tx, [feed], now=ours())
            got = feeds.claim_due(tx, now=ours(), limit=9, lease=lease, parser_version=1)
        with other.transaction() as tx:
            again = feeds.claim_due(tx, now=theirs(), limit=9, lease=lease, parser_version=1)

    assert [len(got), len(again)] == [1, 0]
