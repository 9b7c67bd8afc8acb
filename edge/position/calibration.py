"""A calibrated camera: from a box's foot to a point on the ground with an uncertainty that can be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, atan, atan2, degrees

import numpy as np

from contract.calibration import HIGHEST_M, LOWEST_M, PIXEL_SIGMA_NORM, GroundFit, Pair, Survey, fit_ground
from contract.events import GroundPoint
from contract.homography import Array, Fit, bearings
from contract.plane import Origin, Point
from edge.rules.boxes import base_point
from edge.rules.places import CameraPose
from edge.values import Box


@dataclass(frozen=True, slots=True, eq=False)
class Calibration(GroundFit):
    """Fitted once, at start; pure afterwards."""

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
    found = fit_ground(pairs, origin, aspect, survey)
    pose = _pose(found.fitted, origin, aspect)
    return Calibration(origin, aspect, survey, found.fitted, found.hull_m, found.lens_m, pose)


def _pose(fitted: Fit, origin: Origin, aspect: float) -> CameraPose | None:
    found = bearings(fitted.values, fitted.centre_m, fitted.scale_m)
    if found is None:
        return None
    focal, axes, place = found
    forward = axes[2]
    if not LOWEST_M <= place[2] <= HIGHEST_M:
        return None
    return CameraPose(
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
