"""A finding as its node would have told it: what it says when it opens, while it stays, and when it is gone."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.demo.lattice import Corner
from central.demo.pictures import picture_of
from central.demo.story import Finding
from contract.events import (
    ClockState,
    Confidence,
    Event,
    EvidenceRole,
    GroundPoint,
    IncidentEvent,
    IncidentState,
    ModelRef,
    wrap,
)
from contract.ids import NodeId, derived_entropy, uuid7
from contract.plane import Origin
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from contract.taxonomy import Seen
from contract.topics import Topics

MODEL = ModelRef(name="demonstration", version="1", sha256=hashlib.sha256(b"demonstration").hexdigest())
PRESENT_AFTER = timedelta(seconds=60)
"""What a node waits before it tells."""
UPDATES = (timedelta(minutes=3), timedelta(minutes=8), timedelta(minutes=16), timedelta(days=1), timedelta(days=2))
"""Later looks that are told; a node tells each minute, which would only make the demonstration slow. Boards hang for
days, and their law asks for one."""
ATTENDED = frozenset({Seen.STALL, Seen.CART, Seen.GRILL})
_SIGMA_M2 = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """As the broker would bring it."""

    topic: str
    payload: bytes


@dataclass
class Nodes:
    """The nodes' streams: each numbers what it tells."""

    seed: int
    origin: Origin
    topics: Topics
    born: datetime

    def __post_init__(self) -> None:
        self._seqs: dict[str, int] = {}

    def incident_of(self, number: int, finding: Finding) -> str:
        """The finding's id: the same for the same seed and day."""
        return uuid7(finding.start, derived_entropy("demo", str(self.seed), str(number), str(finding.start)))

    def moments(self, finding: Finding) -> Iterator[tuple[datetime, IncidentState]]:
        """When something is told of it."""
        opened = finding.start + PRESENT_AFTER
        yield opened, IncidentState.OPENED
        for later in UPDATES:
            if later < finding.stay:
                yield finding.start + later, IncidentState.UPDATED
        yield finding.start + max(finding.stay, 2 * PRESENT_AFTER), IncidentState.CLOSED

    def event(self, number: int, finding: Finding, at: datetime, revision: int, state: IncidentState) -> Message:
        """One revision."""
        node, shown = finding.corner.node_id, picture_of(finding.seen, number)
        roles = {1: EvidenceRole.CONFIRMATION, 2: EvidenceRole.LATEST}
        evidence = (shown.ref(roles[revision], at),) if revision in roles and state is not IncidentState.CLOSED else ()
        self._seqs[node] = seq = self._seqs.get(node, 0) + 1
        data = IncidentEvent(
            node_id=node,
            stream_id=uuid7(self.born, derived_entropy("demo-stream", str(self.seed), node)),
            seq=seq,
            boot_id=uuid7(self.born, derived_entropy("demo-boot", str(self.seed), node)),
            incident_id=self.incident_of(number, finding),
            revision=revision,
            state=state,
            seen=finding.seen,
            camera_id=finding.corner.camera_id,
            track_id=number + 1,
            first_seen_at=finding.start,
            last_seen_at=at,
            box=shown.box,
            ground=None if finding.place_id else self._ground(finding),
            place_id=finding.place_id,
            evidence=evidence,
            confidence=Confidence(latest=0.8, mean=0.7, peak=0.9, looks=10 * revision, positive_looks=9 * revision),
            model=MODEL,
            config_version="demonstration",
            clock_state=ClockState.SYNCHRONISED,
            attended_s=_attended_s(finding, at),
        )
        event: Event = wrap(data, uuid7(at, derived_entropy("demo-event", data.stream_id, str(seq))), at)
        return Message(self.topics.event_live(NodeId(node)), event.to_wire())

    def status(self, node: str, corners: list[Corner], at: datetime, away: frozenset[str]) -> NodeStatus:
        """A node's word about itself: the cameras in `away` deliver nothing."""
        cameras = tuple(
            CameraStatus(
                camera_id=corner.camera_id,
                state=CameraState.STALE if corner.camera_id in away else CameraState.LIVE,
                reason="no fresh frames" if corner.camera_id in away else "",
            )
            for corner in corners
        )
        return NodeStatus(
            node_id=node,
            boot_id=uuid7(self.born, derived_entropy("demo-boot", str(self.seed), node)),
            state=NodeState.ONLINE,
            at=at,
            software="demonstration",
            config_version="demonstration",
            clock_state=ClockState.SYNCHRONISED,
            model=MODEL,
            cameras=cameras,
        )

    def _ground(self, finding: Finding) -> GroundPoint:
        lat, lon = self.origin.to_degrees(finding.point)
        return GroundPoint(lat=lat, lon=lon, ee_m2=_SIGMA_M2, en_m2=0.0, nn_m2=_SIGMA_M2)


def _attended_s(finding: Finding, at: datetime) -> float | None:
    """Vendors and cooks stay; with what only looks like a stall there is nobody."""
    if finding.seen not in ATTENDED:
        return None
    return (min(at, finding.start + finding.stay) - finding.start).total_seconds() if finding.is_real else 0.0
