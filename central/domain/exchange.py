"""Two centrals with one case: which of them answers for which step, and how one follows what the other says. Pure.

The district finds, reports and handles; the city accepts, files, dispatches, checks and closes (DOMAIN §4: supervision
and command centre). Nobody takes the other's steps, so that what both say of a case can't contradict for long: where
their words cross on the way, the city's calling off wins.
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
ROLES = {
    Side.CITY: frozenset({Role.PLATFORM}),
    Side.DISTRICT: frozenset({Role.PLATFORM, Role.REVIEWER}),
}
"""In which roles the other's steps are written down here: what its reviewers did, a reviewer did."""


def answers(side: Side, state: CaseState, action: Action) -> bool:
    """Whether the step from `state` is that side's.

    >>> answers(Side.CITY, CaseState.REPORTED, Action.ACCEPT), answers(Side.DISTRICT, CaseState.REPORTED, Action.ACCEPT)
    (True, False)
    >>> answers(Side.DISTRICT, CaseState.HANDLING, Action.FINISH), answers(Side.CITY, CaseState.HANDLING, Action.CANCEL)
    (True, True)
    """
    if action in ANYBODYS:
        return True
    if state is CaseState.CANCELLED:
        return False  # the table leads back to a review that the district has long done: it is reported anew instead
    is_handling = STAGE_BY_STATE.get(state) is Stage.HANDLE and action not in CALLS
    return (state in FINDING or is_handling) is (side is Side.DISTRICT)


def way(start: CaseState, goal: CaseState, side: Side) -> tuple[Action, ...] | None:
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
        for action in open_actions(state, *ROLES[side]):
            to = TABLE[state, action].to
            if to not in ways and answers(side, state, action):
                ways[to] = (*ways[state], action)
                waiting.append(to)
    return None
