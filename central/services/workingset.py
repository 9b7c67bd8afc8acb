"""The associator's working set: what lies in the database of the last days, indexed; and what it decides by."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from central.domain.board import Board
from central.domain.districts import REST, District, Districts
from central.domain.law import Law
from central.domain.memory import NOTHING, Bar, PlaceMemory
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.values import MemberId
from central.services.judging import Judge
from central.services.lawbook import LawBook
from central.services.noting import REMEMBERED, Taker
from central.services.roll import Roll
from central.services.settling import Settler
from central.store import camera_errors, inbox, observations
from contract.plane import Origin


@dataclass(frozen=True, slots=True)
class Bench:
    """What the associator decides by: rules of joining, law, local frame, and what cameras and places have taught."""

    rules: AssociationRules
    law: Law
    origin: Origin
    known: Registration = UNREGISTERED
    memory: PlaceMemory = NOTHING
    laws: LawBook | None = None
    """The law with the registers as they stand; without it `law` holds for ever."""

    @property
    def districts(self) -> Districts:
        return self.rules.districts


@dataclass(slots=True)
class Desk:
    """The working set of one district. Dropped after a failed step."""

    board: Board
    roll: Roll
    taker: Taker
    settler: Settler
    judge: Judge
    tidied_at: datetime
    learnt: int
    """The run that taught where the cameras err; 0 before the first."""
    again: list[MemberId] = field(default_factory=list)
    """Still to be considered anew, because something was learnt."""

    def take_again(self, most: int) -> set[MemberId]:
        """Some of what is still to be considered anew."""
        taken, self.again = self.again[:most], self.again[most:]
        return set(taken)


def lay_out(
    connection: Connection, bench: Bench, district: District, learnt: int, now: datetime, before: Desk | None
) -> Desk:
    """From the database, or from the working set before, of which only what is known of the cameras is old."""
    roll = before.roll if before else Roll()
    newest = camera_errors.newest(connection) if learnt else None
    known = newest.known if newest else bench.known
    board = Board(bench.rules, known)
    if before is not None:
        for incident_id in before.board.incidents():
            board.put(before.board.parts(incident_id))
    else:
        _read_in(connection, bench, district, board, roll, now)
    bar = Bar(bench.rules.late, bench.memory)
    alarms = newest.alarms if newest else ()
    return Desk(
        board,
        roll,
        Taker(bench.rules, bench.origin, board, roll, district),
        Settler(bench.rules, known, roll),
        Judge(board, roll, bench.law, bar, alarms),
        now,
        learnt,
    )


def _read_in(connection: Connection, bench: Bench, district: District, board: Board, roll: Roll, now: datetime) -> None:
    for parts in observations.seen_since(connection, now - REMEMBERED):
        if board.district_of(parts[0]) == district:
            board.put(parts)
    if district == REST:
        inbox.adopt(connection, bench.districts.names)
    roll.read(connection, board.incidents())
