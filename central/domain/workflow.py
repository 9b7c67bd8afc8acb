"""The life of a case as a table: state × action → state, who may do it, what must be said and hold, which timer runs.

The state is what the last step of the append-only history says; `replay` derives it again. The API, the console's
buttons, the picture in the documentation and the tests are made from the table.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from central.domain.deadlines import Stage
from central.domain.workflow_words import PEOPLE, Action, CaseState, Guard, Need, RejectReason, Role

__all__ = [
    "ASIDE",
    "FINAL",
    "FIRST_STATE",
    "OPEN",
    "REVIEWED",
    "STAGE_BY_STATE",
    "TABLE",
    "Action",
    "CaseState",
    "RefusedAction",
    "RefusedRole",
    "RejectReason",
    "Role",
    "Step",
    "open_actions",
    "replay",
    "route",
    "take",
    "takers",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the table; `to` is the state before where the step leaves it as it is."""

    to: CaseState
    roles: frozenset[Role]
    needs: frozenset[Need] = frozenset()
    guards: frozenset[Guard] = frozenset()

    @property
    def needs_reason(self) -> bool:
        return not self.needs.isdisjoint({Need.NOTE, Need.REJECT_REASON})


class RefusedAction(Exception):
    """The case's state has no such step; `open_actions` are those the caller could take instead."""

    def __init__(
        self, state: CaseState, action: Action, open_actions: tuple[Action, ...], why: str = "not in this state"
    ) -> None:
        names = ", ".join(open_actions) or "none"
        super().__init__(f"{action} of a case in state {state}: {why}; open actions: {names}")
        self.open_actions = open_actions


class RefusedRole(RefusedAction):
    """The step is there, but not for the caller's roles."""

    def __init__(
        self, state: CaseState, action: Action, open_actions: tuple[Action, ...], roles: Iterable[Role]
    ) -> None:
        names = ", ".join(sorted(roles)) or "nobody"
        super().__init__(state, action, open_actions, f"is for {names}")


_S, _A, _R, _N, _G = CaseState, Action, Role, Need, Guard
_LEAD = frozenset({_R.REVIEWER})
_DESK = frozenset({_R.ACCEPTANCE_OPERATOR, _R.SHIFT_LEADER, _R.PLATFORM})
_FILER = frozenset({_R.SHIFT_LEADER, _R.PLATFORM})
_COMMAND = frozenset({_R.DISPATCHER, _R.SHIFT_LEADER, _R.PLATFORM})
_UNIT = frozenset({_R.HANDLING_UNIT, _R.PLATFORM})
_SCOUT = frozenset({_R.INSPECTOR, _R.PLATFORM})
_WHY = frozenset({_N.NOTE})
_FILED = (_S.REGISTERED, _S.DISPATCHED, _S.HANDLING, _S.SUSPENDED, _S.HANDLED, _S.CHECKING, _S.REWORK)
_AT_THE_PLATFORM = (_S.REPORTED, _S.ACCEPTED, _S.VERIFYING, *_FILED)
_Row = tuple[tuple[CaseState, ...], Action, CaseState | None, frozenset[Role], frozenset[Need], frozenset[Guard]]


def _rules() -> Iterator[_Row]:
    """What the rules do by themselves, and what people answer."""
    none: frozenset[Need] = frozenset()
    free: frozenset[Guard] = frozenset()
    judge, raisers = frozenset({_R.JUDGE}), frozenset({_R.JUDGE, _R.PLATFORM})
    yield (_S.OBSERVING, _S.PENDING_REVIEW), _A.SUPPRESS, _S.SUPPRESSED, judge, none, free
    yield (_S.SUPPRESSED,), _A.WATCH, _S.OBSERVING, judge, none, free
    yield (_S.OBSERVING, _S.SUPPRESSED), _A.RAISE, _S.PENDING_REVIEW, raisers, none, free
    yield (_S.PENDING_REVIEW,), _A.CONFIRM, _S.CONFIRMED, _LEAD, none, free
    yield (_S.PENDING_REVIEW,), _A.REJECT, _S.REJECTED_FALSE_ALARM, _LEAD, frozenset({_N.REJECT_REASON}), free
    yield (_S.CONFIRMED,), _A.REMIND, _S.REMINDED, _LEAD, none, frozenset({_G.REMINDING})
    yield (_S.REMINDED,), _A.SELF_CORRECT, _S.SELF_CORRECTED, _LEAD | {_R.CAMERA}, none, free
    yield (_S.CONFIRMED, _S.REMINDED), _A.REPORT, _S.REPORTED, _LEAD, none, frozenset({_G.HAS_KIND})
    by_hand = PEOPLE - {_R.HANDLING_UNIT, _R.DISPATCHER} | {_R.PLATFORM}
    yield (_S.OBSERVING,), _A.REPORT, _S.REPORTED, by_hand, none, frozenset({_G.BY_HAND, _G.HAS_KIND})
    again = (_S.SUPPRESSED, _S.CONFIRMED, _S.REJECTED_FALSE_ALARM, _S.REMINDED, _S.SELF_CORRECTED)
    yield again, _A.REOPEN, _S.PENDING_REVIEW, _LEAD, _WHY, free


