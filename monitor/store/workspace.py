"""Where on Slack our messages stand, for links to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from monitor.store.schema import identity

if TYPE_CHECKING:
    from monitor.store.database import Transaction


def note(tx: Transaction, address: str) -> None:
    """Keep the address of the workspace that takes our messages."""
    tx.execute(update(identity).values(workspace=address))


def address(tx: Transaction) -> str:
    """The address of that workspace; "" where it is not known."""
    return str(tx.execute(select(identity.c.workspace)).scalar_one())
