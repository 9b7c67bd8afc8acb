"""Where storms are found among the cases, and which cases are in one. Both databases do the counting themselves."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, extract, func, literal, not_, select

from central.domain.storms import MOST, WAITING, WITHIN_S, Storm, joined
from central.domain.workflow import CaseState
from central.store.cases import CASES, MEMBERS
from central.store.observations import OBSERVATIONS

_what = func.coalesce(CASES.c.kind, CASES.c.seen)
_place = func.coalesce(CASES.c.area_code, CASES.c.zone_id, "")
_SEEN_ALONE = (
    select(func.min(OBSERVATIONS.c.camera_id))
    .join(MEMBERS, OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id)
    .where(MEMBERS.c.case_id == CASES.c.id, MEMBERS.c.ended_at.is_(None))
    .correlate(CASES)
    .scalar_subquery()
)
_NOWHERE = literal("", String)
_camera = case((_place == "", func.coalesce(_SEEN_ALONE, "")), else_=_NOWHERE)


def all_of_them(connection: Connection) -> list[Storm]:
    """Every storm among the cases that lists show."""
    at_s = extract("epoch", CASES.c.first_seen_at)
    waiting = (
        select(_what.label("what"), _place.label("place"), _camera.label("camera"), at_s.label("at_s"))
        .where(
            CASES.c.merged_into.is_(None),
            CASES.c.is_prominent.is_(True),
            CASES.c.state.in_(sorted(WAITING)),
            not_(and_(CASES.c.silence_id.is_not(None), CASES.c.state == CaseState.OBSERVING)),
        )
        .subquery()
    )
    alike = (waiting.c.what, waiting.c.place, waiting.c.camera)
    before = func.lag(waiting.c.at_s, MOST).over(partition_by=alike, order_by=waiting.c.at_s)
    told = select(*alike, waiting.c.at_s, before.label("before_s")).subquery()
    dense: Select[Any] = select(told).where(told.c.at_s - told.c.before_s <= WITHIN_S)
    return joined(
        Storm(row.what, row.place, row.camera, int(row.before_s), int(row.at_s)) for row in connection.execute(dense)
    )


def is_in(storm: Storm) -> ColumnElement[bool]:
    """Whether the case of the row is one of the storm's."""
    conditions = [
        CASES.c.state.in_(sorted(WAITING)),
        _what == storm.what,
        _place == storm.place,
        CASES.c.first_seen_at >= datetime.fromtimestamp(storm.since_s, UTC),
        CASES.c.first_seen_at < datetime.fromtimestamp(storm.until_s + 1, UTC),
    ]
    return and_(*conditions, *([] if storm.place else [_camera == storm.camera]))
