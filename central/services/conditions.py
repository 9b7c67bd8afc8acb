"""What a camera's node last said of its picture, for events that don't say it themselves."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.store import nodes
from contract.events import CameraCondition, IncidentEvent

FRESH_FOR = timedelta(seconds=30)
"""Statuses are read again after this long; a node sends one a minute."""


class Conditions:
    """Remembers the newest statuses for a short while. Not thread-safe."""

    def __init__(self) -> None:
        self._read_at: datetime | None = None
        self._since: dict[tuple[str, str], tuple[CameraCondition, datetime]] = {}

    def completed(self, connection: Connection, data: IncidentEvent, now: datetime) -> IncidentEvent:
        """`data` with the condition its camera was in by then; as it is where it says so itself or nobody knows."""
        if data.camera_condition is not None:
            return data
        if self._read_at is None or now - self._read_at >= FRESH_FOR or now < self._read_at:
            self._read(connection)
            self._read_at = now
        found = self._since.get((data.node_id, data.camera_id))
        if found is None or found[0] is CameraCondition.CLEAR or data.last_seen_at < found[1]:
            return data
        return data.model_copy(update={"camera_condition": found[0]})

    def _read(self, connection: Connection) -> None:
        self._since = {
            (node.status.node_id, camera.camera_id): (camera.condition, camera.condition_since or node.status.at)
            for node in nodes.every(connection)
            for camera in node.status.cameras
            if camera.condition is not None
        }
