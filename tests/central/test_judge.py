"""What a case means there and then."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.catalogue import load_catalogue, make_law
from central.domain.geometry import Covariance, Position
from central.domain.hours import WeeklyHours, parse_hours
from central.domain.judge import judge
from central.domain.judgement.scene import neighbour_of
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, NeedsPerson, Observing
from central.domain.law import Law
from central.domain.reasons import SENTENCES, sentence
from central.domain.values import CaseSnapshot, Observation
from central.site import SiteSettings
from contract.ids import CameraId, CaseId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, Seen, Violation
from tests.central.builders import T0, minutes

EVERYWHERE = [[-500, -500], [500, -500], [500, 500], [-500, 500]]


def square(east: float, size: float = 20) -> dict[str, object]:
    return {"local_m": [[east, 0], [east + size, 0], [east + size, size], [east, size]]}


def zone(name: str, kind: str, polygon: dict[str, object], *hours: str) -> dict[str, object]:
    return {
        "id": name,
        "kind": kind,
        "name": {"zh": name, "en": name},
        "polygon": polygon,
        "hours": list(hours) or ["always"],
    }


SITE = SiteSettings.model_validate(
    {
        "zones": [
            zone("market", "vendor_guide_zone", square(0), "daily 17:00-22:30"),
            zone("yard", "recycling_zone", square(100)),
            zone("grills", "bbq_site", square(200), "daily 16:00-02:00"),
            zone("ban", "bbq_ban_area", {"local_m": EVERYWHERE}),
        ]
    }
)
LAW = make_law(load_catalogue(), SITE)
TEN_MINUTES = minutes(10)
MARKET, YARD, GRILLS, STREET = (10.0, 10.0), (110.0, 10.0), (210.0, 10.0), (-100.0, 10.0)


def local(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A Wednesday in Shanghai, as UTC."""
    return datetime(2026, 7, 1, hour, minute, second, tzinfo=LAW.timezone).astimezone(UTC)


