"""Cases and laws by hand, for tests of judgement: what is seen where and when, and what is registered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from central.catalogue import load_catalogue, make_law
from central.domain.geometry import Covariance, Position
from central.domain.hours import ALWAYS, parse_hours
from central.domain.judgement.scene import Neighbour, neighbour_of
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, NeedsPerson, Observing
from central.domain.law import Law, Names, Zone, ZoneKind
from central.domain.registers.permits import Permit
from central.domain.registers.seasons import Hours
from central.domain.registers.shops import Shop
from central.domain.registers.snapshot import Registers
from central.domain.values import CaseSnapshot, Doubt, Observation
from central.site import SiteSettings
from contract.events import BoxNorm
from contract.ids import CameraId, CaseId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, Seen, Violation

CATALOGUE = load_catalogue()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 7, 1, 12, tzinfo=make_law(CATALOGUE, SiteSettings()).timezone)
"""A Wednesday in Shanghai."""


def law_of(*zones: Zone, permits: tuple[Permit, ...] = (), shops: tuple[Shop, ...] = (), **more: Any) -> Law:
    registers = Registers(version=1, zones=zones, permits=permits, shops=shops)
    return make_law(CATALOGUE, SiteSettings(), replace(registers, **more))


def zone(
    kind: ZoneKind, name: str = "z", east_m: float = 0, hours: Hours = ALWAYS, size_m: float = 100, **more: Any
) -> Zone:
    ring = tuple(Point(east_m + x * size_m, y * size_m) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
    return replace(Zone(name, kind, Names(name, name), ring, hours), **more)


def case(
    *seen: Seen,
    at: tuple[float, float] | None = (50, 50),
    end: datetime = NOON,
    stay: timedelta = HOUR,
    name: str = "c",
    camera: str = "cam",
    place_id: str | None = None,
    box: tuple[float, float] | None = None,
    doubts: frozenset[Doubt] = frozenset(),
) -> CaseSnapshot:
    members = tuple(
        Observation(
            IncidentId(f"{name}-{kind}"),
            1,
            NodeId("n"),
            CameraId(camera),
            kind,
            end.astimezone(UTC) - stay,
            end.astimezone(UTC),
            False,
            None if at is None else Position(Point(*at), Covariance(1, 0, 1)),
            box=None
            if box is None
            else BoxNorm(x1=box[0] - 0.01, y1=box[1] - 0.01, x2=box[0] + 0.01, y2=box[1] + 0.01),
            place_id=place_id,
            doubts=doubts,
        )
        for kind in seen
    )
    return CaseSnapshot(CaseId(name), GROUP_BY_SEEN[seen[0]], members)


def near(law: Law, *cases: CaseSnapshot) -> list[Neighbour]:
    return [neighbour_of(other, law) for other in cases]


def codes(judgement: Judgement) -> set[str]:
    return {reason.code for reason in judgement.reasons}


def outcome(judgement: Judgement) -> tuple[str, str | None, Violation | None]:
    """Verdict, what it is (or the rule that allows it), and what it would have been at first sight."""
    match judgement:
        case Lawful():
            return "lawful", judgement.rule, None
        case Breach():
            return "violation", judgement.violation, judgement.instead_of
        case Observing():
            return "observing", judgement.violation, judgement.instead_of
        case NeedsPerson():
            return "needs_person", judgement.suggested, judgement.instead_of


BAN = zone(ZoneKind.BBQ_BAN_AREA, "ban", -1000, size_m=3000)
BUILT_UP = replace(BAN, zone_id="town", kind=ZoneKind.BUILT_UP_AREA)
FRUIT_MARKET = zone(ZoneKind.CONVENIENCE_MARKET, "market", hours=parse_hours(["daily 08:00-20:00"]))
