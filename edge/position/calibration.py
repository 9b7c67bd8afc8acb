"""A calibrated camera: from a box's foot to a point on the ground with an uncertainty that can be believed.

Beyond the points that were surveyed nobody knows whether the ground stays flat: there the uncertainty grows with the
distance, and beyond `MAX_RANGE_M` there is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, atan, atan2, degrees

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.events import GroundPoint
from contract.plane import Origin, Point
from edge.position.homography import LENS_POINTS, Array, Fit, NoCamera, Noise, bearings, fit
from edge.rules.boxes import base_point
from edge.rules.places import MAX_RANGE_M, PIXEL_SIGMA_NORM, CameraPose
from edge.values import Box

OUTSIDE_SLOPE = 0.05
"""Outside the surveyed points' hull: metres of doubt a metre away. Streets are cambered by 2 % and rise by a few:
a camera at 6 m sees 5 % of slope as that much range. Too small and far things join wrongly, too large and none do."""
LOWEST_M, HIGHEST_M = 1.0, 120.0
"""Where a camera can hang; a fit that says otherwise comes from wrong points."""
FAR_OFF_CHI2 = 25.0
"""Chi-square per degree of freedom from which the points contradict each other: five sigmas each."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One point: its name, where it was clicked (shares of the picture) and where it is (metres)."""

    name: str
    x: float
    y: float
    ground: Point


@dataclass(frozen=True, slots=True)
class Survey:
    """How sure the points are: clicks in shares of the picture's height, survey and map in metres."""

    click_sigma: float = 0.003
    sigma_m: float = 0.2
    offset_sigma_m: float = 0.3
    """An error that all points share (the map's, the receiver's) and that no residual shows."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value
class Calibration:
    """Fitted once, at start; pure afterwards."""

    origin: Origin
    aspect: float
    survey: Survey
    fitted: Fit
    hull_m: Array
    lens_m: Array | None
    """(east, north, height) of the camera; None when it looks straight down."""
    pose: CameraPose | None

    def ground_point(self, box: Box, base_height_m: float, half_depth_m: float = 0.0) -> GroundPoint | None:
        """The middle of what stands at the box's base; None above the horizon or out of range.

        `base_height_m` lifts the plane, `half_depth_m` goes from the near side to the middle; as `CameraPose` does.
        """
        found = self.locate(base_point(box), PIXEL_SIGMA_NORM)
        if found is None:
            return None
        place, covariance = found
        if self.lens_m is not None:
            lifted = max(0.0, 1 - base_height_m / self.lens_m[2])
            if lifted <= 0:
                return None
            away = (place - self.lens_m[:2]) * lifted
            reach = max(float(np.hypot(*away)), 0.1)
            place = self.lens_m[:2] + away * (1 + half_depth_m / reach)
            covariance = covariance * lifted**2
        else:
            covariance = covariance + np.eye(2) * base_height_m**2
        return self._to_wire(place, covariance)

    def locate(self, point: tuple[float, float], click_sigma: float) -> tuple[Array, Array] | None:
        """(east, north) metres and their covariance (2, 2) for a picture place (shares); None without an answer."""
        picture = to_picture(point, self.aspect)
        place = self.fitted.ground(picture)
        if not np.isfinite(place).all():
            return None
        eye = self.lens_m[:2] if self.lens_m is not None else self.fitted.centre_m
        if float(np.hypot(*(place - eye))) > MAX_RANGE_M:
            return None
        covariance = self.fitted.ground_covariance(picture, place, click_sigma)
        doubt = OUTSIDE_SLOPE * distance_outside(self.hull_m, place)
        return place, covariance + np.eye(2) * (doubt**2 + self.survey.offset_sigma_m**2)

    def _to_wire(self, place: Array, covariance: Array) -> GroundPoint | None:
        lat, lon = self.origin.to_degrees(Point(float(place[0]), float(place[1])))
        ee, en, nn = float(covariance[0, 0]), float(covariance[0, 1]), float(covariance[1, 1])
        if not (ee * nn > en**2 and max(ee, nn) < 1e6):
            return None
        return GroundPoint(
            lat=round(lat, 8),
            lon=round(lon, 8),
            ee_m2=round(ee, 3) + 0.001,
            en_m2=round(en, 3),
            nn_m2=round(nn, 3) + 0.001,
        )


def calibrate(pairs: Sequence[Pair], origin: Origin, aspect: float, survey: Survey) -> Calibration:
    """The camera that the points describe.

    Raises:
        UsageError: the points determine none, contradict each other, or describe a camera under the ground.
    """
    picture = np.array([to_picture((pair.x, pair.y), aspect) for pair in pairs]).reshape(-1, 2)
    ground = np.array([[pair.ground.east_m, pair.ground.north_m] for pair in pairs]).reshape(-1, 2)
    noise = Noise(survey.click_sigma, survey.sigma_m)
    try:
        fitted = fit(picture, ground, noise, with_lens=len(pairs) >= LENS_POINTS)
    except NoCamera as error:
        raise UsageError(_why_not(pairs, aspect, survey, "describe no camera")) from error
    lens, pose = _camera(fitted, origin, aspect)
    if not _is_plausible(fitted, ground, lens):
        raise UsageError(_why_not(pairs, aspect, survey, "describe no camera above the ground"))
    if fitted.freedom > 0 and fitted.chi2 / fitted.freedom > FAR_OFF_CHI2:
        raise UsageError(_why_not(pairs, aspect, survey, "contradict each other"))
    return Calibration(origin, aspect, survey, fitted, hull(ground), lens, pose)


def left_out(pairs: Sequence[Pair], origin: Origin, aspect: float, survey: Survey) -> tuple[float | None, ...]:
    """For each point, how many metres off the others alone would put it; None where they are too few to say."""
    errors: list[float | None] = []
    for index, pair in enumerate(pairs):
        rest = [other for k, other in enumerate(pairs) if k != index]
        try:
            found = calibrate(rest, origin, aspect, survey).locate((pair.x, pair.y), survey.click_sigma)
        except UsageError:
            found = None
        truth = np.array([pair.ground.east_m, pair.ground.north_m])
        errors.append(None if found is None else float(np.hypot(*(found[0] - truth))))
    return tuple(errors)


def to_picture(point: tuple[float, float], aspect: float) -> Array:
    """Shares of the picture → picture heights from its middle."""
    return np.array([(point[0] - 0.5) * aspect, point[1] - 0.5])


def hull(points: Array) -> Array:
    """The convex hull (M, 2), counter-clockwise."""
    ordered = sorted({(float(x), float(y)) for x, y in points})

    def half(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for corner in corners:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], corner) <= 0:
                chain.pop()
            chain.append(corner)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def distance_outside(corners: Array, place: Array) -> float:
    """Metres from a convex polygon's border to `place`; 0 inside."""
    ends = np.roll(corners, -1, axis=0)
    sides = ends - corners
    towards = place - corners
    turns = sides[:, 0] * towards[:, 1] - sides[:, 1] * towards[:, 0]
    if (turns >= 0).all():
        return 0.0
    share = np.clip((towards * sides).sum(axis=1) / np.maximum((sides**2).sum(axis=1), 1e-12), 0, 1)
    return float(np.linalg.norm(towards - sides * share[:, None], axis=1).min())


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _camera(fitted: Fit, origin: Origin, aspect: float) -> tuple[NDArray[np.float64] | None, CameraPose | None]:
    found = bearings(fitted.values, fitted.centre_m, fitted.scale_m)
    if found is None:
        return None, None
    focal, axes, place = found
    forward = axes[2]
    if not LOWEST_M <= place[2] <= HIGHEST_M:
        return place, None
    pose = CameraPose(
        origin_lat=origin.lat,
        origin_lon=origin.lon,
        east_m=float(place[0]),
        north_m=float(place[1]),
        height_m=float(place[2]),
        yaw_deg=degrees(atan2(float(forward[0]), float(forward[1]))),
        tilt_deg=degrees(asin(max(-1.0, min(1.0, -float(forward[2]))))),
        fov_deg=2 * degrees(atan(aspect / 2 / focal)),
        aspect=aspect,
    )
    return place, pose


