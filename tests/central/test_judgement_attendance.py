"""Parasol, table or cart and somebody who stays: a violation; left alone, none by itself; unknown, as before."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from central.domain.judge import judge
from central.domain.judgement.verdicts import Breach, Lawful, NeedsPerson, Observing
from central.domain.law import Names, ZoneKind
from central.domain.reasons import sentence
from central.domain.registers.cameras import EvidenceGrade, RegisteredCamera
from central.domain.registers.seasons import parse_seasonal_hours
from central.domain.rules import AssociationRules
from central.domain.sightings import observations_of
from central.domain.values import CaseSnapshot, Revision
from contract.ids import CameraId, IncidentId, NodeId
from contract.taxonomy import Seen, Violation
from tests.central.lawcases import case, codes, law_of, near, outcome, zone

LAW = law_of()
MINUTES_20 = timedelta(minutes=20)


def attended(case: CaseSnapshot, seconds: float | None) -> CaseSnapshot:
    return replace(case, members=tuple(replace(member, attended_s=seconds) for member in case.members))


def standing(*seen: Seen, stayed_s: float | None, stay: timedelta = MINUTES_20) -> CaseSnapshot:
    return attended(case(*seen, stay=stay), stayed_s)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        ((Seen.CART,), Violation.MOBILE_VENDOR),
        ((Seen.PARASOL,), Violation.ROAD_OCCUPATION),
        ((Seen.TABLE,), Violation.ROAD_OCCUPATION),
        ((Seen.PARASOL, Seen.TABLE), Violation.ROAD_OCCUPATION),
    ],
)
def test_with_somebody_who_stays_it_is_trade_from_the_legal_dwell_on(seen: tuple[Seen, ...], kind: Violation) -> None:
    verdict = judge(standing(*seen, stayed_s=300), (), LAW)
    assert isinstance(verdict, Breach)
    assert (verdict.violation, verdict.dwell) == (kind, timedelta(seconds=300))
    assert "somebody_stays" in codes(verdict)
    assert not isinstance(judge(standing(*seen, stayed_s=299), (), LAW), Breach)


def test_the_dwell_is_that_of_who_stays_and_not_of_the_cart() -> None:
    """It stands for five minutes first, whoever is there."""
    short = judge(standing(Seen.CART, stayed_s=280, stay=timedelta(seconds=290)), (), LAW)
    assert isinstance(short, Observing)
    assert short.violation is Violation.MOBILE_VENDOR


def test_a_cart_left_alone_is_a_lead_for_a_person_after_the_dwell_of_piled_goods() -> None:
    early = judge(standing(Seen.CART, stayed_s=0, stay=timedelta(seconds=899)), (), LAW)
    late = judge(standing(Seen.CART, stayed_s=40, stay=timedelta(seconds=900)), (), LAW)
    assert isinstance(early, Observing)
    assert isinstance(late, NeedsPerson)
    assert (late.suggested, late.instead_of) == (Violation.PILED_GOODS, Violation.MOBILE_VENDOR)
    assert "left alone it is no trade" in sentence(late.reasons, "en")
    assert "（最长 40 秒）" in sentence(late.reasons, "zh")


@pytest.mark.parametrize("seen", [(Seen.PARASOL,), (Seen.TABLE,), (Seen.PARASOL, Seen.TABLE)])
def test_furniture_left_alone_is_no_case_of_its_own(seen: tuple[Seen, ...]) -> None:
    verdict = judge(standing(*seen, stayed_s=0), (), LAW)
    assert isinstance(verdict, Observing)
    assert "nobody_stays" in codes(verdict)


@pytest.mark.parametrize(
    ("seen", "told"),
    [((Seen.CART,), "violation"), ((Seen.PARASOL,), "observing"), ((Seen.PARASOL, Seen.TABLE), "needs_person")],
)
def test_an_older_node_is_judged_as_before_and_the_reason_says_so(seen: tuple[Seen, ...], told: str) -> None:
    verdict = judge(standing(*seen, stayed_s=None), (), LAW)
    assert verdict.kind == told
    assert "attendance_unknown" in codes(verdict)


def test_a_camera_that_can_tell_speaks_for_one_that_can_not() -> None:
    both = standing(Seen.CART, stayed_s=None)
    other = replace(both.members[0], incident_id=IncidentId("other"), camera_id=CameraId("b"), attended_s=400.0)
    verdict = judge(replace(both, members=(*both.members, other)), (), LAW)
    assert isinstance(verdict, Breach)
    assert "attendance_unknown" not in codes(verdict)


@pytest.mark.parametrize("stayed_s", [None, 0.0, 600.0])
def test_a_stall_is_trade_by_itself(stayed_s: float | None) -> None:
    verdict = judge(standing(Seen.STALL, stayed_s=stayed_s), (), LAW)
    assert isinstance(verdict, Breach)
    assert not codes(verdict) & {"somebody_stays", "nobody_stays", "attendance_unknown"}


@pytest.mark.parametrize("stayed_s", [None, 0.0, 600.0])
def test_inside_a_zone_and_its_hours_it_is_lawful_whoever_stays(stayed_s: float | None) -> None:
    verdict = judge(standing(Seen.CART, stayed_s=stayed_s), (), law_of(zone(ZoneKind.VENDOR_GUIDE_ZONE)))
    assert isinstance(verdict, Lawful)


@pytest.mark.parametrize("seen", [Seen.CART, Seen.TABLE])
def test_in_a_closed_zone_trade_with_somebody_is_the_night_markets(seen: Seen) -> None:
    morning = parse_seasonal_hours(("daily 06:00-09:00",))
    law = law_of(zone(ZoneKind.VENDOR_GUIDE_ZONE, hours=morning))
    assert outcome(judge(standing(seen, stayed_s=600), (), law))[:2] == ("violation", Violation.NIGHT_MARKET)
    assert not isinstance(judge(standing(seen, stayed_s=0), (), law), Breach)


def test_a_table_beside_a_grill_stays_part_of_that_case() -> None:
    grill = near(LAW, case(Seen.GRILL, name="g"))
    assert "furniture_beside_fire" in codes(judge(standing(Seen.TABLE, stayed_s=900), grill, LAW))


def test_a_site_may_go_without_the_question() -> None:
    plain = replace(LAW, needs_somebody=frozenset())
    assert isinstance(judge(standing(Seen.CART, stayed_s=0), (), plain), Breach)
    nothing = replace(LAW, left_alone=None)
    assert isinstance(judge(standing(Seen.CART, stayed_s=0), (), nothing), Observing)


def test_only_a_reviewed_camera_that_saw_somebody_proves_it() -> None:
    reviewed = RegisteredCamera("cam", Names("一", "one"), evidence_grade=EvidenceGrade.PENALTY_REVIEWED)
    law = law_of(cameras=(reviewed,))
    one = standing(Seen.CART, stayed_s=400).members[0]
    other = replace(one, incident_id=IncidentId("o"), camera_id=CameraId("b"))
    proven = judge(CaseSnapshot(standing(Seen.CART, stayed_s=1).case_id, one.group, (one,)), (), law)
    blind = replace(one, attended_s=10.0)
    unproven = judge(CaseSnapshot(standing(Seen.CART, stayed_s=1).case_id, one.group, (blind, other)), (), law)
    assert proven.evidence.grade is EvidenceGrade.PENALTY_REVIEWED
    assert isinstance(unproven, Breach)
    assert unproven.evidence.grade is EvidenceGrade.PATROL_ONLY


def test_an_incident_keeps_its_longest_stay_in_any_order() -> None:
    start = datetime.fromisoformat("2026-07-01T10:00:00+00:00")

    def told(number: int, minute: int, stayed_s: float | None) -> Revision:
        at = start + timedelta(minutes=minute)
        return Revision(
            IncidentId("i"), number, NodeId("n"), CameraId("c"), Seen.CART, start, at, False, None, attended_s=stayed_s
        )

    revisions = [told(1, 1, None), told(2, 6, 330.0), told(3, 7, 20.0), told(4, 8, None)]
    for some in (revisions, revisions[::-1]):
        (seen,) = observations_of(some, AssociationRules())
        assert seen.attended_s == 330.0
    (bare,) = observations_of([told(1, 1, None)], AssociationRules())
    assert bare.attended_s is None
