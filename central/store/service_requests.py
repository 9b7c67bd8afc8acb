"""What citizens and hotlines reported over Open311: each request once, and the case that it is part of now.

A request with a place became a sighting: its case is wherever association has put that sighting. One without became a
case by hand. Names and telephone numbers never come here; what somebody typed is emptied by `forget_texts`.
"""

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    RowMapping,
    Select,
    String,
    Table,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from central.domain.georeport import MOST_REQUESTS, FollowedRequest, Openness, StoredRequest, Wanted
from central.domain.workflow import FINAL, CaseState
from central.store.cases import CASES, HISTORY, MEMBERS
from central.store.database import METADATA, UtcInstant
from contract.taxonomy import Violation

REQUESTS = Table(
    "service_requests",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("key_name", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("code", String(32), nullable=False),
    Column("requested_at", UtcInstant, nullable=False, index=True),
    Column("lat", Float),
    Column("lon", Float),
    Column("address", String(300), nullable=False),
    Column("description", String(1000), nullable=False),
    Column("media_url", String(1000), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("made_case", String(36)),
    Column("raised_case", String(36)),
)
Index("service_requests_by_digest", REQUESTS.c.digest, REQUESTS.c.requested_at)
_CASE_ID = func.coalesce(MEMBERS.c.case_id, REQUESTS.c.made_case)


def add(connection: Connection, request: StoredRequest) -> None:
    row: dict[str, object] = {name: getattr(request, name) for name in request.__slots__ if name != "request_id"}
    connection.execute(insert(REQUESTS).values(id=request.request_id, **row))


def same(connection: Connection, digest: str, since: datetime) -> str | None:
    """The newest request that says the same, if it came after `since`."""
    query = select(REQUESTS.c.id).where(REQUESTS.c.digest == digest, REQUESTS.c.requested_at >= since)
    found = connection.execute(query.order_by(REQUESTS.c.requested_at.desc()).limit(1)).scalar()
    return None if found is None else str(found)


def count_since(connection: Connection, key_name: str, since: datetime) -> int:
    query = select(func.count()).select_from(REQUESTS)
    query = query.where(REQUESTS.c.key_name == key_name, REQUESTS.c.requested_at > since)
    return int(connection.execute(query).scalar_one())


def listed(connection: Connection, wanted: Wanted) -> list[FollowedRequest]:
    """The newest first, `MOST_REQUESTS` at most."""
    query = _followed()
    if wanted.ids:
        query = query.where(REQUESTS.c.id.in_(wanted.ids))
    else:
        query = query.where(REQUESTS.c.requested_at >= wanted.start, REQUESTS.c.requested_at <= wanted.end)
        if wanted.kinds:
            query = query.where(REQUESTS.c.kind.in_(sorted(wanted.kinds)))
        if len(wanted.statuses) == 1:
            is_closed = func.coalesce(CASES.c.state, "").in_(sorted(FINAL))
            query = query.where(is_closed if Openness.CLOSED in wanted.statuses else ~is_closed)
    rows = connection.execute(query.order_by(REQUESTS.c.requested_at.desc(), REQUESTS.c.id).limit(MOST_REQUESTS))
    return [_to_followed(row._mapping) for row in rows]


def of_case(connection: Connection, case_id: str) -> list[FollowedRequest]:
    """What people reported that is this case now, oldest first."""
    rows = connection.execute(_followed().where(_CASE_ID.in_([case_id])).order_by(REQUESTS.c.requested_at))
    return [_to_followed(row._mapping) for row in rows]


def to_raise(connection: Connection, since: datetime, limit: int) -> list[FollowedRequest]:
    """Requests whose sighting lies in a case that nobody was asked about on their behalf yet."""
    is_new = or_(REQUESTS.c.raised_case.is_(None), REQUESTS.c.raised_case != MEMBERS.c.case_id)
    query = _followed().where(REQUESTS.c.requested_at > since, MEMBERS.c.case_id.is_not(None), is_new)
    return [_to_followed(row._mapping) for row in connection.execute(query.order_by(REQUESTS.c.id).limit(limit))]


def note_raised(connection: Connection, request_id: str, case_id: str) -> None:
    connection.execute(update(REQUESTS).where(REQUESTS.c.id == request_id).values(raised_case=case_id))


def forget_texts(connection: Connection, before: datetime) -> int:
    """Empties what people typed before `before`; the request, its place and its status stay."""
    typed = or_(REQUESTS.c.description != "", REQUESTS.c.media_url != "", REQUESTS.c.address != "")
    query = update(REQUESTS).where(REQUESTS.c.requested_at < before, typed)
    return connection.execute(query.values(description="", media_url="", address="")).rowcount


def _followed() -> Select[tuple[object, ...]]:
    newest = (
        select(func.max(HISTORY.c.at))
        .where(HISTORY.c.case_id == _CASE_ID, HISTORY.c.action.is_not(None))
        .correlate(MEMBERS, REQUESTS)
        .scalar_subquery()
    )
    is_its = and_(MEMBERS.c.incident_id == REQUESTS.c.id, MEMBERS.c.part == 1, MEMBERS.c.ended_at.is_(None))
    joined = REQUESTS.outerjoin(MEMBERS, is_its).outerjoin(CASES, CASES.c.id == _CASE_ID)
    columns = (
        *REQUESTS.c,
        CASES.c.id.label("case_id"),
        CASES.c.state.label("case_state"),
        CASES.c.department,
        newest.label("stepped_at"),
    )
    return select(*columns).select_from(joined)


def _to_followed(row: RowMapping) -> FollowedRequest:
    names = [name for name in StoredRequest.__slots__ if name not in {"request_id", "kind"}]
    request = StoredRequest(request_id=row["id"], kind=Violation(row["kind"]), **{name: row[name] for name in names})
    stepped = row["stepped_at"]
    return FollowedRequest(
        request=request,
        case_id=row["case_id"],
        state=CaseState(row["case_state"]) if row["case_state"] else None,
        department=row["department"],
        updated_at=max(request.requested_at, stepped) if stepped else request.requested_at,
    )
