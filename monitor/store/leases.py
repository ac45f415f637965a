"""Work that one of several replicas does at a time, until its lease ends or is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, or_, select, update

from monitor.store.schema import leases

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Transaction


def take(tx: Transaction, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
    """Be the one who does a work until then; False while another one is."""
    row = {"holder": holder, "until": until}
    # A lease that ends later than any could was taken before the clock was set back.
    free = or_(leases.c.holder == holder, leases.c.until <= now, leases.c.until > until)
    same = leases.c.name == name
    if tx.execute(update(leases).where(same, free).values(row)).rowcount:
        return True
    if tx.execute(select(leases.c.name).where(same)).one_or_none():
        return False
    tx.execute(insert(leases).values(name=name, **row))
    return True


def give_up(tx: Transaction, name: str, holder: str) -> None:
    """Let another one do a work."""
    tx.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
