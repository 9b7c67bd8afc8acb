"""What anybody may read: figures of a past month without small counts, and the map of places where trade is welcome."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from central.domain.assessment.figures import Ratio, SetRule
from central.domain.assessment.items import NONE, Moment
from central.domain.assessment.openness import withhold
from central.domain.assessment.periods import Period, PeriodKind
from central.domain.assessment.scopes import Scope, Window
from central.domain.registers.areas import LENGTHS, AreaLevel
from central.domain.registers.names import Names
from central.domain.registers.snapshot import Registers
from central.domain.registers.zones import Zone, ZoneKind
from central.services.assessment import AssessmentDesk, Question
from central.services.assessment_views import FigureView, PeriodView
from central.services.records import Sentence
from central.store import assessment_queries
from central.store.database import Database
from contract.errors import UsageError
from contract.plane import Origin, Point

WELCOME = {
    ZoneKind.CONVENIENCE_MARKET: Sentence(zh="便民市场", en="convenience market"),
    ZoneKind.VENDOR_CLUSTER: Sentence(zh="摊点群", en="stall cluster"),
    ZoneKind.VENDOR_GUIDE_ZONE: Sentence(zh="流动商贩疏导区", en="vendor guide zone"),
    ZoneKind.BBQ_SITE: Sentence(zh="烧烤场地", en="barbecue yard"),
    ZoneKind.RECYCLING_ZONE: Sentence(zh="废品回收点", en="recycling point"),
}
"""Kinds of zones that the public map shows; ban areas are law, not places to go."""
OPEN_KINDS = frozenset({PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR})
"""A day's or a week's counts would point at somebody."""
FILED = SetRule("filed", Names("立案数", "filed"), Moment.FILED, NONE, NONE)


class PublicTable(BaseModel):
    """Cases filed, by street and kind; None where a count is withheld. `smallest`: counts below are."""

    model_config = ConfigDict(frozen=True)

    smallest: int
    streets: dict[str, Sentence | None]
    cells: dict[str, dict[str, int | None]]
    street_totals: dict[str, int | None]
    kind_totals: dict[str, int | None]
    total: int | None


class PublicStatistics(BaseModel):
    """Statistics without personal data: shares of the whole area, and filed cases by street and kind."""

    model_config = ConfigDict(frozen=True)

    area: str
    period: PeriodView
    figures: tuple[FigureView, ...]
    filed: PublicTable


class PublicDesk:
    """Reads; any thread."""

    def __init__(self, database: Database, desk: AssessmentDesk, origin: Origin, smallest: int) -> None:
        self._database = database
        self._desk = desk
        self._origin = origin
        self._smallest = smallest

    def statistics(self, area: str, period: Period) -> PublicStatistics:
        """Of a month, quarter or year that is over.

        Raises:
            UsageError: another period, or one that is not over.
        """
        window = self._desk.window(period)
        if period.kind not in OPEN_KINDS or period.last >= window.today:
            raise UsageError(f"period {period}: whole months, quarters and years that are over are public")
        view = self._desk.assess(Question(Scope(area), period))
        with self._database.read() as connection:
            table = self._table(connection, area, window, self._desk.registers(connection))
        ratios = {key for key, figure in self._desk.book.figures.items() if isinstance(figure.rule, Ratio)}
        figures = tuple(figure for figure in view.figures if figure.key in ratios and self._is_large(figure))
        return PublicStatistics(area=area, period=view.period, figures=figures, filed=table)

    def map(self, area: str = "") -> dict[str, Any]:
        """The lawful places as GeoJSON, longitude before latitude, CGCS2000. No holder's name."""
        with self._database.read() as connection:
            registers = self._desk.registers(connection)
        today = self._desk.today()
        zones = [
            zone
            for zone in registers.zones
            if zone.kind in WELCOME and zone.is_in_force(today) and zone.area_code.startswith(area)
        ]
        features = [
            self._feature(zone, registers) | {"id": zone.zone_id} for zone in zones if zone.has_valid_plaque(today)
        ]
        return {"type": "FeatureCollection", "features": features}

    def _is_large(self, figure: FigureView) -> bool:
        """Neither its numerator nor what is missing to its denominator may be small."""
        if figure.numerator is None or figure.denominator is None:
            return False
        part, whole = figure.numerator.number or 0, figure.denominator.number or 0
        return whole >= self._smallest and all(rest == 0 or rest >= self._smallest for rest in (part, whole - part))

    def _table(self, connection: Connection, area: str, window: Window, registers: Registers) -> PublicTable:
        length = LENGTHS[AreaLevel.STREET]
        found = assessment_queries.counts_by_street_and_kind(connection, FILED, Scope(area), window, length)
        table = withhold(found, self._smallest)
        streets = sorted(table.row_totals)
        return PublicTable(
            smallest=self._smallest,
            streets={street: _name(street, registers) for street in streets},
            cells={
                street: {kind: table.cells[street, kind] for kind in sorted(table.column_totals)} for street in streets
            },
            street_totals=dict(table.row_totals),
            kind_totals=dict(table.column_totals),
            total=table.total if table.total == 0 or table.total >= self._smallest else None,
        )

    def _feature(self, zone: Zone, registers: Registers) -> dict[str, Any]:
        area = registers.area(zone.area_code)
        return {
            "type": "Feature",
            "geometry": _geometry(zone, self._origin),
            "properties": {
                "kind": zone.kind.value,
                "kind_name": WELCOME[zone.kind].model_dump(),
                "name": {"zh": zone.names.zh, "en": zone.names.en},
                "hours": str(getattr(zone.hours, "text", "") or zone.hours),
                "plaque": zone.plaque,
                "capacity": zone.capacity,
                "goods": sorted(zone.goods),
                "area": None if area is None else {"code": area.code, "zh": area.names.zh, "en": area.names.en},
            },
        }


def _geometry(zone: Zone, origin: Origin) -> dict[str, Any]:
    rings = [_ring(ring, origin) for ring in (zone.polygon, *zone.further)]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _ring(ring: tuple[Point, ...], origin: Origin) -> list[list[float]]:
    corners = [origin.to_degrees(corner) for corner in (*ring, ring[0])]
    return [[round(lon, 7), round(lat, 7)] for lat, lon in corners]


def _name(code: str, registers: Registers) -> Sentence | None:
    area = registers.area(code)
    return None if area is None else Sentence(zh=area.names.zh, en=area.names.en)
