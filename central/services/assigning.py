"""Whose case it is: somebody says that a colleague shall see to it. A claim is for minutes, this for days."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from central.domain.people import Operator, Place, refusal, require
from central.domain.workflow import CaseState, Role, takers
from central.services.actions import UnknownCase
from central.services.records import AssignmentRecord
from central.store import assignments, case_queries, cases, changes, people
from central.store.assignments import Assignment
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError


class AssignDesk:
    """Any thread."""

    def __init__(self, database: Database, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database, self._clock, self._on_change = database, clock, on_change

    def choices(self, who: Operator) -> list[str]:
        """Names of those who may be given cases that `who` sees, `who` first."""
        with self._database.read() as connection:
            found = [
                one.name
                for one in people.everybody(connection)
                if one.disabled_at is None and _meets(one.operator, who)
            ]
        return [who.name, *(name for name in found if name != who.name)]

    def assign(self, case_id: str, person: str | None, note: str, who: Operator) -> None:
        """Gives the case to `person`, or takes it from whoever has it (None).

        Raises:
            UnknownCase: no such case.
            Refusal: `who` can do nothing with it, or it lies in another district.
            UsageError: nobody has that name, or they can do nothing with this case.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            case = case_queries.find(connection, case_id)
            if case is None or case.merged_into is not None:
                raise UnknownCase(case_id)
            require(who, _hands(case.state), Place(case.area_code, case.department))
            if person is None:
                assignments.drop(connection, case_id)
            else:
                _require_fit(connection, case, person, who)
                assignments.put(connection, Assignment(case_id, person, who.name, now))
            cases.append(connection, _entry(case_id, person, note, who, now))
            changes.record(connection, "case", [case_id], now)
        self._on_change()


def _hands(state: CaseState) -> frozenset[Role]:
    return takers(state) | {Role.SHIFT_LEADER, Role.ADMIN}


def _meets(one: Operator, who: Operator) -> bool:
    """Whether their districts have cases in common."""
    return one.district.startswith(who.district) or who.district.startswith(one.district)


def _require_fit(connection: Connection, case: Projection, name: str, who: Operator) -> None:
    if name == who.name:
        return
    found = next((one for one in people.everybody(connection) if one.name == name and one.disabled_at is None), None)
    if found is None:
        raise UsageError(f"person: nobody is called {name[:64]!r}; take one of the list")
    said = refusal(found.operator, frozenset(Role), Place(case.area_code, case.department))
    if said is not None:
        raise UsageError(f"person: {said}")


def _entry(case_id: str, person: str | None, note: str, who: Operator, now: datetime) -> HistoryEntry:
    role = min(who.roles) if who.roles else Role.REVIEWER
    facts = AssignmentRecord(person=person, note=note).model_dump_json()
    return HistoryEntry(case_id, now, "assigned", role, who.name, facts)
