"""Links to messages need the address of their workspace, which is asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import MemoryReceiver
from fakeslack import FakeSlack
from pydantic import SecretStr

from monitor.model import Receipt
from monitor.receivers.slack.client import SlackReceiver
from monitor.store import workspace
from monitor.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.store.database import Database


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(channels=["desk"]) as server:
        yield server


def receiver(slack: FakeSlack) -> SlackReceiver:
    return SlackReceiver(SecretStr(slack.token), api_url=slack.api_url, timeout=5)


def known(database: Database) -> str:
    with database.reading() as tx:
        return workspace.address(tx)


def test_it_is_asked_for_until_slack_answers_and_then_known(
    database: Database, slack: FakeSlack
) -> None:
    job = Workspace(database, receiver(slack))
    token, slack.token = slack.token, "xoxb-another"
    job()
    assert known(database) == ""

    slack.token = token
    job()

    assert known(database) == "https://newsroom.slack.com/"


def test_a_receiver_without_links_is_not_asked(database: Database) -> None:
    Workspace(database, MemoryReceiver())()

    assert known(database) == ""


@pytest.mark.parametrize(
    ("receipt", "address", "link"),
    [
        (
            Receipt("C1", "17.000005"),
            "https://a.slack.com/",
            "https://a.slack.com/archives/C1/p17000005",
        ),
        (Receipt("C1", "17.5"), "", ""),
        (Receipt("", "17.5"), "https://a.slack.com/", ""),
        (Receipt(), "https://a.slack.com/", ""),
    ],
)
def test_a_link_is_made_only_of_what_is_known(receipt: Receipt, address: str, link: str) -> None:
    assert receipt.link(address) == link
