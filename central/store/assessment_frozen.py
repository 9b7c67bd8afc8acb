"""What stands still: figures frozen at a period's end, and camera hours by day (the fleet's history ends somewhere)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, Index, Integer, String, Table, Text, func, insert, or_, select

from central.domain.assessment.exposure import StandingChange
from central.store.database import METADATA, ROW_ID, UtcInstant, insert_ignoring
from central.store.fleet_history import CHANGES

FROZEN = Table(
    "assessment_frozen",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("axis", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("book_version", String(64), nullable=False),
    Column("taken_at", UtcInstant, nullable=False),
    Column("taken_by", String(64), nullable=False),
    Column("content", Text, nullable=False),
)
Index(
    "one_frozen_figure_sheet",
    FROZEN.c.first_day,
    FROZEN.c.last_day,
    FROZEN.c.axis,
    FROZEN.c.subject,
    unique=True,
)
CAMERA_DAYS = Table(
    "assessment_camera_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("camera_id", String(64), primary_key=True),
    Column("live_s", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Frozen:
    """One sheet: the figures of one subject (an area code, a person, …) for one period. `content` is JSON."""

    first_day: date
    last_day: date
    axis: str
    subject: str
    book_version: str
    taken_at: datetime
    taken_by: str
    content: str


def freeze(connection: Connection, sheets: Iterable[Frozen]) -> int:
    """Keeps the sheets; one that is there already stays as it is. Gives how many are new."""
    query, number = insert_ignoring(connection, FROZEN), 0
    for sheet in sheets:
        row = {name: getattr(sheet, name) for name in Frozen.__dataclass_fields__}
        number += connection.execute(query.values(row)).rowcount
    return number


def frozen(connection: Connection, first: date, last: date, axis: str, subject: str) -> Frozen | None:
    query = select(FROZEN).where(
        FROZEN.c.first_day == first, FROZEN.c.last_day == last, FROZEN.c.axis == axis, FROZEN.c.subject == subject
    )
    row = connection.execute(query).first()
    return None if row is None else Frozen(**{name: getattr(row, name) for name in Frozen.__dataclass_fields__})


def frozen_areas(connection: Connection, first: date, last: date, area: str, length: int) -> list[Frozen]:
    """The frozen sheets of all areas within `area` whose codes have that length."""
    query = select(FROZEN).where(FROZEN.c.first_day == first, FROZEN.c.last_day == last, FROZEN.c.axis == "area")
    query = query.where(func.substr(FROZEN.c.subject, 1, len(area)) == area, func.length(FROZEN.c.subject) == length)
    rows = connection.execute(query.order_by(FROZEN.c.subject))
    return [Frozen(**{name: getattr(row, name) for name in Frozen.__dataclass_fields__}) for row in rows]


def periods(connection: Connection) -> list[tuple[date, date, int]]:
    """Which periods are frozen, with how many sheets, the newest first."""
    query = (
        select(FROZEN.c.first_day, FROZEN.c.last_day, func.count().label("sheets"))
        .group_by(FROZEN.c.first_day, FROZEN.c.last_day)
        .order_by(FROZEN.c.last_day.desc(), FROZEN.c.first_day.desc())
    )
    return [(row.first_day, row.last_day, int(row.sheets)) for row in connection.execute(query)]


def standing_changes(connection: Connection, since: datetime | None, until: datetime) -> Sequence[StandingChange]:
    """How nodes and cameras stood at `since` (None: all that is still kept), and their changes before `until`."""
    query = select(CHANGES.c.at, CHANGES.c.node_id, CHANGES.c.camera_id, CHANGES.c.state).where(CHANGES.c.at < until)
    if since is not None:
        newest = select(func.max(CHANGES.c.id)).where(CHANGES.c.at < since)
        newest = newest.group_by(CHANGES.c.node_id, CHANGES.c.camera_id)
        query = query.where(or_(CHANGES.c.at >= since, CHANGES.c.id.in_(newest)))
    rows = connection.execute(query.order_by(CHANGES.c.at, CHANGES.c.id))
    return [StandingChange(row.at, row.node_id, row.camera_id, row.state) for row in rows]


def keep_camera_days(connection: Connection, live_s: Mapping[tuple[date, str], int]) -> None:
    """Writes what is new; a day that is written stays."""
    rows = [{"day": day, "camera_id": camera, "live_s": seconds} for (day, camera), seconds in sorted(live_s.items())]
    if rows:
        connection.execute(insert_ignoring(connection, CAMERA_DAYS), rows)


def camera_seconds(connection: Connection, first: date, last: date) -> dict[str, int]:
    """Camera → seconds live on the days from `first` to `last`."""
    query = (
        select(CAMERA_DAYS.c.camera_id, func.sum(CAMERA_DAYS.c.live_s).label("live_s"))
        .where(CAMERA_DAYS.c.day >= first, CAMERA_DAYS.c.day <= last)
        .group_by(CAMERA_DAYS.c.camera_id)
    )
    return {row.camera_id: int(row.live_s) for row in connection.execute(query)}


def watched_days(connection: Connection, first: date, last: date) -> set[date]:
    """The days from `first` to `last` on which some camera was live."""
    query = select(CAMERA_DAYS.c.day).where(CAMERA_DAYS.c.day.between(first, last), CAMERA_DAYS.c.live_s > 0).distinct()
    return set(connection.execute(query).scalars())


def first_days(connection: Connection) -> dict[str, date]:
    """Camera → the first day that anything is known of it."""
    query = select(CAMERA_DAYS.c.camera_id, func.min(CAMERA_DAYS.c.day).label("day")).group_by(CAMERA_DAYS.c.camera_id)
    return {row.camera_id: row.day for row in connection.execute(query)}


def add_camera_days(connection: Connection, rows: Iterable[tuple[date, str, int]]) -> None:
    """For measurements and the demo: as if they had been watched."""
    connection.execute(
        insert(CAMERA_DAYS), [{"day": day, "camera_id": camera, "live_s": live_s} for day, camera, live_s in rows]
    )
