"""Counted items as rows, and their daily sums: what every figure is reckoned from.

Items are derived anew for each case that changed. `DAYS` holds, for the whole, cities, districts and streets, how many
items of a moment carry which marks on a day: a district's year is read in milliseconds, finer things from the items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from central.domain.assessment.items import Item, Mark, Moment
from central.store.database import METADATA, ROW_ID, UtcInstant

ITEMS = Table(
    "assessment_items",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("moment", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("marks", Integer, nullable=False),
    Column("due_at", UtcInstant),
    Column("took_s", Integer),
    Column("kind", String(32), nullable=False),
    Column("source", String(16), nullable=False),
    Column("area_code", String(15), nullable=False),
    Column("department", String(64), nullable=False),
    Column("post", String(32), nullable=False),
    Column("person", String(64), nullable=False),
    Column("camera_id", String(64), nullable=False),
    Column("changed_at", UtcInstant, nullable=False),
)
Index("assessment_items_by_area", ITEMS.c.area_code, ITEMS.c.day)
Index("assessment_items_by_person", ITEMS.c.person, ITEMS.c.day)
Index("assessment_items_by_day", ITEMS.c.moment, ITEMS.c.day)
DAYS = Table(
    "assessment_days",
    METADATA,
    Column("area", String(9), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("moment", String(16), primary_key=True),
    Column("marks", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("took_s", BigInteger, nullable=False),
)
PROGRESS = Table(
    "assessment_progress",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("history_id", BigInteger, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("cameras_until", Date),
)
SUMMED = (0, 4, 6, 9)
"""Lengths of area codes that have daily sums: everything, city, district, street."""
_AT_A_TIME = 2000
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far items are derived: up to which row of the history, and camera hours up to which day."""

    history_id: int = 0
    timezone: str = ""
    cameras_until: date | None = None


def progress(connection: Connection) -> Progress:
    row = connection.execute(select(PROGRESS)).first()
    return Progress() if row is None else Progress(int(row.history_id), row.timezone, row.cameras_until)


def keep_progress(connection: Connection, reached: Progress) -> None:
    values = {"history_id": reached.history_id, "timezone": reached.timezone, "cameras_until": reached.cameras_until}
    if connection.execute(update(PROGRESS).values(values)).rowcount == 0:
        connection.execute(insert(PROGRESS).values(id=1, **values))


def clear(connection: Connection) -> None:
    """Forgets all items and sums, for deriving them anew; frozen figures and camera hours stay."""
    for table in (ITEMS, DAYS):
        connection.execute(delete(table))


def replace(
    connection: Connection, items_by_case: Mapping[str, Sequence[Item]], at: datetime, *, with_sums: bool = True
) -> int:
    """Puts the items of each of these cases in place of those it had, and keeps the sums right unless told not to.

    Unchanged items keep their rows. Gives how many rows were written or removed.
    """
    known = _known(connection, sorted(items_by_case))
    gone: list[int] = []
    new: list[Item] = []
    touched: list[tuple[Item, int]] = []
    for case_id, wanted in items_by_case.items():
        left = list(wanted)
        for row_id, item in known.get(case_id, ()):
            if item in left:
                left.remove(item)
            else:
                gone.append(row_id)
                touched.append((item, -1))
        new += left
        touched += [(item, 1) for item in left]
    for part in in_parts(gone):
        connection.execute(delete(ITEMS).where(ITEMS.c.id.in_(part)))
    if new:
        connection.execute(insert(ITEMS), [_columns(item) | {"changed_at": at} for item in new])
    if with_sums:
        _add_sums(connection, touched)
    return len(gone) + len(new)


def sum_up(connection: Connection) -> None:
    """Makes all daily sums anew from the items, in the database."""
    connection.execute(delete(DAYS))
    for length in SUMMED:
        area = func.substr(ITEMS.c.area_code, 1, length) if length else literal("")
        key = (area, ITEMS.c.day, ITEMS.c.moment, ITEMS.c.marks)
        sums = (func.count(), func.coalesce(func.sum(ITEMS.c.took_s), 0))
        query = select(*key, *sums).where(func.length(ITEMS.c.area_code) >= length)
        query = query.group_by(*(key if length else key[1:]))
        connection.execute(insert(DAYS).from_select(["area", "day", "moment", "marks", "number", "took_s"], query))


def in_parts(things: Sequence[Thing]) -> list[Sequence[Thing]]:
    """As many as one statement may name."""
    return [things[start : start + _AT_A_TIME] for start in range(0, len(things), _AT_A_TIME)]


def _known(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[tuple[int, Item]]]:
    found: dict[str, list[tuple[int, Item]]] = {}
    for part in in_parts(case_ids):
        for row in connection.execute(select(ITEMS).where(ITEMS.c.case_id.in_(part))):
            found.setdefault(row.case_id, []).append((int(row.id), _item(row)))
    return found


def _add_sums(connection: Connection, touched: Sequence[tuple[Item, int]]) -> None:
    """Adds to the daily sums what came and takes off what went."""
    changes: dict[tuple[str, date, str, int], tuple[int, int]] = {}
    for item, sign in touched:
        for length in SUMMED:
            if len(item.area_code) >= length:
                key = (item.area_code[:length], item.day, item.moment.value, int(item.marks))
                number, took_s = changes.get(key, (0, 0))
                changes[key] = number + sign, took_s + sign * (item.took_s or 0)
    rows = [
        dict(zip(("area", "day", "moment", "marks"), key, strict=True)) | {"number": more[0], "took_s": more[1]}
        for key, more in sorted(changes.items())
        if more != (0, 0)
    ]
    for part in in_parts(rows):
        connection.execute(_ADD[connection.dialect.name], part)


def _adding(insert_here: Any) -> Any:
    statement = insert_here(DAYS)
    more = {name: DAYS.c[name] + statement.excluded[name] for name in ("number", "took_s")}
    return statement.on_conflict_do_update(index_elements=["area", "day", "moment", "marks"], set_=more)


_ADD = {"postgresql": _adding(postgresql.insert), "sqlite": _adding(sqlite.insert)}


def _columns(item: Item) -> dict[str, object]:
    return {name: getattr(item, name) for name in Item.__dataclass_fields__} | {
        "moment": item.moment.value,
        "marks": int(item.marks),
    }


def _item(row: Row[Any]) -> Item:
    facts = {name: getattr(row, name) for name in Item.__dataclass_fields__}
    return Item(**facts | {"moment": Moment(row.moment), "marks": Mark(row.marks)})
