"""What must hold of a case, and be said, before a step: one function per question. Pure."""

from dataclasses import dataclass, field

from central.domain.workflow import RefusedAction, RejectReason, Role, Step, open_actions
from central.domain.workflow_words import CLOSING, FILING, Action, CaseState, Condition, Guard, Need, Source
from central.domain.worktime import Limit
from contract.errors import UsageError
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class Said:
    """What was said with a step."""

    note: str = ""
    reason: RejectReason | None = None
    condition: Condition | None = None
    department: str | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What guards look at: the case after the step, who takes it, and who brought it so far."""

    state: CaseState
    actor: str
    role: Role
    roles: frozenset[Role]
    kind: Violation | None = None
    source: Source = Source.VIDEO_AI
    brought_by: frozenset[str] = field(default_factory=frozenset)
    """Who confirmed or reported it."""
    reminded: frozenset[Violation] = field(default_factory=frozenset)
    """Kinds with a grace time."""
    auto_closed: frozenset[Violation] = field(default_factory=frozenset)


def require_said(action: Action, step: Step, said: Said) -> None:
    """Checks that what the step needs was said.

    Raises:
        UsageError: something is missing; the message names it and what it may be.
    """
    for need in sorted(step.needs):
        problem = _missing(need, said)
        if problem:
            raise UsageError(f"{action} {problem}")


def require_guards(action: Action, step: Step, standing: Standing) -> None:
    """Checks that what the step takes for granted holds.

    Raises:
        RefusedAction: it doesn't; the message says what.
    """
    for guard in sorted(step.guards):
        why = _violated(guard, standing)
        if why:
            choices = tuple(it for it in open_actions(standing.state, *standing.roles) if it is not action)
            raise RefusedAction(standing.state, action, choices, why)


def _missing(need: Need, said: Said) -> str:
    match need:
        case Need.NOTE:
            return "" if said.note.strip() else "needs a note that says why"
        case Need.REJECT_REASON:
            numbers = ", ".join(f"{reason.value} {reason.name.lower()}" for reason in RejectReason)
            return "" if said.reason is not None else f"needs a reason: {numbers}"
        case Need.FILING_CONDITION:
            return "" if said.condition in FILING else f"needs a condition to file on: {', '.join(sorted(FILING))}"
        case Need.CLOSING_CONDITION:
            return "" if said.condition in CLOSING else f"needs a condition to close on: {', '.join(sorted(CLOSING))}"
        case Need.DEPARTMENT:
            return "" if (said.department or "").strip() else "needs the department that handles it"
        case Need.LIMIT:
            return "" if said.limit is not None else "needs a limit: how much time is added, in which unit"


def _violated(guard: Guard, standing: Standing) -> str:
    match guard:
        case Guard.TWO_PERSONS:
            if standing.role is not Role.PLATFORM and standing.actor in standing.brought_by:
                return f"{standing.actor} reviewed or reported it; another person files it"
        case Guard.HAS_KIND:
            if standing.kind is None:
                return "it says no kind of violation yet; name one"
        case Guard.REMINDING:
            if standing.kind not in standing.reminded:
                return f"{standing.kind or 'a case without a kind'} is not reminded first"
        case Guard.BY_HAND:
            if standing.source is Source.VIDEO_AI:
                return "a camera's finding is reviewed first"
        case Guard.AUTO_CLOSE:
            if standing.role is Role.CAMERA and standing.kind not in standing.auto_closed:
                return "cameras only propose it for this kind"
    return ""
