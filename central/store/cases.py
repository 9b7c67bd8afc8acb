"""Cases, who belongs to them, and their append-only history. The case row is a projection of both.

`judgement`, `link` and `facts` are JSON texts that the services write and read; the store doesn't look inside.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.types import Boolean

from central.domain.workflow import Action, CaseState, Role
from central.domain.workflow_words import Source
from central.store.database import METADATA, ROW_ID, UtcInstant, insert_ignoring
from central.store.pipelining import UNAWAITED
from contract.taxonomy import KindGroup, Seen, Violation

CASES = Table(
    "cases",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("group", String(16), nullable=False),
    Column("state", String(32), nullable=False, index=True),
    Column("kind", String(32)),
    Column("seen", String(32), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("is_prominent", Boolean, nullable=False),
    Column("first_seen_at", UtcInstant, nullable=False),
    Column("last_seen_at", UtcInstant, nullable=False),
    Column("gone_at", UtcInstant),
    Column("east_m", Float),
    Column("north_m", Float),
    Column("zone_id", String(64)),
    Column("judgement", Text, nullable=False),
    Column("merged_into", String(36)),
    Column("frozen_at", UtcInstant),
    Column("frozen_why", String(64)),
    Column("source", String(16), nullable=False, server_default=Source.VIDEO_AI),
    Column("area_code", String(15)),
    Column("department", String(64)),
    Column("number", String(32)),
    Column("silence_id", Integer),
    Column("address", String(300), nullable=False, server_default=""),
    Column("description", String(1000), nullable=False, server_default=""),
)
_PROJECT = update(CASES).where(CASES.c.id == bindparam("case_id")).execution_options(**UNAWAITED)
Index("cases_in_time", CASES.c.group, CASES.c.last_seen_at)
Index("cases_by_number", CASES.c.number, unique=True)
Index("cases_by_area", CASES.c.area_code)
Index(
    "cases_merged",
    CASES.c.merged_into,
    sqlite_where=CASES.c.merged_into.is_not(None),
    postgresql_where=CASES.c.merged_into.is_not(None),
)
Index(
    "cases_listed",
    CASES.c.is_prominent,
    CASES.c.severity,
    CASES.c.id,
    CASES.c.state,
    CASES.c.kind,
    CASES.c.silence_id,
    CASES.c.area_code,
    sqlite_where=CASES.c.merged_into.is_(None),
    postgresql_where=CASES.c.merged_into.is_(None),
)
"""All that a filter of the live list asks for: ten thousand open cases are counted and ordered without their rows."""

NUMBERS = Table(
    "case_numbers",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("last", Integer, nullable=False),
)
"""How many cases were numbered on each local day."""

MEMBERS = Table(
    "case_members",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), ForeignKey(CASES.c.id), nullable=False, index=True),
    Column("incident_id", String(36), nullable=False),
    Column("part", Integer, nullable=False, server_default="1"),
    Column("started_at", UtcInstant, nullable=False),
    Column("ended_at", UtcInstant),
    Column("link", Text, nullable=False),
)
Index(
    "one_open_case_per_sighting",
    MEMBERS.c.incident_id,
    MEMBERS.c.part,
    unique=True,
    sqlite_where=MEMBERS.c.ended_at.is_(None),
    postgresql_where=MEMBERS.c.ended_at.is_(None),
)

HISTORY = Table(
    "case_history",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), ForeignKey(CASES.c.id), nullable=False, index=True),
    Column("at", UtcInstant, nullable=False),
    Column("event_at", UtcInstant),
    Column("what", String(16), nullable=False),
    Column("action", String(16)),
    Column("role", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("from_state", String(32)),
    Column("to_state", String(32)),
    Column("facts", Text, nullable=False),
    sqlite_autoincrement=True,
)
_OPEN, _JOIN, _APPEND = (insert(table).inline().execution_options(**UNAWAITED) for table in (CASES, MEMBERS, HISTORY))
_ITS_MEMBERSHIP = (
    (MEMBERS.c.incident_id == bindparam("of_incident"))
    & (MEMBERS.c.part == bindparam("of_part"))
    & MEMBERS.c.ended_at.is_(None)
)
_RELINK, _LEAVE = (
    update(MEMBERS).where(_ITS_MEMBERSHIP).values({column: bindparam("new")}).execution_options(**UNAWAITED)
    for column in (MEMBERS.c.link, MEMBERS.c.ended_at)
)


@dataclass(frozen=True, slots=True)
class Projection:
    """The case row: what lists show. `east_m`/`north_m` in the site's frame.

    `number` is what people call it by, once it was reported; `silence_id` the silence that kept it from people.
    """

    case_id: str
    group: KindGroup
    state: CaseState
    kind: Violation | None
    seen: Seen
    severity: int
    is_prominent: bool
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    east_m: float | None
    north_m: float | None
    zone_id: str | None
    judgement: str
    merged_into: str | None = None
    source: Source = Source.VIDEO_AI
    area_code: str | None = None
    department: str | None = None
    number: str | None = None
    silence_id: int | None = None
    address: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step in a case's life. `at` is when it was written, `event_at` the capture time that caused it."""

    case_id: str
    at: datetime
    what: str
    role: Role
    actor: str
    facts: str = "{}"
    event_at: datetime | None = None
    action: Action | None = None
    from_state: CaseState | None = None
    to_state: CaseState | None = None


