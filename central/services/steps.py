"""One step of a case, whoever takes it: checked against the table, written to the history, followed by its stage.

People (through the desk), cameras (through the timers) and the platform (through its replies) all come this way, each
inside a transaction of theirs.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.guards import Said, Standing, require_guards, require_said
from central.domain.people import Operator, Place, require
from central.domain.workflow import Action, CaseState, RejectReason, Role, Step, take
from central.domain.workflow_words import MACHINES, Condition
from central.domain.worktime import Limit
from central.services.exchange_guard import require_own_stage
from central.services.outgoing import enqueue
from central.services.records import ActionRecord, JudgementRecord
from central.services.staging import Stager, Taken
from central.services.terrain import UNSURVEYED, Terrain
from central.services.timekeeping import Timekeeper
from central.services.wording import reminder
from central.store import case_queries, cases, changes, notices
from central.store.cases import HistoryEntry, Projection
from contract.taxonomy import Violation

NAMES_KIND = frozenset({Action.CONFIRM, Action.REPORT, Action.ACCEPT, Action.VERIFIED, Action.REGISTER})
"""Steps with which the kind may be set right."""


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """An action with what was said: `kind` when confirming or filing what the rules left open.

    `roles` are the caller's; the one that the table asks for is written down. `district` and `unit`, their
    department: see `people.Operator`.
    """

    action: Action
    actor: str
    reason: RejectReason | None = None
    note: str = ""
    kind: Violation | None = None
    condition: Condition | None = None
    department: str | None = None
    limit: Limit | None = None
    roles: frozenset[Role] = field(default_factory=lambda: frozenset({Role.REVIEWER}))
    district: str = ""
    unit: str = ""


class Stepper:
    """Takes steps inside the caller's transaction."""

    def __init__(self, keeper: Timekeeper, terrain: Terrain = UNSURVEYED) -> None:
        self._keeper = keeper
        self._stager = Stager(keeper)
        self._terrain = terrain

    def take(self, connection: Connection, case: Projection, wanted: OperatorAction, now: datetime) -> Projection:
        """Takes the step; gives the case as it is now.

        Raises:
            RefusedRole: none of the roles may take it.
            RefusedAction: the case's state, or what must hold of it, forbids it.
            Refusal: the case lies in another district, or another department handles it.
            UsageError: something that the step needs was not said.
        """
        step = take(case.state, wanted.action, *wanted.roles)
        role = acting_role(step, wanted.roles)
        if role not in MACHINES:
            who = Operator(wanted.actor, wanted.roles, wanted.district, department=wanted.unit)
            require(who, step.roles, Place(case.area_code, case.department))
        require_own_stage(connection, case, wanted.action, wanted.roles)
        said = Said(wanted.note, wanted.reason, wanted.condition, wanted.department, wanted.limit)
        require_said(wanted.action, step, said)
        after = self._after(connection, case, step, wanted, now)
        require_guards(wanted.action, step, self._standing(connection, case, after, wanted, role))
        cases.append(connection, _entry(case, after, wanted, role, now))
        cases.project(connection, after)
        self._stager.follow(connection, case, after, Taken(wanted.action, wanted.actor, role, now, wanted.limit))
        if wanted.action is Action.REMIND and Role.PLATFORM not in wanted.roles:
            notices.add(connection, reminder(after, self._keeper.rules, now))
        changes.record(connection, "case", [case.case_id], now)
        enqueue(connection, case.case_id, now)
        return after

    def _after(
        self, connection: Connection, case: Projection, step: Step, wanted: OperatorAction, now: datetime
    ) -> Projection:
        kind = wanted.kind if wanted.kind and wanted.action in NAMES_KIND else case.kind
        if kind is None and wanted.action is Action.CONFIRM and case.judgement:
            kind = JudgementRecord.model_validate_json(case.judgement).suggested
        number = case.number
        if number is None and step.to is CaseState.REPORTED:
            number = cases.next_number(connection, now.astimezone(self._keeper.timezone).date())
        placed = self._terrain.placed(connection, case, now)
        department = placed.department
        if wanted.department and wanted.action is Action.DISPATCH:
            department = wanted.department.strip()
        return replace(placed, state=step.to, kind=kind, number=number, department=department)

    def _standing(
        self, connection: Connection, before: Projection, after: Projection, wanted: OperatorAction, role: Role
    ) -> Standing:
        return Standing(
            state=before.state,
            actor=wanted.actor,
            role=role,
            roles=wanted.roles,
            kind=after.kind,
            source=after.source,
            brought_by=case_queries.actors_of(connection, before.case_id, (Action.CONFIRM, Action.REPORT)),
            reminded=frozenset(self._keeper.rules.grace),
            auto_closed=self._keeper.rules.auto_close,
        )


def acting_role(step: Step, roles: frozenset[Role]) -> Role:
    """The role in which somebody with `roles` takes the step: the nearest to the work, administrator last."""
    return next(role for role in Role if role in roles and role in step.roles)


def _entry(before: Projection, after: Projection, wanted: OperatorAction, role: Role, now: datetime) -> HistoryEntry:
    said = ActionRecord(
        reason=wanted.reason,
        note=wanted.note,
        kind=after.kind,
        condition=wanted.condition,
        department=after.department,
        limit=None if wanted.limit is None else (wanted.limit.amount, wanted.limit.unit),
        changed={
            name: (getattr(before, name), getattr(after, name))
            for name in ("kind", "number", "area_code", "department")
            if getattr(before, name) != getattr(after, name)
        },
    )
    return HistoryEntry(
        case_id=before.case_id,
        at=now,
        what="action",
        role=role,
        actor=wanted.actor,
        facts=said.model_dump_json(),
        action=wanted.action,
        from_state=before.state,
        to_state=after.state,
    )
