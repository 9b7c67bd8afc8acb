"""A site file → the law and the rules of joining: where the zones lie, when they are open, which cameras overlap."""

from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from central.domain.districts import THE_REST, District, Districts
from central.domain.hours import parse_hours
from central.domain.law import Names, Zone, ZoneKind
from central.services.noticing import ListedCameras, Surroundings
from contract.configfile import Settings, load_yaml
from contract.events import Name
from contract.plane import Origin, Point
from contract.taxonomy import Violation

DistrictName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
CameraPatterns = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=140)], ...], Field(max_length=5000)]
HoursLines = Annotated[tuple[str, ...], Field(max_length=50)]


def _readable(lines: tuple[str, ...]) -> tuple[str, ...]:
    parse_hours(lines)
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
    """One zone. Without hours it is always open; ``hours: []`` is never."""

    id: Name
    kind: ZoneKind
    name: NamesBlock
    polygon: PolygonBlock
    hours: HoursLines = ("always",)

    _hours_are_readable = field_validator("hours")(_readable)


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
    camera_overlaps: Annotated[tuple[tuple[Name, Name], ...], Field(max_length=1000)] = ()
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
        return Surroundings(ListedCameras(self.cameras), outline, origin, self.to_districts())

    def to_zones(self) -> tuple[Zone, ...]:
        origin = self.to_origin()
        return tuple(
            Zone(zone.id, zone.kind, zone.name.to_names(), zone.polygon.to_points(origin), parse_hours(zone.hours))
            for zone in self.zones
        )


def load_site(path: Path | None) -> SiteSettings:
    """The site in the file at `path`; without one, a site without zones.

    Raises:
        UsageError: the file is wrong; the message says where and how.
    """
    return SiteSettings() if path is None else load_yaml(path, SiteSettings)
