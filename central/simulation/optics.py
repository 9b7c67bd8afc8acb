"""Where a thing appears in a camera's picture: a pinhole on a pole, good enough for boxes that behave like boxes."""

import math

from central.simulation.world import Camera
from contract.events import BoxNorm
from contract.plane import Point

HALF_VIEW_RAD = math.radians(42)
NEAREST_M, FARTHEST_M = 5.0, 45.0
TILT_RAD = math.radians(14)
ASPECT = 16 / 9


def range_m(camera: Camera, place: Point) -> float:
    """Ground distance from the pole."""
    return math.hypot(place.east_m - camera.place.east_m, place.north_m - camera.place.north_m)


def sees(camera: Camera, place: Point) -> bool:
    """Whether `place` lies in the camera's view."""
    return NEAREST_M <= range_m(camera, place) <= FARTHEST_M and abs(_bearing(camera, place)) < HALF_VIEW_RAD


def box_of(camera: Camera, place: Point, size_m: float) -> BoxNorm:
    """The box of something `size_m` wide and high that stands at `place`, clipped to the picture."""
    away_m = range_m(camera, place)
    focal = 0.5 / math.tan(HALF_VIEW_RAD)
    x = 0.5 + focal * math.tan(max(-1.2, min(1.2, _bearing(camera, place))))
    base = 0.5 + focal * ASPECT * math.tan(math.atan2(camera.height_m, away_m) - TILT_RAD)
    width, height = focal * size_m / away_m, focal * ASPECT * size_m / away_m
    x1, x2 = _inside(x - width / 2), _inside(x + width / 2)
    y1, y2 = _inside(base - height), _inside(base)
    return BoxNorm(x1=min(x1, 0.998), y1=min(y1, 0.998), x2=max(x2, x1 + 0.001), y2=max(y2, y1 + 0.001))


def _bearing(camera: Camera, place: Point) -> float:
    """Radians right of the camera's axis, -π..π."""
    azimuth = math.atan2(place.east_m - camera.place.east_m, place.north_m - camera.place.north_m)
    return math.remainder(azimuth - camera.yaw_rad, 2 * math.pi)


def _inside(value: float) -> float:
    return round(max(0.0, min(0.999, value)), 4)
