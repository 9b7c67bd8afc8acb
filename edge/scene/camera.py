"""Where a ground point falls in a camera's picture, and back.

World frame: x east, y north, z up, metres. Picture frame: x right, y down, pixels, origin at the upper left corner.
The camera has no lens distortion: real cameras are undistorted by their calibration before anything is compared.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

NEAREST_DEPTH_M = 0.3
"""Points closer than this to the lens plane (or behind it) have no useful picture position."""


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """A pinhole camera; yaw is clockwise from north, tilt is below the horizon, `fov_deg` is horizontal."""

    camera_id: str
    east_m: float
    north_m: float
    height_m: float
    yaw_deg: float
    tilt_deg: float
    fov_deg: float
    width_px: int = 640
    height_px: int = 360

    @property
    def focal_px(self) -> float:
        """Focal length in pixels, equal in both directions."""
        return self.width_px / 2 / tan(radians(self.fov_deg) / 2)

    @property
    def position_m(self) -> NDArray[np.float64]:
        """Lens centre, (3,) metres."""
        return np.array([self.east_m, self.north_m, self.height_m])

    def axes(self) -> NDArray[np.float64]:
        """Rows are the picture's right, down and forward directions in the world frame, (3, 3)."""
        yaw, tilt = radians(self.yaw_deg), radians(self.tilt_deg)
        return np.array(
            [
                [cos(yaw), -sin(yaw), 0.0],
                [-sin(yaw) * sin(tilt), -cos(yaw) * sin(tilt), -cos(tilt)],
                [sin(yaw) * cos(tilt), cos(yaw) * cos(tilt), -sin(tilt)],
            ]
        )

    def matrix(self) -> NDArray[np.float64]:
        """The (3, 4) matrix from (east, north, up, 1) to homogeneous pixels, whose third value is the depth."""
        return _matrix(self)

    def project(self, points_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (N, 2) and depths (N,) of world points (N, 3).

        Where the depth is below `NEAREST_DEPTH_M` the pixel is meaningless and the caller must drop it.
        """
        matrix = self.matrix()
        homogeneous = points_m @ matrix[:, :3].T + matrix[:, 3]
        depth = homogeneous[:, 2]
        return homogeneous[:, :2] / np.maximum(depth, NEAREST_DEPTH_M)[:, None], depth

    def ground_homography(self) -> NDArray[np.float64]:
        """The (3, 3) matrix from ground metres (east, north, 1) to homogeneous pixels."""
        return self.matrix()[:, [0, 1, 3]]

    def ground_point(self, pixel_px: tuple[float, float]) -> tuple[float, float] | None:
        """The ground point (east, north) seen at a pixel, or None at and above the horizon."""
        x_px, y_px = pixel_px
        ray = self.axes().T @ np.array(
            [(x_px - self.width_px / 2) / self.focal_px, (y_px - self.height_px / 2) / self.focal_px, 1.0]
        )
        if ray[2] >= -1e-6:
            return None
        reach = self.height_m / -ray[2]
        return float(self.east_m + reach * ray[0]), float(self.north_m + reach * ray[1])


@lru_cache(maxsize=64)
def _matrix(camera: PinholeCamera) -> NDArray[np.float64]:
    """Kept because every object of every frame asks for it."""
    intrinsic = np.array(
        [[camera.focal_px, 0.0, camera.width_px / 2], [0.0, camera.focal_px, camera.height_px / 2], [0.0, 0.0, 1.0]]
    )
    turn = intrinsic @ camera.axes()
    matrix = np.hstack([turn, (-turn @ camera.position_m)[:, None]])
    matrix.setflags(write=False)
    return matrix
