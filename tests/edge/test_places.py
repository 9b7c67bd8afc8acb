"""Where a thing stands: zones of the picture, and a point on the ground with its uncertainty."""

from math import hypot, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.calibration import MAX_RANGE_M
from contract.events import GroundPoint
from contract.plane import Origin, Point, contains
from contract.taxonomy import Seen
from edge.rules.places import CameraPose, Zone, zones_of
from edge.scene.camera import PinholeCamera
from edge.scene.streets import demo_street
from edge.values import Box

ORIGIN = (36.8135, 118.0548)
CAMERAS = demo_street().cameras


def pose_of(camera: PinholeCamera, sigma_m: float = 0.5) -> CameraPose:
    return CameraPose(
        *ORIGIN,
        east_m=camera.east_m,
        north_m=camera.north_m,
        height_m=camera.height_m,
        yaw_deg=camera.yaw_deg,
        tilt_deg=camera.tilt_deg,
        fov_deg=camera.fov_deg,
        aspect=camera.width_px / camera.height_px,
        sigma_m=sigma_m,
    )


def box_on(camera: PinholeCamera, east_m: float, north_m: float, up_m: float = 0.0) -> Box | None:
    """A box whose base point is the picture of that place; None if the camera does not see it."""
    pixels, depth = camera.project(np.array([[east_m, north_m, up_m]]))
    x, y = pixels[0, 0] / camera.width_px, pixels[0, 1] / camera.height_px
    if depth[0] < 1 or not (0.05 < x < 0.95 and 0.05 < y < 0.95):
        return None
    return (x - 0.03, y - 0.2, x + 0.03, y)


def metres(point: GroundPoint) -> tuple[float, float]:
    place = Origin(*ORIGIN).to_local(point.lat, point.lon)
    return place.east_m, place.north_m


places = st.floats(-20, 20)


@given(st.sampled_from(CAMERAS), places, places)
def test_a_known_place_is_found_again_from_its_picture(camera: PinholeCamera, east: float, north: float) -> None:
    box = box_on(camera, east, north)
    assume(box is not None)
    assert box is not None
    point = pose_of(camera).ground_point(box, 0.0)
    assert point is not None
    assert metres(point) == pytest.approx((east, north), abs=0.01)


@given(st.sampled_from(CAMERAS), places, places)
def test_smoke_is_placed_under_its_base(camera: PinholeCamera, east: float, north: float) -> None:
    """What begins at a grill's rim, 0.8 m up, stands where the grill stands."""
    box = box_on(camera, east, north, up_m=0.8)
    assume(box is not None)
    assert box is not None
    point = pose_of(camera).ground_point(box, 0.8)
    assert point is not None
    assert metres(point) == pytest.approx((east, north), abs=0.01)


def test_two_cameras_on_opposite_sides_agree_on_a_deep_stall() -> None:
    """The near side is 0.9 m before the middle, seen from either side; `half_depth_m` takes both to the middle."""
    stall = np.array([0.0, 7.0])
    for camera in CAMERAS[:2]:
        away = stall - np.array([camera.east_m, camera.north_m])
        front = stall - 0.9 * away / float(np.hypot(*away))
        box = box_on(camera, float(front[0]), float(front[1]))
        assert box is not None
        point = pose_of(camera).ground_point(box, 0.0, half_depth_m=0.9)
        assert point is not None
        assert metres(point) == pytest.approx((0.0, 7.0), abs=0.02)


def test_uncertainty_grows_with_range_and_most_along_the_look() -> None:
    camera = PinholeCamera("c", 0, 0, 6, yaw_deg=0, tilt_deg=15, fov_deg=70)
    sigmas = []
    for north in (11.0, 20.0, 35.0, 60.0):
        box = box_on(camera, 0.0, north)
        assert box is not None
        point = pose_of(camera).ground_point(box, 0.0)
        assert point is not None
        assert point.nn_m2 > point.ee_m2
        sigmas.append(sqrt(point.ee_m2 + point.nn_m2))
    assert sigmas == sorted(sigmas)
    assert sigmas[-1] > 5 * sigmas[0]