def open_case(connection: Connection, *projections: Projection) -> None:
    if projections:
        connection.execute(_OPEN, [_columns(projection) for projection in projections])


def claim(connection: Connection, projection: Projection) -> bool:
    """Opens the case unless there is one of that id; whether it did."""
    return connection.execute(insert_ignoring(connection, CASES), _columns(projection)).rowcount == 1


def project(connection: Connection, *projections: Projection) -> None:
    """Writes the case rows anew."""
    if projections:
        connection.execute(_PROJECT, [{"case_id": case.case_id, **_columns(case)} for case in projections])


def merge_into(connection: Connection, case_id: str, other_id: str) -> None:
    """Says that the case turned out to be `other_id`; its id and history stay."""
    connection.execute(update(CASES).where(CASES.c.id == case_id).values(merged_into=other_id))


def freeze(connection: Connection, case_id: str, why: str, at: datetime) -> None:
    """Says that the case may lose nobody any more: ``platform`` has received it, say. The first reason stays."""
    query = update(CASES).where(CASES.c.id == case_id, CASES.c.frozen_at.is_(None))
    connection.execute(query.values(frozen_at=at, frozen_why=why))


def thaw(connection: Connection, case_id: str) -> None:
    """Takes the freeze back. A case that a person has reviewed stays frozen by its state."""
    connection.execute(update(CASES).where(CASES.c.id == case_id).values(frozen_at=None, frozen_why=None))


def revive(connection: Connection, case_id: str) -> None:
    """Says that the case is a case of its own again."""
    connection.execute(update(CASES).where(CASES.c.id == case_id).values(merged_into=None))


def next_number(connection: Connection, day: date) -> str:
    """A number for people: the local day and a count, such as ``20261123-00007``."""
    before = connection.execute(select(NUMBERS.c.last).where(NUMBERS.c.day == day.isoformat())).scalar()
    if before is None:
        connection.execute(insert(NUMBERS).values(day=day.isoformat(), last=1))
    else:
        connection.execute(update(NUMBERS).where(NUMBERS.c.day == day.isoformat()).values(last=before + 1))
    return f"{day:%Y%m%d}-{(before or 0) + 1:05d}"


def join(connection: Connection, case_id: str, incident_id: str, at: datetime, link: str, part: int = 1) -> None:
    """Makes the incident, or one part of it, a member.

    Raises:
        sqlalchemy.exc.IntegrityError: it is an open member of some case already.
    """
    row = {"case_id": case_id, "incident_id": incident_id, "part": part, "started_at": at, "link": link}
    connection.execute(_JOIN, row)


def relink(connection: Connection, incident_id: str, part: int, link: str) -> None:
    """Explains the open membership anew."""
    connection.execute(_RELINK, {"of_incident": incident_id, "of_part": part, "new": link})


def leave(connection: Connection, incident_id: str, at: datetime, part: int = 1) -> None:
    """Ends the open membership of the incident's part, if it has one."""
    connection.execute(_LEAVE, {"of_incident": incident_id, "of_part": part, "new": at})


def append(connection: Connection, *entries: HistoryEntry) -> None:
    """Adds `entries`; nothing ever changes or removes one."""
    if entries:
        connection.execute(_APPEND, [_entry_columns(entry) for entry in entries])


def _entry_columns(entry: HistoryEntry) -> dict[str, object]:
    return {
        "case_id": entry.case_id,
        "at": entry.at,
        "event_at": entry.event_at,
        "what": entry.what,
        "action": entry.action,
        "role": entry.role,
        "actor": entry.actor,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "facts": entry.facts,
    }


def _columns(projection: Projection) -> dict[str, object]:
    return {
        "id": projection.case_id,
        "group": projection.group,
        "state": projection.state,
        "kind": projection.kind,
        "seen": projection.seen,
        "severity": projection.severity,
        "is_prominent": projection.is_prominent,
        "first_seen_at": projection.first_seen_at,
        "last_seen_at": projection.last_seen_at,
        "gone_at": projection.gone_at,
        "east_m": projection.east_m,
        "north_m": projection.north_m,
        "zone_id": projection.zone_id,
        "judgement": projection.judgement,
        "merged_into": projection.merged_into,
        "source": projection.source,
        "area_code": projection.area_code,
        "department": projection.department,
        "number": projection.number,
        "silence_id": projection.silence_id,
        "address": projection.address,
        "description": projection.description,
    }
