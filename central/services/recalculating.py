"""Deadlines anew, after a calendar or a rule was changed: what would move, and moving it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from central.domain.deadlines import Stage
from central.domain.workflow import Role
from central.services.records import TimerRecord
from central.services.timekeeping import Timekeeper
from central.store import cases, stages
from central.store.cases import HistoryEntry
from central.store.database import Database
from contract.clock import Clock

AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """A stage that is due at another time than is written."""

    case_id: str
    number: int
    stage: Stage
    before: datetime | None
    after: datetime | None


class Recalculation:
    """Walks over all open stages. Running a second time moves nothing."""

    def __init__(self, database: Database, keeper: Timekeeper, clock: Clock) -> None:
        self._database, self._keeper, self._clock = database, keeper, clock

    def preview(self) -> Iterator[Moved]:
        """What would move; writes nothing."""
        after_id = 0
        while True:
            with self._database.read() as connection:
                found = stages.every_open(connection, after_id, AT_A_TIME)
            for _, row in found:
                due_at = self._keeper.reckoned(row).due_at
                if due_at != row.due_at and row.clock != "{}":
                    yield Moved(row.case_id, row.number, row.stage, row.due_at, due_at)
            if len(found) < AT_A_TIME:
                return
            after_id = found[-1][0]

    def apply(self, who: str, why: str) -> Iterator[Moved]:
        """Moves them, a batch in a transaction, and writes it to each case's history."""
        after_id = 0
        while True:
            now = self._clock.now()
            with self._database.write() as connection:
                found = stages.every_open(connection, after_id, AT_A_TIME)
                moved = []
                for _, row in found:
                    new = self._keeper.reckoned(row)
                    if new.due_at == row.due_at or row.clock == "{}":
                        continue
                    stages.put(connection, new)
                    facts = TimerRecord(stage=row.stage, due_at=new.due_at, due_before=row.due_at, why=why)
                    entry = HistoryEntry(row.case_id, now, "recomputed", Role.ADMIN, who, facts.model_dump_json())
                    cases.append(connection, entry)
                    moved.append(Moved(row.case_id, row.number, row.stage, row.due_at, new.due_at))
            yield from moved
            if len(found) < AT_A_TIME:
                return
            after_id = found[-1][0]
