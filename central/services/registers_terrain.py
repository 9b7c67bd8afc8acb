"""Where rows lie among the drawn areas: in metres, many at once. Finds what a wrong place may come from."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from central.domain.registers.areas import parent_of
from central.domain.registers.frames import Frame, from_cgcs2000, to_cgcs2000
from central.services.registers_fields import Rings
from central.services.registers_findings import Cause, Finding
from contract.plane import EARTH_RADIUS_M, Origin

NEAR_M = 30.0
"""How far outside its grid a place may lie and only be remarked on: a grid's drawn edge and a measured pole differ by
so much. Higher: a neighbour's grid passes; lower: half the poles along a border are refused."""
FEW = 3
"""Rows that must agree on a cause before the whole file is suspected."""
_CHECK = Cause("核对坐标与所属网格", "check the coordinates and the grid")
_SWAPPED = Cause("经纬度写反了：交换两列后再导入", "latitude and longitude are swapped: swap the columns")
_TWICE = Cause(
    "坐标本来就是 CGCS2000：坐标系选 cgcs2000 后再导入",
    "the coordinates are CGCS2000 already: import again with the coordinates cgcs2000",
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A row's place, (lon, lat) as it is inside, and the area that it says it lies in ("" for none)."""

    row: int
    key: str
    field: str
    lon: float
    lat: float
    declared: str


class Terrain:
    """The drawn areas as polygons in metres around their middle."""

    def __init__(self, rings_by_code: Mapping[str, Rings], frame: Frame = Frame.CGCS2000) -> None:
        """`frame` is what the rows were said to be in, before they were converted."""
        drawn = {code: rings for code, rings in rings_by_code.items() if rings}
        self.codes = tuple(sorted(drawn))
        self._frame = frame
        self._origin = _middle(drawn.values())
        self._shapes = np.array([self.polygon(drawn[code]) for code in self.codes], dtype=object)
        self._at = {code: place for place, code in enumerate(self.codes)}
        self._tree = shapely.STRtree(self._shapes)
        shapely.prepare(self._shapes)

    def polygon(self, rings: Rings) -> shapely.Geometry:
        """The rings as one valid geometry in metres: even-odd, however they are drawn."""
        found: shapely.Geometry = shapely.Polygon()
        for ring in rings:
            corners = np.asarray(ring, dtype=np.float64)
            part = shapely.make_valid(shapely.Polygon(self.metres(corners)))
            found = shapely.symmetric_difference(found, part)
        return found

    def metres(self, lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) degrees → (n, 2) metres east and north."""
        scale = math.cos(math.radians(self._origin.lat))
        east = np.radians(lon_lat[:, 0] - self._origin.lon) * scale * EARTH_RADIUS_M
        north = np.radians(lon_lat[:, 1] - self._origin.lat) * EARTH_RADIUS_M
        return np.column_stack((east, north))

    def findings(self, spots: Sequence[Spot]) -> list[Finding]:
        """What is wrong with these places, and if most share a cause, one finding for the whole file."""
        if not self.codes or not spots:
            return []
        places = self.metres(np.array([(spot.lon, spot.lat) for spot in spots]))
        points = np.asarray(shapely.points(places))
        wanted = [self._drawn(spot.declared) for spot in spots]
        found: list[Finding] = []
        causes: Counter[Frame] = Counter()
        off_m = self._off(points, wanted)
        for place in np.flatnonzero(off_m > 0).tolist():
            spot, code = spots[place], wanted[place]
            finding, frame = self._finding(spot, code, float(off_m[place]), points[place])
            found.append(finding)
            if frame is not None:
                causes[frame] += 1
        found += self._hints(causes, len(found))
        return found

    def _off(self, points: NDArray[np.object_], wanted: Sequence[str | None]) -> NDArray[np.float64]:
        """Metres that each point lies outside the area it names; outside all areas where it names none."""
        off_m = np.zeros(len(points))
        named = np.array([place for place, code in enumerate(wanted) if code is not None], dtype=int)
        if len(named):
            shapes = self._shapes[[self._at[str(wanted[place])] for place in named]]
            off_m[named] = shapely.distance(points[named], shapes)
        free = np.array([place for place, code in enumerate(wanted) if code is None], dtype=int)
        if len(free):
            nearest = self._tree.nearest(points[free])
            off_m[free] = shapely.distance(points[free], self._shapes[nearest])
        return off_m

    def _finding(
        self, spot: Spot, code: str | None, off_m: float, point: shapely.Geometry
    ) -> tuple[Finding, Frame | None]:
        metres = f"{off_m:.0f}"
        if code is None:
            nearest = self.codes[int(self._tree.nearest(point))]
            cause, frame = self._cause(spot, nearest, off_m)
            facts: dict[str, object] = {"code": nearest, "metres": metres, "cause": cause}
            return Finding(spot.row, spot.key, spot.field, "outside_city", facts), frame
        if off_m <= NEAR_M:
            return Finding(spot.row, spot.key, spot.field, "near_grid", {"code": code, "metres": metres}), None
        cause, frame = self._cause(spot, code, off_m)
        facts = {"code": code, "metres": metres, "cause": cause, "found": self._around(point)}
        return Finding(spot.row, spot.key, spot.field, "outside_grid", facts), frame

    def _cause(self, spot: Spot, code: str, off_m: float) -> tuple[Cause, Frame | None]:
        """What the place may really be: the first reading that lies inside, or at a tenth of the distance."""
        shape = self._shapes[self._at[code]]
        limit_m = max(NEAR_M, off_m / 10)
        for lat, lon, cause, frame in self._readings(spot):
            point = shapely.Point(self.metres(np.array([(lon, lat)]))[0])
            if shapely.distance(point, shape) <= limit_m < off_m:
                return cause, frame
        return _CHECK, None

    def _readings(self, spot: Spot) -> Iterator[tuple[float, float, Cause, Frame | None]]:
        if abs(spot.lon) <= 90:
            yield spot.lon, spot.lat, _SWAPPED, None
        if self._frame not in {Frame.CGCS2000, Frame.WGS84}:
            yield *from_cgcs2000(self._frame, spot.lat, spot.lon), _TWICE, Frame.CGCS2000
            return
        for frame in (Frame.GCJ02, Frame.BD09):
            name = {Frame.GCJ02: "GCJ-02", Frame.BD09: "BD-09"}[frame]
            cause = Cause(
                f"很可能是 {name} 坐标：坐标系选 {frame}（--coordinates {frame}）后重新导入",
                f"it is most likely in {name}: import again with the coordinates {frame} (--coordinates {frame})",
            )
            yield *to_cgcs2000(frame, spot.lat, spot.lon), cause, frame

    def _around(self, point: shapely.Geometry) -> Cause | str:
        """The smallest area that holds the point."""
        inside = self._tree.query(point, predicate="within")
        if not len(inside):
            return Cause("未登记的地方", "no registered area")
        return max((self.codes[int(place)] for place in inside), key=len)

    def _drawn(self, code: str) -> str | None:
        """The area itself, or the smallest drawn one around it."""
        at: str | None = code or None
        while at is not None and at not in self._at:
            at = parent_of(at)
        return at

    def _hints(self, causes: Counter[Frame], count: int) -> Iterable[Finding]:
        for frame, rows in causes.most_common(1):
            if rows >= FEW and rows * 2 >= count:
                yield Finding(0, "", "", "frame_hint", {"count": rows, "frame": frame.value})


def _middle(drawn: Iterable[Rings]) -> Origin:
    corners = [corner for rings in drawn for ring in rings for corner in ring]
    if not corners:
        return Origin(0.0, 0.0)
    lons, lats = zip(*corners, strict=True)
    return Origin((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
