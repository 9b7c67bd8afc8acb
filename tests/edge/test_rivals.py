"""What something else has been seen in all along does not open, however often one look takes it for a stall."""

import pytest

from contract.events import IncidentState
from contract.ids import CameraId
from contract.taxonomy import Context, Seen
from edge.rules.boxes import grown
from edge.rules.policy import Policies
from edge.values import Box, Detection
from edge.watching import CameraWatch
from tests.edge.fakes import LEFT, RIGHT, at, policy, saw

KINDS = (Seen.STALL, Seen.PARASOL, Seen.GARBAGE, Seen.FLAME, Seen.BILLBOARD)
POLICIES = Policies(presence={kind: policy(share=0.5, confirm_score=0.1, present_after_s=10) for kind in KINDS})


def opened(looks: list[list[Detection]], every_s: float = 1.0) -> list[tuple[float, Seen]]:
    """What one camera opens, and when."""
    watch = CameraWatch(CameraId("cam"), POLICIES, every_s)
    told = []
    for number, look in enumerate(looks):
        second = number * every_s
        incidents = watch.step(look, lambda _box: None, at(second)).incidents
        told += [(second, one.track.seen) for one in incidents if one.state is IncidentState.OPENED]
    return told


@pytest.mark.parametrize("other", [Seen.BILLBOARD, Seen.GARBAGE, Context.VEHICLE, Context.WASTE_CONTAINER])
def test_what_wins_every_other_look_only_does_not_open(other: Seen | Context) -> None:
    stall, rival = saw(Seen.STALL, LEFT, 0.5), saw(other, LEFT, 0.6)
    looks = [[stall, rival] if number % 2 else [stall] for number in range(120)]
    assert Seen.STALL not in {seen for _, seen in opened(looks)}


def test_a_faint_rival_takes_nothing_away() -> None:
    looks = [[saw(Seen.STALL, LEFT, 0.6), saw(Seen.BILLBOARD, LEFT, 0.3)] for _ in range(20)]
    assert (10, Seen.STALL) in opened(looks)


def test_what_was_outdone_opens_once_the_rival_has_left_its_window() -> None:
    stall, van = saw(Seen.STALL, LEFT, 0.6), saw(Context.VEHICLE, LEFT, 0.55)
    told = opened([[stall, van] if second < 30 else [stall] for second in range(60)])
    assert [seen for _, seen in told] == [Seen.STALL]
    assert 30 < told[0][0] <= 40


def test_a_stall_and_its_parasol_speak_for_each_other() -> None:
    stall, parasol, board = saw(Seen.STALL, LEFT, 0.4), saw(Seen.PARASOL, LEFT, 0.8), saw(Seen.BILLBOARD, LEFT, 0.3)
    assert {seen for _, seen in opened([[stall, parasol, board]] * 20)} >= {Seen.STALL, Seen.PARASOL}
    assert Seen.STALL not in {seen for _, seen in opened([[stall, board]] * 20)}


@pytest.mark.parametrize(
    ("rival", "why"),
    [
        (saw(Seen.BILLBOARD, RIGHT, 0.9), "it hangs elsewhere"),
        (saw(Seen.FLAME, LEFT, 0.9), "what burns there is no other thing"),
        (saw(Context.PERSON, (LEFT[0], LEFT[1], (LEFT[0] + LEFT[2]) / 2, LEFT[3]), 0.9), "somebody stands before it"),
    ],
)
def test_what_may_be_there_as_well_is_no_rival(rival: Detection, why: str) -> None:
    assert (10, Seen.STALL) in opened([[saw(Seen.STALL, LEFT, 0.4), rival]] * 20), why


def test_plumes_and_boards_are_not_asked() -> None:
    bin_there = saw(Context.WASTE_CONTAINER, LEFT, 0.9)
    looks = [[saw(Seen.FLAME, LEFT, 0.4), saw(Seen.BILLBOARD, RIGHT, 0.4), bin_there]] * 20
    assert {seen for _, seen in opened(looks)} == {Seen.FLAME, Seen.BILLBOARD}


def test_what_is_open_stays_open_whatever_comes_before_it() -> None:
    watch = CameraWatch(CameraId("cam"), POLICIES, 1.0)
    states = []
    for second in range(200):
        box: Box = grown(LEFT, 0.02)
        look = [saw(Seen.STALL, LEFT, 0.6), *([saw(Context.VEHICLE, box, 0.5)] if second > 20 else [])]
        states += [one.state for one in watch.step(look, lambda _box: None, at(second)).incidents]
    assert states[0] is IncidentState.OPENED
    assert set(states[1:]) == {IncidentState.UPDATED}
