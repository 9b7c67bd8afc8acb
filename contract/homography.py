"""Picture ↔ flat ground from points that somebody clicked and surveyed: a homography with its covariance.

Ground: metres east and north. Picture: `across` and `down` from the middle in picture heights, so that pixels are
square and 16:9 changes nothing. Maximum likelihood for clicks and survey that both err (Hartley &
Zisserman, chapter 4); optional first-order lens distortion about the middle.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError

Array = NDArray[np.float64]

LEAST_POINTS = 4
LENS_POINTS = 6
"""From this many points on lens distortion is estimated: with fewer it would eat the survey's errors."""
STEPS = 30
WILD = 1e6
"""No camera's numbers are that large: the search has run away."""
COLLINEAR = 0.02
"""Four points span an area; if the smallest triangle's height is under this share of their extent, they don't."""


class NoCamera(UsageError):
    """The points are well spread, yet no camera sees them so: some are mixed up."""


@dataclass(frozen=True, slots=True)
class Noise:
    """One sigma of a click (picture heights) and of a surveyed point (metres)."""

    click: float
    survey_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The ground-to-picture homography about `centre_m`, `scale_m` metres a unit, and how sure it is.

    `values`: eight numbers row by row, the ninth being 1, then the distortion; `covariance` is over the fitted ones.
    """

    centre_m: Array
    scale_m: float
    values: Array
    covariance: Array
    has_lens: bool
    chi2: float
    freedom: int

    def project(self, ground_m: Array) -> Array:
        """Undistorted picture places (N, 2) of ground points (N, 2)."""
        return _project(self.values, (ground_m - self.centre_m) / self.scale_m)

    def depth(self, ground_m: Array) -> Array:
        """(N,) above zero before the camera, in shares of the centre's depth."""
        unit = (ground_m - self.centre_m) / self.scale_m
        return np.asarray(unit @ self.values[6:8] + 1.0, np.float64)

    def ground(self, picture: Array) -> Array:
        """The ground point (2,) at a picture place (2,); NaN at and above the horizon."""
        straight = _straight(picture[None], self.values[8])[0]
        matrix = np.append(self.values[:8], 1.0).reshape(3, 3)
        solution = np.linalg.solve(matrix, np.append(straight, 1.0))
        if solution[2] <= 1e-9:  # behind the camera: depth and this share their sign
            return np.full(2, np.nan)
        return np.asarray(solution[:2] / solution[2] * self.scale_m + self.centre_m, np.float64)

    def ground_covariance(self, picture: Array, ground_m: Array, click: float) -> Array:
        """(2, 2) square metres: what clicking with sigma `click` and the fit's own doubt leave open there."""
        unit = (ground_m - self.centre_m)[None] / self.scale_m
        by_values, by_unit = _derivatives(self.values, unit)
        columns = [*range(8), 8] if self.has_lens else [*range(8)]
        bend = -picture * float(picture @ picture)
        slopes = np.concatenate([by_values[0], bend[:, None]], axis=1)[:, columns]
        spread = slopes @ self.covariance @ slopes.T + np.eye(2) * click**2
        back = np.linalg.inv(by_unit[0]) * self.scale_m
        return np.asarray(back @ spread @ back.T, np.float64)


def fit(picture: Array, ground_m: Array, noise: Noise, with_lens: bool = False) -> Fit:
    """The likeliest homography through the points.

    Args:
        picture: (N, 2) clicks.
        ground_m: (N, 2) where those points are.
        noise: how far either may be off.
        with_lens: also estimate the distortion (needs `LENS_POINTS`).

    Raises:
        UsageError: too few points, or they lie so that the ground is not determined.
    """
    _require_spread(picture, ground_m)
    centre = ground_m.mean(axis=0)
    scale = max(float(np.abs(ground_m - centre).max()), 1e-6)
    unit = (ground_m - centre) / scale
    values = np.append(_direct(picture, unit), 0.0)
    columns = [*range(8), 8] if with_lens else [*range(8)]
    for _ in range(STEPS):
        slopes, residuals = _whitened(values, picture, unit, noise, scale, columns)
        step = np.linalg.lstsq(slopes, residuals, rcond=None)[0]
        values[columns] -= step
        if not np.isfinite(values).all() or float(np.abs(values).max()) > WILD:
            raise NoCamera("the points fit no camera: check their order and their coordinates")
        if float(np.abs(step).max()) < 1e-10:
            break
    slopes, residuals = _whitened(values, picture, unit, noise, scale, columns)
    chi2, freedom = float(residuals @ residuals), 2 * len(picture) - len(columns)
    doubt = max(1.0, chi2 / freedom) if freedom > 0 else 1.0
    covariance = np.asarray(np.linalg.pinv(slopes.T @ slopes) * doubt, np.float64)
    return Fit(centre, scale, values, covariance, with_lens, chi2, freedom)