def _is_plausible(fitted: Fit, ground: Array, lens: Array | None) -> bool:
    """All points before the camera, the picture not mirrored, the camera above the ground."""
    matrix = np.append(fitted.values[:8], 1.0).reshape(3, 3)
    # Seen from above, east is right of north; in a picture, down is right of ... across: the turn changes its sign.
    is_mirrored = float(np.linalg.det(matrix)) > 0
    in_front = bool((fitted.depth(ground) > 0).all())
    return in_front and not is_mirrored and (lens is None or LOWEST_M <= float(lens[2]) <= HIGHEST_M)


def _why_not(pairs: Sequence[Pair], aspect: float, survey: Survey, what: str) -> str:
    """The most helpful thing that can be said: which two to swap, or which one to look at."""
    for first in range(len(pairs)):
        for second in range(first + 1, len(pairs)):
            swapped = list(pairs)
            a, b = pairs[first], pairs[second]
            swapped[first] = Pair(a.name, a.x, a.y, b.ground)
            swapped[second] = Pair(b.name, b.x, b.y, a.ground)
            if _fits(swapped, aspect, survey):
                return f"points {a.name} and {b.name} look swapped: the points {what} as they are, and fit when swapped"
    if len(pairs) > LENS_POINTS - 1:
        for index, pair in enumerate(pairs):
            rest = [other for k, other in enumerate(pairs) if k != index]
            if _fits(rest, aspect, survey):
                return f"point {pair.name} does not fit the others: check its click and its coordinates"
    return f"the points {what}: check their order, their coordinates (east and north, or lat and lon) and the clicks"


def _fits(pairs: Sequence[Pair], aspect: float, survey: Survey) -> bool:
    picture = np.array([to_picture((pair.x, pair.y), aspect) for pair in pairs])
    ground = np.array([[pair.ground.east_m, pair.ground.north_m] for pair in pairs])
    try:
        fitted = fit(picture, ground, Noise(survey.click_sigma, survey.sigma_m))
    except UsageError:
        return False
    found = bearings(fitted.values, fitted.centre_m, fitted.scale_m)
    lens = None if found is None else found[2]
    is_good = fitted.freedom <= 0 or fitted.chi2 / fitted.freedom <= FAR_OFF_CHI2
    return is_good and lens is not None and _is_plausible(fitted, ground, lens)
