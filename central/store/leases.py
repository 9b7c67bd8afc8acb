"""Who may do what only one may do at a time. A lease ends by itself; its epoch tells its holders apart for ever.

Every transaction of the holder asks `hold` first: who was slow, or thought dead, finds another epoch and stops.
"""

from dataclasses import asdict, dataclass, replace
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
    Column("wanted_by", String(64)),
)
NOBODY = ""
_BY_NAME = select(LEASES).where(LEASES.c.name == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Lease:
    """`holder` may act until `expires_at`; whoever takes over gets the next `epoch`.

    `wanted_by`: who would like to have it back, because it is one of its own.
    """

    name: str
    holder: str
    epoch: int
    expires_at: datetime
    wanted_by: str | None = None


def hold(
    connection: Connection, name: str, holder: str, now: datetime, lasts: timedelta, patience: timedelta | None = None
) -> Lease | None:
    """The lease if it is to be had, or `holder`'s own; it is renewed when half of it has passed. None: another's.

    The transaction must be a writing one (`Database.write`), so that two can't take it at once.

    Args:
        connection: of that transaction.
        name: of the lease.
        holder: who asks.
        now: the time.
        lasts: how long it lasts when it is taken or renewed.
        patience: of a stand-in: how long it lets an ended lease lie, so that the owner may come first. It gives the
            lease back as soon as an owner asks. None for owners, who take a lease as soon as it is free.
    """
    found = find(connection, name)
    lease = Lease(name, holder, found.epoch if found else 0, now + lasts)
    if found is None:
        first = replace(lease, epoch=1) if patience is None else replace(lease, holder=NOBODY, expires_at=now)
        connection.execute(insert(LEASES).values(asdict(first)))
        return first if patience is None else None
    if found.holder == holder and found.expires_at > now:
        return _kept(connection, found, lease, now, patience)
    if found.expires_at + (patience or timedelta(0)) > now:
        if patience is None and found.wanted_by is None:
            _write(connection, replace(found, wanted_by=holder))
        return None
    return _write(connection, replace(lease, epoch=found.epoch + 1))


def _kept(connection: Connection, own: Lease, longer: Lease, now: datetime, patience: timedelta | None) -> Lease | None:
    """The holder's own lease: given back when its owner wants it, else renewed in time."""
    if patience is not None and own.wanted_by is not None:
        _write(connection, replace(own, expires_at=now, wanted_by=None))
        return None
    return own if own.expires_at - now > (longer.expires_at - now) / 2 else _write(connection, longer)


def _write(connection: Connection, lease: Lease) -> Lease:
    connection.execute(update(LEASES).where(LEASES.c.name == lease.name).values(asdict(lease)))
    return lease


def release(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Ends `holder`'s lease at once, so that nobody waits for it after an orderly stop."""
    connection.execute(update(LEASES).where(LEASES.c.name == name, LEASES.c.holder == holder).values(expires_at=now))


def find(connection: Connection, name: str) -> Lease | None:
    row = connection.execute(_BY_NAME, {"wanted": name}).first()
    return None if row is None else Lease(row.name, row.holder, row.epoch, row.expires_at, row.wanted_by)
