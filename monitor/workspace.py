"""The workspace job: learns once where our messages stand on Slack, so that links can lead to them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError
from monitor.receivers import Linked
from monitor.store import workspace

if TYPE_CHECKING:
    from monitor.receivers import Receiver
    from monitor.store.database import Database

log = logging.getLogger(__name__)


class Workspace:
    """Asks until it is answered; nothing waits for that."""

    def __init__(self, database: Database, receiver: Receiver) -> None:
        self._database = database
        self._asked = receiver if isinstance(receiver, Linked) else None

    def __call__(self) -> None:
        """Ask, unless it is known.

        Raises:
            StoreError: The database refused.
        """
        if self._asked is None:
            return
        try:
            address = self._asked.workspace()
        except DeliveryError as error:
            # Whatever is wrong with Slack is told by those who deliver.
            log.debug("workspace not known yet: cause=%s", error)
            return
        with self._database.reading() as tx:
            known = workspace.address(tx)
        if address != known:
            with self._database.transaction() as tx:
                workspace.note(tx, address)
        self._asked = None
