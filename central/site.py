"""A site file → the law and the rules of joining: where the zones lie, when they are open, which cameras overlap."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from central.domain.districts import THE_REST, District, Districts
from central.domain.law import Names, Zone, ZoneKind
from central.domain.registers.names import Validity
from central.domain.registers.seasons import parse_seasonal_hours
from central.domain.registers.snapshot import Registers
from central.services.noticing import ListedCameras, Surroundings
from central.services.registers import from_rows
from central.services.registers_base import Register, Row
from central.services.registers_rows import ROWS
from contract.configfile import Settings, load_yaml
from contract.events import Name
from contract.plane import Origin, Point
from contract.taxonomy import Violation

DistrictName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
CameraPatterns = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=140)], ...], Field(max_length=5000)]
HoursLines = Annotated[tuple[str, ...], Field(max_length=50)]


def _readable(lines: tuple[str, ...]) -> tuple[str, ...]:
    parse_seasonal_hours(lines)
    return lines


class NamesBlock(Settings):
    """A name in Chinese and English."""

    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]

    def to_names(self) -> Names:
        return Names(self.zh, self.en)


class PolygonBlock(Settings):
    """A polygon, either in degrees (``lat_lon``) or in metres east and north of the origin (``local_m``)."""

    lat_lon: Annotated[tuple[tuple[float, float], ...], Field(min_length=3, max_length=500)] | None = None
    local_m: Annotated[tuple[tuple[float, float], ...], Field(min_length=3, max_length=500)] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.lat_lon is None) == (self.local_m is None):
            raise ValueError("give the corners either as lat_lon or as local_m")
        return self

    def to_points(self, origin: Origin) -> tuple[Point, ...]:
        if self.lat_lon is not None:
            return tuple(origin.to_local(lat, lon) for lat, lon in self.lat_lon)
        return tuple(Point(east, north) for east, north in self.local_m or ())


class ZoneBlock(Settings):
    """One zone. Without hours it is always open; ``hours: []`` is never; a line may name its season.

    `capacity`: how many stalls its plaque allows. `goods`: what may be traded, anything without. Days are local, the
    last one included.
    """

    id: Name
    kind: ZoneKind
    name: NamesBlock
    polygon: PolygonBlock
    hours: HoursLines = ("always",)
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None
    goods: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    plaque: Annotated[str, Field(max_length=64)] = ""
    plaque_from: date | None = None
    plaque_to: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    _hours_are_readable = field_validator("hours")(_readable)

    def to_zone(self, origin: Origin) -> Zone:
        return Zone(
            self.id,
            self.kind,
            self.name.to_names(),
            self.polygon.to_points(origin),
            parse_seasonal_hours(self.hours),
            capacity=self.capacity,
            plaque=self.plaque,
            plaque_validity=Validity(self.plaque_from, self.plaque_to),
            goods=frozenset(self.goods),
            validity=Validity(self.valid_from, self.valid_to),
        )


class OriginBlock(Settings):
    """The zero of the local frame, CGCS2000 degrees."""

    lat: Annotated[float, Field(ge=-85, le=85)] = 36.8135
    lon: Annotated[float, Field(ge=-180, le=180)] = 118.0548


class SiteSettings(Settings):
    """One site file; all defaults together are a site without zones."""

    name: NamesBlock = NamesBlock(zh="未命名", en="unnamed site")
    origin: OriginBlock = OriginBlock()
    timezone: str = "Asia/Shanghai"
    zones: Annotated[tuple[ZoneBlock, ...], Field(max_length=2000)] = ()
    bounds: PolygonBlock | None = None
    cameras: dict[Name, Annotated[tuple[Name, ...], Field(max_length=256)]] = Field(default_factory=dict)
    districts: Annotated[dict[DistrictName, CameraPatterns], Field(max_length=100)] = Field(default_factory=dict)
    district_outlines: Annotated[dict[DistrictName, PolygonBlock], Field(max_length=100)] = Field(default_factory=dict)
    """Whose a place is that people tell of; without one the nearest cameras say so."""
    camera_overlaps: Annotated[tuple[tuple[Name, Name], ...], Field(max_length=1000)] = ()
    registers: dict[Register, Annotated[tuple[Row, ...], Field(max_length=10_000)]] = Field(default_factory=dict)
    """Rows as in the registers' import files: permits, shops, frontages, cameras, …; the database's come first."""
    demo: bool = False
    legal_dwell_s: dict[Violation, Annotated[float, Field(ge=0, le=30 * 86400)]] = Field(default_factory=dict)
    counting_hours: dict[Violation, HoursLines] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {value!r}; write it as Asia/Shanghai") from error
        return value

    @field_validator("districts")
    @classmethod
    def _leave_the_rest(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if THE_REST in value:
            raise ValueError(f"{THE_REST!r} is what no district claims; give the district another name")
        return value

    @field_validator("registers", mode="before")
    @classmethod
    def _are_rows(cls, value: object) -> object:
        if not isinstance(value, dict) or not all(isinstance(rows, list | tuple) for rows in value.values()):
            raise ValueError("write a list of rows under the name of each register")
        known = {register.value: register for register in Register}
        for name in value:
            if name not in known:
                raise ValueError(f"there is no register {name!r}; registers are {', '.join(known)}")
        return {known[name]: tuple(_rows(known[name], rows)) for name, rows in value.items()}

    @field_validator("counting_hours")
    @classmethod
    def _are_readable(cls, value: dict[Violation, tuple[str, ...]]) -> dict[Violation, tuple[str, ...]]:
        for lines in value.values():
            _readable(lines)
        return value

    @model_validator(mode="after")
    def _has_unique_zones(self) -> Self:
        ids = [zone.id for zone in self.zones]
        double = {name for name in ids if ids.count(name) > 1}
        if double:
            raise ValueError(f"zones: two zones are called {', '.join(sorted(double))}")
        return self

    @model_validator(mode="after")
    def _outlines_known_districts(self) -> Self:
        unknown = sorted(set(self.district_outlines) - set(self.districts))
        if unknown:
            raise ValueError(f"district_outlines: {unknown[0]!r} is none of `districts`; name its cameras there first")
        return self

    def to_origin(self) -> Origin:
        return Origin(self.origin.lat, self.origin.lon)

    def to_districts(self) -> Districts:
        """The parts of the city that are associated each by itself, in the file's order."""
        return Districts(tuple((District(name), patterns) for name, patterns in self.districts.items()))

    def to_surroundings(self) -> Surroundings:
        """What events are compared with as they come: the city's outline, and which camera hangs on which node."""
        origin = self.to_origin()
        corners = self.bounds.to_points(origin) if self.bounds else ()
        outline = tuple((corner.east_m, corner.north_m) for corner in corners)
        districts = {
            District(name): tuple((corner.east_m, corner.north_m) for corner in block.to_points(origin))
            for name, block in self.district_outlines.items()
        }
        return Surroundings(ListedCameras(self.cameras), outline, origin, self.to_districts(), districts)

    def to_zones(self) -> tuple[Zone, ...]:
        origin = self.to_origin()
        return tuple(zone.to_zone(origin) for zone in self.zones)

    def to_registers(self) -> Registers:
        """The file's zones and its rows of registers, version 0."""
        found = from_rows(self.to_origin(), self.registers.items())
        return replace(found, zones=(*self.to_zones(), *found.zones))


def _rows(register: Register, rows: Iterable[object]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        try:
            yield ROWS[register].model_validate(row)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, (f"{register}[{number}]", *problem["loc"])))
            raise ValueError(f"{where}: {problem['msg']}") from error


def load_site(path: Path | None) -> SiteSettings:
    """The site in the file at `path`; without one, a site without zones.

    Raises:
        UsageError: the file is wrong; the message says where and how.
    """
    return SiteSettings() if path is None else load_yaml(path, SiteSettings)
