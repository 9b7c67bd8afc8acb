"""Who is at work on a case just now: a lease of two minutes that ends by itself, so that two don't do one thing.

Taking it up also says that somebody has seen to the stage: its unclaimed timers stop.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.people import Operator, Place, require
from central.domain.workflow import Role, takers
from central.services.timekeeping import Timekeeper
from central.store import case_queries, changes, claims, stages
from central.store.claims import Claim
from central.store.database import Database
from contract.clock import Clock

LASTS = timedelta(minutes=2)
"""Long enough to look at pictures; who is still there renews it. Longer: a case waits for somebody who went home."""


class ClaimedCase(Exception):
    """Another person is at work on it."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"{claim.person} is at work on case {claim.case_id} until {claim.expires_at:%H:%M:%S} UTC")
        self.claim = claim


class ClaimDesk:
    """Any thread."""

    def __init__(self, database: Database, clock: Clock, keeper: Timekeeper, on_change: Callable[[], None]) -> None:
        self._database, self._clock, self._keeper, self._on_change = database, clock, keeper, on_change

    def claim(self, case_id: str, who: Operator) -> Claim | None:
        """Takes up the case or renews it; None when there is no such case.

        Raises:
            ClaimedCase: another person is at work on it.
            Refusal: `who` can do nothing with it, or it lies in another district.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            case = case_queries.find(connection, case_id)
            if case is None or case.merged_into is not None:
                return None
            require(who, takers(case.state) | {Role.ADMIN}, Place(case.area_code, case.department))
            require_unclaimed(connection, case_id, who.name, now)
            found = Claim(case_id, who.name, now + LASTS)
            claims.put(connection, found)
            stage = stages.open_of(connection, [case_id]).get(case_id)
            if stage is not None and stage.claimed_at is None:
                claimed = replace(stage, claimed_at=now, claimed_by=who.name)
                stages.put(connection, self._keeper.reckoned(claimed))
            changes.record(connection, "case", [case_id], now)
        self._on_change()
        return found

    def release(self, case_id: str, who: Operator) -> None:
        """Lets it go; nothing happens when it wasn't theirs."""
        now = self._clock.now()
        with self._database.write() as connection:
            claims.drop(connection, case_id, who.name)
            changes.record(connection, "case", [case_id], now)
        self._on_change()


def require_unclaimed(connection: Connection, case_id: str, person: str, now: datetime) -> None:
    """Checks that nobody else is at work on it.

    Raises:
        ClaimedCase: somebody is.
    """
    found = claims.find(connection, case_id, now)
    if found is not None and found.person != person:
        raise ClaimedCase(found)