def _filing() -> Iterator[_Row]:
    """The supervision centre: accept, have it verified, file or not."""
    none: frozenset[Need] = frozenset()
    free: frozenset[Guard] = frozenset()
    condition, two = frozenset({_N.FILING_CONDITION}), frozenset({_G.TWO_PERSONS, _G.HAS_KIND})
    yield (_S.REPORTED,), _A.ACCEPT, _S.ACCEPTED, _DESK, none, free
    yield (_S.ACCEPTED,), _A.VERIFY, _S.VERIFYING, _DESK, none, free
    yield (_S.VERIFYING,), _A.VERIFIED, _S.ACCEPTED, _SCOUT, none, free
    yield (_S.VERIFYING,), _A.RETURN, _S.ACCEPTED, _SCOUT, _WHY, free
    yield (_S.ACCEPTED,), _A.REGISTER, _S.REGISTERED, _FILER, condition, two
    yield (_S.REPORTED, _S.ACCEPTED), _A.DECLINE, _S.NOT_REGISTERED, _DESK, _WHY, free
    yield (_S.REPORTED, _S.ACCEPTED), _A.RETURN, _S.CONFIRMED, _DESK, _WHY, free
    yield (_S.NOT_REGISTERED,), _A.REOPEN, _S.ACCEPTED, _DESK, _WHY, free
    yield (_S.CONFIRMED, _S.REMINDED), _A.CANCEL, _S.CANCELLED, _LEAD | {_R.SHIFT_LEADER}, _WHY, free
    yield _AT_THE_PLATFORM, _A.CANCEL, _S.CANCELLED, _FILER, _WHY, free
    yield (_S.CANCELLED,), _A.REOPEN, _S.PENDING_REVIEW, _LEAD | {_R.SHIFT_LEADER}, _WHY, free


def _handling() -> Iterator[_Row]:
    """The command centre dispatches, the unit handles."""
    none: frozenset[Need] = frozenset()
    free: frozenset[Guard] = frozenset()
    unit, longer = frozenset({_N.DEPARTMENT}), frozenset({_N.NOTE, _N.LIMIT})
    yield (_S.REGISTERED, _S.REWORK), _A.DISPATCH, _S.DISPATCHED, _COMMAND - {_R.SHIFT_LEADER}, unit, free
    yield (_S.REGISTERED,), _A.RETURN, _S.ACCEPTED, _COMMAND, _WHY, free
    yield (_S.DISPATCHED, _S.REWORK), _A.START, _S.HANDLING, _UNIT, none, free
    yield (_S.DISPATCHED, _S.HANDLING), _A.FINISH, _S.HANDLED, _UNIT, none, free
    yield (_S.DISPATCHED, _S.HANDLING), _A.RETURN, _S.REGISTERED, _UNIT | {_R.DISPATCHER}, _WHY, free
    yield (_S.HANDLING,), _A.SUSPEND, _S.SUSPENDED, _COMMAND, _WHY, free
    yield (_S.SUSPENDED,), _A.RESUME, _S.HANDLING, _COMMAND | _UNIT, none, free
    yield (_S.DISPATCHED, _S.HANDLING, _S.REWORK), _A.EXTEND, None, _COMMAND, longer, free


def _checking() -> Iterator[_Row]:
    """Looking after handling, closing, and what may follow."""
    none: frozenset[Need] = frozenset()
    free: frozenset[Guard] = frozenset()
    auto, closing = frozenset({_G.AUTO_CLOSE}), frozenset({_N.CLOSING_CONDITION})
    yield (_S.HANDLED,), _A.CHECK, _S.CHECKING, _DESK | _SCOUT | {_R.CAMERA}, none, auto
    yield (_S.CHECKING,), _A.CHECKED, None, _SCOUT, none, free
    yield (_S.CHECKING,), _A.CLOSE, _S.CLOSED, _FILER | {_R.CAMERA}, closing, auto
    yield (_S.CHECKING,), _A.SEND_BACK, _S.REWORK, _DESK | _SCOUT, _WHY, free
    yield _FILED, _A.FORCE_CLOSE, _S.FORCED_CLOSED, _FILER | {_R.LEADER}, _WHY | closing, free
    yield (_S.CLOSED, _S.FORCED_CLOSED), _A.REOPEN, _S.REGISTERED, _FILER, _WHY, free
    yield _AT_THE_PLATFORM, _A.SUPERVISE, None, frozenset({_R.SUPERVISOR, _R.LEADER, _R.PLATFORM}), _WHY, free
    after = (*_FILED, _S.CLOSED, _S.FORCED_CLOSED)
    yield after, _A.APPEAL, None, _UNIT | {_R.ACCEPTANCE_OPERATOR}, _WHY, free
    yield tuple(_S), _A.COMMENT, None, PEOPLE | {_R.PLATFORM}, _WHY, free


