"""Whether somebody stays with a thing: seconds of capture time, and nothing of who it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from contract.events import Event, IncidentState
from contract.manifest import ModelClass, ModelManifest
from contract.taxonomy import Context, Seen
from edge.pipeline import View
from edge.rules.attendance import Attendance
from edge.rules.places import CameraPose
from edge.rules.policy import AttendancePolicy, Policies
from edge.rules.track import TrackedLook, Tracker
from edge.scene.air import air_of
from edge.scene.backdrop import light_of
from edge.scene.camera import PinholeCamera
from edge.scene.stage import Stage
from edge.scene.streets import demo_street
from edge.scene.truth import scene_objects
from edge.scene.world import World
from edge.values import Box, Detection, Thing
from edge.watching import CameraWatch
from models.classes import MEANING_BY_LABEL
from tests.edge.fakes import CAM, MANIFEST, at, frame, policy, saw
from tests.edge.test_pipeline import Street

CART: Box = (0.40, 0.50, 0.50, 0.70)
METRE = 0.20 / 1.5
"""Of the picture's height, at the cart: a cart is 1.0 to 2.0 m high."""
RULE = {Seen.CART: policy(height_m=(1.0, 2.0))}
Foot = tuple[float, float]
Who = Callable[[float], Sequence[Foot]]


def person(foot: Foot, height: float = 1.68 * METRE) -> Detection:
    x, y = foot
    return saw(Context.PERSON, (x - height / 8, y - height, x + height / 8, y))


class _Unknown:
    slack = 1.0

    def height_m(self, box: Box) -> float | None:  # the port's signature
        return None


def stayed(who: Who, looks: Sequence[float], rule: AttendancePolicy | None = None, cart: Box = CART) -> float | None:
    """What is said of a cart after looks at those seconds, with people's feet where `who` says."""
    attendance = Attendance(rule or AttendancePolicy(), RULE, 1.0, _Unknown())
    tracker = Tracker(RULE)
    for second in looks:
        look = tracker.step([Thing(Seen.CART, 0.8, cart)], at(second))
        attendance.step(look, [person(foot) for foot in who(second)], at(second))
    (track,) = look.live
    return attendance.stayed_s(track.track_id)


def every(step_s: float, until_s: float) -> list[float]:
    return [n * step_s for n in range(int(until_s / step_s) + 1)]


def vendor(second: float) -> Sequence[Foot]:
    """Turns and bends behind the cart."""
    return [(0.45 + 0.01 * (int(second) % 3), 0.66)]


ARRIVALS = np.cumsum(np.random.default_rng(5).exponential(10.0, 50)).tolist()
"""When each of them passes the cart, seconds."""


def walkers(second: float) -> Sequence[Foot]:
    """1.4 m a second; somebody every ten seconds, by chance."""
    metre = METRE / (16 / 9)
    return [(0.45 + (second - passes) * 1.4 * metre, 0.71) for passes in ARRIVALS if abs(second - passes) < 5]


@pytest.mark.parametrize("step_s", [0.5, 2.0, 5.0])
def test_who_stays_is_counted_in_seconds_at_any_rate(step_s: float) -> None:
    told = stayed(vendor, every(step_s, 400))
    assert told is not None
    assert 400 - 15 <= told <= 400


@pytest.mark.parametrize("step_s", [0.5, 2.0, 5.0])
def test_people_who_walk_past_do_not_stay(step_s: float) -> None:
    told = stayed(walkers, every(step_s, 400))
    assert told is not None
    assert told < 120  # of 400: two may follow each other for a minute


def test_nobody_is_a_known_nought() -> None:
    assert stayed(lambda _second: (), every(5, 300)) == 0.0


def test_who_stands_elsewhere_on_the_pavement_is_not_with_it() -> None:
    away = 3.0 * METRE / (16 / 9)
    assert stayed(lambda _second: [(CART[2] + away, 0.7), (0.45, 0.7 - 2 * METRE)], every(5, 300)) == 0.0


def test_nothing_is_said_before_enough_looks_or_where_people_are_too_small_to_see() -> None:
    assert stayed(vendor, every(5, 20)) is None
    far: Box = (0.45, 0.50, 0.46, 0.52)
    assert stayed(vendor, every(5, 300), cart=far) is None


def test_the_longest_stay_is_kept_when_the_vendor_leaves() -> None:
    def leaves(second: float) -> Sequence[Foot]:
        return vendor(second) if second <= 200 else ()

    told = stayed(leaves, every(5, 600))
    assert told is not None
    assert 180 <= told <= 200


def test_a_short_absence_does_not_end_a_stay_and_a_long_one_does() -> None:
    def away(start: float, end: float) -> Who:
        return lambda second: () if start <= second < end else vendor(second)

    short, long = stayed(away(200, 240), every(5, 400)), stayed(away(150, 250), every(5, 400))
    assert short is not None and long is not None
    assert short >= 380
    assert long <= 160


