"""What items are derived from: cases with their stages, the few steps that matter, and the camera that saw it first."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row, and_, func, select

from central.domain.assessment.deriving import CaseRow, StageRow, StepRow
from central.domain.workflow import Action
from central.store.assessment import ITEMS, in_parts
from central.store.cases import CASES, HISTORY, MEMBERS
from central.store.observations import OBSERVATIONS
from central.store.stages import STAGES

STEPS = (Action.REJECT, Action.EXTEND, Action.SUSPEND)
"""Steps that the stages alone don't tell of."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")

    reason: int | None = None


def newest_history(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(HISTORY.c.id), 0))).scalar_one())


def told_of(connection: Connection, after: int, until: int) -> list[str]:
    """The cases that rows of the history after `after`, up to and with `until`, speak of."""
    query = select(HISTORY.c.case_id).where(HISTORY.c.id > after, HISTORY.c.id <= until).distinct()
    return sorted(connection.execute(query).scalars())


def due_otherwise(connection: Connection) -> list[str]:
    """Cases whose open stage is due at another moment than its item says: a calendar was changed, say."""
    is_same = and_(
        ITEMS.c.case_id == STAGES.c.case_id,
        ITEMS.c.moment == STAGES.c.stage + "_due",
        ITEMS.c.due_at == STAGES.c.due_at,
    )
    query = (
        select(STAGES.c.case_id)
        .outerjoin(ITEMS, is_same)
        .join(CASES, CASES.c.id == STAGES.c.case_id)
        .where(STAGES.c.left_at.is_(None), STAGES.c.due_at.is_not(None), ITEMS.c.id.is_(None))
        .where(CASES.c.merged_into.is_(None))
        .where(STAGES.c.stage.in_(("dispatch", "handle", "check")))
    )
    return sorted(set(connection.execute(query).scalars()))


def cases_with_stages(connection: Connection, case_ids: Iterable[str]) -> list[CaseRow]:
    """Those of the cases that there are. One that was merged into another has no stages: the other counts."""
    found: list[CaseRow] = []
    for part in in_parts(sorted(set(case_ids))):
        found += _some(connection, part)
    return found


def _some(connection: Connection, case_ids: Sequence[str]) -> list[CaseRow]:
    stages: dict[str, list[StageRow]] = {}
    for row in connection.execute(select(STAGES).where(STAGES.c.case_id.in_(case_ids))):
        stages.setdefault(row.case_id, []).append(_stage(row))
    steps: dict[str, list[StepRow]] = {}
    said = select(HISTORY).where(HISTORY.c.case_id.in_(case_ids), HISTORY.c.action.in_(STEPS)).order_by(HISTORY.c.id)
    for row in connection.execute(said):
        reason = _Said.model_validate_json(row.facts).reason if row.action == Action.REJECT else None
        steps.setdefault(row.case_id, []).append(StepRow(row.at, row.action, row.actor, reason))
    cameras = _first_cameras(connection, case_ids)
    return [
        CaseRow(
            case_id=row.id,
            kind=row.kind or "",
            source=row.source,
            area_code=row.area_code or "",
            camera_id=cameras.get(row.id, ""),
            stages=() if row.merged_into else tuple(stages.get(row.id, ())),
            steps=tuple(steps.get(row.id, ())),
        )
        for row in connection.execute(select(CASES).where(CASES.c.id.in_(case_ids)))
    ]


def _first_cameras(connection: Connection, case_ids: Sequence[str]) -> dict[str, str]:
    is_same = and_(OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id, OBSERVATIONS.c.part == MEMBERS.c.part)
    query = (
        select(MEMBERS.c.case_id, OBSERVATIONS.c.camera_id)
        .join(OBSERVATIONS, is_same)
        .where(MEMBERS.c.case_id.in_(case_ids), MEMBERS.c.ended_at.is_(None))
        .order_by(OBSERVATIONS.c.first_seen_at.desc(), OBSERVATIONS.c.incident_id.desc())
    )
    return {row.case_id: row.camera_id for row in connection.execute(query)}


def _stage(row: Row[Any]) -> StageRow:
    return StageRow(
        number=row.number,
        stage=row.stage,
        entered_at=row.entered_at,
        due_at=row.due_at,
        paused_s=row.paused_s,
        left_at=row.left_at,
        outcome=row.outcome or "",
        person=row.person or "",
        post=row.post or "",
        department=row.department or "",
        area_code=row.area_code or "",
    )
