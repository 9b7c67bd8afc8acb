"""Association: inbox rows become sightings, sightings become cases, cases are judged; one transaction a batch.

There is one associator, so there is no race to lock against; the database's unique open membership guards it anyway.
The decisions are `central.domain`'s; here they are carried out.
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
from central.domain.sightings import observations_of
from central.domain.values import MemberId, Observation
from central.services.judging import beside, review
from central.services.observing import to_revision
from central.services.parse import digest_of
from central.services.settling import Settler
from central.store import case_queries, changes, dead_letters, inbox, observations, sightings
from central.store.database import Database
from contract.clock import Clock
from contract.errors import TransientError
from contract.events import Event, IncidentEvent
from contract.plane import Origin
from contract.taxonomy import KindGroup

BATCH = 50
"""Events a transaction. It holds the write lock for about half a second; intake waits for that long at most."""
ATTEMPTS = 3
REMEMBERED = timedelta(days=3)
"""How long sightings stay on the board; it must hold the longest gap (signs: two days). Older neighbours of a late
event are fetched from the database."""
LOG = structlog.get_logger("central.association")


@dataclass(frozen=True, slots=True)
class Bench:
    """What the associator decides by: rules of joining, law, local frame, and what cameras and places have taught."""

    rules: AssociationRules
    law: Law
    origin: Origin
    known: Registration = UNREGISTERED
    memory: PlaceMemory = NOTHING


class Association:
    """Runs on one thread. `on_change` is called after every commit that changed something."""

    def __init__(self, database: Database, bench: Bench, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database = database
        self._bench = bench
        self._clock = clock
        self._on_change = on_change
        self._limit = BATCH
        self._board: Board | None = None
        self._settler = Settler(bench.rules, bench.known)

    def step(self) -> int:
        """Takes a batch of waiting events, and what people said since; gives how much."""
        try:
            done = self._work()
        except BaseException:
            self._board = None  # it may hold what was rolled back
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
            waiting = inbox.waiting(connection, self._limit)
            events = [Event.model_validate_json(entry.payload) for entry in waiting]
            told: set[MemberId] = set()
            for entry, event in zip(waiting, events, strict=True):
                told |= self._take(connection, event.data)
                inbox.mark_done(connection, entry.row_id, now)
            bound = sightings.take_new_bonds(connection, now)
            touched = self._settle(connection, told | bound, now)
            told_of = {event.data.incident_id for event in events} | _incidents(bound)
            touched |= case_queries.cases_of(connection, told_of)
            self._judge(connection, touched, now)
            changes.record(connection, "case", touched, now)
        return len(waiting) + len(bound)

    def _take(self, connection: Connection, data: IncidentEvent) -> set[MemberId]:
        """One event onto the board and into the database. Gives the sightings to re-consider because of it."""
        revision = to_revision(data, self._bench.origin)
        observations.announce(connection, data)
        sightings.add_revision(connection, revision)
        board = self._loaded(connection)
        parts = observations_of(sightings.revisions_of(connection, revision.incident_id), self._bench.rules)
        self._fetch_neighbours(connection, board, parts)
        left = {beside for part in board.parts(revision.incident_id) for beside in board.beside(part.member_id)}
        before = board.put(parts)
        observations.replace_parts(connection, parts)
        gone = {part.member_id for part in before} - {part.member_id for part in parts}
        self._settler.drop(connection, revision.incident_id, gone, self._clock.now())
        return {*left, *(part.member_id for part in parts)}

    def _loaded(self, connection: Connection) -> Board:
        oldest = self._clock.now() - REMEMBERED
        if self._board is None:
            self._board = Board(self._bench.rules, self._bench.known)
            for parts in observations.seen_since(connection, oldest):
                self._board.put(parts)
        return self._board

    def _fetch_neighbours(self, connection: Connection, board: Board, parts: tuple[Observation, ...]) -> None:
        """Puts onto the board what was there when something long past was."""
        if parts[0].first_seen_at >= self._clock.now() - REMEMBERED:
            return
        gap = self._bench.rules.groups[parts[0].group].gap
        span = (parts[0].first_seen_at - gap, parts[-1].last_seen_at + gap)
        for known in observations.seen_between(connection, parts[0].group, *span):
            if not board.parts(known[0].incident_id):
                board.put(known)

    def _settle(self, connection: Connection, seeds: Iterable[MemberId], now: datetime) -> set[str]:
        """Re-considers everything that hangs together with `seeds`; gives the cases that changed."""
        board = self._loaded(connection)
        touched: set[str] = set()
        done: set[MemberId] = set()
        for seed in sorted(seeds):
            if seed in done or seed not in board:
                continue
            together = self._together(connection, board, seed)
            done.update(sighting.member_id for sighting in together)
            touched |= self._settler.settle(connection, together, now)
        board.forget_before(now - REMEMBERED)
        return touched

    def _together(self, connection: Connection, board: Board, seed: MemberId) -> list[Observation]:
        """What hangs together with `seed` by where and when, and by what people said."""
        found = board.component([seed], self._bench.rules.largest)
        while True:
            names = [sighting.member_id for sighting in found]
            named = sightings.partners_of(connection, names)
            more = [partner for partner in sorted(named.difference(names)) if partner in board]
            if not more:
                return found
            found = board.component([*names, *more], self._bench.rules.largest + len(more))

    def _judge(self, connection: Connection, touched: set[str], now: datetime) -> None:
        found = case_queries.snapshots(connection, touched)
        for snapshot in found:
            if snapshot.group is KindGroup.TRADE:  # smoke beside a stall is judged by it
                touched |= set(beside(connection, KindGroup.FIRE, snapshot, self._bench.law))
        bar = Bar(self._bench.rules.late, self._bench.memory)
        for case_id in sorted(touched):
            review(connection, case_id, self._bench.law, now, bar)

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


def _incidents(members: Iterable[MemberId]) -> set[str]:
    return {member.partition("#")[0] for member in members}
