"""The site, violations and deadlines files as rows of registers: to be imported, or to hold until then."""

from collections.abc import Mapping, Sequence

from central.catalogue import Catalogue
from central.domain.deadlines import Stage
from central.domain.registers.snapshot import Registers
from central.services.registers_base import Register
from central.services.registers_rows import ROWS
from central.services.registers_values import with_rows
from central.site import PolygonBlock, SiteSettings, ZoneBlock
from central.timelimits import TimeLimits
from contract.plane import Origin

Rows = Sequence[Mapping[str, object]]
DEGREES = 7
_SAME = ("id", "kind", "capacity", "goods", "plaque", "plaque_from", "plaque_to", "valid_from", "valid_to")
"""What a site file and a row of the register call alike."""


def site_rows(site: SiteSettings) -> dict[Register, Rows]:
    """What a site file says of registers: its zones, the cameras of its nodes, and the rows under `registers`."""
    origin = site.to_origin()
    zones = [_zone(zone, origin) for zone in site.zones]
    cameras = [
        {"id": camera, "name_zh": camera, "node_id": node} for node, found in site.cameras.items() for camera in found
    ]
    rows: dict[Register, list[Mapping[str, object]]] = {Register.ZONES: [*zones], Register.CAMERAS: [*cameras]}
    for register, given in site.registers.items():
        told = [row.model_dump(mode="json", exclude_unset=True) for row in given]
        keys = {row.key for row in given}
        kept = [row for row in rows.get(register, []) if row["id"] not in keys]
        rows[register] = [*kept, *told]
    return {register: found for register, found in rows.items() if found}


def code_rows(catalogue: Catalogue) -> Rows:
    """The codes in every standard that the violations file names."""
    return [
        {
            "standard": standard,
            "kind": kind,
            "code": code,
            "name_zh": block.name.zh,
            "name_en": block.name.en,
        }
        for kind, block in catalogue.violations.items()
        for standard, code in block.codes.items()
        if code
    ]


def limit_rows(limits: TimeLimits) -> Rows:
    """Every limit of every profile of the deadlines file."""
    rows: list[Mapping[str, object]] = []
    for name, profile in limits.profiles.items():
        shared = {"profile": name, "source": profile.source}
        for stage, limit in profile.stages.items():
            rows.append(shared | {"stage": stage, "amount": limit.amount, "unit": limit.unit})
        for kind, limit in profile.handle.items():
            facts = {"stage": Stage.HANDLE, "kind": kind, "amount": limit.amount, "unit": limit.unit}
            rows.append(shared | facts)
    return rows


def registers_of_files(site: SiteSettings, catalogue: Catalogue, limits: TimeLimits) -> Registers:
    """The registers as the files have them: what holds where the database has no rows."""
    registers, origin = site.to_registers(), site.to_origin()
    for register, rows in ((Register.CODES, code_rows(catalogue)), (Register.LIMITS, limit_rows(limits))):
        if register not in site.registers:
            read = [ROWS[register].model_validate(row) for row in rows]
            registers = with_rows(registers, register, read, origin)
    return registers


def _zone(zone: ZoneBlock, origin: Origin) -> Mapping[str, object]:
    plain = zone.model_dump(mode="json", include=set(_SAME), exclude_unset=True)
    names = {"name_zh": zone.name.zh, "name_en": zone.name.en}
    return {**plain, **names, "rings": [_ring(zone.polygon, origin)], "hours": list(zone.hours)}


def _ring(polygon: PolygonBlock, origin: Origin) -> list[list[float]]:
    """(lon, lat) degrees of the polygon's corners."""
    degrees = (origin.to_degrees(point) for point in polygon.to_points(origin))
    return [[round(lon, DEGREES), round(lat, DEGREES)] for lat, lon in degrees]
