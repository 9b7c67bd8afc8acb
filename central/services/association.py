"""Association: inbox rows become sightings, sightings become cases, cases are judged; one transaction a batch.

There is one associator a district (it holds the lease), so there is no race to lock against; the database's unique open
membership guards it anyway. The decisions are `central.domain`'s; here they are carried out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from central.domain.board import Board
from central.domain.law import Law
from central.domain.memory import NOTHING, Bar, PlaceMemory
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation
from central.services.judging import Judge
from central.services.noting import Taken, Taker
from central.services.parse import digest_of
from central.services.roll import Roll
from central.services.settling import Settler
from central.store import case_queries, changes, dead_letters, inbox, observations, progress, sightings
from central.store.database import Database
from contract.clock import Clock
from contract.errors import TransientError
from contract.events import Event
from contract.ids import CaseId
from contract.plane import Origin

BATCH = 200
"""Events a transaction. It holds the write lock for a few tenths of a second; intake waits for that long at most."""
ATTEMPTS = 3
REMEMBERED = timedelta(days=3)
"""How long sightings stay on the board; it must hold the longest gap (signs: two days). Older neighbours of a late
event are fetched from the database."""
TIDY_EVERY = timedelta(minutes=5)
LOG = structlog.get_logger("central.association")


@dataclass(frozen=True, slots=True)
class Bench:
    """What the associator decides by: rules of joining, law, local frame, and what cameras and places have taught."""

    rules: AssociationRules
    law: Law
    origin: Origin
    known: Registration = UNREGISTERED
    memory: PlaceMemory = NOTHING


@dataclass(slots=True)
class Desk:
    """The working set: what lies in the database of the last days, indexed. Dropped after a failed step."""

    board: Board
    roll: Roll
    taker: Taker
    settler: Settler
    judge: Judge
    tidied_at: datetime


class Association:
    """Runs on one thread. `on_change` is called after every commit that changed something."""

    def __init__(self, database: Database, bench: Bench, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database = database
        self._bench = bench
        self._clock = clock
        self._on_change = on_change
        self._limit = BATCH
        self._desk: Desk | None = None

    def step(self) -> int:
        """Takes a batch of waiting events, and what people said since; gives how much."""
        try:
            done = self._work()
        except BaseException:
            self._desk = None  # it may hold what was rolled back
            raise
        if done:
            self._on_change()
        else:
            self._limit = BATCH
        return done

    def recover(self, failures_in_a_row: int, error: Exception) -> None:
        """After a failed step: go on one by one, and set aside an event that has failed three times alone."""
        if isinstance(error, TransientError):
            return
        if self._limit == 1 and failures_in_a_row > ATTEMPTS:
            self._set_aside_first(f"{type(error).__name__}: {error}")
        self._limit = 1

    def _work(self) -> int:
        now = self._clock.now()
        with self._database.write() as connection:
            desk = self._ready(connection, now)
            waiting = inbox.waiting(connection, self._limit)
            told = [Event.model_validate_json(entry.payload).data for entry in waiting]
            bound = sightings.take_new_bonds(connection, now)
            if not waiting and not bound:
                return 0
            taken = desk.taker.take(connection, told, now - REMEMBERED) if told else Taken()
            progress.mark_taken(connection, (entry.row_id for entry in waiting), now)
            touched = desk.settler.drop(connection, taken.gone, now)
            touched |= self._settle(connection, desk, taken.seeds | bound, now)
            heard = {part.member_id for incident_id in taken.incidents for part in desk.board.parts(incident_id)}
            touched |= desk.roll.cases_of(heard | bound)
            self._judge(connection, desk, touched, now)
            changes.record(connection, "case", touched, now)
        return len(waiting) + len(bound)

    def _ready(self, connection: Connection, now: datetime) -> Desk:
        """The working set, read from the database at first; what is old leaves it now and then."""
        desk = self._desk
        if desk is None:
            bench, roll = self._bench, Roll()
            board = Board(bench.rules, bench.known)
            for parts in observations.seen_since(connection, now - REMEMBERED):
                board.put(parts)
            roll.read(connection, board.incidents())
            taker = Taker(bench.rules, bench.origin, board, roll)
            settler = Settler(bench.rules, bench.known, roll)
            bar = Bar(bench.rules.late, bench.memory)
            desk = self._desk = Desk(board, roll, taker, settler, Judge(board, roll, bench.law, bar), now)
        elif now - desk.tidied_at >= TIDY_EVERY:
            desk.roll.forget(desk.board.forget_before(now - REMEMBERED))
            desk.tidied_at = now
        return desk

    def _settle(self, connection: Connection, desk: Desk, seeds: Iterable[MemberId], now: datetime) -> set[CaseId]:
        """Re-considers everything that hangs together with `seeds`; gives the cases that changed."""
        said = connection if sightings.has_bonds(connection) else None
        found: list[list[Observation]] = []
        done: set[MemberId] = set()
        for seed in sorted(seeds):
            if seed not in done and seed in desk.board:
                found.append(self._together(said, desk, seed))
                done.update(sighting.member_id for sighting in found[-1])
        desk.settler.heeds_people = said is not None
        frozen = case_queries.frozen_among(connection, desk.roll.cases_of(done))
        touched: set[CaseId] = set()
        for together in found:
            touched |= desk.settler.settle(connection, together, frozen, now)
        return touched

    def _together(self, said: Connection | None, desk: Desk, seed: MemberId) -> list[Observation]:
        """What hangs together with `seed` by where and when, by being in one case, and by what people said.

        `said` is None when people never said anything.
        """
        limit = self._bench.rules.largest
        names: list[MemberId] = [seed]
        while True:
            found = desk.board.component(names, max(limit, len(names)))
            names = [sighting.member_id for sighting in found]
            others = desk.roll.companions(names)
            if said is not None:
                others |= sightings.partners_of(said, names)
            more = [other for other in sorted(others.difference(names)) if other in desk.board]
            if not more:
                return found
            names += more

    def _judge(self, connection: Connection, desk: Desk, touched: set[CaseId], now: datetime) -> None:
        touched |= desk.judge.explained_by(touched)
        desk.judge.review(connection, touched, now)

    def _set_aside_first(self, reason: str) -> None:
        """Moves the oldest waiting event, which failed again and again, to the dead letters; the others go on."""
        now = self._clock.now()
        with self._database.write() as connection:
            for entry in inbox.waiting(connection, 1):
                data = Event.model_validate_json(entry.payload).data
                inbox.mark_done(connection, entry.row_id, now, failure=reason[:500])
                refused = dead_letters.Refused(
                    received_at=now,
                    topic=f"inbox/{entry.row_id}",
                    reason=f"association failed: {reason}",
                    head=entry.payload,
                    size_bytes=len(entry.payload),
                    sha256=digest_of(entry.payload),
                    node_id=data.node_id,
                    place=None,
                )
                dead_letters.keep(connection, refused)
