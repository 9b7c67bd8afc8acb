"""The live service under other orders of arrival: how far its cases are the same, untouched and with frozen cases.

An order is a shuffle of all events with repeats, taken in batches of random size by the service itself.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, select

from central.services.association import Association
from central.services.checking import joinable_pairs
from central.services.parse import digest_of
from central.simulation.metrics import same_pairs
from central.store import cases, inbox
from central.store.cases import CASES, MEMBERS
from central.store.database import Database
from contract.clock import Clock
from contract.events import Event

REPEATED = 20
"""Events of an order that arrive twice."""
LARGEST_BATCH = 200


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What arrives. Every `freeze_every`-th case that is made gets frozen while more arrives; 0 freezes none."""

    events: Sequence[Event]
    seed: int
    freeze_every: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """Where everything ended up, by incident and part; the share of cases that were frozen; pairs that are double."""

    case_of: dict[str, str]
    frozen: float
    joinable: int


@dataclass(frozen=True, slots=True)
class OrderFigure:
    """Over all orders but the first: the share of pairs that are together in both, at worst and on average."""

    worst: float
    mean: float
    frozen: float
    joinable: int


def settle_in_order(
    database: Database, make: Callable[[Database], tuple[Association, Clock]], arrivals: Arrivals
) -> Settled:
    """One order on an empty `database`, through the inbox and the service's own steps."""
    rng = random.Random(arrivals.seed)
    events = list(arrivals.events)
    if arrivals.seed:
        rng.shuffle(events)
        events += rng.choices(events, k=min(REPEATED, len(events)))
    association, clock = make(database)
    waiting = iter(events)
    made = 0
    while batch := list(islice(waiting, rng.randint(1, LARGEST_BATCH))):
        enqueue(database, batch, clock)
        while association.step():
            pass
        made = _freeze(database, arrivals.freeze_every, made, clock)
    return settled_in(database, association)


def enqueue(database: Database, batch: Iterable[Event], clock: Clock) -> None:
    """Puts events into the inbox, in one transaction."""
    with database.write() as connection:
        for event in batch:
            wire, data = event.to_wire(), event.data
            place = (data.node_id, data.stream_id, data.seq)
            inbox.put(connection, inbox.InboxEvent(event.id, *place, digest_of(wire), wire, clock.now()))


def order_figure(settled: Sequence[Settled]) -> OrderFigure:
    """How far the orders agree with the first."""
    shares = [same_pairs(settled[0].case_of, other.case_of) for other in settled[1:]] or [1.0]
    return OrderFigure(
        worst=min(shares),
        mean=sum(shares) / len(shares),
        frozen=sum(one.frozen for one in settled) / len(settled),
        joinable=sum(one.joinable for one in settled),
    )


def settled_in(database: Database, association: Association) -> Settled:
    """Where everything is now."""
    with database.read() as connection:
        case_of = members_now(connection)
        query = select(CASES.c.frozen_at).where(CASES.c.id.in_(sorted(set(case_of.values()))))
        frozen = [row.frozen_at is not None for row in connection.execute(query)]
    double = joinable_pairs(database, association.rules)
    return Settled(case_of, sum(frozen) / max(1, len(frozen)), len(double))


def members_now(connection: Connection) -> dict[str, str]:
    """``incident#part`` → the case it is in."""
    rows = connection.execute(
        select(MEMBERS.c.incident_id, MEMBERS.c.part, MEMBERS.c.case_id).where(MEMBERS.c.ended_at.is_(None))
    )
    return {f"{row.incident_id}#{row.part}": str(row.case_id) for row in rows}


def _freeze(database: Database, every: int, made: int, clock: Clock) -> int:
    """Freezes some of the cases that were made since; gives how many there are now."""
    if not every:
        return 0
    with database.write() as connection:
        query = select(CASES.c.id).where(CASES.c.merged_into.is_(None)).order_by(CASES.c.id)
        ids = [str(row.id) for row in connection.execute(query)]
        for case_id in ids[made::every]:
            cases.freeze(connection, case_id, "platform", clock.now())
    return max(made, len(ids))
