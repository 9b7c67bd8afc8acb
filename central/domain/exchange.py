"""Two centrals with one case: which of them answers for which step, and how one follows what the other says. Pure.

The district handles; the city accepts, files, dispatches, checks and closes (DOMAIN §4: supervision, command centre).
Whoever brought the case answers for what comes before it is reported: a district for what its cameras found, the city
for what its hotline was told and handed down. Nobody takes the other's steps, so that what both say of a case can't
contradict for long: where their words cross on the way, the city's calling off wins.
"""

from collections import deque
from enum import StrEnum

from central.domain.deadlines import Stage
from central.domain.workflow import STAGE_BY_STATE, TABLE, UNREVIEWED, Action, CaseState, Role, open_actions


class Side(StrEnum):
    """One of the two."""

    CITY = "city"
    DISTRICT = "district"

    @property
    def other(self) -> "Side":
        return Side.DISTRICT if self is Side.CITY else Side.CITY


FINDING = UNREVIEWED | {
    CaseState.REJECTED_FALSE_ALARM,
    CaseState.CONFIRMED,
    CaseState.REMINDED,
    CaseState.SELF_CORRECTED,
}
"""Before a case is reported, and where it stands again when the city has sent it back."""
CALLS = frozenset({Action.CANCEL, Action.FORCE_CLOSE, Action.SUPERVISE, Action.EXTEND, Action.REOPEN})
"""The city's also while the district handles."""
ANYBODYS = frozenset({Action.COMMENT, Action.APPEAL})
"""Words beside the work: they change no state and stay where they were said."""
TO_HANDLE = frozenset(state for state, stage in STAGE_BY_STATE.items() if stage is Stage.HANDLE)
"""A case of the city's own that stands here is handed to the district whose ground it is."""


def roles_of(side: Side, finder: Side) -> frozenset[Role]:
    """In which roles that side's steps are written down here: what its reviewers did, a reviewer did."""
    return frozenset({Role.PLATFORM, Role.REVIEWER} if side is finder else {Role.PLATFORM})


def answers(side: Side, state: CaseState, action: Action, finder: Side = Side.DISTRICT) -> bool:
    """Whether the step from `state` is that side's; `finder` brought the case.

    >>> answers(Side.CITY, CaseState.REPORTED, Action.ACCEPT), answers(Side.DISTRICT, CaseState.REPORTED, Action.ACCEPT)
    (True, False)
    >>> answers(Side.DISTRICT, CaseState.HANDLING, Action.FINISH), answers(Side.CITY, CaseState.HANDLING, Action.CANCEL)
    (True, True)
    """
    if action in ANYBODYS:
        return True
    if state is CaseState.CANCELLED:
        return False  # the table leads back to a review that the district has long done: it is reported anew instead
    if state in FINDING:
        return side is finder
    is_handling = state in TO_HANDLE and action not in CALLS
    return is_handling is (side is Side.DISTRICT)


def way(start: CaseState, goal: CaseState, side: Side, finder: Side = Side.DISTRICT) -> tuple[Action, ...] | None:
    """The fewest steps of that side from `start` to `goal`; None where it has no way there.

    >>> way(CaseState.REPORTED, CaseState.DISPATCHED, Side.CITY)
    (<Action.ACCEPT: 'accept'>, <Action.REGISTER: 'register'>, <Action.DISPATCH: 'dispatch'>)
    >>> way(CaseState.REPORTED, CaseState.HANDLED, Side.DISTRICT) is None
    True
    """
    ways: dict[CaseState, tuple[Action, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        if state is goal:
            return ways[state]
        for action in open_actions(state, *roles_of(side, finder)):
            to = TABLE[state, action].to
            if to not in ways and answers(side, state, action, finder):
                ways[to] = (*ways[state], action)
                waiting.append(to)
    return None
