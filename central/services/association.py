"""Association: inbox rows become sightings, sightings become cases, cases are judged; one transaction a batch.

There is one associator a district (it holds the district's lease), so there is no race to lock against; the database's
unique open membership guards it anyway. The decisions are `central.domain`'s; here they are carried out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from central.domain.districts import District
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation
from central.services.noting import REMEMBERED, Taken
from central.services.outgoing import enqueue_all
from central.services.posts import ALONE, Post
from central.services.setting_aside import set_aside
from central.services.workingset import Bench, Desk, lay_out
from central.store import (
    camera_errors,
    case_queries,
    changes,
    inbox,
    leases,
    progress,
    sightings,
)
from central.store.database import Database
from central.store.inbox import WaitingEvent
from central.store.leases import Lease
from contract.clock import Clock
from contract.errors import TransientError
from contract.events import Event, IncidentEvent
from contract.ids import CaseId

BATCH = 200
"""Events a transaction. It holds the write lock for a few tenths of a second; intake waits for that long at most."""
ATTEMPTS = 3
AGAIN, AGAIN_BESIDE_OTHERS = 200, 40
"""Sightings re-considered a step after something was learnt about the cameras; fewer beside what comes in, which waits
for them."""
TIDY_EVERY = timedelta(minutes=5)
LOG = structlog.get_logger("central.association")


class Association:
    """One district's; runs on one thread. `on_change` is called after every commit that changed something."""

    def __init__(
        self,
        database: Database,
        bench: Bench,
        clock: Clock,
        on_change: Callable[[], None],
        post: Post = ALONE,
    ) -> None:
        self._post = post
        self._database = database
        self._bench = bench
        self._clock = clock
        self._on_change = on_change
        self._limit = BATCH
        self._desk: Desk | None = None
        self._lease: Lease | None = None

    @property
    def rules(self) -> AssociationRules:
        return self._bench.rules

    @property
    def district(self) -> District:
        return self._post.district

    @property
    def is_active(self) -> bool:
        """Whether this process held the lease when it last looked. Any thread."""
        return self._lease is not None

    def step(self) -> int:
        """Takes a batch of waiting events, and what people said since; gives how much.

        0 as long as another process holds the lease.
        """
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
        with self._database.write(lazily=True) as connection:
            if not self._may_act(connection, now):
                return 0
            desk = self._ready(connection, now)
            waiting = inbox.waiting(connection, self._limit, self.district)
            mine = self._mine(connection, waiting)
            desk.settler.heeds_people = sightings.has_bonds(connection)
            bound = self._new_bonds(connection, now) if desk.settler.heeds_people else set()
            again = desk.take_again(AGAIN_BESIDE_OTHERS if waiting else AGAIN)
            if not waiting and not bound and not again:
                return 0
            taken = desk.taker.take(connection, list(mine.values()), now) if mine else Taken()
            progress.mark_taken(connection, mine, now)
            changed = desk.settler.drop(connection, taken.gone, now)
            changed |= self._settle(connection, desk, taken.seeds | bound | again, now)
            heard = {part.member_id for incident_id in taken.incidents for part in desk.board.parts(incident_id)}
            touched = changed | desk.roll.cases_of(heard | bound)
            changed |= self._judge(connection, desk, touched, now)
            enqueue_all(connection, touched, now)
            changes.record_all(connection, {"case": changed, "seen": touched - changed}, now)
        return len(waiting) + len(bound) + len(again)

    def release(self) -> None:
        """Lets another process take over at once; for an orderly stop, when no step is under way."""
        if self._lease is not None:
            self._lease = None
            with self._database.write() as connection:
                leases.release(connection, self._post.lease, self._post.holder, self._clock.now())

    def _mine(self, connection: Connection, waiting: Sequence[WaitingEvent]) -> dict[int, IncidentEvent]:
        """What the events say, by row. Those of a camera that another district has by now are sent there."""
        districts = self._bench.districts
        told: dict[int, IncidentEvent] = {}
        astray: dict[District, list[int]] = defaultdict(list)
        for entry in waiting:
            data = Event.model_validate_json(entry.payload).data
            district = districts.of(data.node_id, data.camera_id)
            if district == self.district:
                told[entry.row_id] = data
            else:
                astray[district].append(entry.row_id)
        for district, row_ids in astray.items():
            inbox.send_to(connection, row_ids, district)
        return told

    def _new_bonds(self, connection: Connection, now: datetime) -> set[MemberId]:
        return sightings.take_new_bonds(connection, self.district, self._bench.districts.names[:-1], now)

    def _may_act(self, connection: Connection, now: datetime) -> bool:
        """Asked in every transaction: who lost the lease meanwhile knows a state of things that is over."""
        post = self._post
        lease = leases.hold(connection, post.lease, post.holder, now, post.lasts, post.patience)
        if (lease and lease.epoch) != (self._lease and self._lease.epoch):
            self._desk = None
            if lease is None or lease.epoch > 1:
                LOG.info("lease changed hands", lease=post.lease, holder=post.holder, epoch=lease and lease.epoch)
        self._lease = lease
        return lease is not None

    def _ready(self, connection: Connection, now: datetime) -> Desk:
        """The working set, read from the database at first; what is old leaves it now and then."""
        desk = self._desk
        if desk is not None and now - desk.tidied_at >= TIDY_EVERY:
            board = desk.board
            gone = board.forget_before(now - REMEMBERED)
            desk.roll.forget(gone, lambda member: board.sighting(member) is not None)
            desk.tidied_at = now
        learnt = camera_errors.newest_id(connection)
        if desk is None or desk.learnt != learnt:
            before = desk
            desk = self._desk = lay_out(connection, self._bench, self.district, learnt, now, before)
            if before is not None:
                desk.again = desk.board.members()
        if self._bench.laws is not None:
            desk.judge.law = self._bench.laws.current(connection)
        return desk

    def _settle(self, connection: Connection, desk: Desk, seeds: Iterable[MemberId], now: datetime) -> set[CaseId]:
        """Re-considers everything that hangs together with `seeds`; gives the cases that changed."""
        said = connection if desk.settler.heeds_people else None
        found: list[list[Observation]] = []
        done: set[MemberId] = set()
        for seed in sorted(seeds):
            if seed not in done and seed in desk.board:
                found.append(self._together(said, desk, seed))
                done.update(sighting.member_id for sighting in found[-1])
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
            if len(names) >= limit:
                return found
            others = desk.roll.companions(names)
            if said is not None:
                others |= sightings.partners_of(said, names)
            more = [other for other in sorted(others.difference(names)) if other in desk.board]
            if not more:
                return found
            names += more

    def _judge(self, connection: Connection, desk: Desk, touched: set[CaseId], now: datetime) -> set[CaseId]:
        touched |= desk.judge.explained_by(touched)
        return desk.judge.review(connection, touched, now)

    def _set_aside_first(self, reason: str) -> None:
        """Moves the oldest waiting event, which failed again and again, to the dead letters; the others go on."""
        now = self._clock.now()
        with self._database.write() as connection:
            for entry in inbox.waiting(connection, 1, self.district):
                set_aside(connection, entry, reason, now)
