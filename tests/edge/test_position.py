"""Calibration from ground points: what it claims is true, and what can't be is refused with a word of help."""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from contract.calibration import MAX_RANGE_M, Pair, Survey, distance_outside, hull, left_out
from contract.errors import UsageError
from contract.plane import Origin, Point
from edge.position.calibration import Calibration, calibrate
from edge.position.gcj import shift_at
from edge.position.settings import CalibrationSettings, require_near
from edge.scene.camera import PinholeCamera
from edge.scene.streets import demo_street

ORIGIN = Origin(36.8135, 118.0548)
ASPECT = 16 / 9
CAMERA = demo_street().cameras[0]
CORNERS = ((0.12, 0.45), (0.88, 0.45), (0.12, 0.92), (0.88, 0.92))
MORE = ((0.5, 0.65), (0.5, 0.4), (0.3, 0.75), (0.7, 0.55))
EXACT = Survey(0.003, 0.2, 0.0)


def pairs_of(
    camera: PinholeCamera,
    places: Sequence[tuple[float, float]],
    random: np.random.Generator | None = None,
    survey: Survey = EXACT,
) -> list[Pair]:
    """Points of the true camera; with `random`, clicked and surveyed as badly as `survey` says."""
    made = []
    for number, (x, y) in enumerate(places, 1):
        ground = camera.ground_point((x * camera.width_px, y * camera.height_px))
        assert ground is not None
        errors = np.zeros(4) if random is None else random.normal(0, 1, 4)
        click, metres = errors[:2] * survey.click_sigma, errors[2:] * survey.sigma_m
        place = Point(float(ground[0] + metres[0]), float(ground[1] + metres[1]))
        made.append(Pair(f"p{number}", float(x + click[0] / ASPECT), float(y + click[1]), place))
    return made


def truth(camera: PinholeCamera, x: float, y: float) -> np.ndarray:
    ground = camera.ground_point((x * camera.width_px, y * camera.height_px))
    assert ground is not None
    return np.array(ground)


@pytest.mark.parametrize("count", [4, 5, 6, 8])
@pytest.mark.parametrize("camera", demo_street().cameras, ids=lambda camera: camera.camera_id)
def test_exact_points_give_the_camera_back(camera: PinholeCamera, count: int) -> None:
    calibration = calibrate(pairs_of(camera, (CORNERS + MORE)[:count]), ORIGIN, ASPECT, EXACT)
    pose = calibration.pose
    assert pose is not None
    found = (pose.east_m, pose.north_m, pose.height_m, pose.tilt_deg, pose.fov_deg)
    assert found == pytest.approx(
        (camera.east_m, camera.north_m, camera.height_m, camera.tilt_deg, camera.fov_deg), abs=1e-3
    )
    assert (pose.yaw_deg - camera.yaw_deg) % 360 == pytest.approx(0, abs=1e-3) or (
        pose.yaw_deg - camera.yaw_deg
    ) % 360 == pytest.approx(360, abs=1e-3)
    located = calibration.locate((0.4, 0.6), 0.003)
    assert located is not None
    assert located[0] == pytest.approx(truth(camera, 0.4, 0.6), abs=1e-3)


@pytest.mark.parametrize(("count", "camera"), [(4, 0), (5, 3), (6, 1), (8, 2)])
def test_the_claimed_uncertainty_is_true(count: int, camera: int) -> None:
    """Monte Carlo: squared distances in sigmas follow chi-square of two degrees of freedom."""
    seen = demo_street().cameras[camera]
    random = np.random.default_rng(count)
    squares = []
    for _ in range(250):
        calibration = calibrate(pairs_of(seen, (CORNERS + MORE)[:count], random), ORIGIN, ASPECT, EXACT)
        x, y = 0.4, 0.6
        click = random.normal(0, 0.012, 2)
        located = calibration.locate((x + click[0] / ASPECT, y + click[1]), 0.012)
        assert located is not None
        error = located[0] - truth(seen, x, y)
        squares.append(float(error @ np.linalg.solve(located[1], error)))
    share_50, share_90 = (float(np.mean(np.array(squares) < limit)) for limit in (1.386, 4.605))
    assert 0.40 <= share_50 <= 0.66  # 0.5 ± 4 standard errors; a little too careful is no harm
    assert 0.82 <= share_90 <= 0.97


