"""What holds for every judgement, and for whatever a node may tell."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.geometry import Covariance, Position
from central.domain.hours import parse_hours
from central.domain.judge import judge
from central.domain.judgement.around import Around
from central.domain.judgement.scene import scene_of
from central.domain.law import Zone, ZoneKind
from central.domain.reasons import sentence
from central.domain.registers.names import Validity
from central.domain.registers.permits import Permit, PermitKind, Place
from central.domain.registers.seasons import parse_seasonal_hours
from central.domain.values import CaseSnapshot
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import Seen
from tests.central.lawcases import BAN, DAY, FRUIT_MARKET, HOUR, NOON, case, codes, law_of, near, outcome, zone

MANY = (
    FRUIT_MARKET,
    zone(ZoneKind.VENDOR_CLUSTER, "cluster", hours=parse_hours(["daily 17:00-23:00"]), capacity=1),
    zone(ZoneKind.VENDOR_GUIDE_ZONE, "guide", plaque_validity=Validity(None, date(2026, 1, 1))),
    zone(ZoneKind.BBQ_SITE, "site", hours=parse_hours(["daily 16:00-02:00"])),
    zone(ZoneKind.BBQ_SITE, "old site", plaque_validity=Validity(None, date(2026, 1, 1))),
    BAN,
)
ELSEWHERE = (Permit("elsewhere", PermitKind.SHOP_SIGN, "h", places=(Place("x", "y"),)),)
CASES = st.builds(
    case,
    st.sampled_from([Seen.STALL, Seen.CART, Seen.TABLE, Seen.SMOKE, Seen.GRILL, Seen.FLAME, Seen.GARBAGE]),
    at=st.sampled_from([(50.0, 50.0), (150.0, 50.0), None]),
    end=st.timedeltas(timedelta(0), 700 * DAY).map(lambda after: datetime(2026, 1, 1, tzinfo=UTC) + after),
    stay=st.timedeltas(timedelta(0), 3 * DAY),
)


@given(found=CASES, order=st.permutations(MANY))
def test_the_order_of_zones_never_matters(found: CaseSnapshot, order: list[Zone]) -> None:
    assert judge(found, [], law_of(*order)) == judge(found, [], law_of(*MANY))


@given(found=CASES)
def test_the_order_of_neighbours_and_asking_again_never_matter(found: CaseSnapshot) -> None:
    law = law_of(*MANY)
    others = near(
        law,
        case(Seen.STALL, end=found.last_seen_at, stay=DAY, name="a"),
        case(Seen.GRILL, end=found.last_seen_at, stay=DAY, name="b"),
        case(Seen.CART, end=found.last_seen_at, stay=HOUR, name="d"),
    )
    assert len({repr(judge(found, list(order), law)) for order in permutations(others)}) == 1


@given(minute=st.integers(0, 7 * 1440 - 1), length=st.integers(1, 1440), opens=st.integers(0, 1439))
def test_a_zones_hours_hold_by_the_minute_across_midnight(minute: int, length: int, opens: int) -> None:
    close = opens + length
    hours = parse_hours([f"daily {opens // 60:02d}:{opens % 60:02d}-{close % 1440 // 60:02d}:{close % 60:02d}"])
    law = law_of(zone(ZoneKind.VENDOR_CLUSTER, hours=hours))
    at = NOON.replace(hour=0) + timedelta(minutes=minute)
    of_day = minute % 1440
    expected = opens <= of_day < close or of_day < close - 1440
    judgement = judge(case(Seen.STALL, end=at, stay=3 * HOUR), [], law)
    assert ("trade_zone_closed" not in codes(judgement)) == expected


@given(last=st.dates(date(2026, 1, 1), date(2027, 1, 1)), offset=st.integers(-3 * 1440, 3 * 1440))
def test_a_permit_holds_through_the_last_minute_of_its_last_local_day(last: date, offset: int) -> None:
    permit = Permit("p", PermitKind.ADVERT, "h", Validity(None, last), (Place("cam", "b"),))
    end = datetime(last.year, last.month, last.day, 12, tzinfo=NOON.tzinfo) + timedelta(minutes=offset)
    judgement = judge(case(Seen.BILLBOARD, at=None, end=end, stay=2 * DAY, place_id="b"), [], law_of(permits=(permit,)))
    assert (outcome(judgement)[:2] == ("lawful", "permit")) == (end.date() <= last)


@given(found=st.lists(CASES, min_size=2, max_size=8), data=st.data())
def test_the_index_of_what_is_around_leaves_out_nobody_who_would_matter(
    found: list[CaseSnapshot], data: st.DataObject
) -> None:
    cases = [replace(one, case_id=CaseId(f"c{number}")) for number, one in enumerate(found)]
    law = law_of(*MANY)
    around = Around(near(law, *cases))
    chosen = data.draw(st.sampled_from(cases))
    scene = scene_of(chosen, (), law)
    nearby = around.near(scene, law)
    in_time = [
        other
        for other in near(law, *(one for one in cases if one is not chosen))
        if other.first_seen_at <= scene.at + timedelta(minutes=10)
        and other.last_seen_at >= scene.since - timedelta(minutes=10)
    ]
    assert judge(chosen, nearby, law) == judge(chosen, in_time, law)


@pytest.mark.parametrize("seen", list(Seen))
@pytest.mark.parametrize(
    "end", [datetime(1, 1, 2, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]
)
def test_any_time_that_a_node_may_tell_is_judged(seen: Seen, end: datetime) -> None:
    hours = parse_seasonal_hours(["05-01..10-15 daily 17:00-23:30"])
    law = law_of(zone(ZoneKind.VENDOR_CLUSTER, hours=hours), BAN, permits=ELSEWHERE)
    found = case(seen, end=end, stay=timedelta(hours=20), place_id="a/b/../c")
    judgement = judge(found, [], law)
    assert sentence(judgement.reasons, "en").endswith(".")


@pytest.mark.parametrize("value", [1e-160, 1e8])
def test_a_position_of_absurd_precision_is_judged(value: float) -> None:
    position = Position(Point(50, 50), Covariance(value, 0, value))
    found = case(Seen.STALL, Seen.TABLE)
    odd = replace(found, members=tuple(replace(member, position=position) for member in found.members))
    assert judge(odd, [], law_of(BAN, FRUIT_MARKET)).kind in {"lawful", "needs_person"}


def test_a_name_with_braces_stays_what_it_is() -> None:
    odd = zone(ZoneKind.VENDOR_CLUSTER, "{zone_id} {0} %s")
    assert "{zone_id} {0} %s" in sentence(judge(case(Seen.STALL), [], law_of(odd)).reasons, "en")
