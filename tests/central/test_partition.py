"""Which sightings are one thing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.domain.explain import links_of
from central.domain.geometry import Covariance, Position
from central.domain.partition import NO_BONDS, Bonds, partition
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation
from contract.events import BoxNorm
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import Seen
from tests.central.builders import T0, minutes, seconds

RULES = AssociationRules()
FIVE_MINUTES = minutes(5)
PARTNERS = frozenset({frozenset({CameraId("cam-1"), CameraId("cam-2")})})


def seen_at(
    name: str,
    seen: Seen,
    at: tuple[float, float] | None,
    *,
    camera: str = "cam-1",
    sigma_m: float = 1.0,
    start: datetime = T0,
    stay: timedelta = FIVE_MINUTES,
    looks: int = 1,
    x: float = 0.5,
) -> Observation:
    position = None if at is None else Position(Point(*at), Covariance(sigma_m**2, 0, sigma_m**2))
    box = BoxNorm(x1=x - 0.05, y1=0.4, x2=x + 0.05, y2=0.5)
    known = (IncidentId(name), 1, NodeId("n"), CameraId(camera), seen, start, start + stay, False, position)
    return Observation(*known, looks=looks, box=box)


def cases(*sightings: Observation, rules: AssociationRules = RULES, bonds: Bonds = NO_BONDS) -> set[frozenset[str]]:
    """Who is with whom; the same for every order that is tried."""
    found = [partition(order, rules, bonds) for order in (sightings, sightings[::-1])]
    first, second = ({frozenset(f.sightings[i].member_id for i in group) for group in f.groups} for f in found)
    assert first == second
    return {frozenset(map(str, group)) for group in first}


def together(*names: str) -> set[frozenset[str]]:
    return {frozenset(names)}


def apart(*names: str) -> set[frozenset[str]]:
    return {frozenset({name}) for name in names}


def test_smoke_and_grill_of_one_barbecue_seen_by_two_cameras_are_one_case() -> None:
    grill = seen_at("g", Seen.GRILL, (0, 0))
    smoke = seen_at("s", Seen.SMOKE, (7, 3), camera="cam-2", sigma_m=2)
    assert cases(grill, smoke) == together("g", "s")


@pytest.mark.parametrize("sigma_m", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("seen", [Seen.SMOKE, Seen.FLAME])
def test_a_burning_bin_eleven_metres_from_a_barbecue_is_another_case(seen: Seen, sigma_m: float) -> None:
    grill = seen_at("g", Seen.GRILL, (0, 0))
    assert cases(grill, seen_at("b", seen, (9.7, 5), camera="cam-2", sigma_m=sigma_m)) == apart("g", "b")


def test_smoke_and_grill_of_one_camera_are_one_case_although_simultaneous() -> None:
    assert cases(seen_at("g", Seen.GRILL, (0, 0)), seen_at("s", Seen.SMOKE, (2, 2), sigma_m=2)) == together("g", "s")


def test_two_stalls_eight_metres_apart_are_two_cases_however_vague_the_camera() -> None:
    first = seen_at("a", Seen.STALL, (0, 0), sigma_m=4)
    assert cases(first, seen_at("b", Seen.STALL, (8, 0), camera="cam-2", sigma_m=4)) == apart("a", "b")


def test_one_camera_that_sees_two_stalls_at_once_sees_two_things() -> None:
    assert cases(seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.CART, (3.2, 0))) == apart("a", "b")


def test_two_boxes_of_one_camera_that_are_surely_too_near_for_two_stalls_are_one() -> None:
    sure = {"sigma_m": 0.4, "looks": 20}
    first = seen_at("a", Seen.STALL, (0, 0), **sure)  # type: ignore[arg-type]
    assert cases(first, seen_at("b", Seen.STALL, (1, 0), **sure)) == together("a", "b")  # type: ignore[arg-type]


def test_two_cameras_that_each_see_both_neighbours_pair_them_as_they_stand() -> None:
    """A camera that errs by half the distance would join the wrong ones if the first fit were taken."""
    left, right = seen_at("l1", Seen.STALL, (0, 0)), seen_at("r1", Seen.STALL, (4, 0))
    shifted = [seen_at(name, Seen.STALL, (x + 1.8, 0), camera="cam-2") for name, x in (("l2", 0), ("r2", 4))]
    assert cases(left, right, *shifted) == {frozenset({"l1", "l2"}), frozenset({"r1", "r2"})}


def test_a_track_that_continues_a_lost_one_stays_in_its_case() -> None:
    later = seen_at("b", Seen.STALL, (0.5, 0), start=T0 + minutes(8))
    assert cases(seen_at("a", Seen.STALL, (0, 0)), later) == together("a", "b")


@pytest.mark.parametrize(("silence", "expected"), [(seconds(15), together("a", "b")), (minutes(8), apart("a", "b"))])
def test_whoever_takes_the_next_pitch_after_a_silence_is_another(
    silence: timedelta, expected: set[frozenset[str]]
) -> None:
    """A track that breaks off goes on three metres beside at once, if at all."""
    first = seen_at("a", Seen.CART, (0, 0), sigma_m=1.2, looks=20)
    later = seen_at("b", Seen.CART, (3.2, 0), sigma_m=1.2, looks=20, start=first.last_seen_at + silence)
    assert cases(first, later) == expected


@pytest.mark.parametrize("came_with", ["left", "right"])
def test_a_second_camera_means_the_neighbour_that_came_when_it_saw_one_come(came_with: str) -> None:
    starts = {"left": T0, "right": T0 + minutes(20)}
    row = [
        replace(seen_at(name, Seen.STALL, at, start=starts[name]), last_seen_at=T0 + minutes(60))
        for name, at in (("left", (0, 0)), ("right", (4, 0)))
    ]
    other = seen_at("other", Seen.STALL, (2, 0), camera="cam-2", start=starts[came_with] + seconds(20))
    assert {came_with, "other"} in cases(*row, replace(other, last_seen_at=T0 + minutes(60)))


def test_a_parasol_belongs_to_the_stall_that_was_there_meanwhile() -> None:
    left = seen_at("a", Seen.STALL, (0, 0), camera="cam-2", stay=minutes(30))
    right = seen_at("b", Seen.STALL, (4, 0), camera="cam-2", start=T0 + minutes(25), stay=minutes(30))
    parasol = seen_at("p", Seen.PARASOL, (2.1, 0), start=T0 + minutes(2), stay=minutes(28))
    assert cases(left, right, parasol) == {frozenset({"a", "p"}), frozenset({"b"})}


def test_a_vague_camera_does_not_outvote_the_camera_that_saw_both() -> None:
    """To a camera that is unsure by metres everything fits everywhere; one picture tells what stands beside what."""
    left, right = seen_at("a", Seen.STALL, (0, 0), looks=20), seen_at("b", Seen.STALL, (4.5, 0), looks=20)
    unsure = seen_at("u", Seen.STALL, (5, 0), camera="cam-2", sigma_m=4)
    parasol = seen_at("p", Seen.PARASOL, (1.5, 0), looks=20)
    assert cases(left, right, unsure, parasol) == {frozenset({"a", "p"}), frozenset({"b", "u"})}


@pytest.mark.parametrize(("seen", "silence_s"), [(Seen.STALL, 540), (Seen.GARBAGE, 3600)])
def test_the_next_one_after_the_kinds_own_gap_is_a_new_case(seen: Seen, silence_s: int) -> None:
    first = seen_at("a", seen, (0, 0))
    for extra_s, expected in ((0, together("a", "b")), (1, apart("a", "b"))):
        later = seen_at("b", seen, (0, 0), start=T0 + minutes(5) + seconds(silence_s + extra_s))
        assert cases(first, later) == expected


def test_a_parasol_joins_the_nearest_stall_and_never_chains_two() -> None:
    left, right = seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, (7, 0))
    near_right = seen_at("p", Seen.PARASOL, (5.5, 0), camera="cam-2")
    between = seen_at("q", Seen.PARASOL, (3.4, 0), camera="cam-3")
    assert cases(left, right, near_right, between) == {frozenset({"a", "q"}), frozenset({"b", "p"})}


def test_a_stall_may_have_two_tables_at_once() -> None:
    tables = [seen_at(name, Seen.TABLE, at) for name, at in (("t1", (1.2, 0)), ("t2", (-1.2, 0.5)))]
    assert cases(seen_at("a", Seen.STALL, (0, 0)), *tables) == together("a", "t1", "t2")


def test_without_ground_one_camera_knows_its_own_picture() -> None:
    first = seen_at("a", Seen.STALL, None)
    again = seen_at("b", Seen.STALL, None, start=T0 + minutes(8), x=0.51)
    elsewhere = seen_at("c", Seen.STALL, None, start=T0 + minutes(8), x=0.8)
    assert cases(first, again, elsewhere) == {frozenset({"a", "b"}), frozenset({"c"})}


@pytest.mark.parametrize(("camera", "joins"), [("cam-2", True), ("cam-3", False)])
def test_without_ground_only_declared_overlap_joins_two_cameras(camera: str, joins: bool) -> None:
    rules = RULES.model_copy(update={"overlaps": PARTNERS})
    pair = seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, None, camera=camera)
    assert (cases(*pair, rules=rules) == together("a", "b")) is joins


def test_overlap_with_two_equally_possible_things_decides_nothing() -> None:
    rules = RULES.model_copy(update={"overlaps": PARTNERS})
    both = seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, (8, 0))
    assert cases(*both, seen_at("c", Seen.STALL, None, camera="cam-2"), rules=rules) == apart("a", "b", "c")
    short = replace(both[1], last_seen_at=T0 + minutes(2))
    assert {"a", "c"} in cases(both[0], short, seen_at("c", Seen.STALL, None, camera="cam-2"), rules=rules)


def test_overlap_joins_who_came_and_went_together_not_who_was_there_for_about_as_long() -> None:
    rules = RULES.model_copy(update={"overlaps": PARTNERS})
    first = replace(seen_at("a", Seen.STALL, (0, 0), stay=minutes(60)), is_gone=True)
    second = seen_at("b", Seen.STALL, None, camera="cam-2", start=T0 + minutes(1), stay=minutes(58))
    assert cases(first, replace(second, is_gone=True), rules=rules) == together("a", "b")
    for changed in (
        replace(second, first_seen_at=T0 + minutes(6)),
        replace(second, last_seen_at=T0 + minutes(53), is_gone=True),
    ):
        assert cases(first, changed, rules=rules) == apart("a", "b")
    assert cases(first, replace(second, first_seen_at=T0 + minutes(6), clock_slack_s=600), rules=rules) == together(
        "a", "b"
    )


def test_what_a_person_said_binds_both_ways() -> None:
    near = seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, (0.5, 0), camera="cam-2")
    far = seen_at("c", Seen.STALL, (30, 0), camera="cam-3")
    said = Bonds(must=frozenset({_pair("a", "c")}), cannot=frozenset({_pair("a", "b")}))
    assert cases(*near, far, bonds=said) == {frozenset({"a", "c"}), frozenset({"b"})}


def test_held_cases_take_in_what_fits_and_never_become_one() -> None:
    one, two = seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, (1.5, 0), camera="cam-2")
    newcomer = seen_at("c", Seen.STALL, (0.2, 0), camera="cam-3")
    held = Bonds(held=(frozenset({one.member_id}), frozenset({two.member_id})))
    assert cases(one, two, newcomer, bonds=held) == {frozenset({"a", "c"}), frozenset({"b"})}
    assert partition([one, two, newcomer], RULES, held).proposals == (frozenset({0, 1}),)


def test_every_link_explains_itself() -> None:
    pair = [seen_at("a", Seen.STALL, (0, 0)), seen_at("b", Seen.STALL, (0.8, 0), camera="cam-2", start=T0 + minutes(6))]
    found = partition(pair, RULES)
    first, second = links_of(found, 0, RULES)
    assert (first.basis, first.score) == ("first", 1.0)
    assert (second.basis, second.with_incident, second.rule, second.gate) == ("ground", "a", "ground/4", 3.25)
    assert second.distance_m == pytest.approx(0.8)
    assert second.distance == pytest.approx(3.25 * (1 - second.score))
    assert (second.place, second.with_place, second.gap) == (Point(0.8, 0), Point(0, 0), minutes(1))


def _pair(a: str, b: str) -> frozenset[MemberId]:
    return frozenset({MemberId(a), MemberId(b)})


PLACES = st.tuples(st.floats(0, 14), st.floats(0, 8))
KINDS = st.sampled_from([Seen.STALL, Seen.CART, Seen.PARASOL, Seen.TABLE])


@st.composite
def streets(draw: st.DrawFn) -> list[Observation]:
    """Up to ten sightings of three cameras, some without ground point or with a place of their own."""
    return [
        replace(
            seen_at(
                f"s{number}",
                draw(KINDS),
                draw(st.one_of(PLACES, st.none())),
                camera=f"cam-{draw(st.integers(1, 3))}",
                start=T0 + minutes(draw(st.integers(0, 40))),
                x=draw(st.floats(0.1, 0.9)),
            ),
            place_id=draw(st.sampled_from([None, None, None, "shop-1", "shop-2"])),
        )
        for number in range(draw(st.integers(1, 10)))
    ]


def test_a_reviewed_parasol_never_joins_a_reviewed_stall() -> None:
    stall, parasol = seen_at("stall", Seen.STALL, (0, 0)), seen_at("parasol", Seen.PARASOL, (0.5, 0), camera="cam-2")
    assert cases(stall, parasol) == together("stall", "parasol")
    held = Bonds(held=(frozenset({stall.member_id}), frozenset({parasol.member_id})))
    assert cases(stall, parasol, bonds=held) == apart("stall", "parasol")


@settings(max_examples=40, deadline=None)
@given(streets(), st.data())
def test_laws_of_every_partition(street: list[Observation], data: st.DataObject) -> None:
    """Everybody once; the same for every order; held cases whole and apart; what people parted stays apart."""
    names = [sighting.member_id for sighting in street]
    drawn = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=6))
    held = tuple(frozenset(part) for part in (drawn[:3], drawn[3:]) if part)
    free = [name for name in names if name not in drawn]
    cannot = frozenset({frozenset(free[:2])}) if len(free) > 1 else frozenset[frozenset[MemberId]]()
    bonds = Bonds(cannot=cannot, held=held)
    found = partition(data.draw(st.permutations(street)), RULES, bonds)
    groups = [frozenset(found.sightings[place].member_id for place in group) for group in found.groups]
    assert sorted(name for group in groups for name in group) == sorted(names)
    assert set(groups) == {
        frozenset(again.sightings[place].member_id for place in group)
        for again in [partition(street, RULES, bonds)]
        for group in again.groups
    }
    homes = [group for case in held for group in groups if case <= group]
    assert len(homes) == len(set(homes)) == len(held)
    assert not any(pair <= group for pair in cannot for group in groups)
