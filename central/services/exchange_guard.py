"""Refuses steps that another central answers for, on cases that both work on."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from central.domain.exchange import Side, answers
from central.domain.workflow import Action, RefusedAction, Role, open_actions
from central.store import deliveries, delivery_targets
from central.store.cases import Projection


def require_own_stage(connection: Connection, case: Projection, action: Action, roles: Collection[Role]) -> None:
    """What the other side says comes in the platform's role, maybe among others, and is checked where it is heard.

    Raises:
        RefusedAction: the case's stage is the other side's; the message says whose.
    """
    found = None if Role.PLATFORM in roles else _shared_with(connection, case)
    if found is None or found.is_ours(case, action):
        return
    ours = tuple(it for it in open_actions(case.state, *roles) if found.is_ours(case, it))
    raise RefusedAction(case.state, action, ours, f"{found.target} answers for this stage of the case")


def is_ours(connection: Connection, case: Projection, action: Action) -> bool:
    """Whether the step is for somebody here; always, of a case that nobody else works on."""
    found = _shared_with(connection, case)
    return found is None or found.is_ours(case, action)


@dataclass(frozen=True, slots=True)
class _Partner:
    """The other central that works on a case: who it is, and who of both brought the case."""

    target: str
    side: Side
    finder: Side

    def is_ours(self, case: Projection, action: Action) -> bool:
        return answers(self.side.other, case.state, action, self.finder)


def _shared_with(connection: Connection, case: Projection) -> _Partner | None:
    sides = {rule.target: rule.side for rule in delivery_targets.rules(connection) if rule.side is not None}
    if not sides:
        return None
    told = (known for known in deliveries.standings_of(connection, case.case_id) if known.told.state is not None)
    shared = ((known, sides[known.target]) for known in told if known.target in sides)
    return next((_Partner(known.target, side, side if known.is_theirs else side.other) for known, side in shared), None)
