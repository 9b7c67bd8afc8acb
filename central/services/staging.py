"""Follows a case through its stages: one row each, written in the transaction of the step."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.deadlines import Stage
from central.domain.workflow import STAGE_BY_STATE, Action, CaseState, Role
from central.domain.worktime import Limit
from central.services.timekeeping import Timekeeper
from central.store import stages
from central.store.cases import Projection
from central.store.stages import StageRow


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken."""

    action: Action
    actor: str
    role: Role
    at: datetime
    limit: Limit | None = None


def begin_reviews(connection: Connection, raised: Iterable[Projection], at: datetime) -> None:
    """The cases wait for a reviewer from now on. Their clocks are wound up by the timers' next look."""
    rows = list(raised)
    if not rows:
        return
    before = stages.numbers_of(connection, (case.case_id for case in rows))
    stages.add(connection, *(_new(case, before.get(case.case_id, 0) + 1, Stage.REVIEW, at) for case in rows))


class Stager:
    """Works inside the caller's transaction."""

    def __init__(self, keeper: Timekeeper) -> None:
        self._keeper = keeper

    def follow(
        self,
        connection: Connection,
        before: Projection,
        after: Projection,
        step: Taken,
    ) -> StageRow | None:
        """Writes what the step means for the case's stages; gives the one that it is in now.

        Raises:
            UsageError: the stage can't be extended so.
        """
        current = stages.open_of(connection, [before.case_id]).get(before.case_id)
        target = STAGE_BY_STATE.get(after.state)
        if current is not None and current.stage is target and after.state is not CaseState.REWORK:
            row = self._going_on(current, after, step)
            stages.put(connection, row)
            return row
        if current is not None:
            ended = self._keeper.leave(current, step.at, step.action, step.actor, step.role)
            stages.put(connection, ended)
        if target is None:
            return None
        number = stages.numbers_of(connection, [before.case_id]).get(before.case_id, 0) + 1
        row = self._keeper.begin(_new(after, number, target, step.at))
        stages.add(connection, row)
        return row

    def _going_on(self, row: StageRow, case: Projection, step: Taken) -> StageRow:
        row = replace(row, department=case.department, area_code=case.area_code, kind=case.kind)
        match step.action:
            case Action.SUSPEND:
                return self._keeper.pause(row, step.at)
            case Action.RESUME:
                return self._keeper.resume(row, step.at)
            case Action.EXTEND if step.limit is not None:
                return self._keeper.extend(row, step.limit, step.at)
        if row.claimed_at is None and step.action is not Action.COMMENT:
            row = replace(row, claimed_at=step.at, claimed_by=step.actor)
        return self._keeper.reckoned(row)


def _new(case: Projection, number: int, stage: Stage, at: datetime) -> StageRow:
    return StageRow(
        case_id=case.case_id,
        number=number,
        stage=stage,
        entered_at=at,
        source=case.source,
        department=case.department,
        area_code=case.area_code,
        kind=case.kind,
        next_at=at,
    )
