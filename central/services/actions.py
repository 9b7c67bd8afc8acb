"""What an operator does to a case: one step of the workflow's table, written to the history."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from central.domain.workflow import Action, RejectReason, Role, take
from central.services.records import ActionRecord, JudgementRecord
from central.store import case_queries, cases, changes
from central.store.cases import HistoryEntry
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError
from contract.taxonomy import Violation


class UnknownCase(Exception):
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """An action with what the operator said: `kind` when confirming what the rules left open."""

    action: Action
    actor: str
    reason: RejectReason | None = None
    note: str = ""
    kind: Violation | None = None


class CaseDesk:
    """Carries out operators' actions. Any thread."""

    def __init__(self, database: Database, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._on_change = on_change

    def act(self, case_id: str, wanted: OperatorAction) -> None:
        """Takes the step.

        Raises:
            UnknownCase: no such case.
            RefusedAction: its state has no such step.
            UsageError: the step needs a reason and has none.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            case = case_queries.find(connection, case_id)
            if case is None or case.merged_into is not None:
                raise UnknownCase(case_id)
            step = take(case.state, wanted.action, Role.OPERATOR)
            _check_reason(wanted, step.needs_reason)
            judgement = JudgementRecord.model_validate_json(case.judgement)
            kind = case.kind
            if wanted.action is Action.CONFIRM:
                kind = wanted.kind or case.kind or judgement.suggested
            said = ActionRecord(reason=wanted.reason, note=wanted.note, kind=kind)
            entry = HistoryEntry(
                case_id=case_id,
                at=now,
                what="action",
                role=Role.OPERATOR,
                actor=wanted.actor,
                facts=said.model_dump_json(),
                action=wanted.action,
                from_state=case.state,
                to_state=step.to,
            )
            cases.append(connection, entry)
            cases.project(connection, replace(case, state=step.to, kind=kind))
            changes.record(connection, "case", [case_id], now)
        self._on_change()


def _check_reason(wanted: OperatorAction, is_needed: bool) -> None:
    if not is_needed:
        return
    if wanted.action is Action.REJECT and wanted.reason is None:
        numbers = ", ".join(f"{reason.value} {reason.name.lower()}" for reason in RejectReason)
        raise UsageError(f"reject needs a reason: {numbers}")
    if wanted.action is Action.REOPEN and not wanted.note.strip():
        raise UsageError("reopen needs a note that says why")
