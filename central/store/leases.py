"""Who may do what only one may do at a time. A lease ends by itself; its epoch tells its holders apart for ever.

Every transaction of the holder asks `hold` first: who was slow, or thought dead, finds another epoch and stops.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, bindparam, insert, select, update

from central.store.database import METADATA, UtcInstant

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
)
_BY_NAME = select(LEASES).where(LEASES.c.name == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` may act until `expires_at`; whoever takes over gets the next `epoch`."""

    name: str
    holder: str
    epoch: int
    expires_at: datetime


def hold(connection: Connection, name: str, holder: str, now: datetime, lasts: timedelta) -> Lease | None:
    """The lease if it is free, over, or `holder`'s own; it is renewed when half of it has passed. None: another's.

    The transaction must be a writing one (`Database.write`), so that two can't take it at once.
    """
    row = connection.execute(_BY_NAME, {"wanted": name}).first()
    found = None if row is None else Lease(row.name, row.holder, row.epoch, row.expires_at)
    if found is not None and found.holder != holder and found.expires_at > now:
        return None
    if found is not None and found.holder == holder and found.expires_at > now + lasts / 2:
        return found
    is_own = found is not None and found.holder == holder and found.expires_at > now
    epoch = 1 if found is None else found.epoch if is_own else found.epoch + 1
    values = {"holder": holder, "epoch": epoch, "expires_at": now + lasts}
    if found is None:
        connection.execute(insert(LEASES).values(name=name, **values))
    else:
        connection.execute(update(LEASES).where(LEASES.c.name == name).values(values))
    return Lease(name, holder, epoch, now + lasts)


def release(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Ends `holder`'s lease at once, so that nobody waits for it after an orderly stop."""
    connection.execute(update(LEASES).where(LEASES.c.name == name, LEASES.c.holder == holder).values(expires_at=now))


def find(connection: Connection, name: str) -> Lease | None:
    row = connection.execute(_BY_NAME, {"wanted": name}).first()
    return None if row is None else Lease(row.name, row.holder, row.epoch, row.expires_at)
