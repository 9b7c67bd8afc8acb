"""How a case stands: its stages and clocks, who is at work on it, and which silence kept it from people."""

from collections.abc import Iterable

from sqlalchemy import Connection

from central.domain.workflow import Role, open_actions
from central.domain.workflow_picture import StepView, step_view
from central.services.views import SilenceMark, StageView, WorkerView
from central.store import assignments, claims, silences, stages
from central.store.cases import Projection
from central.store.stages import StageRow


def stages_of(connection: Connection, case_id: str) -> tuple[StageView, ...]:
    """All stages that the case has passed, in order."""
    return tuple(_stage(row) for row in stages.of_case(connection, case_id))


def workers_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, WorkerView]:
    """Who was last at work on each of the cases."""
    found = claims.last_of(connection, case_ids)
    return {key: WorkerView(person=claim.person, expires_at=claim.expires_at) for key, claim in found.items()}


def assignees_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, str]:
    """Whose the cases are to see to."""
    return {key: found.person for key, found in assignments.of_cases(connection, case_ids).items()}


def silence_of(connection: Connection, case: Projection) -> SilenceMark | None:
    """The silence that the case is marked with."""
    kept = None if case.silence_id is None else silences.find(connection, case.silence_id)
    if kept is None:
        return None
    silence = kept.silence
    is_over = kept.ended_at is not None
    return SilenceMark(id=silence.silence_id, reason=silence.reason, expires_at=silence.expires_at, is_over=is_over)


def steps_for(case: Projection, roles: Iterable[Role]) -> tuple[StepView, ...]:
    """What somebody with `roles` may do now, and what it needs."""
    if case.merged_into is not None:
        return ()
    return tuple(step_view(case.state, action) for action in open_actions(case.state, *roles))


def _stage(row: StageRow) -> StageView:
    return StageView(
        number=row.number,
        stage=row.stage,
        entered_at=row.entered_at,
        due_at=row.due_at,
        paused_s=row.paused_s,
        left_at=row.left_at,
        outcome=row.outcome,
        person=row.person,
        post=row.post,
        department=row.department,
        claimed_by=row.claimed_by,
    )
