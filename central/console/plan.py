"""The small plan on a case page: zones and positions as SVG coordinates, in metres, north up."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central.services.views import CaseDetail, PlaceView, ZoneView

MARGIN_M = 14.0
SMALLEST_M = 36.0
SIGMAS = 2.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One observation's ellipse; SVG's y runs down, so angles are turned round."""

    x: float
    y: float
    rx: float
    ry: float
    angle_deg: float
    camera: str
    seen: str


@dataclass(frozen=True, slots=True)
class Area:
    """One zone's polygon and where its label stands."""

    points: str
    kind: str
    name_zh: str
    name_en: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Plan:
    """`view_box` for the SVG; `bar_m` is the scale bar's length; `place` the case's own position."""

    view_box: str
    x: float
    y: float
    size_m: float
    bar_m: int
    areas: tuple[Area, ...]
    marks: tuple[Mark, ...]
    place: Mark | None


def draw(case: CaseDetail, zones: Sequence[ZoneView]) -> Plan | None:
    """The plan of `case`; None when nothing of it has a position."""
    marks = tuple(
        _mark(entry.place, entry.camera_id, entry.seen) for entry in case.observations if entry.place is not None
    )
    if not marks:
        return None
    west, east = min(mark.x - mark.rx for mark in marks), max(mark.x + mark.rx for mark in marks)
    top, bottom = min(mark.y - mark.rx for mark in marks), max(mark.y + mark.rx for mark in marks)
    size = max(east - west + 2 * MARGIN_M, bottom - top + 2 * MARGIN_M, SMALLEST_M)
    x, y = (west + east - size) / 2, (top + bottom - size) / 2
    return Plan(
        view_box=f"{x:.2f} {y:.2f} {size:.2f} {size:.2f}",
        x=x,
        y=y,
        size_m=size,
        bar_m=_bar(size),
        areas=tuple(_areas(zones, x, y, size)),
        marks=marks,
        place=None if case.place is None else _mark(case.place, "", case.seen),
    )


def _mark(place: PlaceView, camera: str, seen: str) -> Mark:
    return Mark(
        x=place.east_m,
        y=-place.north_m,
        rx=SIGMAS * place.major_m,
        ry=SIGMAS * place.minor_m,
        angle_deg=-place.angle_deg,
        camera=camera,
        seen=seen,
    )


def _areas(zones: Iterable[ZoneView], x: float, y: float, size: float) -> Iterable[Area]:
    for zone in zones:
        xs = [point[0] for point in zone.polygon_m]
        ys = [-point[1] for point in zone.polygon_m]
        if max(xs) < x or min(xs) > x + size or max(ys) < y or min(ys) > y + size:
            continue
        yield Area(
            points=" ".join(f"{east:.2f},{south:.2f}" for east, south in zip(xs, ys, strict=True)),
            kind=zone.kind,
            name_zh=zone.name.zh,
            name_en=zone.name.en,
            label_x=max(min(xs), x) + size * 0.02,
            label_y=max(min(ys), y) + size * 0.05,
        )


def _bar(size_m: float) -> int:
    """A round length of about a quarter of the picture."""
    exponent = 10 ** math.floor(math.log10(size_m / 4))
    return int(max(step * exponent for step in (1, 2, 5) if step * exponent <= size_m / 4))
