"""What is wrong with rows beside each other: places, references, overlaps, dates, gaps. Rows come in read already."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from central.domain.registers.areas import is_within, parent_of
from central.domain.registers.coverage import Span, coverage
from central.domain.registers.frames import Frame
from central.domain.registers.names import Validity
from central.domain.registers.responsibility import DutyScope
from central.domain.registers.zones import PLAQUED
from central.services.registers import from_rows
from central.services.registers_base import REGISTER_NAMES, Register, Row, ValidRow
from central.services.registers_duty import DutyRow
from central.services.registers_fields import Rings
from central.services.registers_findings import Cause, Finding
from central.services.registers_ground import AreaRow, ZoneRow
from central.services.registers_shapes import Drawn, crossings, outside_parents, overlaps
from central.services.registers_terrain import Spot, Terrain
from central.services.registers_trade import FrontageRow, PermitRow, ShopRow
from central.services.registers_values import read_place
from contract.plane import EARTH_RADIUS_M, Origin

GAP_DAYS = 7
"""A week shows every shift once."""
SPANS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row and where its file has it."""

    number: int
    row: Row


Known = Callable[[Register], Mapping[str, Row]]
"""What a register will hold once the file is in, by key; the file's own rows included."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rows are compared with. `headings` are the file's names of the fields."""

    known: Known
    today: date
    frame: Frame
    headings: Mapping[str, str]

    def name(self, field: str) -> str:
        return self.headings.get(field, field)


def compare(register: Register, rows: Sequence[Numbered], around: Circumstances) -> list[Finding]:
    """Everything that is wrong with the rows among each other and with what is registered."""
    found: list[Finding] = []
    found += crossings([_drawn(one, around) for one in rows if _rings(one.row)])
    crossed = {finding.row for finding in found}
    sound = [one for one in rows if one.number not in crossed]
    found += _misplaced(register, sound, around)
    found += _dated(rows, around)
    found += _referring(register, rows, around)
    match register:
        case Register.AREAS:
            found += _overlapping(register, sound, around, "grids_overlap")
            found += _within_parents(sound, around)
        case Register.ZONES:
            plaqued = [one for one in sound if isinstance(one.row, ZoneRow) and one.row.kind in PLAQUED]
            found += _overlapping(register, plaqued, around, "zones_overlap")
            found += _plaques(rows, around)
        case Register.PERMITS:
            found += _overlapping(register, sound, around, "permits_overlap")
            found += _same_places(rows, around)
        case Register.DUTIES:
            found += _duties(rows, around)
    return sorted(found, key=lambda finding: finding.row)


def _misplaced(register: Register, rows: Sequence[Numbered], around: Circumstances) -> list[Finding]:
    if register is Register.AREAS:
        return []
    spots = []
    for one in rows:
        place = one.row.place
        if place is not None:
            field = "lon" if getattr(one.row, "lon", None) is not None else "rings"
            declared = str(getattr(one.row, "area_code", ""))
            spots.append(Spot(one.number, one.row.key, around.name(field), *place, declared))
    if not spots:
        return []
    areas = around.known(Register.AREAS)
    return Terrain({code: _rings(row) for code, row in areas.items()}, around.frame).findings(spots)


def _dated(rows: Iterable[Numbered], around: Circumstances) -> Iterator[Finding]:
    for one in rows:
        last = one.row.valid_to if isinstance(one.row, ValidRow) else None
        if last is not None and last < around.today:
            yield Finding(one.number, one.row.key, around.name("valid_to"), "expired", {"last": last})


def _plaques(rows: Iterable[Numbered], around: Circumstances) -> Iterator[Finding]:
    for one in rows:
        row = one.row
        if not isinstance(row, ZoneRow) or row.kind not in PLAQUED:
            continue
        if not row.plaque:
            yield Finding(one.number, row.key, around.name("plaque"), "no_plaque")
        elif row.plaque_to is not None and row.plaque_to < around.today:
            yield Finding(one.number, row.key, around.name("plaque_to"), "plaque_expired", {"last": row.plaque_to})


def _referring(register: Register, rows: Iterable[Numbered], around: Circumstances) -> Iterator[Finding]:
    known: dict[Register, Mapping[str, Row]] = {}
    for one in rows:
        for field, wanted, key in _references(register, one.row):
            there = known.setdefault(wanted, around.known(wanted))
            if there and key not in there:
                yield _unknown(one, around.name(field), wanted, key)


def _references(register: Register, row: Row) -> Iterator[tuple[str, Register, str]]:
    """(field, register, key) of everything the row names."""
    area = str(getattr(row, "area_code", ""))
    if area:
        yield "area_code", Register.AREAS, area
    match row:
        case AreaRow():
            parent = parent_of(row.code)
            if parent is not None and register is Register.AREAS:
                yield "code", Register.AREAS, parent
        case PermitRow():
            if row.shop_id:
                yield "shop_id", Register.SHOPS, row.shop_id
            for place in map(read_place, row.places):
                if place.camera_id:
                    yield "places", Register.CAMERAS, place.camera_id
        case ShopRow() if row.merchant_id:
            yield "merchant_id", Register.MERCHANTS, row.merchant_id
        case FrontageRow():
            yield "camera_id", Register.CAMERAS, row.camera_id
            yield "shop_id", Register.SHOPS, row.shop_id
        case DutyRow():
            yield "target", Register.AREAS if row.scope is DutyScope.AREA else Register.ROADS, row.target


