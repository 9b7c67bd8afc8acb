"""What every event said of its incident, and what people said about which incidents are one thing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from central.domain.districts import REST, District
from central.domain.values import MemberId, Revision
from central.store.database import METADATA, ROW_ID, UtcInstant, insert_ignoring
from central.store.pipelining import UNAWAITED
from contract.ids import IncidentId

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("incident_id", String(36), nullable=False, index=True),
    Column("facts", Text, nullable=False),
)
BONDS = Table(
    "bonds",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("member_a", String(48), nullable=False, index=True),
    Column("member_b", String(48), nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("note", String(500), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("done_at", UtcInstant),
    Column("district", String(40), nullable=False, default="", server_default=""),
)
PROPOSALS = Table(
    "proposals",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_a", String(36), nullable=False),
    Column("case_b", String(36), nullable=False),
    Column("at", UtcInstant, nullable=False),
    UniqueConstraint("case_a", "case_b"),
)
_ANY_BOND = select(BONDS.c.id).limit(1)
BondKind = Literal["must", "cannot"]
_REVISION = TypeAdapter(Revision)
_ADD_REVISIONS = insert(REVISIONS).inline().execution_options(**UNAWAITED)
_REVISIONS_OF = (
    select(REVISIONS.c.incident_id, REVISIONS.c.facts)
    .where(REVISIONS.c.incident_id.in_(bindparam("incident_ids", expanding=True)))
    .order_by(REVISIONS.c.id)
)


@dataclass(frozen=True, slots=True)
class Bond:
    """A person's word that two sightings are one thing (``must``) or two (``cannot``); the newest word counts."""

    kind: BondKind
    members: frozenset[MemberId]


def add_revisions(connection: Connection, revisions: Iterable[Revision]) -> None:
    rows = [{"incident_id": own.incident_id, "facts": _REVISION.dump_json(own).decode()} for own in revisions]
    if rows:
        connection.execute(_ADD_REVISIONS, rows)


def revisions_of(connection: Connection, incident_ids: Iterable[IncidentId]) -> dict[IncidentId, list[Revision]]:
    """Everything that was said of each of the incidents, in the order it came."""
    found: dict[IncidentId, list[Revision]] = {incident_id: [] for incident_id in sorted(set(incident_ids))}
    if found:
        for row in connection.execute(_REVISIONS_OF, {"incident_ids": list(found)}):
            found[IncidentId(row.incident_id)].append(_REVISION.validate_json(row.facts))
    return found


@dataclass(frozen=True, slots=True)
class Word:
    """Who said something about sightings of `district`, why and when."""

    actor: str
    note: str
    at: datetime
    district: District = REST


def bind(connection: Connection, bonds: Iterable[Bond], word: Word) -> None:
    """Remembers what a person said; the district's associator takes it up with its next step."""
    for bond in bonds:
        a, b = sorted(bond.members)
        connection.execute(insert(BONDS).values(kind=bond.kind, member_a=a, member_b=b, **asdict(word)))


def has_bonds(connection: Connection) -> bool:
    """Whether people ever said anything about who belongs together."""
    return connection.execute(_ANY_BOND).first() is not None


def bonds_among(connection: Connection, members: Sequence[MemberId]) -> list[Bond]:
    """The newest word about every pair of `members` that has one."""
    wanted = sorted(set(members))
    query = select(BONDS).where(BONDS.c.member_a.in_(wanted), BONDS.c.member_b.in_(wanted)).order_by(BONDS.c.id)
    newest: dict[frozenset[MemberId], Bond] = {}
    for row in connection.execute(query):
        pair = frozenset((MemberId(row.member_a), MemberId(row.member_b)))
        newest[pair] = Bond(row.kind, pair)
    return list(newest.values())


def partners_of(connection: Connection, members: Iterable[MemberId]) -> set[MemberId]:
    """Whom people ever named together with one of `members`."""
    wanted = sorted(set(members))
    query = select(BONDS.c.member_a, BONDS.c.member_b).where(
        or_(BONDS.c.member_a.in_(wanted), BONDS.c.member_b.in_(wanted))
    )
    return {MemberId(name) for row in connection.execute(query) for name in (row.member_a, row.member_b)}


def take_new_bonds(
    connection: Connection, district: District, others: Iterable[District], at: datetime
) -> set[MemberId]:
    """The members of bonds that the district's associator has not acted on yet; they count as done from now on.

    The rest's also takes what names a district that is none of `others`: it is none any more.
    """
    mine = BONDS.c.district.not_in(sorted(others)) if district == REST else BONDS.c.district == district
    rows = list(connection.execute(select(BONDS).where(BONDS.c.done_at.is_(None), mine)))
    if rows:
        connection.execute(update(BONDS).where(BONDS.c.done_at.is_(None), mine).values(done_at=at))
    return {MemberId(member) for row in rows for member in (row.member_a, row.member_b)}


def propose(connection: Connection, a: str, b: str, at: datetime) -> bool:
    """Remembers that two cases may be one; False when that was known."""
    first, second = sorted((a, b))
    row = {"case_a": first, "case_b": second, "at": at}
    return connection.execute(insert_ignoring(connection, PROPOSALS).values(row)).rowcount == 1


def proposals_about(connection: Connection, case_id: str) -> list[str]:
    """The cases that the case may be one with."""
    query = select(PROPOSALS).where(or_(PROPOSALS.c.case_a == case_id, PROPOSALS.c.case_b == case_id))
    return [row.case_b if row.case_a == case_id else row.case_a for row in connection.execute(query)]
