"""The site, violations and deadlines files as rows of registers: to be imported, or to hold until then."""

from collections.abc import Mapping, Sequence

from central.catalogue import Catalogue
from central.domain.deadlines import Stage
from central.domain.registers.snapshot import Registers
from central.services.registers import from_rows
from central.services.registers_base import Register
from central.services.registers_rows import ROWS
from central.site import PolygonBlock, SiteSettings
from central.timelimits import TimeLimits
from contract.plane import Origin

Rows = Sequence[Mapping[str, object]]
DEGREES = 7


def site_rows(site: SiteSettings) -> dict[Register, Rows]:
    """What a site file says of registers: its zones, and the cameras of its nodes."""
    origin = site.to_origin()
    zones = [
        {
            "id": zone.id,
            "kind": zone.kind,
            "name_zh": zone.name.zh,
            "name_en": zone.name.en,
            "rings": [_ring(zone.polygon, origin)],
            "hours": list(zone.hours),
        }
        for zone in site.zones
    ]
    cameras = [
        {"id": camera, "name_zh": camera, "node_id": node} for node, found in site.cameras.items() for camera in found
    ]
    return {register: rows for register, rows in ((Register.ZONES, zones), (Register.CAMERAS, cameras)) if rows}


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
    rows = {**site_rows(site), Register.CODES: code_rows(catalogue), Register.LIMITS: limit_rows(limits)}
    read = ((register, [ROWS[register].model_validate(row) for row in found]) for register, found in rows.items())
    return from_rows(site.to_origin(), read)


def _ring(polygon: PolygonBlock, origin: Origin) -> list[list[float]]:
    """(lon, lat) degrees of the polygon's corners."""
    degrees = (origin.to_degrees(point) for point in polygon.to_points(origin))
    return [[round(lon, DEGREES), round(lat, DEGREES)] for lat, lon in degrees]
