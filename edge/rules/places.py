"""Where a thing stands: the camera's own zones, and a point on the ground with an honest uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin, sqrt, tan

import numpy as np
from numpy.typing import NDArray

from contract.calibration import MAX_RANGE_M, PIXEL_SIGMA_NORM
from contract.events import GroundPoint
from contract.plane import Origin, Point, contains
from contract.taxonomy import Seen
from edge.rules.boxes import base_point
from edge.values import Box

MIN_SIGMA_M = 0.5
"""Survey error of a hand-measured camera pose; never claim better."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A named region of one camera's picture; vertices in shares of the picture."""

    name: str
    polygon_norm: tuple[tuple[float, float], ...]
    kinds: frozenset[Seen] = frozenset()
    """Only these stand in it; none given: everything does."""


def zones_of(box: Box, zones: Sequence[Zone], seen: Seen) -> tuple[str, ...]:
    """The names of the zones for this kind that hold the box's base point, in the given order."""
    x, y = base_point(box)
    asked = [zone for zone in zones if not zone.kinds or seen in zone.kinds]
    return tuple(zone.name for zone in asked if contains(zone.polygon_norm, x, y))


@dataclass(frozen=True, slots=True)
class CameraPose:
    """A surveyed pinhole camera: east and north of the site's origin, height above ground in metres.

    `yaw_deg` clockwise from north, `tilt_deg` below the horizon, `fov_deg` the horizontal field of view,
    `aspect` width over height. `sigma_m` is the survey's own error.
    """

    origin_lat: float
    origin_lon: float
    east_m: float
    north_m: float
    height_m: float
    yaw_deg: float
    tilt_deg: float
    fov_deg: float
    aspect: float = 16 / 9
    sigma_m: float = MIN_SIGMA_M

    def ground_point(self, box: Box, base_height_m: float, half_depth_m: float = 0.0) -> GroundPoint | None:
        """The middle of what stands at the box's base; None above the horizon or out of range.

        `base_height_m` lifts the plane: smoke starts at a grill's rim, not at its feet. `half_depth_m` goes from the
        near side, which the box's lower edge shows, to the middle.
        """
        point = base_point(box)
        near_side = self._on_plane(point, base_height_m)
        if near_side is None:
            return None
        away = near_side - np.array([self.east_m, self.north_m])
        place = near_side + away * (half_depth_m / max(float(np.hypot(*away)), 0.1))
        covariance = self._covariance(point, base_height_m, near_side)
        if covariance is None:
            return None
        lat, lon = Origin(self.origin_lat, self.origin_lon).to_degrees(Point(float(place[0]), float(place[1])))
        return GroundPoint(
            lat=round(lat, 8),
            lon=round(lon, 8),
            ee_m2=round(float(covariance[0, 0]), 3),
            en_m2=round(float(covariance[0, 1]), 3),
            nn_m2=round(float(covariance[1, 1]), 3),
        )

    def _on_plane(self, point: tuple[float, float], plane_m: float) -> NDArray[np.float64] | None:
        """(east, north) metres from the origin where the ray through `point` meets the plane at `plane_m`."""
        half = tan(radians(self.fov_deg) / 2)
        right = (2 * point[0] - 1) * half
        down = (2 * point[1] - 1) * half / self.aspect
        tilt, yaw = radians(self.tilt_deg), radians(self.yaw_deg)
        forward = cos(tilt) - down * sin(tilt)
        drop = sin(tilt) + down * cos(tilt)
        if drop <= 1e-6 or self.height_m <= plane_m:
            return None
        scale = (self.height_m - plane_m) / drop
        east = scale * (forward * sin(yaw) + right * cos(yaw))
        north = scale * (forward * cos(yaw) - right * sin(yaw))
        if sqrt(east**2 + north**2) > MAX_RANGE_M:
            return None
        return np.array([self.east_m + east, self.north_m + north])

    def _covariance(
        self, point: tuple[float, float], plane_m: float, place: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """First-order: how the place moves when the base point moves by one sigma across and down, plus the survey."""
        step = PIXEL_SIGMA_NORM
        across = self._on_plane((point[0] + step / self.aspect, point[1]), plane_m)
        along = self._on_plane((point[0], point[1] + step), plane_m)
        if across is None or along is None:
            return None
        jacobian = np.stack([across - place, along - place], axis=1)
        return jacobian @ jacobian.T + np.eye(2) * max(self.sigma_m, MIN_SIGMA_M) ** 2
