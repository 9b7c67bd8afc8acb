"""What happens in the invented district day by day, and what people do about it; drawn from a seed, nothing is done."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from central.demo.ground import Ground
from central.demo.lattice import Corner
from central.domain.registers.zones import ZoneKind
from central.domain.workflow import Action, RejectReason, Role
from central.domain.workflow_words import Condition, Source
from central.domain.worktime import Limit, TimeUnit
from contract.plane import Point
from contract.taxonomy import Seen, Violation


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a camera sees from `start` on for `stay`; `is_real` is False for what only looks like it.

    `place_id`: where on the camera's picture a board hangs; it stands on no ground.
    """

    start: datetime
    stay: timedelta
    seen: Seen
    point: Point
    corner: Corner
    is_real: bool = True
    place_id: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Something that people tell of."""

    at: datetime
    kind: Violation
    source: Source
    point: Point


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of somebody, `after` the one before. Departments and the like are said where the step asks for it."""

    action: Action
    role: Role
    after: timedelta
    note: str = ""
    reason: RejectReason | None = None
    condition: Condition | None = None
    limit: Limit | None = None


_DAYTIME = (
    (Seen.STALL, 8, (7, 22), (12, 90)),
    (Seen.CART, 4, (7, 21), (8, 40)),
    (Seen.GRILL, 5, (17, 23), (20, 120)),
    (Seen.SMOKE, 3, (17, 23), (10, 60)),
    (Seen.GARBAGE, 4, (6, 20), (30, 240)),
    (Seen.BIN_OVERFLOW, 2, (6, 20), (30, 240)),
    (Seen.FLAME, 1, (8, 20), (3, 15)),
)
"""What is seen, how often, between which hours, and for how many minutes."""
_TELLS = (Violation.EXPOSED_GARBAGE, Violation.ROAD_OCCUPATION, Violation.ILLEGAL_BANNER, Violation.SHOP_OVERFLOW)
_SOURCES = (Source.HOTLINE_12319, Source.INSPECTOR, Source.CITIZEN, Source.LEADER, Source.HOTLINE_12345)
_LAWFUL_SHARE, _FALSE_SHARE, _REPEAT_SHARE = 0.2, 0.15, 0.3


