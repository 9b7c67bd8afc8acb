"""The stages a case has passed: one row each, written in the transaction of the step that entered or left it.

What a deadline follows from (limit, pauses, extensions) stands in `clock`, a JSON text that the services write and
read; `due_at` is reckoned from it and kept for whoever only looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.schema import UniqueConstraint

from central.domain.deadlines import Stage
from central.domain.workflow import Action
from central.store.cases import CASES
from central.store.database import METADATA, ROW_ID, UtcInstant
from contract.taxonomy import Violation

STAGES = Table(
    "case_stages",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), ForeignKey(CASES.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("entered_at", UtcInstant, nullable=False),
    Column("due_at", UtcInstant),
    Column("paused_s", Float, nullable=False, server_default="0"),
    Column("left_at", UtcInstant),
    Column("outcome", String(16)),
    Column("person", String(64)),
    Column("post", String(32)),
    Column("department", String(64)),
    Column("area_code", String(15)),
    Column("kind", String(32)),
    Column("source", String(16), nullable=False),
    Column("clock", Text, nullable=False, server_default="{}"),
    Column("told", Float, nullable=False, server_default="0"),
    Column("claimed_at", UtcInstant),
    Column("claimed_by", String(64)),
    Column("level", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcInstant),
    UniqueConstraint("case_id", "number"),
)
Index("case_stages_waiting", STAGES.c.next_at)
Index("case_stages_in_time", STAGES.c.stage, STAGES.c.entered_at)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage that a case has passed or is in.

    `outcome`, `person` and `post` say which step ended it, who took it and in which role. `told` is the largest share
    of the limit that somebody was warned of, `level` how often it was escalated, `next_at` when it is looked at again.
    """

    case_id: str
    number: int
    stage: Stage
    entered_at: datetime
    source: str
    due_at: datetime | None = None
    paused_s: float = 0.0
    left_at: datetime | None = None
    outcome: Action | None = None
    person: str | None = None
    post: str | None = None
    department: str | None = None
    area_code: str | None = None
    kind: Violation | None = None
    clock: str = "{}"
    told: float = 0.0
    claimed_at: datetime | None = None
    claimed_by: str | None = None
    level: int = 0
    next_at: datetime | None = None


_OPEN = select(STAGES).where(STAGES.c.case_id.in_(bindparam("case_ids", expanding=True)), STAGES.c.left_at.is_(None))


def add(connection: Connection, *rows: StageRow) -> None:
    """Writes new stages; their number follows the case's last."""
    if rows:
        connection.execute(insert(STAGES), [_columns(row) for row in rows])


def put(connection: Connection, row: StageRow) -> None:
    """Writes a known stage anew."""
    is_it = (STAGES.c.case_id == row.case_id, STAGES.c.number == row.number)
    connection.execute(update(STAGES).where(*is_it).values(_columns(row)))


def open_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, StageRow]:
    """The stage that each of the cases is in, by case; those in none are left out."""
    rows = connection.execute(_OPEN, {"case_ids": sorted(set(case_ids))})
    return {row.case_id: _row(row._mapping) for row in rows}


def numbers_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, int]:
    """The number of each case's last stage; those without any are left out."""
    query = select(STAGES.c.case_id, func.max(STAGES.c.number)).where(STAGES.c.case_id.in_(sorted(set(case_ids))))
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(STAGES.c.case_id))}


def of_case(connection: Connection, case_id: str) -> list[StageRow]:
    """All stages of a case, in order."""
    query = select(STAGES).where(STAGES.c.case_id == case_id).order_by(STAGES.c.number)
    return [_row(row._mapping) for row in connection.execute(query)]


def waiting(connection: Connection, now: datetime, limit: int) -> list[StageRow]:
    """Open stages that are to be looked at by `now`, the longest waiting first."""
    query = select(STAGES).where(STAGES.c.left_at.is_(None), STAGES.c.next_at <= now)
    return [_row(row._mapping) for row in connection.execute(query.order_by(STAGES.c.next_at).limit(limit))]


def of_merged(connection: Connection, limit: int) -> list[StageRow]:
    """Open stages of cases that became part of another."""
    query = select(STAGES).join(CASES, CASES.c.id == STAGES.c.case_id)
    found = query.where(STAGES.c.left_at.is_(None), CASES.c.merged_into.is_not(None)).limit(limit)
    return [_row(row._mapping) for row in connection.execute(found)]


def every_open(connection: Connection, after_id: int, limit: int) -> Sequence[tuple[int, StageRow]]:
    """Open stages by row id, for a walk over all of them."""
    query = select(STAGES).where(STAGES.c.left_at.is_(None), STAGES.c.id > after_id).order_by(STAGES.c.id)
    return [(int(row.id), _row(row._mapping)) for row in connection.execute(query.limit(limit))]


def _columns(row: StageRow) -> dict[str, object]:
    return {
        "case_id": row.case_id,
        "number": row.number,
        "stage": row.stage,
        "entered_at": row.entered_at,
        "due_at": row.due_at,
        "paused_s": row.paused_s,
        "left_at": row.left_at,
        "outcome": row.outcome,
        "person": row.person,
        "post": row.post,
        "department": row.department,
        "area_code": row.area_code,
        "kind": row.kind,
        "source": row.source,
        "clock": row.clock,
        "told": row.told,
        "claimed_at": row.claimed_at,
        "claimed_by": row.claimed_by,
        "level": row.level,
        "next_at": row.next_at,
    }


def _row(row: RowMapping) -> StageRow:
    facts = {name: row[name] for name in _NAMES}
    return StageRow(
        **facts,
        stage=Stage(row["stage"]),
        outcome=Action(row["outcome"]) if row["outcome"] else None,
        kind=Violation(row["kind"]) if row["kind"] else None,
    )


_NAMES = [name for name in StageRow.__dataclass_fields__ if name not in {"stage", "outcome", "kind"}]
