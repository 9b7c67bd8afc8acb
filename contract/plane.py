"""The flat ground both programs reckon on: metres east and north of a site's origin.

Equirectangular about the origin: within a district (30 km) a 10 m distance is wrong by less than 5 cm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Point:
    """Metres east and north of the site's origin."""

    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the local frame has its zero, in CGCS2000 degrees."""

    lat: float
    lon: float

    def to_local(self, lat: float, lon: float) -> Point:
        """Degrees to local metres.

        >>> Origin(36.8135, 118.0548).to_local(36.8135, 118.0548)
        Point(east_m=0.0, north_m=0.0)
        """
        return Point(
            east_m=math.radians(lon - self.lon) * math.cos(math.radians(self.lat)) * EARTH_RADIUS_M,
            north_m=math.radians(lat - self.lat) * EARTH_RADIUS_M,
        )

    def to_degrees(self, point: Point) -> tuple[float, float]:
        """Local metres to (lat, lon) in degrees."""
        lat = self.lat + math.degrees(point.north_m / EARTH_RADIUS_M)
        lon = self.lon + math.degrees(point.east_m / (EARTH_RADIUS_M * math.cos(math.radians(self.lat))))
        return lat, lon


def contains(polygon: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Whether ``(x, y)`` lies in the simple polygon: even-odd rule; the left and lower borders belong to it.

    Any unit, as long as all share it: metres of ground, shares of a picture.

    >>> square = [(0, 0), (4, 0), (4, 4), (0, 4)]
    >>> contains(square, 1, 1), contains(square, 5, 1)
    (True, False)
    """
    inside = False
    previous_x, previous_y = polygon[-1]
    for corner_x, corner_y in polygon:
        if (corner_y > y) != (previous_y > y):
            share = (y - corner_y) / (previous_y - corner_y)
            if x < corner_x + share * (previous_x - corner_x):
                inside = not inside
        previous_x, previous_y = corner_x, corner_y
    return inside
