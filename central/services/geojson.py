"""Shapes of the site as GeoJSON (RFC 7946): CGCS2000 degrees, longitude before latitude. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.domain.geometry import Position, ellipse
from contract.bundle import PoseBlock
from contract.plane import Origin, Point

Json = dict[str, Any]
SIGMAS = 2.0
_CORNERS = 36
_ARC = 8


@dataclass(frozen=True, slots=True)
class Sector:
    """Where a camera looks: from `eye` over `width_deg`, the middle `bearing_deg` clockwise from north."""

    eye: Point
    bearing_deg: float
    width_deg: float
    reach_m: float


class Drawing:
    """Turns metres of the site into GeoJSON."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def point(self, at: Point) -> Json:
        return {"type": "Point", "coordinates": self._degrees(at)}

    def line(self, points: Iterable[Point]) -> Json:
        return {"type": "LineString", "coordinates": [self._degrees(point) for point in points]}

    def polygon(self, ring: Sequence[Point]) -> Json:
        return {"type": "Polygon", "coordinates": [self._ring(ring)]}

    def rings(self, rings: Sequence[Sequence[Point]]) -> Json:
        """Several rings as parts of their own: a hole is drawn as an outline like any other."""
        if len(rings) == 1:
            return self.polygon(rings[0])
        return {"type": "MultiPolygon", "coordinates": [[self._ring(ring)] for ring in rings]}

    def ellipse(self, position: Position) -> Json:
        """Two standard deviations around the position."""
        spread, at = ellipse(position.covariance), position.point
        turn, ring = spread.angle_rad, []
        for corner in range(_CORNERS):
            angle = 2 * math.pi * corner / _CORNERS
            along, across = SIGMAS * spread.major_m * math.cos(angle), SIGMAS * spread.minor_m * math.sin(angle)
            east = at.east_m + along * math.cos(turn) - across * math.sin(turn)
            ring.append(Point(east, at.north_m + along * math.sin(turn) + across * math.cos(turn)))
        return self.polygon(ring)

    def sector(self, sector: Sector) -> Json:
        """A slice of a circle."""
        first = sector.bearing_deg - sector.width_deg / 2
        bearings = [math.radians(first + sector.width_deg * step / _ARC) for step in range(_ARC + 1)]
        arc = [
            Point(
                sector.eye.east_m + sector.reach_m * math.sin(bearing),
                sector.eye.north_m + sector.reach_m * math.cos(bearing),
            )
            for bearing in bearings
        ]
        return self.polygon([sector.eye, *arc])

    def _ring(self, ring: Sequence[Point]) -> list[list[float]]:
        return [self._degrees(point) for point in (*ring, ring[0])]

    def _degrees(self, point: Point) -> list[float]:
        lat, lon = self._origin.to_degrees(point)
        return [round(lon, 7), round(lat, 7)]


def feature(geometry: Json | None, name: str, facts: Mapping[str, Any]) -> Json:
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": dict(facts)}


def collection(features: Iterable[Json], **facts: Any) -> Json:
    """The features, and what is told of all of them beside."""
    return {"type": "FeatureCollection", "features": list(features), **facts}


def sector_of(pose: PoseBlock, origin: Origin) -> Sector:
    """What a camera with this pose can place: up to where the middle of its picture meets the ground, and half again.

    >>> where = {"origin_lat": 36, "origin_lon": 118, "east_m": 5, "north_m": 0, "height_m": 6}
    >>> pose = PoseBlock(**where, yaw_deg=90, tilt_deg=20, fov_deg=70)
    >>> round(sector_of(pose, Origin(36, 118)).reach_m)
    25
    """
    lat, lon = Origin(pose.origin_lat, pose.origin_lon).to_degrees(Point(pose.east_m, pose.north_m))
    middle_m = pose.height_m / math.tan(math.radians(max(pose.tilt_deg, 5.0)))
    return Sector(origin.to_local(lat, lon), pose.yaw_deg, min(pose.fov_deg, 170.0), min(80.0, 1.5 * middle_m))
