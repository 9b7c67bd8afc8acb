"""A made-up district's month of cases as association leaves them: what judgement is measured on. Same seed, same
month."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from central.domain.geometry import Covariance, Position
from central.domain.hours import ALWAYS, parse_hours
from central.domain.registers.cameras import EvidenceGrade, RegisteredCamera
from central.domain.registers.names import Names, Validity
from central.domain.registers.permits import Permit, PermitKind, Place
from central.domain.registers.shops import Frontage, Shop
from central.domain.registers.snapshot import Registers
from central.domain.registers.zones import Zone, ZoneKind
from central.domain.values import CaseSnapshot, Doubt, Observation
from contract.events import BoxNorm
from contract.ids import CameraId, CaseId, IncidentId, NodeId, derived_entropy, uuid7
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen

BEGAN = datetime(2026, 6, 30, 16, tzinfo=UTC)
"""Midnight of 1 July 2026 in Shanghai."""
SIDE_M = 8000.0
CAMERAS, ZONES, PERMITS, SHOPS = 300, 400, 3000, 2000
SHARES = (
    (0.34, (Seen.STALL,)),
    (0.08, (Seen.CART,)),
    (0.08, (Seen.STALL, Seen.PARASOL)),
    (0.08, (Seen.SMOKE,)),
    (0.06, (Seen.GRILL, Seen.SMOKE)),
    (0.06, (Seen.FLAME,)),
    (0.10, (Seen.GARBAGE,)),
    (0.08, (Seen.BIN_OVERFLOW,)),
    (0.06, (Seen.SIGN,)),
    (0.04, (Seen.BILLBOARD,)),
    (0.02, (Seen.BANNER,)),
)
"""Of the cases, what they show."""
STAY_S = {KindGroup.FIRE: 900.0, KindGroup.TRADE: 5400.0, KindGroup.SIGNAGE: 5 * 86400.0, KindGroup.WASTE: 7200.0}


@dataclass(frozen=True, slots=True)
class Month:
    """How many incidents, of how many days, and from which seed."""

    incidents: int = 300_000
    days: int = 30
    seed: int = 1


def registers_of(seed: int) -> Registers:
    """The district's registers: a ban area over all of it, markets, yards, permits, shops and reviewed cameras."""
    rng = random.Random(seed)
    return Registers(
        version=seed,
        zones=tuple(_zones(rng)),
        permits=tuple(_permits(rng)),
        shops=tuple(Shop(f"shop-{n}", Names(f"商铺{n}", f"shop {n}")) for n in range(SHOPS)),
        frontages=tuple(_frontages(rng)),
        cameras=tuple(_cameras(rng)),
    )


def cases_of(month: Month) -> Iterator[CaseSnapshot]:
    """Cases until there are so many incidents, in no order of time."""
    rng = random.Random(month.seed)
    shown = [seen for _, seen in SHARES]
    weights = [share for share, _ in SHARES]
    hot = [(rng.uniform(0, SIDE_M), rng.uniform(0, SIDE_M)) for _ in range(CAMERAS)]
    incidents = number = 0
    while incidents < month.incidents:
        seen = rng.choices(shown, weights)[0]
        case = _case(rng, number, seen, hot[rng.randrange(CAMERAS)], month.days)
        incidents, number = incidents + len(case.members), number + 1
        yield case


def _case(
    rng: random.Random, number: int, seen: tuple[Seen, ...], around: tuple[float, float], days: int
) -> CaseSnapshot:
    group = GROUP_BY_SEEN[seen[0]]
    start = BEGAN + timedelta(seconds=rng.uniform(0, days * 86400))
    end = start + timedelta(seconds=min(rng.expovariate(1 / STAY_S[group]) + 30, 10 * 86400))
    at = Point(rng.gauss(around[0], 25), rng.gauss(around[1], 25))
    camera = rng.randrange(CAMERAS)
    cameras = [camera, (camera + 1) % CAMERAS] if rng.random() < 0.3 else [camera]
    is_board = group is KindGroup.SIGNAGE
    members = []
    for kind in seen:
        for own in cameras[:1] if is_board else cameras:
            x, y = rng.uniform(0, 0.9), rng.uniform(0, 0.8)
            incident = uuid7(start, derived_entropy(str(number), kind, str(own)))
            place = Point(at.east_m + rng.gauss(0, 1), at.north_m + rng.gauss(0, 1))
            position = None if is_board else Position(place, Covariance(1.5, 0.2, 2.0))
            members.append(
                Observation(
                    IncidentId(incident),
                    3,
                    NodeId(f"node-{own // 16}"),
                    CameraId(f"cam-{own}"),
                    kind,
                    start,
                    end,
                    rng.random() < 0.95,
                    position,
                    peak=0.8,
                    looks=3,
                    box=BoxNorm(x1=x, y1=y, x2=x + 0.1, y2=y + 0.2),
                    doubts=frozenset({Doubt.CLOCK_UNSURE}) if rng.random() < 0.02 else frozenset(),
                    place_id=f"board-{rng.randrange(30)}" if is_board else None,
                )
            )
    return CaseSnapshot(CaseId(members[0].incident_id), group, tuple(members))