def test_lens_distortion_is_found_from_six_points_on() -> None:
    bend = -0.12
    pairs = []
    for pair in pairs_of(CAMERA, CORNERS + MORE):
        straight = np.array([(pair.x - 0.5) * ASPECT, pair.y - 0.5])
        bent = straight.copy()
        for _ in range(50):
            bent = straight / (1 + bend * float(bent @ bent))
        pairs.append(replace(pair, x=bent[0] / ASPECT + 0.5, y=bent[1] + 0.5))
    calibration = calibrate(pairs, ORIGIN, ASPECT, EXACT)
    assert calibration.fitted.values[8] == pytest.approx(bend, abs=1e-3)
    assert not calibrate(pairs[:5], ORIGIN, ASPECT, EXACT).fitted.has_lens


def calibrated(survey: Survey = EXACT) -> Calibration:
    return calibrate(pairs_of(CAMERA, CORNERS + MORE[:2]), ORIGIN, ASPECT, survey)


def test_uncertainty_grows_beyond_the_points() -> None:
    near_only = calibrate(
        pairs_of(CAMERA, ((0.2, 0.7), (0.8, 0.7), (0.2, 0.95), (0.8, 0.95), (0.5, 0.8))), ORIGIN, ASPECT, EXACT
    )
    sigmas = []
    for y in (0.85, 0.6, 0.45, 0.35):
        located = near_only.locate((0.5, y), 0.003)
        assert located is not None
        sigmas.append(float(np.sqrt(np.trace(located[1]))))
        whole = calibrated().locate((0.5, y), 0.003)
        assert whole is not None
    assert sigmas == sorted(sigmas)
    outside = near_only.locate((0.5, 0.45), 0.003)
    inside = calibrated().locate((0.5, 0.45), 0.003)
    assert outside is not None and inside is not None
    assert np.trace(outside[1]) > 2 * np.trace(inside[1])


def test_a_shared_map_error_is_never_lost() -> None:
    located = calibrated(Survey(0.003, 0.02, 2.0)).locate((0.5, 0.7), 0.003)
    assert located is not None
    assert min(np.linalg.eigvalsh(located[1])) > 3.9


def test_there_is_no_place_above_the_horizon_or_out_of_range() -> None:
    calibration = calibrated()
    assert calibration.locate((0.5, 0.02), 0.003) is None
    assert calibration.ground_point((0.4, 0.0, 0.6, 0.02), 0.0) is None
    for y in np.linspace(0.02, 1, 60):
        located = calibration.locate((0.5, float(y)), 0.003)
        if located is not None:
            assert hypot(*(located[0] - (CAMERA.east_m, CAMERA.north_m))) <= MAX_RANGE_M + 1


def test_smoke_is_placed_under_its_base_and_a_stall_at_its_middle() -> None:
    calibration = calibrated()
    place = np.array([1.0, 12.0])
    for up_m, half_depth_m in ((0.8, 0.0), (0.0, 0.9)):
        away = place - (CAMERA.east_m, CAMERA.north_m)
        foot = place - away / hypot(*away) * half_depth_m
        pixels, _ = CAMERA.project(np.array([[foot[0], foot[1], up_m]]))
        x, y = pixels[0, 0] / CAMERA.width_px, pixels[0, 1] / CAMERA.height_px
        point = calibration.ground_point((x - 0.03, y - 0.1, x + 0.03, y), up_m, half_depth_m)
        assert point is not None
        local = ORIGIN.to_local(point.lat, point.lon)
        assert (local.east_m, local.north_m) == pytest.approx(tuple(place), abs=0.02)


def test_two_swapped_points_are_named() -> None:
    pairs = pairs_of(CAMERA, CORNERS + MORE[:1])
    pairs[1], pairs[3] = replace(pairs[1], ground=pairs[3].ground), replace(pairs[3], ground=pairs[1].ground)
    with pytest.raises(UsageError, match="p2 and p4 look swapped"):
        calibrate(pairs, ORIGIN, ASPECT, EXACT)


