"""Gauss-Krüger metres (CGCS2000, three-degree zones) in the cells of a row → degrees, before anybody checks them.

Surveyors' files hold them: north is about 4,070,000 in Shandong, east about 594,000, or 39,594,000 with the zone's
number in front. Which of two columns is which follows from their size, so columns that are swapped do no harm. What
can't lie in the zone is left as it is and refused as metres.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain

from pyproj import Transformer

from central.services.registers_fields import DIGITS, corners_of
from central.services.registers_findings import Finding

FIRST_ZONE, LAST_ZONE = 25, 45
"""From 75 to 135 degrees east, three degrees each: China."""
_WITH_NUMBER, _PLAIN = 4488, 4509
"""EPSG's codes less the zone's number: with the number in front of the easting, and without."""
_DEGREES = 4490
_HALF_WIDTH_M = 400_000.0
"""From a zone's middle line: 1.5 degrees are 167 km at the equator; a file may reach into its neighbours."""
_NORTHINGS_M = (300_000.0, 6_200_000.0)


def in_degrees(values: Mapping[str, object], zone: int) -> dict[str, object]:
    """The cells with longitude and latitude in place of metres: `lon` and `lat`, and the corners of `rings`.

    >>> moved = in_degrees({"lon": "39594120.5", "lat": "4076143.2"}, 39)
    >>> moved["lon"], moved["lat"]
    (118.054784, 36.8117887)
    """
    moved = dict(values)
    pair = _numbers((values.get("lon"), values.get("lat")))
    found = None if pair is None else _degrees(pair, zone)
    if found is not None:
        moved["lon"], moved["lat"] = found
    if values.get("rings"):
        moved["rings"] = _rings(values["rings"], zone)
    return moved


def unnamed_frames(findings: Iterable[Finding], zone: int | None) -> list[Finding]:
    """The findings without that of a file which says itself that it is in just that zone's metres."""
    known = set() if zone is None else {str(_WITH_NUMBER + zone), str(_PLAIN + zone)}
    return [one for one in findings if one.code != "crs" or not any(code in str(one.facts) for code in known)]


def _rings(value: object, zone: int) -> object:
    """Rings of pairs; untouched, for others to complain of, where one can't be read or lies elsewhere."""
    rings = corners_of(value)
    if not isinstance(rings, list | tuple) or not all(isinstance(ring, list | tuple) for ring in rings):
        return value
    pairs = [_numbers(pair) for pair in chain.from_iterable(rings)]
    moved = [None if pair is None else _degrees(pair, zone) for pair in pairs]
    if any(pair is None for pair in moved):
        return value
    after = iter(moved)
    return [[next(after) for _ in ring] for ring in rings]


def _numbers(pair: object) -> tuple[float, float] | None:
    try:
        first, second, *_ = pair  # type: ignore[misc]
        return float(first), float(second)  # type: ignore[has-type]
    except (TypeError, ValueError):
        return None


def _degrees(pair: tuple[float, float], zone: int) -> tuple[float, float] | None:
    """(lon, lat) of a pair of metres in either order; None where it can't lie in the zone."""
    for east, north in (pair, pair[::-1]):
        has_number = abs(east - zone * 1e6 - 500_000.0) <= _HALF_WIDTH_M
        is_plain = abs(east - 500_000.0) <= _HALF_WIDTH_M
        if (has_number or is_plain) and _NORTHINGS_M[0] <= north <= _NORTHINGS_M[1]:
            lon, lat = _transformer((_WITH_NUMBER if has_number else _PLAIN) + zone).transform(east, north)
            return round(lon, DIGITS), round(lat, DIGITS)
    return None


@cache
def _transformer(epsg: int) -> Transformer:
    """East and north in, longitude and latitude out. The definitions lie in the library: no file and no network."""
    return Transformer.from_crs(epsg, _DEGREES, always_xy=True)
