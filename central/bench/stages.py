"""Where the time between a camera's event and its row on a screen goes, and whose processor time it was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import getpid

from sqlalchemy import select

from central.bench.machine import busy_s, cpu_of, family_of
from central.bench.reporting import percentiles
from central.bench.standing import NEW_NAME
from central.store.database import Database
from central.store.inbox import INBOX
from contract.clock import Clock
from contract.events import Event

Instants = Mapping[str, float]
"""Name of a new case → seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Durations in seconds, one a case and listener.

    `intake`: published → its batch is stored. `waiting`: → association takes it up. `telling`: → a light console has
    its row: association, its commit, the board, drawing, sending. `screen`: how much later than the first light
    console a browser had drawn it.
    """

    intake: Sequence[float]
    waiting: Sequence[float]
    telling: Sequence[float]
    light: Sequence[float]
    screen: Sequence[float]

    def as_details(self) -> dict[str, float]:
        """Milliseconds, by stage. ``light``: all of it, up to the light consoles."""
        found: dict[str, float] = {}
        for name in ("intake", "waiting", "telling", "light", "screen"):
            of_all = percentiles(getattr(self, name))
            found |= {f"{name}_ms_p50": of_all.p50, f"{name}_ms_p99": of_all.p99}
        return found


def stages_of(database: Database, opened: Instants, light: Iterable[Instants], screens: Iterable[Instants]) -> Stages:
    """Args:
    database: says when events were stored and taken up.
    opened: when the event of each new case was published.
    light: when each light console had the rows.
    screens: when each browser showed them.
    """
    stored, taken = _in_database(database)
    heard = [seen for seen in light if seen]
    first = {name: min(seen[name] for seen in heard if name in seen) for name in set().union(*heard)}
    return Stages(
        intake=[stored[name] - at for name, at in opened.items() if name in stored],
        waiting=[at - stored[name] for name, at in taken.items() if name in opened],
        telling=[at - taken[name] for seen in heard for name, at in seen.items() if name in opened and name in taken],
        light=[at - opened[name] for seen in heard for name, at in seen.items() if name in opened],
        screen=[at - first[name] for seen in screens for name, at in seen.items() if name in first],
    )


def _in_database(database: Database) -> tuple[dict[str, float], dict[str, float]]:
    """When the events that opened cases were stored, and when association took them up."""
    stored, taken = {}, {}
    with database.read() as connection:
        query = select(INBOX.c.payload, INBOX.c.received_at, INBOX.c.done_at).where(INBOX.c.revision == 1)
        for row in connection.execute(query):
            if b'"new-' not in row.payload:
                continue
            name = Event.model_validate_json(row.payload).data.camera_id
            stored[name] = row.received_at.timestamp()
            if row.done_at is not None and NEW_NAME.fullmatch(name):
                taken[name] = row.done_at.timestamp()
    return stored, taken


@dataclass(frozen=True, slots=True)
class Shares:
    """Of one core each. `service` serves the consoles, `backroom` takes and associates in a process of its own, where
    it has one; `others` is what ran on the machine beside: a database server, the system."""

    service: float
    backroom: float
    broker: float
    publisher: float
    browsers: float
    others: float

    def as_details(self) -> dict[str, float]:
        names = ("service", "backroom", "broker", "publisher", "browsers", "others")
        return {f"cores_of_{name}": round(float(getattr(self, name)), 3) for name in names}


class Meter:
    """Runs from its making on."""

    def __init__(self, service_pid: int, broker_pid: int, clock: Clock) -> None:
        self._service_pid, self._broker_pid = service_pid, broker_pid
        self._clock, self._began_s, self._before = clock, clock.monotonic(), self._now()

    def read(self) -> Shares:
        """The shares since then. This process publishes events and is the light consoles."""
        took_s = self._clock.monotonic() - self._began_s
        used = [(now - before) / took_s for now, before in zip(self._now(), self._before, strict=True)]
        service, backroom, broker, publisher, browsers, all_of_them = used
        others = all_of_them - service - backroom - broker - publisher - browsers
        return Shares(service, backroom, broker, publisher, browsers, others)

    def _now(self) -> list[float]:
        service, broker, publisher = ([pid] for pid in (self._service_pid, self._broker_pid, getpid()))
        backroom = set(family_of(self._service_pid)).difference(service)
        browsers = set(family_of(getpid())).difference(service, backroom, broker, publisher)
        return [*map(cpu_of, (service, backroom, broker, publisher, browsers)), busy_s()]
