"""Uncertainty on the ground: covariances, distances in standard deviations, fusion of positions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from contract.plane import Point


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
