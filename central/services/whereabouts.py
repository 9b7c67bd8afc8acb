"""Which district a place belongs to: what people report is joined where the cameras that look there are joined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot

from sqlalchemy import Connection

from central.domain.districts import ONE_CITY, REST, District, Districts
from central.domain.georeport import PEOPLE_NODES
from central.domain.registers.cameras import RegisteredCamera
from central.store import observations
from contract.plane import Point, contains
from contract.taxonomy import KindGroup

SIGHT_M = 60.0
"""How near a camera's sighting must lie to say whose place it is. Larger, and the next street's district answers."""
SEEN_WITHIN = timedelta(days=1)
"""How old that sighting may be; older ones are many, and the camera may hang elsewhere by now."""
REACH_M = 300.0
"""How far a camera may hang from what it is taken to see. Street cameras tell stalls at up to 80 m."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Outlines where the site file draws them; else where cameras saw such things; else the nearest camera."""

    districts: Districts = ONE_CITY
    outlines: Mapping[District, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    cameras: Callable[[], tuple[RegisteredCamera, ...]] = tuple

    def at(self, connection: Connection, place: Point, group: KindGroup, now: datetime) -> District:
        """The rest, where nothing says otherwise."""
        if not self.districts.claims:
            return REST
        for district, outline in self.outlines.items():
            if contains(outline, place.east_m, place.north_m):
                return district
        seen = observations.nearest(connection, group, place, SIGHT_M, now - SEEN_WITHIN, PEOPLE_NODES)
        if seen is not None:
            return self.districts.of(seen.node_id, seen.camera_id)
        camera = self._nearest_camera(place, now)
        return REST if camera is None else self.districts.of(camera.node_id, camera.camera_id)

    def _nearest_camera(self, place: Point, now: datetime) -> RegisteredCamera | None:
        hanging = [
            (hypot(camera.point.east_m - place.east_m, camera.point.north_m - place.north_m), camera.camera_id, camera)
            for camera in self.cameras()
            if camera.point is not None and camera.validity.holds(now.date())
        ]
        nearest = min(hanging, default=None, key=lambda one: one[:2])
        return None if nearest is None or nearest[0] > REACH_M else nearest[2]
