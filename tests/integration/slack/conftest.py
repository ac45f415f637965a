"""The stand-in of ../shared, for the tests that want a Slack nobody here wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from slackstandin import StandIn, installed, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _running_standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with running(installed(), tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture
def standin(_running_standin: StandIn) -> StandIn:
    """The stand-in without faults, limits or journal; messages of other tests stay."""
    _running_standin.control("reset", {})
    return _running_standin
