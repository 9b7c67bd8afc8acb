"""Ground and picture agree."""

import numpy as np
import pytest

from edge.scene.camera import PinholeCamera
from edge.scene.streets import demo_street

CAMERA = PinholeCamera("cam", 3.0, -4.0, 6.0, yaw_deg=30.0, tilt_deg=20.0, fov_deg=70.0)


def test_ground_points_come_back_from_their_pixels() -> None:
    """Projecting a ground point and asking what lies under its pixel gives the point again, for every demo camera."""
    for camera in demo_street().cameras:
        for pixel in ((40.0, 350.0), (320.0, 200.0), (600.0, 180.0)):
            ground = camera.ground_point(pixel)
            assert ground is not None
            back, depth = camera.project(np.array([[*ground, 0.0]]))
            assert depth[0] > 0
            assert back[0] == pytest.approx(pixel, abs=1e-6)


def test_the_homography_agrees_with_the_projection() -> None:
    """The ground homography is the projection restricted to height zero."""
    points = np.array([[5.0, 8.0, 0.0], [9.0, 3.0, 0.0]])
    homogeneous = np.column_stack([points[:, :2], np.ones(2)]) @ CAMERA.ground_homography().T
    np.testing.assert_allclose(homogeneous[:, :2] / homogeneous[:, 2:], CAMERA.project(points)[0])


def test_there_is_no_ground_above_the_horizon() -> None:
    """A pixel that looks at the sky has no ground point."""
    assert CAMERA.ground_point((320.0, 0.0)) is None  # tilted 20 degrees, the upper border looks 1.5 degrees up
    level = PinholeCamera("cam", 0.0, 0.0, 6.0, yaw_deg=0.0, tilt_deg=0.0, fov_deg=70.0)
    assert level.ground_point((320.0, 100.0)) is None


def test_yaw_turns_clockwise_from_north() -> None:
    """A camera with yaw 90 looks east: what is east is in the middle, what is south of that is to the right."""
    camera = PinholeCamera("cam", 0.0, 0.0, 5.0, yaw_deg=90.0, tilt_deg=10.0, fov_deg=60.0)
    pixels, depth = camera.project(np.array([[20.0, 0.0, 0.0], [20.0, -3.0, 0.0]]))
    assert (depth > 0).all()
    assert pixels[0, 0] == pytest.approx(320.0)
    assert pixels[1, 0] > 330.0
