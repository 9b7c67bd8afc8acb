"""From an event to what association knows of it."""

from central.domain.geometry import Covariance, Position
from central.domain.values import Doubt, Revision
from contract.events import CameraCondition, ClockState, GroundPoint, IncidentEvent, IncidentState
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Origin

DOUBT_BY_CONDITION = {
    CameraCondition.MOVED: Doubt.CAMERA_MOVED,
    CameraCondition.FROZEN: Doubt.CAMERA_BLIND,
    CameraCondition.BLACK: Doubt.CAMERA_BLIND,
    CameraCondition.COVERED: Doubt.CAMERA_BLIND,
    CameraCondition.BLURRED: Doubt.CAMERA_DULL,
    CameraCondition.GLARE: Doubt.CAMERA_DULL,
    CameraCondition.FOG: Doubt.CAMERA_DULL,
}
UNSURE_CLOCK_S = 120.0
"""How far a clock that is not synchronised is taken to be wrong while nobody has measured it."""
MOST_SLACK_S = 3600.0
"""A clock that is wrong by more than this helps nobody by a wider gap: it would join the next vendor."""


def to_revision(data: IncidentEvent, origin: Origin) -> Revision:
    """The event's facts in the site's frame. A camera that was moved no longer knows where the ground is."""
    doubts = _doubts(data)
    return Revision(
        incident_id=IncidentId(data.incident_id),
        revision=data.revision,
        node_id=NodeId(data.node_id),
        camera_id=CameraId(data.camera_id),
        seen=data.seen,
        first_seen_at=data.first_seen_at,
        last_seen_at=data.last_seen_at,
        is_gone=data.state is IncidentState.CLOSED,
        position=None if Doubt.CAMERA_MOVED in doubts else _position(data.ground, origin),
        box=data.box,
        zones=data.zones,
        peak=data.confidence.peak,
        score=data.confidence.latest,
        doubts=doubts,
        clock_slack_s=_slack_s(data),
        place_id=_place_id(data),
        attended_s=data.attended_s,
    )


def _doubts(data: IncidentEvent) -> frozenset[Doubt]:
    condition = data.camera_condition and DOUBT_BY_CONDITION.get(data.camera_condition)
    clock = Doubt.CLOCK_UNSURE if data.clock_state is ClockState.UNSYNCHRONISED else None
    return frozenset(doubt for doubt in (condition, clock) if doubt)


def _place_id(data: IncidentEvent) -> str | None:
    """A turning camera names its places anew for every preset."""
    if data.place_id is None or data.preset is None:
        return data.place_id
    return f"{data.preset}/{data.place_id}"


def _slack_s(data: IncidentEvent) -> float:
    if data.clock_state is not ClockState.UNSYNCHRONISED:
        return 0.0
    if data.clock_offset_ms is None:
        return UNSURE_CLOCK_S
    return min(MOST_SLACK_S, UNSURE_CLOCK_S + abs(data.clock_offset_ms) / 1000)


def _position(ground: GroundPoint | None, origin: Origin) -> Position | None:
    if ground is None:
        return None
    return Position(origin.to_local(ground.lat, ground.lon), Covariance(ground.ee_m2, ground.en_m2, ground.nn_m2))
