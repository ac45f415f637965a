"""A desk whose site is asked on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import Clock
from webdesk import Desk

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Database


@pytest.fixture
def desk(database: Database, now: datetime) -> Desk:
    return Desk(database, Clock(now))
