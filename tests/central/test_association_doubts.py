"""What cameras and clocks say about themselves, named places, and freezing: on the live service, on both databases."""

from datetime import timedelta

import pytest

from central.domain.values import CaseFilter
from central.domain.workflow import CaseState
from central.services.views import CaseDetail
from central.store import cases
from contract.events import CameraCondition, ClockState, Event
from contract.ids import NodeId
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from contract.taxonomy import Seen
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import TOPICS, Parts

BLIND = (CameraCondition.FROZEN, CameraCondition.BLACK, CameraCondition.COVERED)


def saying(event: Event, **facts: object) -> Event:
    return event.model_copy(update={"data": event.data.model_copy(update=facts)})


def details(parts: Parts) -> list[CaseDetail]:
    listed = parts.reader.page(CaseFilter(only_prominent=False), 500).items
    return [detail for case in listed if (detail := parts.reader.detail(case.id)) is not None]


def case_of(parts: Parts, name: str) -> CaseDetail:
    incident = uuid_of("incident", name)
    return next(case for case in details(parts) if incident in {o.incident_id for o in case.observations})


def grill(street: Street, name: str, at: tuple[float, float], **facts: object) -> Event:
    camera = str(facts.pop("camera", "cam-1"))
    return saying(street.event(name, Seen.GRILL, at, last=T0 + minutes(9), camera=camera), **facts)


def codes(case: CaseDetail) -> list[str]:
    return [reason.code for reason in case.judgement.reasons]


@pytest.mark.parametrize("condition", [*BLIND, CameraCondition.GLARE, CameraCondition.MOVED])
def test_what_a_doubtful_camera_reports_is_kept_and_asks_for_a_person(parts: Parts, condition: CameraCondition) -> None:
    parts.take(grill(Street(), "g", (0, 0), camera_condition=condition, zones=("ban",)))
    case = case_of(parts, "g")
    assert (case.state, case.judgement.verdict) == (CaseState.PENDING_REVIEW, "needs_person")
    assert [code for code in codes(case) if code.startswith("camera_")]
    assert "cam-1" in case.sentence.en


def test_one_sound_camera_is_enough_for_a_violation_and_the_doubt_is_still_told(parts: Parts) -> None:
    street = Street()
    parts.take(
        grill(street, "g", (0, 0), camera_condition=CameraCondition.BLURRED),
        grill(street, "h", (0.5, 0), camera="cam-2", camera_condition=CameraCondition.CLEAR),
    )
    case = case_of(parts, "g")
    assert (len(case.observations), case.judgement.verdict) == (2, "violation")
    assert "camera_dull" in codes(case)


def test_a_moved_camera_joins_nothing_by_its_ground_positions(parts: Parts) -> None:
    street = Street()
    parts.take(
        grill(street, "g", (0, 0)),
        grill(street, "h", (0.5, 0), camera="cam-2", camera_condition=CameraCondition.MOVED),
    )
    assert case_of(parts, "g").id != case_of(parts, "h").id


def test_a_track_that_saw_its_camera_move_keeps_the_place_it_had(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    moved = street.event("g", Seen.GRILL, (30, 0), revision=2, last=T0 + minutes(5))
    parts.take(saying(moved, camera_condition=CameraCondition.MOVED))
    place = case_of(parts, "g").place
    assert place is not None
    assert abs(place.east_m) < 0.1


def test_what_only_the_nodes_status_says_of_its_camera_counts_from_then_on(parts: Parts) -> None:
    camera = CameraStatus(
        camera_id="cam-1",
        state=CameraState.LIVE,
        condition=CameraCondition.COVERED,
        condition_since=T0 + minutes(5),
    )
    status = NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=NodeState.ONLINE,
        at=T0 + minutes(6),
        software="1",
        config_version="1",
        clock_state=ClockState.SYNCHRONISED,
        cameras=(camera,),
    )
    parts.link.push(TOPICS.status(NodeId("node-1")), status.to_wire())
    street = Street()
    parts.take(street.event("before", Seen.GRILL, (0, 0), last=T0 + minutes(4)), grill(street, "after", (60, 0)))
    assert "camera_blind" not in codes(case_of(parts, "before"))
    assert "camera_blind" in codes(case_of(parts, "after"))


def test_an_unsure_clock_widens_the_gap_between_cameras_and_is_told(parts: Parts) -> None:
    """Eleven minutes of silence: one more than trade allows, but a clock is four minutes off."""
    street = Street()
    unsure = {"clock_state": ClockState.UNSYNCHRONISED, "clock_offset_ms": -240_000.0}
    for name, state in (("far", {}), ("near", unsure)):
        later = street.event(
            f"{name}-b", Seen.STALL, (0.4, 0), first=T0 + minutes(14), last=T0 + minutes(16), camera=f"{name}-2"
        )
        parts.take(street.event(f"{name}-a", Seen.STALL, (0, 0), last=T0 + minutes(3), camera=f"{name}-1"))
        parts.take(saying(later, **state))
        assert (case_of(parts, f"{name}-a").id == case_of(parts, f"{name}-b").id) is bool(state)
        street.seqs["node-1"] += 100
        break_up = street.event("x", Seen.STALL, (300, 300), last=T0 + minutes(3))
        parts.take(break_up)
    assert "clock_unsure" in codes(case_of(parts, "near-b"))


def test_a_board_at_a_named_place_is_one_case_across_days(parts: Parts) -> None:
    street = Street()

    def board(name: str, place_id: str, day: int) -> Event:
        parts.clock.move_to(max(parts.clock.now(), T0 + timedelta(days=day)))
        return saying(street.event(name, Seen.SIGN, None, first=T0 + timedelta(days=day)), place_id=place_id)

    parts.take(board("a", "shop-1", 0), board("b", "shop-2", 0))
    parts.take(board("c", "shop-1", 9))
    parts.take(board("d", "shop-2", 23), board("e", "shop-1", 23))
    assert case_of(parts, "a").id == case_of(parts, "c").id == case_of(parts, "e").id
    assert case_of(parts, "b").id == case_of(parts, "d").id != case_of(parts, "a").id
    assert {o.link.basis for o in case_of(parts, "a").observations} == {"first", "place"}


def test_a_case_the_platform_has_received_attaches_but_loses_nobody(parts: Parts) -> None:
    """Late looks show the second to be a neighbour; the frozen case keeps it all the same."""
    street = Street()
    parts.take(
        street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(3)),
        street.event("b", Seen.STALL, (3, 0), last=T0 + minutes(3), camera="cam-2"),
    )
    whole = case_of(parts, "a").id
    assert case_of(parts, "b").id == whole
    with parts.database.write() as connection:
        cases.freeze(connection, whole, "platform", T0)
    away = [
        street.event("b", Seen.STALL, (6.2, 0), revision=n, last=T0 + minutes(n), camera="cam-2", sigma_m=0.6)
        for n in range(2, 14)
    ]
    parts.take(*away)
    assert case_of(parts, "b").id == whole
    parts.take(street.event("c", Seen.STALL, (0.2, 0), last=T0 + minutes(3), camera="cam-3"))
    assert case_of(parts, "c").id == whole
    with parts.database.write() as connection:
        cases.thaw(connection, whole)
    parts.take(street.event("c", Seen.STALL, (0.2, 0), revision=2, last=T0 + minutes(4), camera="cam-3"))
    assert case_of(parts, "b").id != case_of(parts, "a").id == case_of(parts, "c").id
