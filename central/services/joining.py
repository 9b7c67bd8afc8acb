"""What people say about which cases are one: facts that the associator obeys from then on, whatever it measures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from sqlalchemy import Connection

from central.domain.districts import ONE_CITY, THE_REST, District, Districts
from central.domain.values import CaseSnapshot, MemberId
from central.domain.workflow import REVIEWED
from central.services.actions import UnknownCase
from central.store import case_queries, sightings
from central.store.database import Database
from central.store.sightings import Bond, Word
from contract.clock import Clock
from contract.errors import UsageError


class FrozenCase(Exception):
    """A reviewed case loses nothing: it has to be reopened first."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who says it, and why."""

    actor: str
    note: str = ""


class JoinDesk:
    """Any thread. `on_said` wakes the associator, which carries it out within moments."""

    def __init__(
        self, database: Database, clock: Clock, on_said: Callable[[], None], districts: Districts = ONE_CITY
    ) -> None:
        self._database, self._clock, self._on_said, self._districts = database, clock, on_said, districts

    def merge(self, case_id: str, into: str, said: Said) -> None:
        """Says that both cases are one thing; `case_id` will redirect to `into`, or the other way where that is frozen.

        Raises:
            UnknownCase: one of them doesn't exist or was merged away.
            UsageError: they are one case already, of two kind groups, or of two districts.
        """
        if case_id == into:
            raise UsageError("into: is the case itself; name another one")
        with self._database.write() as connection:
            one, other = self._members(connection, case_id), self._members(connection, into)
            snapshots = case_queries.snapshots(connection, [case_id, into])
            if len({snapshot.group for snapshot in snapshots}) > 1:
                raise UsageError("into: is of another kind group; smoke and a stall are two cases")
            districts = {self._district_of(snapshot) for snapshot in snapshots}
            if len(districts) > 1:
                names = " and ".join(sorted(name or THE_REST for name in districts))
                raise UsageError(
                    f"into: lies in another district ({names}); let one claim both cameras in the site file"
                )
            self._say(connection, _bound_together(one | other), said, districts.pop())
        self._on_said()

    def split(self, case_id: str, incidents: Sequence[str], said: Said) -> None:
        """Says that `incidents` are another thing than the rest of the case.

        Raises:
            UnknownCase: there is no such case.
            FrozenCase: a person has reviewed it.
            UsageError: they are none of its incidents, or all of them.
        """
        with self._database.write() as connection:
            members = self._members(connection, case_id)
            (district,) = {self._district_of(snapshot) for snapshot in case_queries.snapshots(connection, [case_id])}
            out = frozenset(member for member in members if member.partition("#")[0] in set(incidents))
            if not out or out == members:
                raise UsageError("incidents: name some of the case's incidents, not all and not others'")
            found = case_queries.find(connection, case_id)
            if found is not None and found.state in REVIEWED:
                raise FrozenCase(case_id)
            stay = members - out
            bonds = [Bond("cannot", frozenset(pair)) for pair in product(sorted(out), sorted(stay))]
            self._say(connection, [*_bound_together(out), *_bound_together(stay), *bonds], said, district)
        self._on_said()

    def _say(self, connection: Connection, bonds: Sequence[Bond], said: Said, district: District) -> None:
        sightings.bind(connection, bonds, Word(said.actor, said.note, self._clock.now(), district))

    def _district_of(self, case: CaseSnapshot) -> District:
        return self._districts.of(case.members[0].node_id, case.members[0].camera_id)

    def _members(self, connection: Connection, case_id: str) -> frozenset[MemberId]:
        snapshot = case_queries.snapshots(connection, [case_id])
        if not snapshot:
            raise UnknownCase(case_id)
        return frozenset(member.member_id for member in snapshot[0].members)


def _bound_together(members: frozenset[MemberId]) -> list[Bond]:
    first = min(members)
    return [Bond("must", frozenset((first, member))) for member in sorted(members - {first})]
