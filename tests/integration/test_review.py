"""What those who run the service hear of an edit of the rules, and of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import Clock

from monitor.intake import Intake, Source
from monitor.model import Feed, Item, Notice, Outlet
from monitor.recent import RecentStories
from monitor.reload import Reload
from monitor.review import REST, Review
from monitor.stats import RuleFigures
from monitor.store import feeds as stored_feeds
from monitor.store import outbox
from monitor.store.figures import Counts
from monitor.weekly import MOST_RULES, Weekly, report

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.database import Database

WIRE = Feed("https://wire.example/rss", Outlet("Wire", "en"))
RULE = '[[rules]]\nid = "pow"\nname = "Prisoners"\nquery = "{query}"\n'
MONDAY = datetime(2025, 3, 17, 9, 30, tzinfo=UTC)


class Desk:
    """Rules that are edited, items that were told under those before, and the two jobs."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.clock = Clock(MONDAY)
        self.save("captured")
        self.reload = Reload(folder, clock=self.clock)
        self.review = self.job()
        with database.transaction() as tx:
            stored_feeds.sync(tx, [WIRE], now=self.clock())
            self.feed = stored_feeds.states(tx)[0].id

    def save(self, query: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "rules.toml").write_text(RULE.format(query=query), encoding="utf-8")

    def job(self, *, ops_channel: str = "#ops") -> Review:
        return Review(
            self.database,
            self.reload,
            ops_channel=ops_channel,
            channel="#desk",
            lookback=timedelta(days=1),
            window=timedelta(hours=96),
            clock=self.clock,
            wait=lambda _: None,
        )

    def take(self, *titles: str) -> None:
        """Items that come now."""
        intake = Intake(
            self.reload.matcher,
            channel="#desk",
            lookback=timedelta(days=1),
            recent=RecentStories(),
        )
        items = [Item(one, keys=(one,), outlet=WIRE.outlet, language="en") for one in titles]
        with self.database.transaction() as tx:
            intake.take(tx, items, Source(self.feed, first_sight=False), now=self.clock())

    def run(self, seconds: float = REST.total_seconds() + 20) -> None:
        """Let both jobs work for so long."""
        for _ in range(int(seconds / 10)):
            self.reload()
            self.reload()
            self.review()
            self.clock.pass_(10)

    def said(self) -> list[str]:
        """What was promised to the ops channel."""
        with self.database.reading() as tx:
            queued = outbox.latest(tx, limit=99)
        contents = [one.message.content for one in queued if one.message.channel == "#ops"]
        return [
            "\n".join([one.heading, *(line.text for line in one.lines)])
            for one in contents
            if isinstance(one, Notice)
        ]


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    desk = Desk(database, tmp_path / "rules")
    desk.take("Two soldiers captured near Sudzha", "Pilot asks for asylum in Norway")
    return desk


def test_an_edit_is_told_with_what_it_would_have_added_and_lost(desk: Desk) -> None:
    desk.save("asylum")

    desk.run()

    (said,) = desk.said()
    assert said.startswith(
        "Rules were edited: this would have added 1 alert and lost 1 alert in the last 30 days"
    )
    assert "Added: Pilot asks for asylum in Norway (Wire)" in said
    assert "Lost: Two soldiers captured near Sudzha (Wire)" in said


def test_an_edit_that_changes_nothing_is_not_told(desk: Desk) -> None:
    desk.save("captured OR imprisoned")

    desk.run()

    assert desk.said() == []


def test_a_rule_that_only_changes_its_channel_is_told_so(desk: Desk) -> None:
    desk.save('captured"\nchannels = ["#elsewhere"]\nnote = "')

    desk.run()

    (said,) = desk.said()
    assert "added 1 alert and lost 1 alert" in said
    assert "Of these, 1 story would only go to another channel" in said


def test_who_saves_again_and_again_is_told_once_of_all_of_it(desk: Desk) -> None:
    for query in ("asylum", "asylum OR pilot", "captured OR asylum"):
        desk.save(query)
        desk.run(seconds=30)

    desk.run()

    (said,) = desk.said()
    assert "this would have added 1 alert in" in said


def test_an_edit_that_is_taken_back_is_not_told(desk: Desk) -> None:
    desk.save("asylum")
    desk.run(seconds=20)
    desk.save("captured")

    desk.run()

    assert desk.said() == []


def test_a_broken_file_is_not_an_edit(desk: Desk) -> None:
    desk.save('" AND')

    desk.run()

    assert desk.said() == []


def test_replicas_tell_of_an_edit_once(desk: Desk) -> None:
    other = desk.job()
    desk.save("asylum")

    desk.run()
    other()
    desk.clock.pass_(REST.total_seconds())
    other()

    assert len(desk.said()) == 1


def test_without_an_ops_channel_nothing_is_told(desk: Desk) -> None:
    desk.review = desk.job(ops_channel="")
    desk.save("asylum")

    desk.run()

    assert desk.said() == []


def weekly(desk: Desk, *, at: str = "09:00") -> Weekly:
    return Weekly(
        desk.database,
        desk.folder,
        [WIRE.outlet],
        channel="#ops",
        at=at,
        timezone=UTC,
        clock=desk.clock,
    )


def test_on_monday_the_week_is_told_once(desk: Desk) -> None:
    job = weekly(desk)
    desk.clock.pass_(timedelta(days=6, hours=23).total_seconds())  # Monday, 8:30
    job()
    assert desk.said() == []

    for _ in range(3):
        desk.clock.pass_(3600)
        job()

    (said,) = desk.said()
    assert said.startswith("The week: 2 new items, 1 matched a rule, 1 alert")
    assert "pow: 1 alert" in said


@pytest.mark.parametrize("days", [1, 6])
def test_on_other_days_it_is_not(desk: Desk, days: int) -> None:
    desk.clock.pass_(timedelta(days=days).total_seconds())

    weekly(desk)()

    assert desk.said() == []


def test_in_its_first_days_a_service_has_no_week_to_tell_of(desk: Desk) -> None:
    weekly(desk)()

    assert desk.said() == []


def test_without_a_heartbeat_there_is_no_report(desk: Desk) -> None:
    desk.clock.pass_(timedelta(days=7).total_seconds())

    weekly(desk, at="")()

    assert desk.said() == []


def test_a_week_in_which_nothing_came_is_told_too(desk: Desk) -> None:
    desk.clock.pass_(timedelta(days=21).total_seconds())

    weekly(desk)()

    (said,) = desk.said()
    assert said.startswith("The week: 0 new items, 0 matched a rule, 0 alerts")


def test_rules_beyond_the_first_few_are_counted_and_the_noisy_named_wherever_they_are() -> None:
    quiet = [RuleFigures(f"r{number}", "R") for number in range(MOST_RULES + 3)]
    noisy = RuleFigures("last", "Last", alerts=4, irrelevant=3, noisy=(("@a", "whale", 4, 3),))

    lines = [line.text for line in report(Counts(5, 4, 4), [*quiet, noisy]).lines]

    assert lines == [
        "Noisy in last: “whale”, 3 of 4 alerts with it not relevant",
        "last: 4 alerts, 3 not relevant (75%)",
        "11 rules without an alert: `monitor rules stats`",
    ]


def test_broken_rule_files_put_the_report_off(desk: Desk) -> None:
    desk.clock.pass_(timedelta(days=7).total_seconds())
    desk.save('" AND')
    weekly(desk)()
    assert desk.said() == []

    desk.save("captured")
    weekly(desk)()

    assert len(desk.said()) == 1
