"""Where a camera's picture lies on the ground, from points that somebody clicked and surveyed.

The node places what it sees by this and central shows it while the points are being chosen: one maths for both.
Beyond the points that were surveyed nobody knows whether the ground stays flat: there the uncertainty grows with the
distance, and beyond `MAX_RANGE_M` there is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from contract.errors import UsageError
from contract.homography import LENS_POINTS, Array, Fit, NoCamera, Noise, bearings, fit
from contract.plane import Origin, Point

MAX_RANGE_M = 150.0
"""Beyond it a look along the ground gives no usable position."""
PIXEL_SIGMA_NORM = 0.012
"""How far (share of the picture's height) a box's lower edge lies from where the thing meets the ground. From rendered
scenes; too small and two cameras' views of one stall stay apart, too large and neighbours join."""
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


@dataclass(frozen=True, slots=True)
class Residual:
    """One point: where it is seen, how far the fit is off, and the others' opinion of it."""

    pair: Pair
    error_m: float
    left_out_m: float | None
    sigma_m: float


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth value
class GroundFit:
    """Fitted once, at start; pure afterwards."""

    origin: Origin
    aspect: float
    survey: Survey
    fitted: Fit
    hull_m: Array
    lens_m: Array | None
    """(east, north, height) of the camera; None when it looks straight down."""

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


def fit_ground(pairs: Sequence[Pair], origin: Origin, aspect: float, survey: Survey) -> GroundFit:
    """What the points say of the ground in the picture.

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
    found = bearings(fitted.values, fitted.centre_m, fitted.scale_m)
    lens = None if found is None else found[2]
    if not _is_plausible(fitted, ground, lens):
        raise UsageError(_why_not(pairs, aspect, survey, "describe no camera above the ground"))
    if fitted.freedom > 0 and fitted.chi2 / fitted.freedom > FAR_OFF_CHI2:
        raise UsageError(_why_not(pairs, aspect, survey, "contradict each other"))
    return GroundFit(origin, aspect, survey, fitted, hull(ground), lens)


def left_out(pairs: Sequence[Pair], origin: Origin, aspect: float, survey: Survey) -> tuple[float | None, ...]:
    """For each point, how many metres off the others alone would put it; None where they are too few to say."""
    errors: list[float | None] = []
    for index, pair in enumerate(pairs):
        rest = [other for k, other in enumerate(pairs) if k != index]
        try:
            found = fit_ground(rest, origin, aspect, survey).locate((pair.x, pair.y), survey.click_sigma)
        except UsageError:
            found = None
        truth = np.array([pair.ground.east_m, pair.ground.north_m])
        errors.append(None if found is None else float(np.hypot(*(found[0] - truth))))
    return tuple(errors)


def residuals(calibration: GroundFit, pairs: Sequence[Pair], left: Sequence[float | None]) -> tuple[Residual, ...]:
    """Per point the distance between where it is and where its click says it is."""
    found = []
    for pair, left_out_m in zip(pairs, left, strict=True):
        place = calibration.locate((pair.x, pair.y), calibration.survey.click_sigma)
        truth = np.array([pair.ground.east_m, pair.ground.north_m])
        error = float("nan") if place is None else float(np.hypot(*(place[0] - truth)))
        sigma = float("nan") if place is None else sqrt(float(np.trace(place[1])))
        found.append(Residual(pair, error, left_out_m, sigma))
    return tuple(found)


def sigma_map(calibration: GroundFit, columns: int = 12, rows: int = 8) -> Array:
    """(rows, columns) one sigma in metres of what stands there; NaN without an answer."""
    grid = np.full((rows, columns), np.nan)
    for row in range(rows):
        for column in range(columns):
            found = calibration.locate(((column + 0.5) / columns, (row + 0.5) / rows), PIXEL_SIGMA_NORM)
            if found is not None:
                grid[row, column] = sqrt(float(np.trace(found[1])))
    return grid


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