def test_missing_looks_begin_no_stay() -> None:
    """Two glimpses of somebody in five minutes are nobody's stay, however few looks there were."""
    told = stayed(vendor, [0, 5, 100, 105, 200, 205, 300, 305, 400, 405])
    assert told == 0.0


def test_a_person_who_hides_the_cart_is_still_there() -> None:
    attendance, tracker = Attendance(AttendancePolicy(), RULE, 1.0, _Unknown()), Tracker(RULE)
    for second in every(5, 300):
        things = [Thing(Seen.CART, 0.8, CART)] if second % 20 == 0 else []
        look = tracker.step(things, at(second))
        attendance.step(look, [person(foot) for foot in vendor(second)], at(second))
    told = attendance.stayed_s(look.live[0].track_id)
    assert told is not None
    assert told >= 280


def test_a_tile_elsewhere_says_nothing_of_it() -> None:
    attendance, tracker = Attendance(AttendancePolicy(), RULE, 1.0, _Unknown()), Tracker(RULE)
    tile: Box = (0.7, 0.5, 1.0, 0.8)
    for second in every(5, 300):
        look = tracker.step([Thing(Seen.CART, 0.8, CART)], at(second))
        attendance.step(look, [person(foot) for foot in vendor(second)], at(second))
        attendance.step(TrackedLook(look.live, ()), [], at(second + 1), tile)
    told = attendance.stayed_s(look.live[0].track_id)
    assert told is not None
    assert told >= 280


CART_POLICIES = Policies(presence={Seen.CART: policy(height_m=(1.0, 2.0), update_every_s=30)})
KNOWS_PEOPLE = MANIFEST.model_copy(
    update={
        "classes": (
            ModelClass(label="vendor_cart", means=Seen.CART, threshold=0.25),
            ModelClass(label="person", means=Context.PERSON, threshold=0.25),
        )
    }
)


def told_by_a_node(folder: Path, monkeypatch: pytest.MonkeyPatch, manifest: ModelManifest) -> list[Event]:
    monkeypatch.setattr("tests.edge.fakes.MANIFEST", manifest)
    street = Street(folder, (View(CAM, 2.0),), CART_POLICIES)
    for second in every(2, 240):
        seen = [saw(Seen.CART, CART), *(person(foot) for foot in vendor(second))] if second < 200 else []
        street.detector.say(*seen)
        street.pipeline.look(frame(second))
    return street.book.events


def test_every_event_carries_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = told_by_a_node(tmp_path, monkeypatch, KNOWS_PEOPLE)
    told = [event.data.attended_s for event in events]
    assert events[-1].data.state is IncidentState.CLOSED
    assert told[-1] is not None and 180 <= told[-1] <= 198
    assert all(
        event.data.attended_s is None
        or timedelta(seconds=event.data.attended_s) <= event.data.last_seen_at - event.data.first_seen_at
        for event in events
    )


def test_a_model_that_knows_no_people_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(event.data.attended_s is None for event in told_by_a_node(tmp_path, monkeypatch, MANIFEST))


def looked_at(world: World, camera: PinholeCamera, until_s: int) -> float | None:
    """What a camera of the simulated street says of its first stall, given everything's true boxes."""
    pose = CameraPose(
        36.8,
        118.0,
        camera.east_m,
        camera.north_m,
        camera.height_m,
        camera.yaw_deg,
        camera.tilt_deg,
        camera.fov_deg,
        camera.width_px / camera.height_px,
    )
    stage = Stage(world, camera, light_of(world.ambience), air_of(world, camera))
    watch = CameraWatch(
        CAM, Policies(presence={Seen.STALL: policy(look_every_s=5, present_after_s=60)}), 5.0, pose=pose
    )
    for second in range(0, until_s, 10):
        found = [
            Detection(entry.label, MEANING_BY_LABEL[entry.label], 0.8, in_shares(entry.box_px, camera))
            for entry in scene_objects(stage.at(float(second)), (), camera)
        ]
        watched = watch.step(found, lambda *_: None, at(second))
    return max(
        (watch.attendance.stayed_s(track.track_id) or 0.0 for track in watched.tracked.live),
        default=None,
    )


def in_shares(box_px: Box, camera: PinholeCamera) -> Box:
    x1, y1, x2, y2 = box_px
    return x1 / camera.width_px, y1 / camera.height_px, x2 / camera.width_px, y2 / camera.height_px


def test_on_the_simulated_street_a_vendor_stays_and_passers_by_do_not() -> None:
    street = demo_street()
    camera, world = street.cameras[0], street.world
    without = replace(world, actors=tuple(actor for actor in world.actors if not actor.identity.endswith(".vendor")))
    with_vendor, alone = looked_at(world, camera, 300), looked_at(without, camera, 300)
    assert with_vendor is not None and alone is not None
    assert with_vendor >= 240
    assert alone < 60
