"""Which incidents are one thing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from central.domain.associate import AssociationRules, decide, rehome
from central.domain.geometry import Covariance, Position
from central.domain.values import CaseSnapshot, Decision, Merge, New, Observation, Repeat, Stale
from contract.ids import CameraId, CaseId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, Seen
from tests.central.builders import T0, minutes, seconds

RULES = AssociationRules()
FIVE_MINUTES = minutes(5)


def seen_at(
    name: str,
    seen: Seen,
    at: tuple[float, float] | None,
    *,
    camera: str = "cam-1",
    sigma_m: float = 1.0,
    start: datetime = T0,
    stay: timedelta = FIVE_MINUTES,
    revision: int = 1,
) -> Observation:
    position = None if at is None else Position(Point(*at), Covariance(sigma_m**2, 0, sigma_m**2))
    return Observation(
        IncidentId(name), revision, NodeId("n"), CameraId(camera), seen, start, start + stay, False, position
    )


def case(name: str, *members: Observation, is_frozen: bool = False) -> CaseSnapshot:
    return CaseSnapshot(CaseId(name), GROUP_BY_SEEN[members[0].seen], members, is_frozen)


def merged_into(decision: Decision) -> str | None:
    return decision.case_id if isinstance(decision, Merge) else None


def test_a_newer_revision_repeats_and_an_older_one_is_stale() -> None:
    stored = seen_at("a", Seen.STALL, (0, 0), revision=3)
    known = case("case", stored)
    assert isinstance(decide(replace(stored, revision=4), [known], RULES), Repeat)
    assert isinstance(decide(replace(stored, revision=3), [known], RULES), Stale)


def test_smoke_and_grill_of_one_barbecue_seen_by_two_cameras_are_one_case() -> None:
    grill = case("bbq", seen_at("g", Seen.GRILL, (0, 0)))
    smoke = seen_at("s", Seen.SMOKE, (7, 3), camera="cam-2", sigma_m=2)
    decision = decide(smoke, [grill], RULES)
    assert merged_into(decision) == "bbq"
    assert isinstance(decision, Merge)
    assert decision.link.basis == "ground"
    assert decision.link.distance is not None
    assert decision.link.distance < RULES.gate


@pytest.mark.parametrize("sigma_m", [0.5, 1.0, 3.0])
def test_a_burning_bin_eleven_metres_from_a_barbecue_is_another_case(sigma_m: float) -> None:
    grill = case("bbq", seen_at("g", Seen.GRILL, (0, 0)))
    for seen in (Seen.SMOKE, Seen.FLAME):
        assert decide(seen_at("bin", seen, (9.7, 5), camera="cam-2", sigma_m=sigma_m), [grill], RULES) == New()


def test_smoke_and_grill_of_one_camera_are_one_case_although_simultaneous() -> None:
    grill = case("bbq", seen_at("g", Seen.GRILL, (0, 0)))
    assert merged_into(decide(seen_at("s", Seen.SMOKE, (2, 2), sigma_m=2), [grill], RULES)) == "bbq"


def test_two_stalls_eight_metres_apart_are_two_cases_however_vague_the_camera() -> None:
    first = case("one", seen_at("a", Seen.STALL, (0, 0), sigma_m=4))
    assert decide(seen_at("b", Seen.STALL, (8, 0), camera="cam-2", sigma_m=4), [first], RULES) == New()


def test_one_camera_that_sees_two_stalls_at_once_sees_two_things() -> None:
    first = case("one", seen_at("a", Seen.STALL, (0, 0)))
    assert decide(seen_at("b", Seen.STALL, (1, 0)), [first], RULES) == New()


def test_a_track_that_continues_a_lost_one_stays_in_its_case() -> None:
    first = case("one", seen_at("a", Seen.STALL, (0, 0)))
    later = seen_at("b", Seen.STALL, (0.5, 0), start=T0 + minutes(8))
    assert merged_into(decide(later, [first], RULES)) == "one"


def test_the_next_vendor_after_the_gap_is_a_new_case() -> None:
    first = case("one", seen_at("a", Seen.STALL, (0, 0)))
    later = seen_at("b", Seen.STALL, (0, 0), start=T0 + minutes(5) + RULES.groups[first.group].gap + seconds(1))
    assert decide(later, [first], RULES) == New()


def test_a_parasol_joins_the_nearest_stall_and_never_chains_two() -> None:
    left = case("left", seen_at("a", Seen.STALL, (0, 0)), seen_at("pa", Seen.PARASOL, (3, 0)))
    right = case("right", seen_at("b", Seen.STALL, (8, 0)))
    parasol = seen_at("pb", Seen.PARASOL, (6.5, 0), camera="cam-2")
    assert merged_into(decide(parasol, [left, right], RULES)) == "right"
    stall = seen_at("c", Seen.STALL, (7.5, 0), camera="cam-2")
    assert decide(stall, [left], RULES) == New()  # near the left stall's parasol, not near the stall


def test_smoke_moves_to_the_grill_it_fits_better_and_anchors_stay() -> None:
    flame, grill = seen_at("f", Seen.FLAME, (9.7, 5)), seen_at("g", Seen.GRILL, (0, 0))
    smoke = seen_at("s", Seen.SMOKE, (4, 3), camera="cam-2", sigma_m=3)
    bin_fire, barbecue = case("bin", flame, smoke), case("bbq", grill)
    moved = rehome(smoke, [bin_fire, barbecue], RULES)
    assert moved is not None
    assert moved.case_id == "bbq"
    assert rehome(flame, [bin_fire, barbecue], RULES) is None
    assert rehome(smoke, [case("bin", flame, smoke, is_frozen=True), barbecue], RULES) is None
    assert rehome(smoke, [bin_fire, case("moved", grill, seen_at("x", Seen.SMOKE, (90, 0)))], RULES) == replace(
        moved, case_id=CaseId("moved")
    )


def test_fire_and_trade_never_join() -> None:
    stall = case("stall", seen_at("a", Seen.STALL, (0, 0)))
    assert decide(seen_at("g", Seen.GRILL, (0, 0), camera="cam-2"), [stall], RULES) == New()


@pytest.mark.parametrize(("pair", "joins"), [(("cam-1", "cam-2"), True), (("cam-1", "cam-3"), False)])
def test_without_ground_only_declared_overlap_joins(pair: tuple[str, str], joins: bool) -> None:
    rules = AssociationRules(overlaps=frozenset({frozenset(CameraId(name) for name in pair)}))
    first = case("one", seen_at("a", Seen.STALL, None))
    decision = decide(seen_at("b", Seen.STALL, None, camera="cam-2"), [first], rules)
    assert isinstance(decision, Merge) is joins


def test_overlap_with_two_possible_cases_decides_nothing() -> None:
    rules = AssociationRules(overlaps=frozenset({frozenset({CameraId("cam-1"), CameraId("cam-2")})}))
    both = [case("one", seen_at("a", Seen.STALL, None)), case("two", seen_at("b", Seen.STALL, None))]
    assert decide(seen_at("c", Seen.STALL, None, camera="cam-2"), both, rules) == New()


def test_an_incident_alone_in_its_case_joins_another_once_its_ground_is_known() -> None:
    alone = case("alone", seen_at("b", Seen.STALL, None, camera="cam-2"))
    other = case("other", seen_at("a", Seen.STALL, (0, 0)))
    decision = decide(seen_at("b", Seen.STALL, (0.5, 0), camera="cam-2", revision=2), [alone, other], RULES)
    assert merged_into(decision) == "other"


def test_nothing_is_taken_from_a_case_that_a_person_has_reviewed() -> None:
    alone = case("alone", seen_at("b", Seen.STALL, None, camera="cam-2"), is_frozen=True)
    other = case("other", seen_at("a", Seen.STALL, (0, 0)))
    newer = seen_at("b", Seen.STALL, (0.5, 0), camera="cam-2", revision=2)
    assert isinstance(decide(newer, [alone, other], RULES), Repeat)
