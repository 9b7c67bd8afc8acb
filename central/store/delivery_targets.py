"""The targets that cases are delivered to: what each wants, and how its circuit breaker stands, for all processes.

The rows mirror the configuration of the processes that send, so that whoever changes a case can write deliveries
without knowing the configuration.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, insert, select, update
from sqlalchemy.types import Boolean

from central.domain.delivery import TargetRule
from central.domain.exchange import Side
from central.domain.workflow import CaseState
from central.store.database import METADATA, UtcInstant
from contract.taxonomy import Violation

TARGETS = Table(
    "delivery_targets",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("rule", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("opened_at", UtcInstant),
    Column("retry_at", UtcInstant),
    Column("reconciled_at", UtcInstant),
    Column("report", JSON),
)
_ACTIVE = select(TARGETS.c.name, TARGETS.c.rule).where(TARGETS.c.is_active).order_by(TARGETS.c.name)


@dataclass(frozen=True, slots=True)
class TargetRow:
    """How a target stands. `retry_at`: its breaker is open until then; `failures`: in a row."""

    name: str
    is_active: bool
    failures: int
    opened_at: datetime | None
    retry_at: datetime | None
    reconciled_at: datetime | None


def rules(connection: Connection) -> list[TargetRule]:
    """What the targets in use want."""
    return [_rule(row.name, row.rule) for row in connection.execute(_ACTIVE)]


def keep_rules(connection: Connection, wanted: Iterable[TargetRule]) -> None:
    """Makes the rows those of the configuration; a target that is no longer in it gets nothing new."""
    known = set(connection.execute(select(TARGETS.c.name)).scalars())
    named = {rule.target: _facts(rule) for rule in wanted}
    for name, facts in named.items():
        if name in known:
            connection.execute(update(TARGETS).where(TARGETS.c.name == name).values(rule=facts, is_active=True))
        else:
            connection.execute(insert(TARGETS).values(name=name, rule=facts, is_active=True))
    connection.execute(update(TARGETS).where(TARGETS.c.name.not_in(sorted(named))).values(is_active=False))


def every(connection: Connection) -> Sequence[TargetRow]:
    return [
        TargetRow(row.name, row.is_active, row.failures, row.opened_at, row.retry_at, row.reconciled_at)
        for row in connection.execute(select(TARGETS).order_by(TARGETS.c.name))
    ]


def find(connection: Connection, name: str) -> TargetRow | None:
    return next((row for row in every(connection) if row.name == name), None)


def _facts(rule: TargetRule) -> dict[str, list[str]]:
    side = [] if rule.side is None else [rule.side.value]
    return {
        "states": sorted(rule.states),
        "kinds": sorted(rule.kinds),
        "districts": list(rule.districts),
        "side": side,
    }


def _rule(name: str, facts: dict[str, list[str]]) -> TargetRule:
    """States and kinds that this program no longer knows are left out."""
    return TargetRule(
        target=name,
        states=frozenset(CaseState(state) for state in facts["states"] if state in set(CaseState)),
        kinds=frozenset(Violation(kind) for kind in facts["kinds"] if kind in set(Violation)),
        districts=tuple(facts["districts"]),
        side=next((Side(side) for side in facts.get("side", [])), None),
    )