def findings(seed: int, ground: Ground, day: date, number: int, zone: ZoneInfo) -> list[Finding]:
    """A day's findings by time. A few corners see most: about three in ten cases stand where others stood."""
    rng = random.Random(f"findings/{seed}/{day}")
    favourite = ground.corners[:: max(1, len(ground.corners) // 5)]
    found = []
    for _ in range(number):
        seen, _, hours, stay_min = rng.choices(_DAYTIME, [kind[1] for kind in _DAYTIME])[0]
        start = _at(rng, day, hours, zone)
        stay = timedelta(minutes=rng.uniform(*stay_min))
        fits = [place for place in ground.lawful if _suits(place.kind, seen)]
        if fits and rng.random() < _LAWFUL_SHARE:
            place = rng.choice(fits)
            found.append(Finding(start, stay, seen, _near(rng, place.point, 5.0), place.corner))
            continue
        corner = rng.choice(favourite if rng.random() < _REPEAT_SHARE else ground.corners)
        is_real = rng.random() >= _FALSE_SHARE
        found.append(Finding(start, stay, seen, _near(rng, corner.point, 15.0), corner, is_real))
    return sorted(found, key=lambda finding: finding.start)


def lately(seed: int, ground: Ground, until: datetime) -> list[Finding]:
    """What cameras see just now, in the last hour and a half: still there, and mostly nobody has looked yet."""
    rng = random.Random(f"lately/{seed}")
    kinds = (Seen.GRILL, Seen.GARBAGE, Seen.STALL, Seen.SMOKE, Seen.CART, Seen.BIN_OVERFLOW, Seen.FLAME, Seen.STALL)
    corners = rng.sample(ground.corners, len(kinds))
    starts = [until - timedelta(minutes=rng.uniform(20, 90)) for _ in kinds]
    stay = timedelta(hours=4)
    return [
        Finding(start, stay, seen, _near(rng, corner.point, 15.0), corner)
        for start, seen, corner in zip(starts, kinds, corners, strict=True)
    ]


def boards(seed: int, ground: Ground, day: date, zone: ZoneInfo) -> list[Finding]:
    """A board, a banner or a shop's second sign that hangs from some hour of the day on, for days."""
    rng = random.Random(f"boards/{seed}/{day}")
    found = []
    for seen, place, share in ((Seen.BILLBOARD, "board-1", 0.5), (Seen.BANNER, "banner-1", 0.4), (Seen.SIGN, "", 0.5)):
        if rng.random() < share:
            corner = rng.choice(ground.corners)
            stay = timedelta(days=rng.uniform(2.2, 9))
            named = place or f"sign-{rng.choice((1, 2))}"
            found.append(Finding(_at(rng, day, (8, 16), zone), stay, seen, corner.point, corner, place_id=named))
    return found


def tales(seed: int, ground: Ground, day: date, number: int, zone: ZoneInfo) -> list[Told]:
    """What hotline, inspectors and citizens tell on a day."""
    rng = random.Random(f"tales/{seed}/{day}")
    found = []
    for _ in range(number):
        corner = rng.choice(ground.corners)
        point = _near(rng, corner.point, 120.0)
        found.append(Told(_at(rng, day, (8, 20), zone), rng.choice(_TELLS), rng.choice(_SOURCES), point))
    return sorted(found, key=lambda told: told.at)


def review(rng: random.Random, *, is_real: bool) -> Deed:
    """The reviewer's verdict, some minutes after the case was raised; now and then it is wrong or late."""
    after = _minutes(rng, 1, 45 if rng.random() < 0.1 else 9)
    if is_real and rng.random() < 0.96:
        return Deed(Action.CONFIRM, Role.REVIEWER, after)
    reasons = (RejectReason.LOOKALIKE, RejectReason.NOTHING_THERE, RejectReason.LAWFUL, RejectReason.DUPLICATE)
    return Deed(Action.REJECT, Role.REVIEWER, after, reason=rng.choices(reasons, (5, 3, 2, 1))[0])


def after_confirming(rng: random.Random, *, may_remind: bool) -> Iterator[Deed]:
    """From the confirmed lead to the report; where the law allows it, people are reminded first (721)."""
    if rng.random() < 0.03:
        yield Deed(Action.CANCEL, Role.SHIFT_LEADER, _minutes(rng, 2, 20), note="重复登记（示例）")
        return
    if may_remind and rng.random() < 0.7:
        yield Deed(Action.REMIND, Role.REVIEWER, _minutes(rng, 1, 4))
        if rng.random() < 0.25:
            yield Deed(Action.SELF_CORRECT, Role.REVIEWER, _minutes(rng, 3, 9))
            return
        yield Deed(Action.REPORT, Role.REVIEWER, _minutes(rng, 11, 40))
    else:
        yield Deed(Action.REPORT, Role.REVIEWER, _minutes(rng, 1, 6))
    yield from after_reporting(rng)


def after_reporting(rng: random.Random) -> Iterator[Deed]:
    """The supervision centre: accept, sometimes have it looked at, file or not."""
    late = 3.0 if rng.random() < 0.1 else 1.0
    if rng.random() < 0.04:
        yield Deed(Action.RETURN, Role.ACCEPTANCE_OPERATOR, _minutes(rng, 3, 12), note="图像不清（示例）")
        yield Deed(Action.REPORT, Role.REVIEWER, _minutes(rng, 5, 20))
    yield Deed(Action.ACCEPT, Role.ACCEPTANCE_OPERATOR, _minutes(rng, 2, 14 * late))
    if rng.random() < 0.2:
        yield Deed(Action.VERIFY, Role.ACCEPTANCE_OPERATOR, _minutes(rng, 1, 5))
        yield Deed(Action.VERIFIED, Role.INSPECTOR, _minutes(rng, 8, 28 * late))
    if rng.random() < 0.06:
        yield Deed(Action.DECLINE, Role.SHIFT_LEADER, _minutes(rng, 5, 20), note="不属本区职责（示例）")
        return
    yield Deed(Action.REGISTER, Role.SHIFT_LEADER, _minutes(rng, 3, 25), condition=Condition.SEEN_CLEARLY)
    if rng.random() < 0.02:
        yield Deed(Action.CANCEL, Role.SHIFT_LEADER, _minutes(rng, 3, 10), note="误立（示例）")
        return
    yield from _handled(rng, is_first=True)


def _handled(rng: random.Random, *, is_first: bool) -> Iterator[Deed]:
    """Dispatch, handling with its detours, and checking."""
    late = 3.0 if rng.random() < 0.12 else 1.0
    if is_first:
        yield Deed(Action.DISPATCH, Role.DISPATCHER, _minutes(rng, 2, 12 * late))
        if rng.random() < 0.06:
            yield Deed(Action.RETURN, Role.HANDLING_UNIT, _minutes(rng, 5, 20), note="非本单位职责（示例）")
            yield Deed(Action.DISPATCH, Role.DISPATCHER, _minutes(rng, 2, 10))
    yield Deed(Action.START, Role.HANDLING_UNIT, _minutes(rng, 5, 20))
    if rng.random() < 0.05:
        yield Deed(Action.SUSPEND, Role.DISPATCHER, _minutes(rng, 5, 20), note="等待大型机具（示例）")
        yield Deed(Action.RESUME, Role.HANDLING_UNIT, _minutes(rng, 60, 300))
    if rng.random() < 0.05:
        limit = Limit(2, TimeUnit.URGENT_HOUR)
        yield Deed(Action.EXTEND, Role.DISPATCHER, _minutes(rng, 5, 20), note="现场复杂（示例）", limit=limit)
    if rng.random() < 0.03:
        yield Deed(Action.SUPERVISE, Role.SUPERVISOR, _minutes(rng, 5, 20), note="请加快（示例）")
    if rng.random() < 0.02:
        condition = Condition.BEYOND_REACH
        yield Deed(Action.FORCE_CLOSE, Role.LEADER, _minutes(rng, 60, 300), "历史遗留（示例）", condition=condition)
        return
    yield Deed(Action.FINISH, Role.HANDLING_UNIT, _minutes(rng, 20, 85 * late))
    yield Deed(Action.CHECK, Role.INSPECTOR, _minutes(rng, 2, 10))
    if is_first and rng.random() < 0.08:
        yield Deed(Action.SEND_BACK, Role.INSPECTOR, _minutes(rng, 3, 15), note="仍有残留（示例）")
        yield from _handled(rng, is_first=False)
        return
    yield Deed(Action.CHECKED, Role.INSPECTOR, _minutes(rng, 3, 12))
    yield Deed(Action.CLOSE, Role.SHIFT_LEADER, _minutes(rng, 1, 8 * late), condition=Condition.CLEARED_ON_SITE)
    if rng.random() < 0.02:
        yield Deed(Action.APPEAL, Role.HANDLING_UNIT, _minutes(rng, 60, 600), note="对扣分有异议（示例）")


def _suits(kind: ZoneKind, seen: Seen) -> bool:
    is_trade = kind in {ZoneKind.VENDOR_GUIDE_ZONE, ZoneKind.CONVENIENCE_MARKET, ZoneKind.VENDOR_CLUSTER}
    return (is_trade and seen in {Seen.STALL, Seen.CART}) or (
        kind is ZoneKind.BBQ_SITE and seen in {Seen.SMOKE, Seen.GRILL}
    )


def _at(rng: random.Random, day: date, hours: tuple[int, int], zone: ZoneInfo) -> datetime:
    begin = datetime.combine(day, time(hours[0]), zone)
    return begin + timedelta(minutes=rng.uniform(0, 60 * (hours[1] - hours[0])))


def _near(rng: random.Random, point: Point, within_m: float) -> Point:
    return Point(point.east_m + rng.uniform(-within_m, within_m), point.north_m + rng.uniform(-within_m, within_m))


def _minutes(rng: random.Random, least: float, most: float) -> timedelta:
    return timedelta(minutes=rng.uniform(least, most))
