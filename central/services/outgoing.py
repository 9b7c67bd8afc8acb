"""Writes, in the transaction of a change, what other systems are to be told of it.

Whoever changes a case calls `enqueue` before it commits: then there is no change without its delivery, and no delivery
without its change. It costs one small query where no target is configured.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from central.domain.delivery import CaseSheet, News, Standing, TargetRule, decide
from central.domain.exchange import Side
from central.store import deliveries, delivery_sheets, delivery_targets


def enqueue(connection: Connection, case_id: str, now: datetime) -> None:
    """The case has changed: every target that should know gets a row, in place of one that nobody has begun to send.

    Harmless to call again, and for cases that nobody outside may know.
    """
    enqueue_all(connection, [case_id], now)


def enqueue_all(connection: Connection, case_ids: Iterable[str], now: datetime) -> int:
    """The same for several cases; gives how many rows it made."""
    rules = delivery_targets.rules(connection)
    if not rules:
        return 0
    sheets = delivery_sheets.sheets_of(connection, case_ids)
    return sum(_tell(connection, rule, sheet, now) for sheet in sheets for rule in rules)


def _tell(connection: Connection, rule: TargetRule, sheet: CaseSheet, now: datetime) -> bool:
    known = deliveries.standing(connection, sheet.case_id, rule.target)
    news = decide(rule, sheet, known.told if known else Standing())
    if known is None and news is News.SEND and rule.side is Side.DISTRICT and _is_shared(connection, sheet.case_id):
        return False  # two districts would handle it
    match news:
        case News.SEND:
            deliveries.put(connection, rule.target, sheet, now)
            return True
        case News.WITHDRAW:
            deliveries.withdraw(connection, sheet.case_id, rule.target, now)
            deliveries.forget_told(connection, sheet.case_id, rule.target)
        case News.ECHO:
            deliveries.note_echo(connection, rule.target, sheet)
        case News.NONE:
            pass
    return False


def _is_shared(connection: Connection, case_id: str) -> bool:
    """Whether some district works on the case already."""
    districts = {rule.target for rule in delivery_targets.rules(connection) if rule.side is Side.DISTRICT}
    return any(known.target in districts for known in deliveries.standings_of(connection, case_id))
