"""How many cases began where: counts by square of the ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from central.domain.workflow import CaseState
from central.store.cases import CASES

_NEVER_THERE = (CaseState.SUPPRESSED, CaseState.REJECTED_FALSE_ALARM, CaseState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Square:
    """`column` and `row` count squares east and north of the site's origin."""

    column: int
    row: int
    cases: int


def squares(
    connection: Connection, since: datetime, until: datetime, edge_m: float, district: str, limit: int
) -> Sequence[Square]:
    """Squares with cases first seen in [since, until), the fullest first: neither lawful ones nor false alarms."""
    column, row = func.floor(CASES.c.east_m / edge_m), func.floor(CASES.c.north_m / edge_m)
    number = func.count()
    query = (
        select(column, row, number)
        .where(
            CASES.c.first_seen_at >= since,
            CASES.c.first_seen_at < until,
            CASES.c.is_prominent.is_(True),
            CASES.c.merged_into.is_(None),
            CASES.c.east_m.is_not(None),
            CASES.c.state.not_in(_NEVER_THERE),
        )
        .group_by(column, row)
        .order_by(number.desc(), column, row)
        .limit(limit)
    )
    if district:
        query = query.where(func.substr(CASES.c.area_code, 1, len(district)) == district)
    return [Square(int(found[0]), int(found[1]), int(found[2])) for found in connection.execute(query)]