def test_a_worse_survey_is_admitted_and_a_better_one_not_believed() -> None:
    camera = CAMERAS[0]
    box = box_on(camera, 0.0, 7.0)
    assert box is not None
    plain, worse, better = (pose_of(camera, sigma).ground_point(box, 0.0) for sigma in (0.5, 3.0, 0.01))
    assert plain is not None and worse is not None
    assert worse.ee_m2 > plain.ee_m2 + 8
    assert better == plain


def test_there_is_no_place_above_the_horizon_or_out_of_range() -> None:
    level = CameraPose(*ORIGIN, east_m=0, north_m=0, height_m=6, yaw_deg=0, tilt_deg=0, fov_deg=70)
    assert level.ground_point((0.4, 0.1, 0.6, 0.5), 0.0) is None
    assert level.ground_point((0.4, 0.1, 0.6, 0.3), 0.0) is None
    assert level.ground_point((0.4, 0.1, 0.6, 0.52), 0.0) is None
    near = level.ground_point((0.4, 0.1, 0.6, 0.9), 0.0)
    assert near is not None
    assert hypot(*metres(near)) < MAX_RANGE_M


def test_what_hangs_above_the_camera_has_no_place() -> None:
    low = CameraPose(*ORIGIN, east_m=0, north_m=0, height_m=2, yaw_deg=0, tilt_deg=20, fov_deg=70)
    assert low.ground_point((0.4, 0.1, 0.6, 0.9), 2.0) is None


@given(
    st.floats(-360, 360),
    st.floats(0, 90),
    st.floats(1, 60),
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0, 2)),
)
def test_every_place_given_is_a_valid_wire_value(
    yaw: float, tilt: float, height: float, rest: tuple[float, float, float]
) -> None:
    """Whatever the pose and the box, the answer is None or a point the contract accepts."""
    x, y, half_depth = rest
    pose = CameraPose(*ORIGIN, east_m=0, north_m=0, height_m=height, yaw_deg=yaw, tilt_deg=tilt, fov_deg=90)
    point = pose.ground_point((x, y, x + 0.1, y + 0.1), 0.0, half_depth)
    assert point is None or hypot(*metres(point)) <= MAX_RANGE_M + half_depth + 0.1


def test_edge_and_central_mean_the_same_metres() -> None:
    """Both turn metres into degrees by themselves; over a site they may differ by a hand's breadth."""
    lat, lon = Origin(*ORIGIN).to_degrees(Point(150.0, -150.0))
    there = GroundPoint(lat=lat, lon=lon, ee_m2=1, en_m2=0, nn_m2=1)
    assert metres(there) == pytest.approx((150.0, -150.0), abs=0.25)


SQUARE = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
HOOK = ((0.0, 0.0), (0.6, 0.0), (0.6, 0.6), (0.4, 0.6), (0.4, 0.2), (0.0, 0.2))


def test_a_thing_is_in_the_zones_its_base_stands_in() -> None:
    zones = [Zone("pavement", SQUARE), Zone("kerb", HOOK)]
    assert zones_of((0.4, 0.1, 0.6, 0.3), zones, Seen.STALL) == ("kerb",)  # right of the square
    assert zones_of((0.38, 0.1, 0.48, 0.3), zones, Seen.STALL) == ("pavement", "kerb")
    assert zones_of((0.1, 0.1, 0.3, 0.4), zones, Seen.STALL) == ("pavement",)  # in the hook's bay
    assert zones_of((0.1, 0.1, 0.3, 0.9), zones, Seen.STALL) == ()  # tall, but standing outside


def test_a_zone_for_some_kinds_holds_nothing_else() -> None:
    """A ban on barbecues is none on stalls."""
    zones = [Zone("square", SQUARE), Zone("no barbecues", SQUARE, frozenset({Seen.GRILL, Seen.SMOKE}))]
    assert zones_of((0.1, 0.1, 0.3, 0.4), zones, Seen.GRILL) == ("square", "no barbecues")
    assert zones_of((0.1, 0.1, 0.3, 0.4), zones, Seen.STALL) == ("square",)


thirds = st.integers(1, 95).map(lambda value: value / 96 + 1 / 1000)


@given(thirds, thirds, st.integers(0, 5))
def test_a_zones_first_corner_does_not_matter(x: float, y: float, turn: int) -> None:
    turned = HOOK[turn:] + HOOK[:turn]
    assert contains(turned, x, y) == contains(HOOK, x, y) == contains(turned[::-1], x, y)
