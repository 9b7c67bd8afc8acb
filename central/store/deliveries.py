"""Deliveries: one row per case, target and revision, and what every target was last told of every case.

Rows are written in the transaction of the change they tell of. Senders claim them; see `central.store.delivery_claims`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from central.domain.delivery import CaseSheet, DeliveryState, Standing, names_of
from central.domain.workflow import CaseState
from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.delivery_replies import REPLIES

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("target", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("made_at", UtcInstant, nullable=False),
    Column("next_at", UtcInstant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(64)),
    Column("claimed_until", UtcInstant),
    Column("settled_at", UtcInstant),
    Column("problem", String(500), nullable=False, server_default=""),
    UniqueConstraint("case_id", "target", "revision"),
    sqlite_autoincrement=True,
)
Index("deliveries_due", DELIVERIES.c.target, DELIVERIES.c.state, DELIVERIES.c.next_at)

STANDINGS = Table(
    "delivery_standings",
    METADATA,
    Column("case_id", String(36), primary_key=True),
    Column("target", String(64), primary_key=True),
    Column("told_state", String(32)),
    Column("body", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sent_at", UtcInstant),
    Column("accepted_at", UtcInstant),
    Column("accepted_revision", Integer),
    Column("external_id", String(200), index=True),
    Column("heard", String(500), nullable=False, server_default=""),
    Column("heard_at", UtcInstant),
    Column("heard_version", Integer),
    Column("asked_at", UtcInstant),
    Column("cleared_at", UtcInstant),
)
_STANDING = select(STANDINGS).where(
    STANDINGS.c.case_id == bindparam("of_case"), STANDINGS.c.target == bindparam("of_target")
)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One revision of a case on its way to one target. `problem` is what went wrong last."""

    row_id: int
    case_id: str
    target: str
    revision: int
    state: DeliveryState
    sheet: CaseSheet
    made_at: datetime
    next_at: datetime
    attempts: int
    settled_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What a target knows of a case: what it was told, what it answered, and under which id it keeps it."""

    case_id: str
    target: str
    told: Standing
    sent_at: datetime | None
    accepted_at: datetime | None
    accepted_revision: int | None
    external_id: str | None
    heard_at: datetime | None
    heard_version: int | None
    asked_at: datetime | None
    cleared_at: datetime | None

    @property
    def is_theirs(self) -> bool:
        """Whether the target, another central, brought the case; see `begin_shared`."""
        return self.external_id == self.case_id


def standing(connection: Connection, case_id: str, target: str) -> StandingRow | None:
    """None: the target was never to be told of the case."""
    row = connection.execute(_STANDING, {"of_case": case_id, "of_target": target}).first()
    return None if row is None else to_standing(row._mapping)


def standings_of(connection: Connection, case_id: str) -> Sequence[StandingRow]:
    query = select(STANDINGS).where(STANDINGS.c.case_id == case_id).order_by(STANDINGS.c.target)
    return [to_standing(row._mapping) for row in connection.execute(query)]


def known_among(connection: Connection, case_ids: Sequence[str]) -> set[str]:
    """Those of the cases that some target was to be told of."""
    query = select(STANDINGS.c.case_id).where(STANDINGS.c.case_id.in_(case_ids)).distinct()
    return {str(case_id) for case_id in connection.execute(query).scalars()}


def put(connection: Connection, target: str, sheet: CaseSheet, now: datetime) -> int:
    """Adds the case's next revision for the target, in place of what nobody has begun to send; gives its number."""
    known = standing(connection, sheet.case_id, target)
    revision = 1 if known is None else known.told.revision + 1
    withdraw(connection, sheet.case_id, target, now)
    row = {"case_id": sheet.case_id, "target": target, "revision": revision, "state": DeliveryState.WAITING}
    row |= {"sheet": sheet.model_dump_json(), "made_at": now, "next_at": now}
    connection.execute(insert(DELIVERIES).values(row))
    told = {"told_state": sheet.state, "body": sheet.body, "revision": revision, "heard": ""}
    if known is None:
        connection.execute(insert(STANDINGS).values(case_id=sheet.case_id, target=target, **told))
    else:
        _note(connection, sheet.case_id, target, told)
    return revision


def begin_shared(connection: Connection, target: str, sheet: CaseSheet, now: datetime, version: int) -> None:
    """The target brought the case as it is now: it is told of all that follows. `version` counts what it said.

    What this transaction queued for it while the case was opened is not news to it.
    """
    for table in (DELIVERIES, STANDINGS):
        connection.execute(delete(table).where(table.c.case_id == sheet.case_id, table.c.target == target))
    row = {"case_id": sheet.case_id, "target": target, "told_state": sheet.state, "body": sheet.body, "revision": 0}
    row |= {"sent_at": now, "accepted_at": now, "external_id": sheet.case_id, "heard_at": now, "heard_version": version}
    connection.execute(insert(STANDINGS).values(row))


def note_body(connection: Connection, target: str, sheet: CaseSheet) -> None:
    """What changed, the target brought itself (its pictures): no news for it."""
    _note(connection, sheet.case_id, target, {"body": sheet.body})


def withdraw(connection: Connection, case_id: str, target: str, now: datetime) -> None:
    """Takes back what waits, and what is on its way through a broker that keeps the newest only."""
    replaced = (DeliveryState.WAITING, DeliveryState.HANDED_OVER)
    is_theirs = (DELIVERIES.c.case_id == case_id, DELIVERIES.c.target == target, DELIVERIES.c.state.in_(replaced))
    connection.execute(update(DELIVERIES).where(*is_theirs).values(state=DeliveryState.SUPERSEDED, settled_at=now))


