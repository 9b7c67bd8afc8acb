"""Association: inbox rows, in order, become observations, cases and judgements; one transaction a batch.

There is one associator, so there is no race to lock against; the database's unique open membership guards it anyway.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from central.domain.associate import AssociationRules, decide, rehome
from central.domain.geometry import Covariance, Position
from central.domain.law import Law
from central.domain.values import Merge, New, Observation, Repeat, Stale
from central.domain.workflow import FIRST_STATE, Role
from central.services.judging import beside, review
from central.services.parse import digest_of
from central.services.records import LinkRecord, MembershipRecord, link_record
from central.store import case_queries, cases, changes, dead_letters, inbox, observations
from central.store.case_queries import Reach
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.clock import Clock
from contract.errors import TransientError
from contract.events import Event, GroundPoint, IncidentEvent, IncidentState
from contract.ids import CameraId, IncidentId, NodeId, derived_entropy, uuid7
from contract.plane import Origin
from contract.taxonomy import KindGroup

BATCH = 50
"""Events a transaction. It holds the write lock for about half a second; intake waits for that long at most."""
ATTEMPTS = 3
LOG = structlog.get_logger("central.association")


@dataclass(frozen=True, slots=True)
class Bench:
    """What the associator decides by: the rules of joining, the law, and the local frame."""

    rules: AssociationRules
    law: Law
    origin: Origin


class Association:
    """Runs on one thread. `on_change` is called after every commit that changed something."""

    def __init__(self, database: Database, bench: Bench, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database = database
        self._bench = bench
        self._clock = clock
        self._on_change = on_change
        self._limit = BATCH

    def step(self) -> int:
        """Takes a batch of waiting events; gives how many."""
        with self._database.write() as connection:
            waiting = inbox.waiting(connection, self._limit)
            touched: set[str] = set()
            for entry in waiting:
                event = Event.model_validate_json(entry.payload)
                touched |= self._take(connection, event.data)
                inbox.mark_done(connection, entry.row_id, self._clock.now())
            changes.record(connection, "case", touched, self._clock.now())
        if waiting:
            self._on_change()
        else:
            self._limit = BATCH
        return len(waiting)

    def recover(self, failures_in_a_row: int, error: Exception) -> None:
        """After a failed step: go on one by one, and set aside an event that has failed three times alone."""
        if isinstance(error, TransientError):
            return
        if self._limit == 1 and failures_in_a_row > ATTEMPTS:
            self._set_aside_first(f"{type(error).__name__}: {error}")
        self._limit = 1

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

    def _take(self, connection: Connection, data: IncidentEvent) -> set[str]:
        """One event: observe, decide, carry out, judge. Gives the cases that changed."""
        now = self._clock.now()
        observation = to_observation(data, self._bench.origin)
        observations.announce(connection, data)
        rules = self._bench.rules
        group = rules.groups[observation.group]
        reach = Reach(group.gap, group.reach_m, rules.partners_of(observation.camera_id))
        decision = decide(observation, case_queries.candidates(connection, observation, reach), rules)
        match decision:
            case Stale():
                return {decision.case_id}
            case Repeat():
                observations.upsert(connection, observation, data)
                touched = {str(decision.case_id)}
            case Merge():
                observations.upsert(connection, observation, data)
                touched = self._join(connection, observation, decision, now)
                touched |= self._settle(connection, observation, reach, now)
                touched |= self._explained_by(connection, observation, touched)
            case New():
                observations.upsert(connection, observation, data)
                touched = {self._open(connection, observation, now)}
                touched |= self._settle(connection, observation, reach, now)
                touched |= self._explained_by(connection, observation, touched)
        for case_id in sorted(touched):
            review(connection, case_id, self._bench.law, now)
        return touched

    def _open(self, connection: Connection, observation: Observation, now: datetime) -> str:
        case_id = uuid7(observation.first_seen_at, derived_entropy("case", observation.incident_id))
        position = observation.position
        cases.open_case(
            connection,
            Projection(
                case_id=case_id,
                group=observation.group,
                state=FIRST_STATE,
                kind=None,
                seen=observation.seen,
                severity=0,
                is_prominent=False,
                first_seen_at=observation.first_seen_at,
                last_seen_at=observation.last_seen_at,
                gone_at=None,
                east_m=position.point.east_m if position else None,
                north_m=position.point.north_m if position else None,
                zone_id=None,
                judgement="",
            ),
        )
        link = LinkRecord(basis="first", rule=f"first/{self._bench.rules.version}")
        cases.join(connection, case_id, observation.incident_id, now, link.model_dump_json())
        cases.append(connection, _note(case_id, observation, "opened", now, link))
        return case_id

    def _settle(self, connection: Connection, newcomer: Observation, reach: Reach, now: datetime) -> set[str]:
        """Vague things around a new anchor (smoke around a grill) move to it where it fits them better."""
        rules = self._bench.rules
        if not rules.of(newcomer.seen).is_anchor:
            return set()
        touched: set[str] = set()
        around = case_queries.candidates(connection, newcomer, reach)
        for member in [member for case in around for member in case.members if not rules.of(member.seen).is_anchor]:
            moved = rehome(member, around, rules)
            if moved is not None:
                touched |= self._join(connection, member, moved, now)
                around = case_queries.candidates(connection, newcomer, reach)
        return touched

    def _join(self, connection: Connection, observation: Observation, merge: Merge, now: datetime) -> set[str]:
        """Makes the incident a member of another case; a case that it leaves empty is kept as merged."""
        case_id = merge.case_id
        left = case_queries.cases_of(connection, [observation.incident_id])
        cases.leave(connection, observation.incident_id, now)
        record = link_record(merge.link)
        cases.join(connection, case_id, observation.incident_id, now, record.model_dump_json())
        cases.append(connection, _note(case_id, observation, "joined", now, record))
        for old in left:
            is_empty = not case_queries.snapshots(connection, [old])
            if is_empty:
                cases.merge_into(connection, old, case_id)
            cases.append(connection, _note(old, observation, "merged" if is_empty else "left", now))
        return {case_id} | left

    def _explained_by(self, connection: Connection, observation: Observation, touched: set[str]) -> set[str]:
        """Fire cases that this trader may explain (smoke beside a stall) are judged again."""
        if observation.group is not KindGroup.TRADE:
            return set()
        found = case_queries.snapshots(connection, touched)
        return {
            case_id for snapshot in found for case_id in beside(connection, KindGroup.FIRE, snapshot, self._bench.law)
        }


def to_observation(data: IncidentEvent, origin: Origin) -> Observation:
    """The event's facts in the site's frame."""
    return Observation(
        incident_id=IncidentId(data.incident_id),
        revision=data.revision,
        node_id=NodeId(data.node_id),
        camera_id=CameraId(data.camera_id),
        seen=data.seen,
        first_seen_at=data.first_seen_at,
        last_seen_at=data.last_seen_at,
        is_gone=data.state is IncidentState.CLOSED,
        position=_position(data.ground, origin),
        zones=data.zones,
        peak=data.confidence.peak,
    )


def _position(ground: GroundPoint | None, origin: Origin) -> Position | None:
    if ground is None:
        return None
    return Position(origin.to_local(ground.lat, ground.lon), Covariance(ground.ee_m2, ground.en_m2, ground.nn_m2))


def _note(
    case_id: str, observation: Observation, what: str, now: datetime, link: LinkRecord | None = None
) -> HistoryEntry:
    facts = MembershipRecord(
        incident_id=observation.incident_id,
        node_id=observation.node_id,
        camera_id=observation.camera_id,
        seen=observation.seen,
        link=link,
    )
    return HistoryEntry(
        case_id=case_id,
        at=now,
        what=what,
        role=Role.JUDGE,
        actor="associator",
        facts=facts.model_dump_json(),
        event_at=observation.last_seen_at,
    )
