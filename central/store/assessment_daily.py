"""Items by local day, for curves."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from central.domain.assessment.figures import SetRule
from central.domain.assessment.scopes import DIMENSIONS, Scope, Window
from central.store.assessment import ITEMS


def counts_by_day(
    connection: Connection, rules: Iterable[SetRule], scope: Scope, window: Window
) -> dict[str, dict[date, int]]:
    """Set → day → how many; days without any are left out."""
    found: dict[str, dict[date, int]] = {}
    for rule in rules:
        query = (
            select(ITEMS.c.day, func.count())
            .where(
                ITEMS.c.moment == rule.moment,
                ITEMS.c.day.between(window.first, min(window.last, window.today)),
                ITEMS.c.marks.bitwise_and(int(rule.has)) == int(rule.has),
                ITEMS.c.marks.bitwise_and(int(rule.lacks)) == 0,
                func.substr(ITEMS.c.area_code, 1, len(scope.area)) == scope.area,
                *(ITEMS.c[name] == getattr(scope, name) for name in DIMENSIONS if getattr(scope, name) is not None),
            )
            .group_by(ITEMS.c.day)
        )
        found[rule.key] = {row[0]: int(row[1]) for row in connection.execute(query)}
    return found
