"""Masks, perspective and wishes: what is not looked at, what can't be, and when to look closer."""

from math import atan, radians, tan

import pytest

from contract.ids import CameraId
from contract.taxonomy import Context, Seen
from edge.rules.attention import AGAIN_AFTER, Wishes
from edge.rules.perspective import LearnedPerspective, PosedPerspective, plausible
from edge.rules.places import CameraPose
from edge.rules.presence import Presence
from edge.rules.regions import Mask, unmasked
from edge.rules.track import Tracker
from edge.values import Box, Thing
from tests.edge.fakes import at, policy, saw

LOWER = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
POSE = CameraPose(0, 0, 0, 0, height_m=6.0, yaw_deg=0, tilt_deg=20, fov_deg=70)
CAM = CameraId("cam-1")


def test_a_solid_thing_is_masked_by_its_foot() -> None:
    stands_in, hangs_over = Thing(Seen.STALL, 0.9, (0.1, 0.3, 0.2, 0.6)), Thing(Seen.STALL, 0.9, (0.1, 0.1, 0.2, 0.45))
    assert unmasked([stands_in, hangs_over], [Mask(LOWER)]) == (hangs_over,)


def test_a_plume_is_masked_by_half_its_box() -> None:
    mostly_in, mostly_out = Thing(Seen.SMOKE, 0.9, (0.1, 0.4, 0.2, 0.9)), Thing(Seen.SMOKE, 0.9, (0.1, 0.0, 0.2, 0.7))
    assert unmasked([mostly_in, mostly_out], [Mask(LOWER)]) == (mostly_out,)


def test_a_mask_for_smoke_leaves_stalls_alone() -> None:
    things = (Thing(Seen.STALL, 0.9, (0.1, 0.6, 0.2, 0.9)),)
    assert unmasked(things, [Mask(LOWER, frozenset({Seen.SMOKE}))]) == things


def box_of(height_m: float, reach_m: float) -> Box:
    """The box of something so high at so many metres from the foot of POSE's pole."""
    half = tan(radians(POSE.fov_deg) / 2) / POSE.aspect

    def row(up_m: float) -> float:
        return (tan(atan((POSE.height_m - up_m) / reach_m) - radians(POSE.tilt_deg)) / half + 1) / 2

    return (0.5, row(height_m), 0.55, row(0.0))


@pytest.mark.parametrize("reach_m", [10.0, 18.0, 35.0])
@pytest.mark.parametrize("height_m", [0.8, 1.7, 2.5])
def test_a_surveyed_camera_knows_how_high_things_are(height_m: float, reach_m: float) -> None:
    found = PosedPerspective(POSE).height_m(box_of(height_m, reach_m))
    assert found == pytest.approx(height_m, rel=0.01)


def test_nothing_is_known_at_the_horizon_and_nothing_stands_above_it() -> None:
    level = CameraPose(0, 0, 0, 0, height_m=6.0, yaw_deg=0, tilt_deg=0, fov_deg=70)
    presence = {Seen.STALL: policy(height_m=(0.3, 3.6))}
    far, board = Thing(Seen.STALL, 0.9, (0.1, 0.3, 0.2, 0.5)), Thing(Seen.STALL, 0.9, (0.1, 0.1, 0.2, 0.4))
    assert PosedPerspective(level).height_m(far.box_norm) is None
    assert plausible([far, board], PosedPerspective(level), presence) == (far,)


def test_a_stall_as_high_as_a_house_is_none() -> None:
    presence = {Seen.STALL: policy(height_m=(0.3, 3.6))}
    house, stall = Thing(Seen.STALL, 0.9, box_of(5.9, 18.0)), Thing(Seen.STALL, 0.9, box_of(2.2, 18.0))
    toy = Thing(Seen.STALL, 0.9, box_of(0.1, 18.0))
    assert plausible([house, stall, toy], PosedPerspective(POSE), presence) == (stall,)


def test_a_sheet_over_goods_is_no_parasol() -> None:
    presence = {Seen.PARASOL: policy(height_m=(2.0, 3.9))}
    sheet, parasol = Thing(Seen.PARASOL, 0.9, box_of(1.4, 18.0)), Thing(Seen.PARASOL, 0.3, box_of(1.8, 18.0))
    assert plausible([sheet, parasol], PosedPerspective(POSE), presence) == (parasol,)


def test_a_lamp_post_and_a_row_of_awnings_are_no_parasols_whatever_the_camera_knows() -> None:
    """In the picture's own proportions: 0.1 of the width is as long as 0.178 of the height at 16:9."""
    rule = policy()
    presence = {Seen.PARASOL: rule.model_copy(update={"shape": (0.7, 1.8)})}
    parasol, post = Thing(Seen.PARASOL, 0.9, (0.4, 0.4, 0.5, 0.6)), Thing(Seen.PARASOL, 0.9, (0.4, 0.4, 0.43, 0.6))
    row, cut = Thing(Seen.PARASOL, 0.9, (0.3, 0.4, 0.7, 0.6)), Thing(Seen.PARASOL, 0.9, (0.0, 0.4, 0.03, 0.6))
    assert plausible([parasol, post, row, cut], LearnedPerspective(), presence) == (parasol, cut)
    assert plausible([row], LearnedPerspective(), presence, aspect=0.5) == (row,), "an upright picture"


def test_people_teach_a_camera_without_a_survey() -> None:
    perspective = LearnedPerspective()
    assert perspective.height_m((0.1, 0.3, 0.2, 0.55)) is None
    for _ in range(12):
        perspective.note([saw(Context.PERSON, (0.4, 0.45, 0.43, 0.55))])
    assert perspective.height_m((0.1, 0.35, 0.2, 0.55)) == pytest.approx(3.36)
    assert perspective.height_m((0.1, 0.7, 0.2, 0.95)) is None, "nobody walked there yet"


def test_a_wish_comes_once_per_place_and_only_until_it_is_an_incident() -> None:
    presence_policies = {Seen.SMOKE: policy(present_after_s=5, attention_s=20)}
    tracker, presence = Tracker(presence_policies), Presence(presence_policies, 2.0)
    wishes = Wishes(CAM, presence_policies)
    given = []
    for second in range(0, 700, 2):
        look = tracker.step([Thing(Seen.SMOKE, 0.9, (0.1, 0.1, 0.3, 0.4))] if second % 8 == 0 else [], at(second))
        presence.step(look, at(second))
        wish = wishes.step(look, presence, at(second))
        given += [] if wish is None else [(second, (wish.until - at(second)).total_seconds(), wish.camera_id)]
    again_s = int(AGAIN_AFTER.total_seconds())
    assert given == [(0, 20.0, CAM), (304, 20.0, CAM), (608, 20.0, CAM)] and again_s == 300


def test_what_needs_no_closer_look_wishes_nothing() -> None:
    presence_policies = {Seen.STALL: policy()}
    look = Tracker(presence_policies).step([Thing(Seen.STALL, 0.9, (0.1, 0.1, 0.3, 0.4))], at(0))
    assert Wishes(CAM, presence_policies).step(look, Presence(presence_policies, 2.0), at(0)) is None
