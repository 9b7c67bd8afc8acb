"""Refuses steps that another central answers for, on cases that both work on."""

from collections.abc import Collection

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
    if found is None or answers(found[1].other, case.state, action):
        return
    partner, theirs = found
    ours = tuple(it for it in open_actions(case.state, *roles) if answers(theirs.other, case.state, it))
    raise RefusedAction(case.state, action, ours, f"{partner} answers for this stage of the case")


def is_ours(connection: Connection, case: Projection, action: Action) -> bool:
    """Whether the step is for somebody here; always, of a case that nobody else works on."""
    found = _shared_with(connection, case)
    return found is None or answers(found[1].other, case.state, action)


def _shared_with(connection: Connection, case: Projection) -> tuple[str, Side] | None:
    """The other central that works on the case, and who it is."""
    sides = {rule.target: rule.side for rule in delivery_targets.rules(connection) if rule.side is not None}
    if not sides:
        return None
    told = (known for known in deliveries.standings_of(connection, case.case_id) if known.told.state is not None)
    return next(((known.target, sides[known.target]) for known in told if known.target in sides), None)