def _table(*parts: Iterable[_Row]) -> Mapping[tuple[CaseState, Action], Step]:
    """An administrator may take every step that is a person's."""
    found: dict[tuple[CaseState, Action], Step] = {}
    for part in parts:
        for states, action, to, roles, needs, guards in part:
            who = roles if roles.isdisjoint(PEOPLE) else roles | {Role.ADMIN}
            for state in states:
                found[state, action] = Step(to or state, who, needs, guards)
    return found


TABLE = _table(_rules(), _filing(), _handling(), _checking())
ASIDE = frozenset({Action.CANCEL, Action.FORCE_CLOSE, Action.SUPERVISE, Action.APPEAL, Action.COMMENT, Action.EXTEND})
"""Steps that nobody waits for."""
FIRST_STATE = CaseState.OBSERVING
UNREVIEWED = frozenset({CaseState.OBSERVING, CaseState.SUPPRESSED, CaseState.PENDING_REVIEW})
REVIEWED = frozenset(CaseState) - UNREVIEWED
"""A person has spoken: association may attach to such a case but never take from it."""
FINAL = frozenset(
    {
        CaseState.REJECTED_FALSE_ALARM,
        CaseState.SELF_CORRECTED,
        CaseState.NOT_REGISTERED,
        CaseState.CLOSED,
        CaseState.CANCELLED,
        CaseState.FORCED_CLOSED,
    }
)
"""Nobody waits for anything any more; only a person's `reopen` leads out."""
OPEN = frozenset(CaseState) - FINAL - {CaseState.SUPPRESSED}
"""Somebody still waits for it; what is suppressed nobody was ever asked about."""
STAGE_BY_STATE: Mapping[CaseState, Stage] = {
    CaseState.PENDING_REVIEW: Stage.REVIEW,
    CaseState.CONFIRMED: Stage.REPORT,
    CaseState.REMINDED: Stage.REMIND,
    CaseState.REPORTED: Stage.ACCEPT,
    CaseState.ACCEPTED: Stage.REGISTER,
    CaseState.VERIFYING: Stage.VERIFY,
    CaseState.REGISTERED: Stage.DISPATCH,
    CaseState.DISPATCHED: Stage.HANDLE,
    CaseState.HANDLING: Stage.HANDLE,
    CaseState.SUSPENDED: Stage.HANDLE,
    CaseState.REWORK: Stage.HANDLE,
    CaseState.HANDLED: Stage.CHECK,
    CaseState.CHECKING: Stage.CHECK,
}
"""Whose timer runs in a state. A stage goes on while states of one stage follow each other; rework begins it anew."""


def open_actions(state: CaseState, *roles: Role) -> tuple[Action, ...]:
    """What somebody with `roles` may do in `state`.

    >>> open_actions(CaseState.PENDING_REVIEW, Role.REVIEWER)
    (<Action.CONFIRM: 'confirm'>, <Action.REJECT: 'reject'>, <Action.COMMENT: 'comment'>)
    """
    return tuple(action for (at, action), step in TABLE.items() if at is state and not step.roles.isdisjoint(roles))


def takers(state: CaseState) -> frozenset[Role]:
    """The people whose step the case waits for in `state`.

    >>> takers(CaseState.REPORTED) == {Role.ACCEPTANCE_OPERATOR, Role.SHIFT_LEADER}
    True
    """
    found = (step.roles for (at, action), step in TABLE.items() if at is state and action not in ASIDE)
    return frozenset().union(*found) & PEOPLE - {Role.ADMIN}


def take(state: CaseState, action: Action, *roles: Role) -> Step:
    """The step that `action` takes from `state`.

    Raises:
        RefusedRole: `roles` may not take it, here or anywhere.
        RefusedAction: the state has no such step.
    """
    step = TABLE.get((state, action))
    if step is not None and not step.roles.isdisjoint(roles):
        return step
    takers = (
        step.roles if step else frozenset().union(*(it.roles for (_, named), it in TABLE.items() if named is action))
    )
    if takers.isdisjoint(roles):
        raise RefusedRole(state, action, open_actions(state, *roles), takers)
    raise RefusedAction(state, action, open_actions(state, *roles))


def replay(actions: Iterable[tuple[Action, Role]]) -> CaseState:
    """The state after `actions`, from the start."""
    state = FIRST_STATE
    for action, role in actions:
        state = take(state, action, role).to
    return state


def route(start: CaseState, goal: CaseState, *roles: Role) -> tuple[Action, ...] | None:
    """The fewest steps of `roles` from `start` to `goal`; None where there is no way.

    >>> route(CaseState.REPORTED, CaseState.REGISTERED, Role.PLATFORM)
    (<Action.ACCEPT: 'accept'>, <Action.REGISTER: 'register'>)
    """
    ways: dict[CaseState, tuple[Action, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        if state is goal:
            return ways[state]
        for action in open_actions(state, *roles):
            to = TABLE[state, action].to
            if to not in ways:
                ways[to] = (*ways[state], action)
                waiting.append(to)
    return None
