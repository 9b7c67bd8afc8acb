"""From an event to what association knows of it."""

from central.domain.geometry import Covariance, Position
from central.domain.values import Revision
from contract.events import GroundPoint, IncidentEvent, IncidentState
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Origin


def to_revision(data: IncidentEvent, origin: Origin) -> Revision:
    """The event's facts in the site's frame."""
    return Revision(
        incident_id=IncidentId(data.incident_id),
        revision=data.revision,
        node_id=NodeId(data.node_id),
        camera_id=CameraId(data.camera_id),
        seen=data.seen,
        first_seen_at=data.first_seen_at,
        last_seen_at=data.last_seen_at,
        is_gone=data.state is IncidentState.CLOSED,
        position=_position(data.ground, origin),
        box=data.box,
        zones=data.zones,
        peak=data.confidence.peak,
        score=data.confidence.latest,
    )


def _position(ground: GroundPoint | None, origin: Origin) -> Position | None:
    if ground is None:
        return None
    return Position(origin.to_local(ground.lat, ground.lon), Covariance(ground.ee_m2, ground.en_m2, ground.nn_m2))
