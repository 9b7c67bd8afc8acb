"""What is wrong with drawn polygons: crossing themselves, without ground, or lying over each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from central.domain.registers.names import Validity
from central.services.registers_fields import Ring, Rings
from central.services.registers_findings import Finding

LEAST_SHARE = 0.02
"""Share of the smaller of two shapes that may lie under the other unremarked: neighbours' edges are drawn twice and
never quite alike. Higher: half a stall disappears in another; lower: every border is a finding."""
MOST_OUTSIDE = 0.05
"""Share of an area that may lie outside the area around it: outlines of two levels are drawn by two offices."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row's polygon and what it must share with another to be compared: kind, days."""

    row: int
    key: str
    field: str
    rings: Rings
    kind: str
    validity: Validity


def crossings(drawn: Sequence[Drawn]) -> Iterator[Finding]:
    """The rings that cross themselves or enclose nothing."""
    rings = [(one, ring) for one in drawn for ring in one.rings]
    if not rings:
        return
    shapes = _polygons([ring for _, ring in rings])
    for place in np.flatnonzero(~shapely.is_valid(shapes) | (shapely.area(shapes) == 0)):
        one, _ = rings[place]
        lon, lat = _crossing(str(shapely.is_valid_reason(shapes[place])))
        if lon is None or shapely.area(shapely.convex_hull(shapes[place])) == 0:
            yield Finding(one.row, one.key, one.field, "no_ground")
        else:
            yield Finding(one.row, one.key, one.field, "self_crossing", {"lat": lat, "lon": lon})


def overlaps(drawn: Sequence[Drawn], others: Sequence[Drawn], code: str) -> Iterator[Finding]:
    """Shapes of `drawn` that lie over another of the same kind on the same days; each pair once.

    Args:
        drawn: the rows asked about.
        others: what is in the register already, by other keys.
        code: of the findings.
    """
    every = [*drawn, *others]
    shapes = _shapes(every)
    tree = shapely.STRtree(shapes)
    mine, theirs = tree.query(shapes[: len(drawn)], predicate="intersects")
    for left, right in zip(mine.tolist(), theirs.tolist(), strict=True):
        a, b = every[left], every[right]
        if right <= left or a.key == b.key or a.kind != b.kind or not a.validity.meets(b.validity):
            continue
        smaller = min(shapes[left].area, shapes[right].area)
        share = shapes[left].intersection(shapes[right]).area / smaller if smaller else 0.0
        if share > LEAST_SHARE:
            later, other = (a, b) if a.row >= b.row else (b, a)
            yield Finding(later.row, later.key, later.field, code, {"other": other.key, "share": f"{share * 100:.0f}"})


def outside_parents(areas: Sequence[tuple[Drawn, str, Rings]]) -> Iterator[Finding]:
    """Areas that reach out of the one around them by more than `MOST_OUTSIDE`: (area, its parent's code and rings)."""
    if not areas:
        return
    inner = _shapes([area for area, _, _ in areas])
    rings = {code: around for _, code, around in areas}
    parents = {code: _shape(around) for code, around in rings.items()}
    outer = np.array([parents[code] for _, code, _ in areas], dtype=object)
    shares = shapely.area(shapely.difference(inner, outer)) / np.maximum(shapely.area(inner), 1e-18)
    for place in np.flatnonzero(shares > MOST_OUTSIDE).tolist():
        area, code, _ = areas[place]
        facts = {"value": code, "share": f"{shares[place] * 100:.0f}"}
        yield Finding(area.row, area.key, area.field, "outside_parent", facts)


def _polygons(rings: Sequence[Ring]) -> NDArray[np.object_]:
    """Each ring as a polygon, valid or not; all at once, since one by one costs ten times as much."""
    corners = np.asarray([corner for ring in rings for corner in ring], dtype=np.float64)
    numbers = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return np.asarray(shapely.polygons(shapely.linearrings(corners, indices=numbers)))


def _shapes(drawn: Sequence[Drawn]) -> NDArray[np.object_]:
    """The rows' shapes; only those of several rings are put together one by one."""
    shapes = shapely.make_valid(_polygons([one.rings[0] for one in drawn]))
    for place, one in enumerate(drawn):
        if len(one.rings) > 1:
            shapes[place] = _shape(one.rings)
    return np.asarray(shapes)


def _shape(rings: Rings) -> shapely.Geometry:
    found: shapely.Geometry = shapely.make_valid(shapely.Polygon(rings[0]))
    for ring in rings[1:]:
        found = shapely.symmetric_difference(found, shapely.make_valid(shapely.Polygon(ring)))
    return found


def _crossing(reason: str) -> tuple[float | None, float | None]:
    """From ``Self-intersection[118.05 36.81]``."""
    _, bracket, rest = reason.partition("[")
    try:
        lon, lat = (round(float(part), 6) for part in rest.rstrip("]").split())
    except ValueError:
        return None, None
    return (lon, lat) if bracket else (None, None)
