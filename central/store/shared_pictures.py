"""Pictures that another central's notices announced and that are still to be fetched from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Index, Integer, String, Table, Update, select, update

from central.store.cases import MEMBERS
from central.store.database import METADATA, UtcInstant, insert_ignoring
from central.store.pictures import EVIDENCE
from contract.notices import NoticePicture

SHARED = Table(
    "shared_pictures",
    METADATA,
    Column("case_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("target", String(64), nullable=False),
    Column("picture", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcInstant),
    Column("problem", String(300), nullable=False, server_default=""),
)
"""`next_at` is empty once the picture lies here, or can't be had any more; `problem` then says why."""
Index("shared_pictures_due", SHARED.c.target, SHARED.c.next_at)


@dataclass(frozen=True, slots=True)
class Awaited:
    """One picture of one case that `target` has and we have not."""

    case_id: str
    target: str
    picture: NoticePicture
    attempts: int


def await_all(
    connection: Connection, case_id: str, target: str, pictures: Sequence[NoticePicture], now: datetime
) -> int:
    """Notes the pictures with a link that are not here yet; a newer link takes an older one's place. Gives how many."""
    linked = {picture.sha256: picture for picture in pictures if picture.url}
    members = select(MEMBERS.c.incident_id).where(MEMBERS.c.case_id == case_id)
    is_its = EVIDENCE.c.incident_id.in_(members) | (EVIDENCE.c.incident_id == case_id)
    here = (EVIDENCE.c.sha256.in_(sorted(linked)), EVIDENCE.c.stored_at.is_not(None), is_its)
    known = set(connection.execute(select(EVIDENCE.c.sha256).where(*here)).scalars())
    missing = [picture for sha256, picture in sorted(linked.items()) if sha256 not in known]
    for picture in missing:
        facts = {"picture": picture.model_dump(mode="json"), "next_at": now}
        key = {"case_id": case_id, "sha256": picture.sha256, "target": target}
        if not connection.execute(insert_ignoring(connection, SHARED), [key | facts]).rowcount:
            connection.execute(_of(case_id, picture.sha256).values(facts))
    return len(missing)


def due(connection: Connection, target: str, now: datetime, limit: int) -> list[Awaited]:
    """What is to be fetched now, the longest waiting first."""
    query = select(SHARED).where(SHARED.c.target == target, SHARED.c.next_at <= now)
    rows = connection.execute(query.order_by(SHARED.c.next_at, SHARED.c.sha256).limit(limit))
    return [Awaited(row.case_id, row.target, NoticePicture.model_validate(row.picture), row.attempts) for row in rows]


def put_off(connection: Connection, one: Awaited, until: datetime | None, problem: str) -> None:
    """It was not to be had; `until` None: it never will be."""
    values = {"attempts": one.attempts + 1, "next_at": until, "problem": problem[:300]}
    connection.execute(_of(one.case_id, one.picture.sha256).values(values))


def hang(connection: Connection, one: Awaited, seen: str, size_bytes: int, now: datetime) -> None:
    """The picture lies here: it hangs on the case itself, under the case's id in place of an incident's."""
    picture = one.picture
    box = {"x1": 0.0, "y1": 0.0, "x2": 1.0, "y2": 1.0} if picture.box is None else picture.box.model_dump()
    row: dict[str, object] = {"sha256": picture.sha256, "incident_id": one.case_id, "node_id": one.target}
    row |= {
        "camera_id": "shared",
        "seen": seen,
        "role": picture.role,
        "captured_at": picture.captured_at,
        "size_bytes": size_bytes,
    }
    row |= {"width_px": picture.width_px or 0, "height_px": picture.height_px or 0, "box": box}
    row |= {"redaction": f"by {one.target}"[:64], "stored_at": now}
    connection.execute(insert_ignoring(connection, EVIDENCE), [row])
    connection.execute(_of(one.case_id, picture.sha256).values(next_at=None, problem=""))


def _of(case_id: str, sha256: str) -> Update:
    return update(SHARED).where(SHARED.c.case_id == case_id, SHARED.c.sha256 == sha256)