def test_a_point_far_off_is_named() -> None:
    pairs = pairs_of(CAMERA, CORNERS + MORE)
    wrong = pairs[4]
    pairs[4] = replace(wrong, ground=Point(wrong.ground.east_m + 6, wrong.ground.north_m - 4))
    with pytest.raises(UsageError, match="point p5 does not fit the others"):
        calibrate(pairs, ORIGIN, ASPECT, EXACT)


def test_points_on_a_line_determine_nothing() -> None:
    with pytest.raises(UsageError, match="nearly on one line"):
        calibrate(pairs_of(CAMERA, ((0.1, 0.7), (0.3, 0.7), (0.6, 0.7), (0.9, 0.7))), ORIGIN, ASPECT, EXACT)
    with pytest.raises(UsageError, match="nearly on one line"):
        calibrate(pairs_of(CAMERA, ((0.1, 0.7), (0.3, 0.7), (0.9, 0.7), (0.5, 0.9))), ORIGIN, ASPECT, EXACT)


def test_three_points_are_too_few() -> None:
    with pytest.raises(UsageError, match="at least 4"):
        calibrate(pairs_of(CAMERA, CORNERS[:3]), ORIGIN, ASPECT, EXACT)


def test_a_mirrored_survey_is_refused() -> None:
    """East and north mixed up in every point."""
    pairs = [replace(p, ground=Point(p.ground.north_m, p.ground.east_m)) for p in pairs_of(CAMERA, CORNERS + MORE)]
    with pytest.raises(UsageError, match="describe no camera above the ground"):
        calibrate(pairs, ORIGIN, ASPECT, EXACT)


def test_each_points_error_by_the_others_shows_the_bad_one() -> None:
    pairs = pairs_of(CAMERA, CORNERS + MORE)
    pairs[4] = replace(pairs[4], ground=Point(pairs[4].ground.east_m + 1.5, pairs[4].ground.north_m))
    errors = left_out(pairs, ORIGIN, ASPECT, EXACT)
    assert max(range(len(errors)), key=lambda k: errors[k] or 0.0) in (4, 0, 1, 2, 3)
    assert errors[4] == pytest.approx(1.5, abs=0.2)
    assert left_out(pairs[:4], ORIGIN, ASPECT, EXACT) == (None,) * 4


def test_web_map_coordinates_are_recognised() -> None:
    shift = shift_at(ORIGIN.lat, ORIGIN.lon)
    assert hypot(shift.east_m, shift.north_m) == pytest.approx(545, abs=15)
    pole = Point(CAMERA.east_m, CAMERA.north_m)
    pairs = pairs_of(CAMERA, CORNERS)
    require_near(pairs, pole, ORIGIN)
    moved = [replace(p, ground=Point(p.ground.east_m + shift.east_m, p.ground.north_m + shift.north_m)) for p in pairs]
    with pytest.raises(UsageError, match="GCJ-02"):
        require_near(moved, pole, ORIGIN)
    far = [replace(p, ground=Point(p.ground.east_m, p.ground.north_m + 2000)) for p in pairs]
    with pytest.raises(UsageError, match=r"20\d\d m from the camera"):
        require_near(far, pole, ORIGIN)


def test_a_wrong_calibration_in_a_configuration_names_its_points() -> None:
    pairs = pairs_of(CAMERA, CORNERS + MORE[:1])
    points = [
        {"name": p.name, "x": p.x, "y": p.y, "east_m": p.ground.east_m, "north_m": p.ground.north_m} for p in pairs
    ]
    content = {"origin_lat": ORIGIN.lat, "origin_lon": ORIGIN.lon, "points": points}
    assert CalibrationSettings.model_validate(content).to_calibration().pose is not None
    points[0]["east_m"], points[1]["east_m"] = points[1]["east_m"], points[0]["east_m"]
    points[0]["north_m"], points[1]["north_m"] = points[1]["north_m"], points[0]["north_m"]
    with pytest.raises(ValueError, match="p1 and p2 look swapped"):
        CalibrationSettings.model_validate(content)


def test_distance_outside_a_hull() -> None:
    corners = hull(np.array([[0, 0], [4, 0], [4, 4], [0, 4], [2, 2]], float))
    assert len(corners) == 4
    assert distance_outside(corners, np.array([2.0, 2.0])) == 0
    assert distance_outside(corners, np.array([7.0, 8.0])) == pytest.approx(5)