def _unknown(one: Numbered, field: str, wanted: Register, key: str) -> Finding:
    if isinstance(one.row, AreaRow):
        return Finding(one.number, one.row.key, field, "no_parent", {"value": key})
    if wanted is Register.AREAS:
        return Finding(one.number, one.row.key, field, "unknown_area", {"value": key})
    names = REGISTER_NAMES[wanted]
    return Finding(one.number, one.row.key, field, "unknown_ref", {"register": Cause(names.zh, names.en), "value": key})


def _overlapping(register: Register, rows: Sequence[Numbered], around: Circumstances, code: str) -> Iterator[Finding]:
    mine = [_drawn(one, around) for one in rows if _ground(one.row)]
    if not mine:
        return
    keys = {one.key for one in mine}
    others = [
        _drawn(Numbered(0, row), around)
        for key, row in around.known(register).items()
        if key not in keys and _ground(row)
    ]
    yield from overlaps(mine, others, code)


def _within_parents(rows: Sequence[Numbered], around: Circumstances) -> Iterator[Finding]:
    areas = around.known(Register.AREAS)
    wanted = []
    for one in rows:
        code = parent_of(one.row.key)
        parent = None if code is None else areas.get(code)
        if code is not None and parent is not None and _rings(one.row) and _rings(parent):
            wanted.append((_drawn(one, around), code, _rings(parent)))
    yield from outside_parents(wanted)


def _same_places(rows: Sequence[Numbered], around: Circumstances) -> Iterator[Finding]:
    """Permits of one kind for one region of a picture on the same days."""
    numbers = {one.row.key: one.number for one in rows}
    by_place: dict[tuple[str, str], list[PermitRow]] = {}
    for row in around.known(Register.PERMITS).values():
        if isinstance(row, PermitRow):
            for place in row.places:
                by_place.setdefault((place, row.kind), []).append(row)
    for (place, _), permits in by_place.items():
        for at, row in enumerate(permits):
            for other in permits[:at]:
                if not row.to_validity().meets(other.to_validity()) or not {row.key, other.key} & numbers.keys():
                    continue
                later, earlier = sorted((row, other), key=lambda one: numbers.get(one.key, 0), reverse=True)
                facts = {"other": earlier.key, "share": Cause(f"{place} 处 100", f"at {place}: 100")}
                yield Finding(numbers[later.key], later.key, around.name("places"), "permits_overlap", facts)


def _duties(rows: Sequence[Numbered], around: Circumstances) -> Iterator[Finding]:
    """Nobody standing in, and the hours of the coming week in which nobody answers for what these rows are about."""
    targets = set()
    for one in rows:
        if isinstance(one.row, DutyRow):
            targets.add(one.row.target)
            if not one.row.backup:
                yield Finding(one.number, one.row.key, around.name("backup"), "no_backup")
    wanted = (Register.AREAS, Register.ROADS, Register.DUTIES)
    registers = from_rows(Origin(0.0, 0.0), ((register, around.known(register).values()) for register in wanted))
    found = coverage(registers, around.today, around.today + timedelta(days=GAP_DAYS - 1))
    for gap in found.gaps:
        if any(gap.target == target or is_within(gap.target, target) for target in targets):
            yield Finding(
                0, gap.target, around.name("shift"), "duty_gap", {"target": gap.target, "spans": _told(gap.spans)}
            )


def _told(spans: Sequence[Span]) -> str:
    said = "; ".join(f"{span.start:%m-%d %H:%M}–{span.end:%m-%d %H:%M}" for span in spans[:SPANS_TOLD])
    return f"{said} …(+{len(spans) - SPANS_TOLD})" if len(spans) > SPANS_TOLD else said


def _drawn(one: Numbered, around: Circumstances) -> Drawn:
    row = one.row
    validity = row.to_validity() if isinstance(row, ValidRow) else Validity()
    kind = str(len(row.code)) if isinstance(row, AreaRow) else str(getattr(row, "kind", ""))
    return Drawn(one.number, row.key, around.name("rings"), _ground(row), kind, validity)


def _rings(row: Row) -> Rings:
    rings: Rings = getattr(row, "rings", ())
    return rings


def _ground(row: Row) -> Rings:
    """The row's polygon, or of a permit that is a point the square around it."""
    rings = _rings(row)
    if rings or not isinstance(row, PermitRow) or row.lon is None or row.lat is None:
        return rings
    high = math.degrees(row.radius_m / EARTH_RADIUS_M)
    wide = high / math.cos(math.radians(row.lat))
    corners = ((-wide, -high), (wide, -high), (wide, high), (-wide, high))
    return (tuple((row.lon + east, row.lat + north) for east, north in corners),)
