"""The live service as a day really comes in: mostly in order, some late, and people review cases some minutes later.

Every order is another delivery of the same day; the same cases are reviewed in each, at the same moments of the day.
What keeps the orders from agreeing is then what was not yet known when somebody looked.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.services.association import Association
from central.services.shuffling import Settled, enqueue, members_now, settled_in
from central.store import cases
from central.store.database import Database
from contract.clock import Clock
from contract.events import Event

EVERY = timedelta(minutes=1)
"""How much of the day goes into one batch."""
REVIEWED_AFTER_MIN = 5.0, 30.0
"""How long after its first report a case is looked at."""
DELAY_S, SLOW_SHARE, SLOW_S = 1.0, 0.05, 20.0
"""An event's usual way, and the mean of what 5 % take more."""
OUTAGE_SHARE, OUTAGE = 0.10, timedelta(minutes=40)
"""Nodes that can't send for a while in the course of a delivery; what they kept comes ten times as fast."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`arrivals` in order of arrival. `reviews`: member (``incident#part``) → when its case is looked at."""

    arrivals: Sequence[tuple[datetime, Event]]
    reviews: Mapping[str, datetime]


def deliver(events: Sequence[Event], seed: int, reviews: Mapping[str, datetime]) -> Delivery:
    """Delivery number `seed` of the day; 0 is the one where nothing is held up."""
    rng = random.Random(seed)
    outages = _outages(events, rng) if seed else {}
    arrivals = []
    for event in events:
        way_s = rng.expovariate(1 / DELAY_S) + (rng.expovariate(1 / SLOW_S) if rng.random() < SLOW_SHARE else 0.0)
        sent_at = event.time
        start = outages.get(event.data.node_id)
        if start is not None and start <= event.time < start + OUTAGE:
            sent_at = start + OUTAGE + (event.time - start) / 10
        arrivals.append((sent_at + timedelta(seconds=way_s if seed else 0.0), event))
    return Delivery(sorted(arrivals, key=lambda arrival: (arrival[0], arrival[1].id)), reviews)


def reviews_of(untouched: Settled, events: Sequence[Event], every: int) -> dict[str, datetime]:
    """Every `every`-th case of the untouched day, by its first member, and when a person looks at it."""
    began: dict[str, datetime] = {}
    for event in events:
        began[event.data.incident_id] = min(event.time, began.get(event.data.incident_id, event.time))
    first_of: dict[str, tuple[datetime, str]] = {}
    for member, case_id in untouched.case_of.items():
        mark = began[member.partition("#")[0]], member
        first_of[case_id] = min(mark, first_of.get(case_id, mark))
    rng = random.Random(0)
    firsts = sorted(first_of.values())[:: max(1, every)]
    return {member: at + timedelta(minutes=rng.uniform(*REVIEWED_AFTER_MIN)) for at, member in firsts}


def settle_as_it_comes(
    database: Database, make: Callable[[Database], tuple[Association, Clock]], delivery: Delivery
) -> Settled:
    """One delivery on an empty `database`, minute by minute, through the inbox and the service's own steps."""
    association, clock = make(database)
    waiting, due = list(delivery.arrivals), dict(delivery.reviews)
    while waiting:
        until = waiting[0][0] + EVERY
        batch = [event for at, event in waiting if at < until]
        waiting = waiting[len(batch) :]
        enqueue(database, batch, clock)
        while association.step():
            pass
        _review(database, due, until, clock)
    return settled_in(database, association)


def _review(database: Database, due: dict[str, datetime], now: datetime, clock: Clock) -> None:
    """Freezes the cases whose time has come; one whose first report is on its way is looked at when it is there."""
    ready = [member for member, at in due.items() if at <= now]
    if not ready:
        return
    with database.write() as connection:
        case_of = members_now(connection)
        for member in ready:
            if member in case_of:
                cases.freeze(connection, case_of[member], "review", clock.now())
                del due[member]


def _outages(events: Sequence[Event], rng: random.Random) -> dict[str, datetime]:
    """Node → when its outage begins."""
    first, last = min(event.time for event in events), max(event.time for event in events)
    nodes = sorted({str(event.data.node_id) for event in events})
    chosen = [node for node in nodes if rng.random() < OUTAGE_SHARE] or [rng.choice(nodes)]
    return {node: first + rng.random() * max(timedelta(0), last - first - OUTAGE) for node in chosen}
