"""The life of a case as a table: state × action → state, who may do it, whether a reason is needed.

The state is what the last step of the append-only history says; `replay` derives it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class CaseState(StrEnum):
    """Where a case stands (the part of DOMAIN §4 that exists)."""

    OBSERVING = "observing"
    SUPPRESSED = "suppressed"
    PENDING_REVIEW = "pending_review"
    REJECTED_FALSE_ALARM = "rejected_false_alarm"
    CONFIRMED = "confirmed"


class Action(StrEnum):
    """What may happen to a case: the judge's steps and the operator's."""

    WATCH = "watch"
    SUPPRESS = "suppress"
    RAISE = "raise"
    CONFIRM = "confirm"
    REJECT = "reject"
    REOPEN = "reopen"


class Role(StrEnum):
    """Who may take a step."""

    JUDGE = "judge"
    OPERATOR = "operator"


class RejectReason(IntEnum):
    """Why a finding was wrong; the learning loop reads it."""

    NOTHING_THERE = 1
    LOOKALIKE = 2
    LAWFUL = 3
    DUPLICATE = 4
    OTHER = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the table."""

    to: CaseState
    role: Role
    needs_reason: bool = False


class RefusedAction(Exception):
    """The table has no such step; `open_actions` are those the caller could take instead."""

    def __init__(self, state: CaseState, action: Action, open_actions: tuple[Action, ...]) -> None:
        names = ", ".join(open_actions) or "none"
        super().__init__(f"a case in state {state} can't be {action}ed; open actions: {names}")
        self.open_actions = open_actions


_S, _A = CaseState, Action
TABLE: Mapping[tuple[CaseState, Action], Step] = {
    (_S.OBSERVING, _A.SUPPRESS): Step(_S.SUPPRESSED, Role.JUDGE),
    (_S.OBSERVING, _A.RAISE): Step(_S.PENDING_REVIEW, Role.JUDGE),
    (_S.SUPPRESSED, _A.WATCH): Step(_S.OBSERVING, Role.JUDGE),
    (_S.SUPPRESSED, _A.RAISE): Step(_S.PENDING_REVIEW, Role.JUDGE),
    (_S.SUPPRESSED, _A.REOPEN): Step(_S.PENDING_REVIEW, Role.OPERATOR, needs_reason=True),
    (_S.PENDING_REVIEW, _A.CONFIRM): Step(_S.CONFIRMED, Role.OPERATOR),
    (_S.PENDING_REVIEW, _A.REJECT): Step(_S.REJECTED_FALSE_ALARM, Role.OPERATOR, needs_reason=True),
    (_S.CONFIRMED, _A.REOPEN): Step(_S.PENDING_REVIEW, Role.OPERATOR, needs_reason=True),
    (_S.REJECTED_FALSE_ALARM, _A.REOPEN): Step(_S.PENDING_REVIEW, Role.OPERATOR, needs_reason=True),
}
FIRST_STATE = CaseState.OBSERVING
REVIEWED = frozenset({CaseState.CONFIRMED, CaseState.REJECTED_FALSE_ALARM})
"""A person has spoken: association may attach to such a case but never take from it."""


def open_actions(state: CaseState, role: Role) -> tuple[Action, ...]:
    """What `role` may do in `state`.

    >>> open_actions(CaseState.PENDING_REVIEW, Role.OPERATOR)
    (<Action.CONFIRM: 'confirm'>, <Action.REJECT: 'reject'>)
    """
    return tuple(action for (at, action), step in TABLE.items() if at is state and step.role is role)


def take(state: CaseState, action: Action, role: Role) -> Step:
    """The step that `action` takes from `state`.

    Raises:
        RefusedAction: the table has none for `role`.
    """
    step = TABLE.get((state, action))
    if step is None or step.role is not role:
        raise RefusedAction(state, action, open_actions(state, role))
    return step


def replay(actions: Iterable[tuple[Action, Role]]) -> CaseState:
    """The state after `actions`, from the start."""
    state = FIRST_STATE
    for action, role in actions:
        state = take(state, action, role).to
    return state
