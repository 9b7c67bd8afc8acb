"""Detections → things: pieces become one, neighbours stay two."""

from hypothesis import given
from hypothesis import strategies as st

from contract.taxonomy import Context, Seen
from edge.rules.boxes import share_of_smaller
from edge.rules.gather import gather
from edge.values import Box, Detection, Thing
from tests.edge.fakes import LEFT, POLICIES, RIGHT, saw
from tests.edge.test_boxes import boxes


def test_pieces_of_a_plume_become_one_with_the_best_pieces_score() -> None:
    pieces = [
        saw(Seen.SMOKE, (0.40, 0.30, 0.50, 0.40), 0.3),
        saw(Seen.SMOKE, (0.42, 0.41, 0.50, 0.55), 0.7),
        saw(Seen.SMOKE, (0.44, 0.20, 0.60, 0.31), 0.2),
    ]
    assert gather(pieces, POLICIES) == (Thing(Seen.SMOKE, 0.7, (0.40, 0.20, 0.60, 0.55)),)


def test_pieces_that_only_a_third_connects_become_one() -> None:
    chain = [
        saw(Seen.SMOKE, (0.1, 0.4, 0.2, 0.6), 0.9),
        saw(Seen.SMOKE, (0.4, 0.4, 0.5, 0.6), 0.8),
        saw(Seen.SMOKE, (0.2, 0.4, 0.4, 0.6), 0.3),
    ]
    (thing,) = gather(chain, POLICIES)
    assert thing.box_norm == (0.1, 0.4, 0.5, 0.6)


def test_two_plumes_apart_stay_two() -> None:
    assert len(gather([saw(Seen.SMOKE, LEFT), saw(Seen.SMOKE, RIGHT)], POLICIES)) == 2


def test_two_neighbouring_stalls_stay_two() -> None:
    """Side by side in a row seen at an angle, their boxes overlap by a third."""
    row = [saw(Seen.STALL, (0.20, 0.5, 0.32, 0.7), 0.9), saw(Seen.STALL, (0.28, 0.5, 0.40, 0.7), 0.8)]
    assert [thing.score for thing in gather(row, POLICIES)] == [0.9, 0.8]


def test_one_stall_boxed_twice_is_one() -> None:
    twice = [saw(Seen.STALL, (0.2, 0.5, 0.4, 0.8), 0.6), saw(Seen.STALL, (0.22, 0.55, 0.39, 0.8), 0.9)]
    assert gather(twice, POLICIES) == (Thing(Seen.STALL, 0.9, (0.22, 0.55, 0.39, 0.8)),)


def test_things_of_two_kinds_in_one_place_stay_two() -> None:
    assert {thing.seen for thing in gather([saw(Seen.SMOKE), saw(Seen.STALL)], POLICIES)} == {Seen.SMOKE, Seen.STALL}


def test_people_and_kinds_without_a_policy_are_no_things() -> None:
    assert gather([saw(Context.PERSON), saw(Context.VEHICLE), saw(Seen.SIGN)], POLICIES) == ()


@st.composite
def detections(draw: st.DrawFn) -> list[Detection]:
    """Distinct scores: on a tie the order of the model's output decides."""
    seen = st.sampled_from([Seen.SMOKE, Seen.STALL])
    found = draw(st.lists(st.tuples(seen, boxes(), st.integers(1, 99)), max_size=8, unique_by=lambda entry: entry[2]))
    return [saw(kind, box, score / 100) for kind, box, score in found]


@given(detections(), st.randoms(use_true_random=False))
def test_the_models_order_of_boxes_does_not_matter(found: list[Detection], random: object) -> None:
    assert set(gather(found[::-1], POLICIES)) == set(gather(found, POLICIES))


@given(detections())
def test_nothing_seen_is_lost_and_nothing_is_made_up(found: list[Detection]) -> None:
    """Every detection is inside, or mostly under, a thing of its kind; every thing has some detection's score."""
    things = gather(found, POLICIES)
    for detection in found:
        covers = [
            share_of_smaller(thing.box_norm, detection.box_norm) for thing in things if thing.seen is detection.means
        ]
        assert max(covers) >= 0.7
    assert {thing.score for thing in things} <= {detection.score for detection in found}


def box_in(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


@given(detections())
def test_a_plumes_hull_holds_all_its_pieces(found: list[Detection]) -> None:
    hulls = [thing.box_norm for thing in gather(found, POLICIES) if thing.seen is Seen.SMOKE]
    for detection in found:
        if detection.means is Seen.SMOKE:
            assert any(box_in(hull, detection.box_norm) for hull in hulls)
