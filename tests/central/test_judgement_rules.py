"""Each row of the law's tables and each re-classification, from what stands in the registers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from central.domain.hours import parse_hours
from central.domain.judge import judge
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, NeedsPerson
from central.domain.law import Names, Zone, ZoneKind
from central.domain.reasons import SENTENCES, sentence
from central.domain.registers.cameras import EvidenceGrade, RegisteredCamera
from central.domain.registers.names import ALWAYS_VALID, Validity
from central.domain.registers.permits import Permit, PermitKind, Place
from central.domain.registers.seasons import parse_seasonal_hours
from central.domain.registers.shops import Frontage, Shop
from central.domain.registers.tables import ListedCode
from central.domain.values import Doubt
from contract.plane import Point
from contract.taxonomy import Seen, Violation
from tests.central.lawcases import (
    BAN,
    BUILT_UP,
    DAY,
    FRUIT_MARKET,
    HOUR,
    NOON,
    case,
    codes,
    law_of,
    near,
    outcome,
    zone,
)


@pytest.mark.parametrize(
    ("kind", "seen", "legal_s"),
    [
        (Violation.WASTE_BURNING, Seen.FLAME, 30),
        (Violation.OPEN_BBQ, Seen.GRILL, 120),
        (Violation.ROAD_OCCUPATION, Seen.STALL, 300),
        (Violation.MOBILE_VENDOR, Seen.CART, 300),
        (Violation.SHOP_OVERFLOW, Seen.TABLE, 600),
        (Violation.ILLEGAL_AD, Seen.BILLBOARD, 86400),
        (Violation.ILLEGAL_SIGN, Seen.SIGN, 86400),
        (Violation.ILLEGAL_BANNER, Seen.BANNER, 86400),
        (Violation.EXPOSED_GARBAGE, Seen.GARBAGE, 900),
        (Violation.BIN_OVERFLOW, Seen.BIN_OVERFLOW, 900),
    ],
)
def test_every_violation_counts_from_its_legal_dwell_on_and_not_a_second_sooner(
    kind: Violation, seen: Seen, legal_s: int
) -> None:
    old = Validity(None, date(2026, 1, 1))
    permits = (
        Permit("p", PermitKind.ADVERT, "h", old, (Place("cam", "b"),)),
        Permit("q", PermitKind.SHOP_SIGN, "h", old, (Place("cam", "b"),)),
    )
    frontage = Frontage("f", "cam", "s", place_ids=frozenset({"shop-front"}))
    yard = zone(ZoneKind.RECYCLING_ZONE) if kind is Violation.WASTE_BURNING else BAN
    law = law_of(yard, permits=permits, shops=(Shop("s", Names("店", "shop")),), frontages=(frontage,))
    place_id = {Violation.SHOP_OVERFLOW: "shop-front"}.get(kind, "b")

    def judged(stay_s: int) -> Judgement:
        return judge(case(seen, stay=timedelta(seconds=stay_s), place_id=place_id), [], law)

    assert outcome(judged(legal_s))[:2] == ("violation", kind)
    assert outcome(judged(legal_s - 1))[:2] == ("observing", kind)
    found = judged(legal_s)
    assert isinstance(found, Breach)
    assert found.legal_basis is not None
    assert {code.standard for code in found.codes} <= {"GB/T 47678.5-2026", "GB/T 30428.2-2013", "CJ/T 214-2007"}


@pytest.mark.parametrize(
    ("seen", "area", "hour", "expected"),
    [
        (Seen.GRILL, BAN, 12, "violation"),
        (Seen.GRILL, BUILT_UP, 12, "lawful"),
        (Seen.GRILL, BUILT_UP, 16, "violation"),
        (Seen.GRILL, BUILT_UP, 1, "violation"),
        (Seen.GRILL, BUILT_UP, 2, "lawful"),
        (Seen.STALL, BAN, 6, "violation"),
        (Seen.STALL, BAN, 5, "lawful"),
        (Seen.STALL, BAN, 23, "lawful"),
        (Seen.CART, BAN, 22, "violation"),
        (Seen.GARBAGE, BAN, 3, "violation"),
    ],
)
def test_each_violation_counts_in_its_hours(seen: Seen, area: Zone, hour: int, expected: str) -> None:
    assert outcome(judge(case(seen, end=NOON.replace(hour=hour)), [], law_of(area)))[0] == expected


def test_without_a_ban_area_nothing_is_a_barbecue_violation() -> None:
    nowhere = judge(case(Seen.GRILL), [], law_of())
    assert outcome(nowhere)[:2] == ("needs_person", Violation.OPEN_BBQ)
    assert isinstance(nowhere, NeedsPerson)
    assert nowhere.needs == ("bbq_ban_area|built_up_area",)
    elsewhere = judge(case(Seen.GRILL, at=(50, 5000)), [], law_of(BAN))
    assert outcome(elsewhere)[:2] == ("lawful", "outside_ban_area")


@pytest.mark.parametrize(
    ("seen", "hour", "expected"),
    [
        ((Seen.SMOKE,), 18, ("violation", Violation.OIL_FUME, Violation.OPEN_BBQ)),
        ((Seen.GRILL, Seen.SMOKE), 18, ("violation", Violation.OIL_FUME, Violation.OPEN_BBQ)),
        ((Seen.GRILL,), 18, ("lawful", "bbq_site", None)),
        ((Seen.GRILL,), 12, ("violation", Violation.OPEN_BBQ, None)),
    ],
)
def test_smoke_in_a_licensed_barbecue_site_is_oil_fume(
    seen: tuple[Seen, ...], hour: int, expected: tuple[str, str, Violation | None]
) -> None:
    site = zone(ZoneKind.BBQ_SITE, "yard", hours=parse_hours(["daily 16:00-02:00"]))
    assert outcome(judge(case(*seen, end=NOON.replace(hour=hour)), [], law_of(site, BAN))) == expected


def test_a_barbecue_site_whose_plaque_ran_out_is_for_a_person() -> None:
    site = zone(ZoneKind.BBQ_SITE, plaque="B-7", plaque_validity=Validity(None, date(2026, 6, 30)))
    judgement = judge(case(Seen.GRILL), [], law_of(site, BAN))
    assert outcome(judgement)[:2] == ("needs_person", Violation.OPEN_BBQ)
    assert "plaque_expired" in codes(judgement)


def test_a_stall_outside_the_hours_of_its_zone_is_a_night_market_problem() -> None:
    late = judge(case(Seen.STALL, end=NOON.replace(hour=21)), [], law_of(FRUIT_MARKET))
    assert outcome(late) == ("violation", Violation.NIGHT_MARKET, Violation.ROAD_OCCUPATION)
    assert outcome(judge(case(Seen.STALL), [], law_of(FRUIT_MARKET))) == ("lawful", "trade_zone", None)


def test_seasonal_hours_hold_in_their_season_only() -> None:
    hours = parse_seasonal_hours(["05-01..10-15 daily 17:00-23:30", "daily 17:00-21:00"])
    law = law_of(zone(ZoneKind.VENDOR_CLUSTER, hours=hours))
    summer, winter = NOON.replace(hour=22), NOON.replace(month=12, hour=22)
    assert outcome(judge(case(Seen.STALL, end=summer), [], law))[0] == "lawful"
    assert outcome(judge(case(Seen.STALL, end=winter), [], law))[1] == Violation.NIGHT_MARKET


@pytest.mark.parametrize("seen", [Seen.STALL, Seen.PARASOL, Seen.TABLE])
@pytest.mark.parametrize("way", ["place", "middle", "foot"])
def test_what_stands_at_a_shops_front_is_the_shops(seen: Seen, way: str) -> None:
    region = ((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4))
    frontage = Frontage("f", "cam", "s", region, frozenset({"front-1"}))
    law = law_of(BAN, shops=(Shop("s", Names("面馆", "noodles")),), frontages=(frontage,))
    place_id = "front-1" if way == "place" else None
    box = {"place": None, "middle": (0.3, 0.3), "foot": (0.3, 0.195)}[way]
    judgement = judge(case(seen, place_id=place_id, box=box), [], law)
    first = Violation.ROAD_OCCUPATION if seen is Seen.STALL else None
    assert outcome(judgement) == ("violation", Violation.SHOP_OVERFLOW, first)
    assert "面馆" in sentence(judgement.reasons, "zh")
    assert "noodles" in sentence(judgement.reasons, "en")


def test_a_shop_that_may_put_out_a_stall_is_lawful_and_its_hours_count() -> None:
    frontage = Frontage("f", "cam", "s", place_ids=frozenset({"front"}))
    shop = Shop("s", Names("店", "shop"), hours=parse_hours(["daily 09:00-18:00"]))
    permit = Permit("p", PermitKind.STALL, "h", shop_id="s")
    law = law_of(BAN, shops=(shop,), frontages=(frontage,))
    assert outcome(judge(case(Seen.TABLE, place_id="front"), [], law))[1] == Violation.SHOP_OVERFLOW
    night = judge(case(Seen.TABLE, place_id="front", end=NOON.replace(hour=19)), [], law)
    assert outcome(night)[:2] == ("lawful", "outside_enforcement_hours")
    allowed = law_of(BAN, permits=(permit,), shops=(shop,), frontages=(frontage,))
    assert outcome(judge(case(Seen.TABLE, place_id="front"), [], allowed))[:2] == ("lawful", "stall_permit")


def test_a_cart_before_a_shop_is_a_vendors_and_not_the_shops() -> None:
    frontage = Frontage("f", "cam", "s", place_ids=frozenset({"front"}))
    law = law_of(BAN, shops=(Shop("s", Names("店", "shop")),), frontages=(frontage,))
    assert outcome(judge(case(Seen.CART, place_id="front"), [], law))[1] == Violation.MOBILE_VENDOR


def test_stalls_beyond_the_plaques_number_are_leads_and_the_first_keep_their_right() -> None:
    law = law_of(zone(ZoneKind.VENDOR_CLUSTER, capacity=2))
    stalls = [
        case(Seen.STALL, at=(10 + 20 * n, 10), stay=HOUR - n * timedelta(minutes=1), name=f"s{n}") for n in range(3)
    ]
    for number, stall in enumerate(stalls):
        others = near(law, *(other for other in stalls if other is not stall))
        judgement = judge(stall, others, law)
        if number < 2:
            assert outcome(judgement)[:2] == ("lawful", "trade_zone")
        else:
            assert outcome(judgement) == ("needs_person", Violation.NIGHT_MARKET, Violation.ROAD_OCCUPATION)
            assert "3" in sentence(judgement.reasons, "en")


def test_who_left_or_stands_outside_does_not_fill_the_zone() -> None:
    law = law_of(zone(ZoneKind.VENDOR_CLUSTER, capacity=1))
    outside = case(Seen.STALL, at=(150, 10), stay=2 * HOUR, name="outside")
    left = case(Seen.STALL, at=(10, 10), end=NOON - HOUR / 2, stay=HOUR, name="left")
    table = case(Seen.TABLE, at=(10, 10), stay=2 * HOUR, name="table")
    assert outcome(judge(case(Seen.STALL), near(law, outside, left, table), law))[0] == "lawful"


def test_a_grill_beside_a_stall_of_a_fruit_market_is_not_allowed_there() -> None:
    fruit = replace(FRUIT_MARKET, goods=frozenset({"fruit"}))
    grill = case(Seen.GRILL, at=(52, 50), name="grill")
    for goods, expected in (
        (fruit.goods, "needs_person"),
        (frozenset({"fruit", "烧烤"}), "lawful"),
        (frozenset(), "lawful"),
    ):
        law = law_of(replace(fruit, goods=goods))
        assert outcome(judge(case(Seen.STALL), near(law, grill), law))[0] == expected
    assert outcome(judge(case(Seen.STALL), [], law_of(fruit)))[0] == "lawful"


def test_a_market_that_ran_out_is_no_market_and_says_so() -> None:
    law = law_of(replace(FRUIT_MARKET, validity=Validity(None, date(2026, 6, 30))))
    judgement = judge(case(Seen.STALL), [], law)
    assert outcome(judgement)[:2] == ("violation", Violation.ROAD_OCCUPATION)
    assert "zone_ended" in codes(judgement)
    assert outcome(judge(case(Seen.STALL, end=NOON - DAY), [], law))[0] == "lawful"


@pytest.mark.parametrize(
    ("validity", "expected", "why"),
    [
        (ALWAYS_VALID, ("lawful", "stall_permit"), "stall_permit"),
        (Validity(None, date(2026, 7, 1)), ("lawful", "stall_permit"), "stall_permit"),
        (Validity(None, date(2026, 6, 30)), ("violation", Violation.ROAD_OCCUPATION), "permit_expired"),
        (Validity(date(2026, 7, 2), None), ("violation", Violation.ROAD_OCCUPATION), "permit_not_yet"),
    ],
)
def test_a_stalls_permit_holds_to_its_last_day(validity: Validity, expected: tuple[str, str], why: str) -> None:
    permit = Permit("p", PermitKind.STALL, "holder", validity, point=Point(50, 50), radius_m=3)
    judgement = judge(case(Seen.STALL, end=NOON.replace(hour=22, minute=59)), [], law_of(BAN, permits=(permit,)))
    assert outcome(judgement)[:2] == expected
    assert why in codes(judgement)


def test_parasol_and_table_together_are_for_a_person_and_one_alone_is_nothing() -> None:
    law = law_of(BAN)
    assert outcome(judge(case(Seen.PARASOL, Seen.TABLE), [], law))[:2] == ("needs_person", Violation.ROAD_OCCUPATION)
    assert outcome(judge(case(Seen.TABLE), [], law))[:2] == ("observing", None)
    grill = case(Seen.GRILL, at=(52, 50), name="grill")
    beside = judge(case(Seen.PARASOL, Seen.TABLE), near(law, grill), law)
    assert outcome(beside)[:2] == ("observing", None)
    assert codes(beside) == {"furniture_beside_fire"}


@pytest.mark.parametrize(
    ("seen", "kind", "violation"),
    [
        (Seen.BILLBOARD, PermitKind.ADVERT, Violation.ILLEGAL_AD),
        (Seen.SIGN, PermitKind.SHOP_SIGN, Violation.ILLEGAL_SIGN),
        (Seen.BANNER, PermitKind.BANNER, Violation.ILLEGAL_BANNER),
    ],
)
def test_adverts_are_looked_up_by_place_and_kind(seen: Seen, kind: PermitKind, violation: Violation) -> None:
    here = (Place("cam", "board-1"),)
    board = case(seen, at=None, stay=2 * DAY, place_id="board-1")

    def judged(permit: Permit) -> Judgement:
        return judge(board, [], law_of(permits=(permit,)))

    valid = Permit("p", kind, "h", Validity(None, date(2026, 7, 1)), here)
    found = judged(valid)
    assert outcome(found)[:2] == ("lawful", "permit")
    assert isinstance(found, Lawful)
    assert found.permit_id == "p"
    assert outcome(judged(replace(valid, validity=Validity(None, date(2026, 6, 30)))))[:2] == ("violation", violation)
    assert outcome(judged(replace(valid, validity=Validity(date(2026, 7, 2)))))[:2] == ("violation", violation)
    exempt = replace(valid, kind=PermitKind.ADVERT, is_public_service=True)
    assert outcome(judged(exempt))[:2] == ("lawful", "public_service")
    assert outcome(judged(replace(valid, places=(Place("cam", "other"),))))[:2] == ("needs_person", violation)
    other = replace(valid, kind=PermitKind.STALL)
    assert outcome(judged(other))[:2] == ("needs_person", violation)
    assert "permit_of_other_kind" in codes(judged(other))


def test_another_picture_on_a_known_board_is_the_boards_and_a_missing_one_is_for_a_person() -> None:
    law = law_of(permits=(Permit("p", PermitKind.ADVERT, "h", places=(Place("cam", "left/board-1"),)),))
    changed = case(Seen.BILLBOARD, at=None, stay=2 * DAY, place_id="left/changed-board-1")
    assert outcome(judge(changed, [], law))[:2] == ("lawful", "permit")
    removed = case(Seen.BILLBOARD, at=None, stay=2 * DAY, place_id="left/removed-board-1")
    assert outcome(judge(removed, [], law))[:2] == ("needs_person", Violation.AD_DAMAGED)


@pytest.mark.parametrize(("allowed", "expected"), [(1, "violation"), (2, "needs_person")])
def test_the_second_sign_of_a_shop_is_illegal_unless_it_may_have_two(allowed: int, expected: str) -> None:
    frontage = Frontage("f", "cam", "s", place_ids=frozenset({"a", "b"}))
    law = law_of(
        shops=(Shop("s", Names("店", "shop"), signs_allowed=allowed),), frontages=(frontage,), permits=_ELSEWHERE
    )
    first = case(Seen.SIGN, at=None, stay=3 * DAY, place_id="a", name="first")
    second = case(Seen.BILLBOARD, at=None, stay=2 * DAY, place_id="b", name="second")
    late = judge(second, near(law, first), law)
    assert outcome(late)[0] == expected
    if expected == "violation":
        assert outcome(late)[1:] == (Violation.ILLEGAL_SIGN, Violation.ILLEGAL_AD)
    assert outcome(judge(first, near(law, second), law))[0] == "needs_person"


def test_a_sign_beside_the_permitted_one_is_one_too_many() -> None:
    frontage = Frontage("f", "cam", "s", place_ids=frozenset({"a", "b"}))
    own = Permit("p", PermitKind.SHOP_SIGN, "h", places=(Place("cam", "a"),), shop_id="s")
    law = law_of(shops=(Shop("s", Names("店", "shop")),), frontages=(frontage,), permits=(own,))
    assert outcome(judge(case(Seen.SIGN, at=None, stay=2 * DAY, place_id="a"), [], law))[1] == "permit"
    judgement = judge(case(Seen.SIGN, at=None, stay=2 * DAY, place_id="b"), [], law)
    assert outcome(judgement)[:2] == ("violation", Violation.ILLEGAL_SIGN)
    assert "sign_too_many" in codes(judgement)


_ELSEWHERE = (Permit("elsewhere", PermitKind.SHOP_SIGN, "h", places=(Place("x", "y"),)),)


def test_garbage_in_a_recycling_zone_may_be_scrap_disorder() -> None:
    judgement = judge(case(Seen.GARBAGE), [], law_of(zone(ZoneKind.RECYCLING_ZONE)))
    assert outcome(judgement) == ("needs_person", Violation.SCRAP_DISORDER, Violation.EXPOSED_GARBAGE)


@pytest.mark.parametrize(
    ("grade", "doubts", "expected"),
    [
        (EvidenceGrade.PENALTY_REVIEWED, frozenset(), EvidenceGrade.PENALTY_REVIEWED),
        (EvidenceGrade.PENALTY_REVIEWED, frozenset({Doubt.CLOCK_UNSURE}), EvidenceGrade.PATROL_ONLY),
        (EvidenceGrade.PATROL_ONLY, frozenset(), EvidenceGrade.PATROL_ONLY),
        (None, frozenset(), EvidenceGrade.PATROL_ONLY),
    ],
)
def test_only_a_reviewed_camera_with_a_sure_clock_is_more_than_patrol(
    grade: EvidenceGrade | None, doubts: frozenset[Doubt], expected: EvidenceGrade
) -> None:
    cameras = () if grade is None else (RegisteredCamera("cam", Names("机", "cam"), evidence_grade=grade),)
    judgement = judge(case(Seen.STALL, doubts=doubts), [], law_of(BAN, cameras=cameras))
    assert judgement.evidence.grade is expected
    assert bool(judgement.evidence.because) == (expected is EvidenceGrade.PATROL_ONLY)
    assert all(reason.code in SENTENCES for reason in judgement.evidence.because)


def test_a_patrol_camera_beside_the_reviewed_one_does_not_spoil_its_pictures() -> None:
    cameras = (
        RegisteredCamera("cam", Names("机", "cam"), evidence_grade=EvidenceGrade.PENALTY_REVIEWED),
        RegisteredCamera("other", Names("机", "other")),
    )
    law = law_of(BAN, cameras=cameras)
    both = case(Seen.STALL)
    both = replace(both, members=(*both.members, *case(Seen.STALL, camera="other", stay=2 * HOUR, name="d").members))
    assert judge(both, [], law).evidence.grade is EvidenceGrade.PENALTY_REVIEWED
    short = replace(both, members=(*case(Seen.STALL, stay=timedelta(minutes=4)).members, both.members[1]))
    assert judge(short, [], law).evidence.grade is EvidenceGrade.PATROL_ONLY


def test_registered_codes_take_the_place_of_the_catalogues_from_their_day_on() -> None:
    code = ListedCode("GB/T 99999", Violation.ROAD_OCCUPATION, "1", Names("占", "x"), Validity(date(2026, 7, 1)))
    law = law_of(BAN, codes=(code,))
    after, before = judge(case(Seen.STALL), [], law), judge(case(Seen.STALL, end=NOON - DAY), [], law)
    assert isinstance(after, Breach)
    assert isinstance(before, Breach)
    assert [(entry.standard, entry.code) for entry in after.codes] == [("GB/T 99999", "1")]
    assert len(before.codes) == 2
