"""What a process does behind the counter: takes what comes from the broker, associates it, and keeps house."""

from collections.abc import Callable, Collection
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from central.domain.districts import THE_REST, District
from central.foundation import Foundation
from central.housekeeping import housekeepers
from central.rulebook import make_rules
from central.services.admission import Point, nobody_watches
from central.services.districts import DistrictAssociators
from central.services.worker import Worker
from central.services.workingset import Bench
from central.settings import Role
from central.site import SiteSettings
from central.taking import Taking
from contract.errors import UsageError
from contract.ids import uuid7

BACK_ROLES = frozenset({Role.INGEST, Role.ASSOCIATE})


class BackState(BaseModel):
    """How the work goes; the counts are of this process, since it started."""

    model_config = ConfigDict(frozen=True)

    is_alive: bool
    """Whether every thread that its roles ask for runs."""
    broker_connected: bool = False
    broker_problem: str = ""
    events_taken: int = 0
    events_repeated: int = 0
    messages_refused: int = 0
    events_marked: int = 0
    conflicts: int = 0
    step_failures: int = 0
    associating: tuple[str, ...] = ()


class BackWork(Protocol):
    """The work, wherever it is done."""

    def start(self) -> None: ...
    def stop(self) -> None: ...

    def wake(self) -> None:
        """There may be something to associate. Any thread."""
        ...

    def state(self) -> BackState: ...


class Back:
    """The work in this process, a thread each. What changed is told to the foundation's feed."""

    def __init__(
        self, base: Foundation, holder: str | None = None, reached: Callable[[Point], None] = nobody_watches
    ) -> None:
        """Opens nothing. `holder`: of the districts' leases, a new one unless given; `reached` is told where a batch
        of events stands.

        Raises:
            UsageError: a setting or a file is wrong; the message names it.
        """
        settings, clock = base.settings, base.clock
        refuse_unknown(settings.own_districts, base.site)
        bench = Bench(make_rules(base.site, settings.association), base.law, base.plane, laws=base.laws)
        self._roles = BACK_ROLES.intersection(settings.roles)
        self._associators = DistrictAssociators(
            base.database, bench, clock, base.feed.notify, holder or uuid7(clock.now()), settings.own_districts
        )
        self._taking = Taking(base, self.wake, reached)
        self._helpers: tuple[Worker, ...] = housekeepers(base, bench.rules, self.wake)

    def start(self) -> None:
        """Starts what the process's roles ask for."""
        if Role.ASSOCIATE in self._roles:
            self._associators.start()
            for worker in self._helpers:
                worker.start()
        if Role.INGEST in self._roles:
            self._taking.start()

    def wake(self, amount: int = 1) -> None:
        self._associators.wake(amount)

    def stop(self) -> None:
        """Takes no more, and finishes what is under way."""
        if Role.INGEST in self._roles:
            self._taking.stop()
        if Role.ASSOCIATE in self._roles:
            self._associators.stop()
            for worker in self._helpers:
                worker.stop()

    def state(self) -> BackState:
        taking, counts = self._taking, self._taking.intake.counts
        of_role: dict[Role, Worker | DistrictAssociators] = {
            Role.ASSOCIATE: self._associators,
            Role.INGEST: taking.worker,
        }
        workers = [worker for role, worker in of_role.items() if role in self._roles]
        return BackState(
            is_alive=all(worker.is_alive for worker in workers),
            broker_connected=taking.link.is_connected,
            broker_problem=taking.link.problem,
            events_taken=counts.taken,
            events_repeated=counts.repeated,
            messages_refused=counts.refused,
            events_marked=counts.marked,
            conflicts=counts.conflicts,
            step_failures=sum(worker.failures for worker in workers),
            associating=self._associators.active,
        )


def refuse_unknown(own: Collection[District] | None, site: SiteSettings) -> None:
    """Raises:
    UsageError: the process is meant for a district that the site file doesn't name.
    """
    names = site.to_districts().names
    unknown = sorted(set(own or ()) - set(names))
    if unknown:
        known = ", ".join((*names[:-1], THE_REST))
        raise UsageError(f"districts: the site file names no {', '.join(unknown)}; it knows {known}")
