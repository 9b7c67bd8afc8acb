"""What the city grants, the district's clock follows: extensions come with the notice and are taken here as steps.

Every notice says all extensions there ever were, so what was missed in a cut comes with the next one, and one that
comes twice lengthens nothing twice.
"""

from datetime import datetime

from sqlalchemy import Connection

from central.domain.delivery import SheetLimit
from central.domain.exchange import TO_HANDLE, Side, answers
from central.domain.workflow import Action, RefusedAction, Role
from central.domain.worktime import Limit
from central.services.delivery_hearing import Outcome, Verdict
from central.services.steps import OperatorAction, Stepper
from central.store import case_queries, deliveries, delivery_sheets
from contract.errors import UsageError
from contract.notices import CaseNotice


def lengthen(
    connection: Connection, stepper: Stepper, target: str, side: Side, notice: CaseNotice, now: datetime
) -> Verdict | None:
    """Takes the extensions that are not known here yet; None where there are none."""
    case = case_queries.find(connection, notice.case_id)
    if case is None or case.state not in TO_HANDLE or not answers(side, case.state, Action.EXTEND):
        return None
    (sheet,) = delivery_sheets.sheets_of(connection, [notice.case_id])
    told = [SheetLimit.model_validate(one.model_dump()) for one in notice.extensions or ()]
    fresh = told[len(sheet.extensions) :]
    try:
        with connection.begin_nested():
            for extra in fresh:
                sheet = sheet.model_copy(update={"extensions": (*sheet.extensions, extra)})
                deliveries.note_body(connection, target, sheet)  # it said so itself: no news for it
                case = stepper.take(connection, case, _said(target, extra), now)
    except (RefusedAction, UsageError) as error:
        return Verdict(Outcome.NO_WAY, str(error)[:500])
    return Verdict(Outcome.TAKEN) if fresh else None


def _said(target: str, extra: SheetLimit) -> OperatorAction:
    return OperatorAction(
        action=Action.EXTEND,
        actor=target,
        note=f"{target}: +{extra.amount:g} {extra.unit}",
        limit=Limit(extra.amount, extra.unit),
        roles=frozenset({Role.PLATFORM}),
    )
