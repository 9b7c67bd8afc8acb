"""The flat local frame: degrees to metres east and north of the site's origin, and the little geometry the rules need.

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


@dataclass(frozen=True, slots=True)
class Covariance:
    """Over (east, north), in square metres; positive definite."""

    ee_m2: float
    en_m2: float
    nn_m2: float

    def __add__(self, other: "Covariance") -> "Covariance":
        return Covariance(self.ee_m2 + other.ee_m2, self.en_m2 + other.en_m2, self.nn_m2 + other.nn_m2)

    def widened(self, slack_m: float) -> "Covariance":
        """With an isotropic standard deviation of `slack_m` added."""
        return self + Covariance(slack_m**2, 0.0, slack_m**2)


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the ground with its uncertainty."""

    point: Point
    covariance: Covariance


@dataclass(frozen=True, slots=True)
class Ellipse:
    """One-sigma uncertainty: semi-axes in metres, `angle_rad` of the major axis from east towards north."""

    major_m: float
    minor_m: float
    angle_rad: float


def distance_m(a: Point, b: Point) -> float:
    """Straight distance in metres."""
    return math.hypot(a.east_m - b.east_m, a.north_m - b.north_m)


def mahalanobis(a: Point, b: Point, covariance: Covariance) -> float:
    """Distance from `a` to `b` in standard deviations of `covariance`.

    >>> mahalanobis(Point(0, 0), Point(6, 0), Covariance(4, 0, 1))
    3.0
    """
    east, north = b.east_m - a.east_m, b.north_m - a.north_m
    determinant = covariance.ee_m2 * covariance.nn_m2 - covariance.en_m2**2
    squared = (covariance.nn_m2 * east**2 - 2 * covariance.en_m2 * east * north + covariance.ee_m2 * north**2) / (
        determinant
    )
    return math.sqrt(max(0.0, squared))


def fuse(positions: Sequence[Position]) -> Position | None:
    """The precision-weighted mean of `positions`; None when there are none."""
    if not positions:
        return None
    a = b = c = east = north = 0.0  # the summed information matrix [[a, b], [b, c]] and vector
    for position in positions:
        cov, point = position.covariance, position.point
        determinant = cov.ee_m2 * cov.nn_m2 - cov.en_m2**2
        ia, ib, ic = cov.nn_m2 / determinant, -cov.en_m2 / determinant, cov.ee_m2 / determinant
        a, b, c = a + ia, b + ib, c + ic
        east += ia * point.east_m + ib * point.north_m
        north += ib * point.east_m + ic * point.north_m
    determinant = a * c - b * b
    return Position(
        Point((c * east - b * north) / determinant, (a * north - b * east) / determinant),
        Covariance(c / determinant, -b / determinant, a / determinant),
    )


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether `point` lies in the simple polygon (even-odd rule; the left and lower borders belong to it).

    >>> square = [Point(0, 0), Point(4, 0), Point(4, 4), Point(0, 4)]
    >>> contains(square, Point(1, 1)), contains(square, Point(5, 1))
    (True, False)
    """
    inside = False
    previous = polygon[-1]
    for corner in polygon:
        if (corner.north_m > point.north_m) != (previous.north_m > point.north_m):
            share = (point.north_m - corner.north_m) / (previous.north_m - corner.north_m)
            if point.east_m < corner.east_m + share * (previous.east_m - corner.east_m):
                inside = not inside
        previous = corner
    return inside


def ellipse(covariance: Covariance) -> Ellipse:
    """The one-sigma ellipse of `covariance`."""
    half_sum = (covariance.ee_m2 + covariance.nn_m2) / 2
    half_difference = (covariance.ee_m2 - covariance.nn_m2) / 2
    root = math.hypot(half_difference, covariance.en_m2)
    return Ellipse(
        major_m=math.sqrt(half_sum + root),
        minor_m=math.sqrt(max(half_sum - root, 1e-9)),
        angle_rad=0.5 * math.atan2(2 * covariance.en_m2, covariance.ee_m2 - covariance.nn_m2),
    )