def _zones(rng: random.Random) -> Iterator[Zone]:
    yield Zone("ban", ZoneKind.BBQ_BAN_AREA, Names("禁烧区", "ban area"), _square(-500, -500, SIDE_M + 1000), ALWAYS)
    kinds = (ZoneKind.VENDOR_GUIDE_ZONE, ZoneKind.CONVENIENCE_MARKET, ZoneKind.RECYCLING_ZONE, ZoneKind.BBQ_SITE)
    for number in range(ZONES):
        kind = kinds[number % len(kinds)]
        size_m = rng.uniform(20, 150)
        ring = _round(rng.uniform(0, SIDE_M), rng.uniform(0, SIDE_M), size_m, rng.randrange(4, 24))
        yield Zone(
            f"zone-{number}",
            kind,
            Names(f"区域{number}", f"zone {number}"),
            ring,
            ALWAYS if kind is ZoneKind.RECYCLING_ZONE else parse_hours(["daily 17:00-23:00"]),
            capacity=rng.choice([None, 5, 20, 60]),
            plaque=f"P{number}",
            plaque_validity=Validity(None, date(2026, 7, rng.randrange(1, 29)) if rng.random() < 0.05 else None),
            goods=frozenset({"fruit"}) if rng.random() < 0.2 else frozenset(),
        )


def _permits(rng: random.Random) -> Iterator[Permit]:
    kinds = (PermitKind.ADVERT, PermitKind.SHOP_SIGN, PermitKind.BANNER)
    for number in range(PERMITS):
        place = Place(f"cam-{rng.randrange(CAMERAS)}", f"board-{rng.randrange(30)}")
        until = date(2026, rng.randrange(5, 13), rng.randrange(1, 29))
        is_exempt = rng.random() < 0.05
        yield Permit(
            f"permit-{number}",
            kinds[number % 3],
            f"holder {number}",
            Validity(None, until),
            (place,),
            is_public_service=is_exempt,
            shop_id=f"shop-{number % SHOPS}" if number % 3 == 1 else "",
        )
    for number in range(PERMITS // 10):
        point = Point(rng.uniform(0, SIDE_M), rng.uniform(0, SIDE_M))
        yield Permit(f"stall-{number}", PermitKind.STALL, f"holder {number}", point=point, radius_m=4)


def _frontages(rng: random.Random) -> Iterator[Frontage]:
    for number in range(SHOPS):
        x, y = rng.uniform(0, 0.8), rng.uniform(0.1, 0.6)
        region = ((x, y), (x + 0.12, y), (x + 0.12, y + 0.2), (x, y + 0.2))
        yield Frontage(f"front-{number}", f"cam-{number % CAMERAS}", f"shop-{number}", region)


def _cameras(rng: random.Random) -> Iterator[RegisteredCamera]:
    for number in range(CAMERAS):
        is_reviewed = rng.random() < 0.2
        grade = EvidenceGrade.PENALTY_REVIEWED if is_reviewed else EvidenceGrade.PATROL_ONLY
        yield RegisteredCamera(f"cam-{number}", Names(f"摄像机{number}", f"camera {number}"), evidence_grade=grade)


def _square(west_m: float, south_m: float, size_m: float) -> tuple[Point, ...]:
    east_m, north_m = west_m + size_m, south_m + size_m
    return Point(west_m, south_m), Point(east_m, south_m), Point(east_m, north_m), Point(west_m, north_m)


def _round(east_m: float, north_m: float, size_m: float, corners: int) -> tuple[Point, ...]:
    turns = [complex(0, 1) ** (4 * corner / corners) for corner in range(corners)]
    return tuple(Point(east_m + size_m / 2 * turn.real, north_m + size_m / 2 * turn.imag) for turn in turns)
