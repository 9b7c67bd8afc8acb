"""What re-judging reads: which cases there are to be judged again, and what stood where."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from central.domain.judgement.scene import Neighbour
from central.domain.judgement.stretch import Stretch
from central.domain.workflow import FINAL
from central.store.cases import CASES, HISTORY, MEMBERS
from central.store.pipelining import in_pieces
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import KindGroup, Seen

EXPLAINING = (KindGroup.FIRE, KindGroup.TRADE)
"""Groups whose cases explain each other by where they stand."""


def open_cases(connection: Connection, stretch: Stretch) -> list[str]:
    """Ids of the cases that nobody has finished with, in order; cases that no camera brought have none to judge."""
    has_members = select(MEMBERS.c.id).where(MEMBERS.c.case_id == CASES.c.id, MEMBERS.c.ended_at.is_(None)).exists()
    query = select(CASES.c.id).where(*_meant(stretch), CASES.c.state.not_in(sorted(FINAL)), has_members)
    return [str(row.id) for row in connection.execute(query.order_by(CASES.c.id))]


def count_final(connection: Connection, stretch: Stretch) -> int:
    """How many cases of the stretch are over; they stay as they are."""
    query = select(func.count()).select_from(CASES).where(*_meant(stretch), CASES.c.state.in_(sorted(FINAL)))
    return int(connection.execute(query).scalar_one())


def standing(connection: Connection, stretch: Stretch) -> Iterator[Neighbour]:
    """Cases of fire and trade as others see them; enough of them to tell what stood beside what.

    Whoever lasted into the stretch is among them; what shows several things is there by its most telling one.
    """
    columns = CASES.c
    query = select(
        columns.id, columns.group, columns.seen, columns.first_seen_at, columns.last_seen_at, columns.gone_at,
        columns.east_m, columns.north_m,
    ).where(*_meant(Stretch(stretch.since)), columns.group.in_(EXPLAINING), columns.east_m.is_not(None))  # fmt: skip
    for row in connection.execute(query.execution_options(**in_pieces(connection, 5000))):
        yield Neighbour(
            CaseId(row.id),
            KindGroup(row.group),
            frozenset({Seen(row.seen)}),
            Point(row.east_m, row.north_m),
            row.first_seen_at,
            row.last_seen_at,
            row.gone_at is not None,
        )


def signage_cases(connection: Connection, stretch: Stretch) -> list[str]:
    """Ids of the cases of signs and boards, finished ones as well: they hang where they hang."""
    query = select(CASES.c.id).where(*_meant(Stretch(stretch.since)), CASES.c.group == KindGroup.SIGNAGE)
    return [str(row.id) for row in connection.execute(query)]


def newest_marks(connection: Connection, case_ids: Iterable[str]) -> dict[str, str]:
    """What the newest mark of a re-judgement says, for the cases that have one."""
    newest = (
        select(func.max(HISTORY.c.id))
        .where(HISTORY.c.case_id.in_(sorted(set(case_ids))), HISTORY.c.what == "rejudged")
        .group_by(HISTORY.c.case_id)
    )
    rows = connection.execute(select(HISTORY.c.case_id, HISTORY.c.facts).where(HISTORY.c.id.in_(newest)))
    return {row.case_id: row.facts for row in rows}


def pages(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`ids` in pieces."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _meant(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    """As conditions on the cases' table; cases that were merged away are never meant."""
    found: list[ColumnElement[bool]] = [CASES.c.merged_into.is_(None)]
    if stretch.since is not None:
        found.append(CASES.c.last_seen_at >= stretch.since)
    if stretch.until is not None:
        found.append(CASES.c.last_seen_at < stretch.until)
    return tuple(found)