def forget_told(connection: Connection, case_id: str, target: str) -> None:
    """Nobody has heard of the case: the next time it is told as if it were new."""
    _note(connection, case_id, target, {"told_state": None, "body": ""})


def note_echo(connection: Connection, target: str, sheet: CaseSheet) -> None:
    """The target knows the case's state because it said so itself."""
    _note(connection, sheet.case_id, target, {"told_state": sheet.state})


def note_heard(connection: Connection, case_id: str, target: str, states: Iterable[CaseState], values: "Heard") -> None:
    """What the target says about the case, before it is followed: these states are not sent back to it."""
    told = {"heard": names_of(states), "heard_at": values.at, "heard_version": values.version}
    _note(connection, case_id, target, told)


@dataclass(frozen=True, slots=True)
class Heard:
    """When a target said something, and its own counter if it has one."""

    at: datetime
    version: int | None = None


def rows_of(connection: Connection, case_id: str) -> list[DeliveryRow]:
    """The case's deliveries, oldest first."""
    query = select(DELIVERIES).where(DELIVERIES.c.case_id == case_id).order_by(DELIVERIES.c.id)
    return [to_delivery(row._mapping) for row in connection.execute(query)]


def forget(connection: Connection, case_ids: Sequence[str]) -> None:
    """Deletes what was kept about the deliveries of cases that are deleted."""
    for table in (DELIVERIES, STANDINGS, REPLIES):
        connection.execute(delete(table).where(table.c.case_id.in_(case_ids)))


def to_delivery(row: RowMapping) -> DeliveryRow:
    return DeliveryRow(
        row_id=int(row["id"]),
        case_id=row["case_id"],
        target=row["target"],
        revision=int(row["revision"]),
        state=DeliveryState(row["state"]),
        sheet=CaseSheet.model_validate_json(row["sheet"]),
        made_at=row["made_at"],
        next_at=row["next_at"],
        attempts=int(row["attempts"]),
        settled_at=row["settled_at"],
        problem=row["problem"],
    )


def to_standing(row: RowMapping) -> StandingRow:
    told = Standing(
        state=CaseState(row["told_state"]) if row["told_state"] else None,
        body=row["body"],
        revision=int(row["revision"]),
        was_sent=row["sent_at"] is not None,
        heard=frozenset(CaseState(name) for name in row["heard"].split()),
    )
    return StandingRow(
        case_id=row["case_id"],
        target=row["target"],
        told=told,
        sent_at=row["sent_at"],
        accepted_at=row["accepted_at"],
        accepted_revision=row["accepted_revision"],
        external_id=row["external_id"],
        heard_at=row["heard_at"],
        heard_version=row["heard_version"],
        asked_at=row["asked_at"],
        cleared_at=row["cleared_at"],
    )


def _note(connection: Connection, case_id: str, target: str, values: dict[str, object]) -> None:
    is_it = (STANDINGS.c.case_id == case_id, STANDINGS.c.target == target)
    connection.execute(update(STANDINGS).where(*is_it).values(values))


def by_external_id(connection: Connection, target: str, external_id: str) -> StandingRow | None:
    """The case that the target keeps under that id."""
    query = select(STANDINGS).where(STANDINGS.c.target == target, STANDINGS.c.external_id == external_id)
    row = connection.execute(query.limit(1)).first()
    return None if row is None else to_standing(row._mapping)


def row_of(connection: Connection, case_id: str, target: str, revision: int) -> DeliveryRow | None:
    is_it = (DELIVERIES.c.case_id == case_id, DELIVERIES.c.target == target, DELIVERIES.c.revision == revision)
    row = connection.execute(select(DELIVERIES).where(*is_it)).first()
    return None if row is None else to_delivery(row._mapping)


def end(connection: Connection, row_id: int, state: DeliveryState, now: datetime, problem: str = "") -> None:
    """Settles a row by what the target said itself, whoever has claimed it meanwhile."""
    values = {"state": state, "settled_at": now, "problem": problem[:500], "claimed_by": None, "claimed_until": None}
    connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == row_id).values(values))


def note_accepted(
    connection: Connection, case_id: str, target: str, revision: int, external_id: str | None, now: datetime
) -> None:
    """The target has the revision; an id it gave once stays unless it gives another."""
    known = standing(connection, case_id, target)
    values: dict[str, object] = {"accepted_revision": max(revision, (known and known.accepted_revision) or 0)}
    if known is None or known.accepted_at is None:
        values["accepted_at"] = now
    if external_id is not None:
        values["external_id"] = external_id[:200]
    _note(connection, case_id, target, {**values, "cleared_at": None})


def take_turn(
    connection: Connection, target: str, final: Iterable[CaseState], before: datetime, now: datetime, limit: int
) -> list[StandingRow]:
    """Cases under the target's own id, not at their end, that it was last asked about before `before`; now they count
    as asked."""
    is_open = STANDINGS.c.told_state.not_in(sorted(final))
    is_due = STANDINGS.c.asked_at.is_(None) | (STANDINGS.c.asked_at < before)
    query = select(STANDINGS).where(STANDINGS.c.target == target, STANDINGS.c.external_id.is_not(None), is_open, is_due)
    found = [to_standing(row._mapping) for row in connection.execute(query.order_by(STANDINGS.c.asked_at).limit(limit))]
    for one in found:
        _note(connection, one.case_id, target, {"asked_at": now})
    return found