def bearings(values: Array, centre_m: Array, scale_m: float) -> tuple[float, Array, Array] | None:
    """(focal length in picture heights, axes (3, 3) with rows right, down, forward, lens place (3,) metres).

    Square pixels and the principal point in the middle are assumed. None when no camera above the ground fits, or
    when it looks so straight down that its focal length can't be told.
    """
    matrix = np.append(values[:8], 1.0).reshape(3, 3) @ np.array(
        [[1 / scale_m, 0, -centre_m[0] / scale_m], [0, 1 / scale_m, -centre_m[1] / scale_m], [0, 0, 1]]
    )
    first, second = matrix[:, 0], matrix[:, 1]
    # With the focal length f the first two columns are equally long and at right angles: two equations for 1 / f².
    crossing = first[0] * second[0] + first[1] * second[1]
    difference = first[0] ** 2 + first[1] ** 2 - second[0] ** 2 - second[1] ** 2
    weights = np.array([crossing, difference])
    if float(weights @ weights) < 1e-18:
        return None
    sides = np.array([-first[2] * second[2], second[2] ** 2 - first[2] ** 2])
    inverse_square = float(weights @ sides / (weights @ weights))
    if inverse_square <= 1e-4 or inverse_square > 1e3:
        return None
    focal = inverse_square**-0.5
    plain = np.diag([1 / focal, 1 / focal, 1.0]) @ matrix
    size = (np.linalg.norm(plain[:, 0]) + np.linalg.norm(plain[:, 1])) / 2
    plain /= size
    turn = np.stack([plain[:, 0], plain[:, 1], np.cross(plain[:, 0], plain[:, 1])], axis=1)
    left, _, right = np.linalg.svd(turn)
    axes = np.asarray(left @ right, np.float64)
    place = -axes.T @ plain[:, 2]
    return focal, axes, np.asarray(place, np.float64)


def _require_spread(picture: Array, ground_m: Array) -> None:
    if len(picture) < LEAST_POINTS:
        raise UsageError(f"{len(picture)} points: at least {LEAST_POINTS} are needed, six or more are better")
    for what, places in (("on the ground", ground_m), ("in the picture", picture)):
        extent = float(np.linalg.norm(places.max(axis=0) - places.min(axis=0)))
        if extent < 1e-9:
            raise UsageError(f"all points are at one place {what}")
        fours = combinations(places, 4)
        if max(_least_height(np.array(four)) for four in fours) < COLLINEAR * extent:
            raise UsageError(
                f"the points lie nearly on one line {what} (all but one at most): choose four that span an area, "
                "two near and two far, left and right"
            )


def _least_height(four: Array) -> float:
    """The smallest height of the four triangles that four points make."""
    least = np.inf
    for a, b, c in combinations(four, 3):
        longest = max(float(np.linalg.norm(b - a)), float(np.linalg.norm(c - a)), float(np.linalg.norm(c - b)), 1e-12)
        twice_area = abs(float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))
        least = min(least, twice_area / longest)
    return float(least)


def _direct(picture: Array, unit: Array) -> Array:
    """A first guess by linear equations (direct linear transform)."""
    rows = []
    for (x, y), (u, v) in zip(unit, picture, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, -u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, -v])
    solution = np.linalg.svd(np.array(rows))[2][-1]
    if abs(solution[8]) < 1e-9:
        raise NoCamera("the points fit no camera: the middle of them would lie on the horizon; check their order")
    return np.asarray(solution[:8] / solution[8], np.float64)


def _project(values: Array, unit: Array) -> Array:
    depth = unit @ values[6:8] + 1.0
    across = (unit @ values[0:2] + values[2]) / depth
    down = (unit @ values[3:5] + values[5]) / depth
    return np.stack([across, down], axis=1)


def _straight(picture: Array, bend: float) -> Array:
    """Where a lens without distortion would have drawn the points."""
    return np.asarray(picture * (1.0 + bend * (picture**2).sum(axis=1, keepdims=True)), np.float64)


def _derivatives(values: Array, unit: Array) -> tuple[Array, Array]:
    """Of `_project`: (N, 2, 8) by the eight values, (N, 2, 2) by the ground."""
    x, y = unit[:, 0], unit[:, 1]
    depth = unit @ values[6:8] + 1.0
    place = _project(values, unit)
    by_values = np.zeros((len(unit), 2, 8))
    by_values[:, 0, 0], by_values[:, 0, 1], by_values[:, 0, 2] = x / depth, y / depth, 1 / depth
    by_values[:, 1, 3], by_values[:, 1, 4], by_values[:, 1, 5] = x / depth, y / depth, 1 / depth
    by_values[:, :, 6] = -place * (x / depth)[:, None]
    by_values[:, :, 7] = -place * (y / depth)[:, None]
    by_unit = np.empty((len(unit), 2, 2))
    for row, start in ((0, 0), (1, 3)):
        for column in (0, 1):
            by_unit[:, row, column] = (values[start + column] - place[:, row] * values[6 + column]) / depth
    return by_values, by_unit


def _whitened(
    values: Array, picture: Array, unit: Array, noise: Noise, scale: float, columns: list[int]
) -> tuple[Array, Array]:
    """Slopes (2N, P) and residuals (2N,) in sigmas."""
    by_values, by_unit = _derivatives(values, unit)
    bend = -picture * (picture**2).sum(axis=1, keepdims=True)
    slopes = np.concatenate([by_values, bend[:, :, None]], axis=2)[:, :, columns]
    residuals = _project(values, unit) - _straight(picture, values[8])
    survey = noise.survey_m / scale
    spread = by_unit @ by_unit.transpose(0, 2, 1) * survey**2 + np.eye(2) * noise.click**2
    white = np.linalg.inv(np.linalg.cholesky(spread))
    return (white @ slopes).reshape(-1, len(columns)), (white @ residuals[:, :, None]).reshape(-1)
