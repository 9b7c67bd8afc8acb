"""The values of the registers: codes, seasons, shapes and the look-ups on one snapshot."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.hours import parse_hours
from central.domain.law import Zone, ZoneKind
from central.domain.registers.areas import AreaLevel, level_of, parent_of
from central.domain.registers.cameras import check_number
from central.domain.registers.names import Names, Validity
from central.domain.registers.permits import Permit, PermitKind, Place
from central.domain.registers.responsibility import Duty, DutyScope
from central.domain.registers.seasons import SeasonalHours, parse_seasonal_hours
from central.domain.registers.shapes import Shape, ShapeIndex
from central.domain.registers.snapshot import Registers
from contract.plane import Point

DAY = date(2026, 7, 1)
NAMES = Names("区", "zone")
coordinates = st.floats(-3000, 3000, allow_nan=False)
points = st.builds(Point, coordinates, coordinates)
rings = st.lists(points, min_size=3, max_size=30).map(tuple)
shapes = st.lists(rings, min_size=1, max_size=3).map(lambda found: Shape(tuple(found)))


def square(east: float, north: float, side: float) -> tuple[Point, ...]:
    return tuple(Point(east + x * side, north + y * side) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))


@given(st.from_regex(r"[0-9]{6}[0-9A-Z]{9}", fullmatch=True))
def test_a_grid_codes_parents_are_its_prefixes_up_to_the_city(code: str) -> None:
    levels, at = [], code
    while at is not None:
        assert code.startswith(at)
        levels.append(level_of(at))
        at = parent_of(at)  # type: ignore[assignment]
    assert levels == list(AreaLevel)[::-1]


@given(st.text(alphabet="0123456789ABZ", max_size=20).filter(lambda text: len(text) not in {4, 6, 9, 12, 15}))
def test_no_other_length_is_a_code(code: str) -> None:
    with pytest.raises(ValueError, match="area code"):
        level_of(code)


def test_a_14_digit_grid_code_is_told_its_length() -> None:
    with pytest.raises(ValueError, match=r"has 14 digits; a code has .*15 for a grid"):
        level_of("37030300100200")


@pytest.mark.parametrize(
    ("number", "problem"),
    [("3703030013200000001", "19 characters"), ("37030300081180000001", "type"), ("3703030008132000000x", "20 digits")],
)
def test_a_wrong_camera_number_is_refused(number: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_number(number)


def test_a_camera_number_is_accepted() -> None:
    check_number("37030300081320000001")


@given(st.lists(shapes, max_size=12), st.lists(points, max_size=20))
def test_the_index_finds_exactly_the_shapes_that_hold_the_point(found: list[Shape], asked: list[Point]) -> None:
    index = ShapeIndex(enumerate(found))
    corners = [corner for shape in found for ring in shape.rings for corner in ring]
    for point in [*asked, *corners]:
        assert index.at(point) == [number for number, shape in enumerate(found) if shape.holds(point)]


def test_a_hole_and_a_separate_part_need_no_case_of_their_own() -> None:
    shape = Shape((square(0, 0, 100), square(40, 40, 20), square(500, 0, 10)))
    assert [shape.holds(Point(*at)) for at in ((10, 10), (50, 50), (505, 5), (300, 5))] == [True, False, True, False]


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_seasonal_hours_close_as_long_ago_as_a_minute_walk_says(local: datetime) -> None:
    hours = parse_seasonal_hours(["11-20..02-10 mon-fri 18:00-01:30", "06-01..06-30 sat 08:00-12:00"])
    assert isinstance(hours, SeasonalHours)
    local = local.replace(second=0, microsecond=0)
    if hours.is_open(local):
        return
    at = local
    while not hours.is_open(at - timedelta(minutes=1)):
        at -= timedelta(minutes=30 if not hours.is_open(at - timedelta(minutes=31)) else 1)
    assert hours.closed_for(local) == local - at


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_a_season_of_the_whole_year_is_the_weekly_hours(local: datetime) -> None:
    weekly = parse_hours(["fri-sat 20:00-03:00", "mon 07:00-09:00"])
    seasonal = parse_seasonal_hours(["01-01..12-31 fri-sat 20:00-03:00", "01-01..12-31 mon 07:00-09:00"])
    assert seasonal.is_open(local) == weekly.is_open(local)
    if not weekly.is_open(local):
        closed = seasonal.closed_for(local)
        assert closed is not None
        assert int(closed.total_seconds()) == int((weekly.closed_for(local) or timedelta(0)).total_seconds())


def test_what_opens_on_a_seasons_last_evening_closes_as_that_season_says() -> None:
    hours = parse_seasonal_hours(["05-01..09-30 daily 18:00-02:00", "daily 18:00-20:00"])
    assert hours.is_open(datetime(2026, 10, 1, 1, 59, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 10, 2, 1, 59, tzinfo=UTC))


@pytest.mark.parametrize("line", ["13-01..10-15 daily 17:00-21:00", "05-01..10-15 someday", "summer 17:00-21:00"])
def test_a_line_that_is_no_season_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"write|days are"):
        parse_seasonal_hours([line])


def zone(name: str, **more: object) -> Zone:
    return Zone(name, ZoneKind.VENDOR_CLUSTER, NAMES, square(0, 0, 20), parse_hours(["always"]), **more)  # type: ignore[arg-type]


def test_a_zone_counts_on_the_days_it_is_valid() -> None:
    old, new = zone("old", validity=Validity(None, date(2026, 6, 30))), zone("new", validity=Validity(DAY))
    registers = Registers(zones=(old, new))
    assert registers.zones_at(Point(5, 5), DAY) == (new,)
    assert registers.past_zones_at(Point(5, 5), DAY) == (old,)
    assert registers.zones_at(Point(50, 5), DAY) == ()


def test_permits_are_found_by_place_ground_and_shop() -> None:
    by_place = Permit("a", PermitKind.ADVERT, "甲", places=(Place("cam-1", "board-1"), Place("", "board-9")))
    by_ground = Permit("b", PermitKind.STALL, "乙", point=Point(10, 10), shop_id="s")
    over = Permit("c", PermitKind.ADVERT, "丙", Validity(None, date(2026, 6, 30)), places=(Place("cam-1", "board-1"),))
    registers = Registers(permits=(by_place, by_ground, over))
    assert registers.permits_of_place("cam-1", "board-1", DAY) == (by_place,)
    assert registers.permits_of_place("cam-2", "board-9", DAY) == (by_place,)
    assert registers.permits_of_place("cam-2", "board-1", DAY) == ()
    assert registers.permits_of_place("cam-1", "board-1", DAY, frozenset({PermitKind.BANNER})) == ()
    assert registers.past_permits_of_place("cam-1", "board-1", DAY) == (over,)
    assert registers.permits_at(Point(13, 10), DAY) == (by_ground,)
    assert registers.permits_of_shop("s", DAY) == (by_ground,)


def test_who_answers_is_asked_from_the_road_up_to_the_community() -> None:
    grid, community = "370303001002003", "370303001002"
    day = Duty("d1", DutyScope.AREA, grid, "王", shift=parse_hours(["daily 08:00-20:00"]))
    night = Duty("d2", DutyScope.AREA, community, "李", shift=parse_hours(["daily 20:00-08:00"]))
    registers = Registers(duties=(day, night))
    assert registers.duties_at(datetime(2026, 7, 1, 9, tzinfo=UTC), grid) == (day,)
    assert registers.duties_at(datetime(2026, 7, 1, 23, tzinfo=UTC), grid) == (night,)
