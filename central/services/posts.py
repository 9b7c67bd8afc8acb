"""Who associates which district: the lease that keeps two processes from doing it at once."""

from dataclasses import dataclass
from datetime import timedelta

from central.domain.districts import REST, District

LEASE_LASTS = timedelta(seconds=15)
"""After a crash another process takes over within this time; the worker asks at least every five seconds."""
PATIENCE = timedelta(seconds=15)
"""How long a process lets another's district lie before it stands in. Shorter, and a restart would hand it over."""


@dataclass(frozen=True, slots=True)
class Post:
    """Who associates what. `holder` names this process among those that work on the same database.

    `is_own`: the process is meant for this district; otherwise it stands in as long as nobody else is there. `lasts`:
    the lease; longer only where time is simulated and leaps.
    """

    holder: str = "only one"
    district: District = REST
    is_own: bool = True
    lasts: timedelta = LEASE_LASTS

    @property
    def lease(self) -> str:
        return f"associate/{self.district or 'all'}"

    @property
    def patience(self) -> timedelta | None:
        """Of a stand-in; None for an owner."""
        return None if self.is_own else PATIENCE


ALONE = Post()
