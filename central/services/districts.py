"""All districts' associators in one process: each has a thread, and works while it holds its district's lease."""

from collections.abc import Callable, Collection

from central.domain.districts import District
from central.services.association import Association
from central.services.posts import Post
from central.services.worker import Worker
from central.services.workingset import Bench
from central.store.database import Database
from contract.clock import Clock

GATHER_S = 0.1
"""Events that arrive within it are associated together. Longer: the console shows them later; shorter: at a hundred a
second every event pays for a transaction of its own (6 ms of CPU instead of 2)."""
ENOUGH = 16
"""Events for which it waits no longer: more share a transaction's cost with hardly any gain. At five hundred a second
each of intake's batches has them, and a new case stands on the screen 50 ms sooner."""


class DistrictAssociators:
    """Starts, wakes and stops them together."""

    def __init__(
        self,
        database: Database,
        bench: Bench,
        clock: Clock,
        on_change: Callable[[], None],
        holder: str,
        own: Collection[District] | None = None,
    ) -> None:
        """`holder` names this process; `own` are the districts it is meant for, all when None."""
        posts = [Post(holder, name, own is None or name in own) for name in bench.districts.names]
        self._associations = [Association(database, bench, clock, on_change, post) for post in posts]
        self._workers = [
            Worker(f"association-{one.district}".rstrip("-"), one.step, one.recover, gather_s=GATHER_S, enough=ENOUGH)
            for one in self._associations
        ]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def wake(self, amount: int = 1) -> None:
        """There may be work in any district, at most about so much. Any thread."""
        for worker in self._workers:
            worker.wake(amount)

    def stop(self) -> None:
        """Ends after the steps under way, and gives the leases back so that another process need not wait for them."""
        for worker, association in zip(self._workers, self._associations, strict=True):
            worker.stop()
            if not worker.is_alive:
                association.release()

    @property
    def is_alive(self) -> bool:
        return all(worker.is_alive for worker in self._workers)

    @property
    def failures(self) -> int:
        return sum(worker.failures for worker in self._workers)

    @property
    def active(self) -> tuple[District, ...]:
        """The districts whose lease this process holds."""
        return tuple(one.district for one in self._associations if one.is_active)
