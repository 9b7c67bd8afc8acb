"""What happens to a case by the clock: warnings, escalation, the end of a reminder's grace, looks after handling.

Everything that is to come stands in the database (`case_stages.next_at`), so that a restart forgets nothing; what it
finds overdue it tells once, with the time at which it came true.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from central.domain.deadlines import Stage
from central.domain.stageclock import News
from central.domain.workflow import STAGE_BY_STATE, Action, CaseState, Role, takers
from central.domain.workflow_words import Audience
from central.services.rechecking import Recheckers
from central.services.records import SuggestionRecord, TimerRecord
from central.services.shifts import on_shift
from central.services.steps import OperatorAction, Stepper
from central.services.terrain import UNSURVEYED, Terrain
from central.services.timekeeping import Timekeeper, record_of
from central.services.wording import timer
from central.store import case_queries, cases, changes, claims, notices, stages
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from central.store.stages import StageRow
from contract.clock import Clock

BATCH = 100
LOG = structlog.get_logger("central.timers")
CLOCK, CAMERA = "clock", "camera"
"""Who the history says it was."""


class Timers:
    """Runs on one thread, in the process that associates. `on_change` is called after a step that did something."""

    def __init__(
        self,
        database: Database,
        keeper: Timekeeper,
        stepper: Stepper,
        clock: Clock,
        on_change: Callable[[], None],
        terrain: Terrain = UNSURVEYED,
    ) -> None:
        self._database, self._keeper, self._stepper = database, keeper, stepper
        self._clock, self._on_change, self._terrain = clock, on_change, terrain
        self._rechecks = Recheckers(keeper, stepper)

    def step(self) -> int:
        """Looks at every stage whose time has come, up to a batch; gives how many."""
        now = self._clock.now()
        with self._database.read() as connection:
            is_quiet = not (
                stages.waiting(connection, now, 1)
                or case_queries.gone_in(connection, CaseState.REMINDED, 1)
                or stages.of_merged(connection, 1)
            )
        if is_quiet:
            return 0
        with self._database.write() as connection:
            claims.forget(connection, now)
            rows = [*stages.of_merged(connection, BATCH), *stages.waiting(connection, now, BATCH)]
            for row in rows:
                self._look(connection, row, now)
            corrected = self._self_corrected(connection, now)
        self._on_change()
        return len(rows) + corrected

    def recover(self, failures_in_a_row: int, error: Exception) -> None:
        """What could not be told now is told at the next look."""

    def _look(self, connection: Connection, row: StageRow, now: datetime) -> None:
        case = case_queries.find(connection, row.case_id)
        if case is None or case.merged_into is not None or STAGE_BY_STATE.get(case.state) is not row.stage:
            stages.put(connection, self._keeper.leave(row, now, None, CLOCK, Role.JUDGE))
            return
        before = _shown(case, row)
        if row.clock == "{}":
            case = self._placed(connection, case, now)
            row = self._keeper.begin(replace(row, area_code=case.area_code, department=case.department))
        news, row = self._keeper.news(row, now)
        for one in news:
            self._tell(connection, case, row, one, now)
        if row.stage is Stage.REMIND:
            row = self._grace(connection, row, now)
        if row.stage is Stage.CHECK:
            row, case = self._rechecks.look(connection, case, row, now)
        if case.state in STAGE_BY_STATE:
            row = self._keeper.reckoned(row)
            stages.put(connection, row)
        if news or _shown(case, row) != before:
            changes.record(connection, "case", [case.case_id], now)

    def _placed(self, connection: Connection, case: Projection, now: datetime) -> Projection:
        """The case with grid and department, where it was raised before the registers knew them."""
        placed = self._terrain.placed(connection, case, now)
        if placed != case:
            cases.project(connection, placed)
        return placed

    def _tell(self, connection: Connection, case: Projection, row: StageRow, one: News, now: datetime) -> None:
        to = self._audience(case, row, one)
        duties = self._terrain.on_duty(connection, case, now)
        persons = {role: on_shift(connection, duties, case, role) for role in to}
        facts = TimerRecord(
            stage=row.stage,
            share=one.share,
            level=one.level,
            to=to,
            persons=tuple(sorted({name for names in persons.values() for name in names})),
            due_at=row.due_at,
        )
        entry = HistoryEntry(case.case_id, now, "timer", Role.JUDGE, CLOCK, facts.model_dump_json(), one.at)
        cases.append(connection, entry)
        for role in to:
            for person in persons[role] or ("",):
                notices.add(connection, timer(case, row, one, role, person, self._keeper))
        LOG.info("a stage's time runs", case_id=case.case_id, stage=row.stage, share=one.share, level=one.level)

    def _audience(self, case: Projection, row: StageRow, one: News) -> tuple[Role, ...]:
        rules = self._keeper.rules
        named: tuple[Audience, ...]
        if one.level is not None:
            named = rules.unclaimed[row.stage][one.level - 1].to
        else:
            named = rules.warnings.get(one.share or 0.0, ())
        found: set[Role] = set()
        for name in named:
            found |= takers(case.state) if name == "taker" else {Role(name)}
        return tuple(sorted(found))

    def _grace(self, connection: Connection, row: StageRow, now: datetime) -> StageRow:
        """The grace after a reminder is over and the camera still sees it: reporting is proposed, once."""
        record = record_of(row)
        if row.due_at is None or row.due_at > now or Action.REPORT in record.proposed:
            return row
        suggest(connection, row.case_id, SuggestionRecord(action=Action.REPORT, why="still_there"), now)
        done = record.model_copy(update={"proposed": (*record.proposed, Action.REPORT)})
        return replace(row, clock=done.model_dump_json())

    def _self_corrected(self, connection: Connection, now: datetime) -> int:
        """Reminded cases whose thing the cameras saw go within the grace."""
        done = 0
        for case in case_queries.gone_in(connection, CaseState.REMINDED, BATCH):
            stage = stages.open_of(connection, [case.case_id]).get(case.case_id)
            if stage is None or stage.due_at is None or case.last_seen_at <= stage.due_at:
                wanted = OperatorAction(Action.SELF_CORRECT, CAMERA, roles=frozenset({Role.CAMERA}))
                self._stepper.take(connection, case, wanted, now)
                done += 1
        return done


def _shown(case: Projection, row: StageRow) -> tuple[object, ...]:
    """What a page can tell of both: when somebody looks is nothing that anybody is to be told."""
    record = record_of(row).model_copy(update={"looked_at": None})
    return case, replace(row, clock="", next_at=None), record


def suggest(connection: Connection, case_id: str, said: SuggestionRecord, now: datetime) -> None:
    """Proposes a step in the case's history; a person takes it."""
    role = Role.JUDGE if said.why == "still_there" else Role.CAMERA
    actor = CLOCK if role is Role.JUDGE else CAMERA
    cases.append(connection, HistoryEntry(case_id, now, "suggested", role, actor, said.model_dump_json()))