def wall(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Wall time in July 2026; the 1st is a Wednesday."""
    return datetime(2026, 7, day, hour, minute, tzinfo=LAW.timezone)


def a_case(
    *seen: Seen, at: tuple[float, float] | None, end: datetime = T0, stay: timedelta = TEN_MINUTES, name: str = "c"
) -> CaseSnapshot:
    position = None if at is None else Position(Point(*at), Covariance(1, 0, 1))
    members = tuple(
        Observation(
            IncidentId(f"{name}-{kind}"), 1, NodeId("n"), CameraId("cam"), kind, end - stay, end, False, position
        )
        for kind in seen
    )
    return CaseSnapshot(CaseId(name), GROUP_BY_SEEN[seen[0]], members)


def kind_of(judgement: Judgement) -> Violation | None:
    return judgement.violation if isinstance(judgement, Breach) else None


@pytest.mark.parametrize(
    ("seen", "at", "end", "expected"),
    [
        ((Seen.FLAME,), YARD, local(12), Violation.WASTE_BURNING),
        ((Seen.SMOKE,), YARD, local(12), Violation.WASTE_BURNING),
        ((Seen.GRILL,), STREET, local(12), Violation.OPEN_BBQ),
        ((Seen.GRILL, Seen.SMOKE), STREET, local(20), Violation.OPEN_BBQ),
        ((Seen.STALL,), STREET, local(12), Violation.ROAD_OCCUPATION),
        ((Seen.STALL, Seen.PARASOL), STREET, local(12), Violation.ROAD_OCCUPATION),
        ((Seen.CART,), STREET, local(12), Violation.MOBILE_VENDOR),
        ((Seen.STALL,), MARKET, local(12), Violation.NIGHT_MARKET),
    ],
)
def test_violations(seen: tuple[Seen, ...], at: tuple[float, float], end: datetime, expected: Violation) -> None:
    judgement = judge(a_case(*seen, at=at, end=end), [], LAW)
    assert kind_of(judgement) is expected
    assert isinstance(judgement, Breach)
    assert all(code.standard for code in judgement.codes)


@pytest.mark.parametrize(
    ("seen", "at", "end", "rule"),
    [
        (Seen.STALL, MARKET, local(18), "trade_zone"),
        (Seen.CART, MARKET, local(18), "trade_zone"),
        (Seen.GRILL, GRILLS, local(18), "bbq_site"),
        (Seen.GRILL, GRILLS, local(1), "bbq_site"),
        (Seen.STALL, STREET, local(3), "outside_enforcement_hours"),
    ],
)
def test_lawful_ones_say_which_rule_allows_them(seen: Seen, at: tuple[float, float], end: datetime, rule: str) -> None:
    judgement = judge(a_case(seen, at=at, end=end), [], LAW)
    assert isinstance(judgement, Lawful)
    assert judgement.rule == rule


def test_a_zone_covers_the_last_second_of_its_hours_and_not_the_next() -> None:
    assert isinstance(judge(a_case(Seen.STALL, at=MARKET, end=local(22, 29, 59)), [], LAW), Lawful)
    assert not isinstance(judge(a_case(Seen.STALL, at=MARKET, end=local(22, 30)), [], LAW), Lawful)


def test_a_stall_that_stays_after_closing_has_its_dwell_counted_from_closing() -> None:
    stay = timedelta(hours=4)
    soon = judge(a_case(Seen.STALL, at=MARKET, end=local(22, 33), stay=stay), [], LAW)
    assert isinstance(soon, Observing)
    assert soon.dwell == minutes(3)
    late = judge(a_case(Seen.STALL, at=MARKET, end=local(22, 35), stay=stay), [], LAW)
    assert kind_of(late) is Violation.NIGHT_MARKET


def test_below_the_legal_dwell_it_is_observed_and_says_what_is_missing() -> None:
    judgement = judge(a_case(Seen.STALL, at=STREET, end=local(12), stay=minutes(4)), [], LAW)
    assert isinstance(judgement, Observing)
    assert (judgement.dwell, judgement.legal_dwell) == (minutes(4), minutes(5))
    assert "已停留 4 分，未满 5 分" in sentence(judgement.reasons, "zh")


def test_smoke_alone_in_a_ban_area_needs_a_person() -> None:
    judgement = judge(a_case(Seen.SMOKE, at=STREET), [], LAW)
    assert isinstance(judgement, NeedsPerson)
    assert judgement.suggested is Violation.OPEN_BBQ


@pytest.mark.parametrize(("metres", "expected"), [(10, Violation.OPEN_BBQ), (30, None)])
def test_smoke_beside_a_stall_is_a_barbecue(metres: float, expected: Violation | None) -> None:
    stall = a_case(Seen.STALL, at=(STREET[0] + metres, STREET[1]), name="stall")
    assert kind_of(judge(a_case(Seen.SMOKE, at=STREET), [neighbour_of(stall, LAW)], LAW)) is expected


def test_a_parasol_alone_is_no_case() -> None:
    judgement = judge(a_case(Seen.PARASOL, at=STREET), [], LAW)
    assert isinstance(judgement, Observing)
    assert judgement.violation is None


@pytest.mark.parametrize("seen", [Seen.SIGN, Seen.BILLBOARD, Seen.BANNER])
def test_signs_need_a_person_until_there_is_a_register(seen: Seen) -> None:
    judgement = judge(a_case(seen, at=None, stay=timedelta(hours=25)), [], LAW)
    assert isinstance(judgement, NeedsPerson)
    assert judgement.needs == ("permits",)


def test_garbage_is_exposed_after_its_dwell() -> None:
    assert kind_of(judge(a_case(Seen.GARBAGE, at=STREET, stay=minutes(20)), [], LAW)) is Violation.EXPOSED_GARBAGE
    assert isinstance(judge(a_case(Seen.GARBAGE, at=STREET, stay=minutes(1)), [], LAW), Observing)


def test_a_stall_that_can_not_be_placed_needs_a_person_where_there_are_vendor_zones() -> None:
    assert isinstance(judge(a_case(Seen.STALL, at=None, end=local(12)), [], LAW), NeedsPerson)


def test_without_any_zone_fire_needs_a_person_and_a_stall_is_on_the_road() -> None:
    bare = make_law(load_catalogue(), SiteSettings())
    assert isinstance(judge(a_case(Seen.GRILL, at=STREET, end=local(18)), [], bare), NeedsPerson)
    assert kind_of(judge(a_case(Seen.STALL, at=STREET, end=local(18)), [], bare)) is Violation.ROAD_OCCUPATION


@pytest.mark.parametrize("seen", list(Seen))
@pytest.mark.parametrize("at", [MARKET, YARD, GRILLS, STREET, (900.0, 0.0), None])
def test_everything_seen_anywhere_is_judged_with_a_sentence_in_both_languages(
    seen: Seen, at: tuple[float, float] | None
) -> None:
    judgement = judge(a_case(seen, at=at), [], LAW)
    assert sentence(judgement.reasons, "zh").endswith("。")
    assert sentence(judgement.reasons, "en").endswith(".")
    assert all(reason.code in SENTENCES for reason in judgement.reasons)


@given(weeks=st.integers(-200, 200), seen=st.sampled_from(list(Seen)), at=st.sampled_from([MARKET, YARD, STREET]))
def test_moving_everything_by_whole_weeks_changes_no_judgement(weeks: int, seen: Seen, at: tuple[float, float]) -> None:
    here = judge(a_case(seen, at=at), [], LAW)
    there = judge(a_case(seen, at=at, end=T0 + timedelta(weeks=weeks)), [], LAW)
    assert here == there


@pytest.mark.parametrize(
    ("line", "open_at", "closed_at"),
    [
        ("daily 16:00-02:00", (1, 59), (2, 0)),
        ("daily 16:00-02:00", (16, 0), (15, 59)),
        ("wed 00:00-24:00", (23, 59), None),
        ("tue 22:00-06:00", (5, 59), (6, 0)),
        ("mon-tue,thu-sun 00:00-24:00", None, (12, 0)),
    ],
)
def test_hours_on_a_wednesday(line: str, open_at: tuple[int, int] | None, closed_at: tuple[int, int] | None) -> None:
    hours = parse_hours([line])
    if open_at is not None:
        assert hours.is_open(wall(1, *open_at))
    if closed_at is not None:
        assert not hours.is_open(wall(1, *closed_at))


def test_hours_across_the_end_of_the_week_hold_on_monday_morning() -> None:
    assert parse_hours(["sun 20:00-04:00"]).is_open(wall(6, 3, 59))


@given(start=st.integers(0, 7 * 1440 - 1), length=st.integers(1, 1440), after=st.integers(0, 5 * 1440))
def test_closed_for_counts_from_the_end_of_the_span(start: int, length: int, after: int) -> None:
    hours = WeeklyHours(((start * 60, (start + length) * 60),))
    instant = wall(6) + timedelta(minutes=start + length + after)
    assert not hours.is_open(instant)
    assert hours.closed_for(instant) == minutes(after)


@pytest.mark.parametrize("line", ["17:00-22:00", "daily 17-22", "funday 10:00-11:00", "daily 25:00-26:00", ""])
def test_hours_that_can_not_be_read_say_how_to_write_them(line: str) -> None:
    with pytest.raises(ValueError, match=r"span of hours|days are|time of day"):
        parse_hours([line])


def test_the_law_knows_every_violation() -> None:
    assert isinstance(LAW, Law)
    assert set(LAW.violations) == set(Violation)
