"""The coordinate frames of Chinese maps. Inside there is only CGCS2000 (equal to WGS-84 here); GCJ-02, the frame of web
maps, and BD-09, one map maker's own, occur at named borders alone.

The formulas are public. Theirs run one way; the ways back are found by iteration, to about a hundredth of a millimetre.
All pairs are (lat, lon) in degrees.
"""

import math
from collections.abc import Callable
from enum import StrEnum

_A, _EE = 6378245.0, 0.00669342162296594323
"""The ellipsoid of Krassovsky 1940, on which GCJ-02 shifts."""
_X_PI = math.pi * 3000.0 / 180.0
_ENOUGH_DEG = 1e-10
_MOST_STEPS = 30

Pair = tuple[float, float]


class Frame(StrEnum):
    CGCS2000 = "cgcs2000"
    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_cgcs2000(frame: Frame, lat: float, lon: float) -> Pair:
    """What a pair in `frame` is inside."""
    match frame:
        case Frame.CGCS2000 | Frame.WGS84:
            return lat, lon
        case Frame.GCJ02:
            return _back(_shift, (lat, lon))
        case Frame.BD09:
            return _back(_shift, _back(_bend, (lat, lon)))


def from_cgcs2000(frame: Frame, lat: float, lon: float) -> Pair:
    """What a pair inside is in `frame`.

    >>> lat, lon = from_cgcs2000(Frame.GCJ02, 36.8135, 118.0548)
    >>> round(lat, 4), round(lon, 4)
    (36.814, 118.0609)
    """
    match frame:
        case Frame.CGCS2000 | Frame.WGS84:
            return lat, lon
        case Frame.GCJ02:
            return _shift((lat, lon))
        case Frame.BD09:
            return _bend(_shift((lat, lon)))


def is_shifted(lat: float, lon: float) -> bool:
    """Whether GCJ-02 differs from CGCS2000 there: in the box around China that the formula names."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def _back(there: Callable[[Pair], Pair], wanted: Pair) -> Pair:
    """The pair that `there` maps to `wanted`; both shifts change by less than a thousandth of a step."""
    lat, lon = wanted
    for _ in range(_MOST_STEPS):
        got = there((lat, lon))
        off_lat, off_lon = wanted[0] - got[0], wanted[1] - got[1]
        lat, lon = lat + off_lat, lon + off_lon
        if abs(off_lat) < _ENOUGH_DEG and abs(off_lon) < _ENOUGH_DEG:
            break
    return lat, lon


def _shift(pair: Pair) -> Pair:
    """CGCS2000 → GCJ-02."""
    lat, lon = pair
    if not is_shifted(lat, lon):
        return pair
    x, y = lon - 105.0, lat - 35.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + _waves(x)
    north += _rows(y, ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + _waves(x)
    east += _rows(x, ((20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30)))
    phi = math.radians(lat)
    magic = 1.0 - _EE * math.sin(phi) ** 2
    lat_m = _A * (1.0 - _EE) / (magic * math.sqrt(magic))
    lon_m = _A / math.sqrt(magic) * math.cos(phi)
    return lat + math.degrees(north / lat_m), lon + math.degrees(east / lon_m)


def _waves(x: float) -> float:
    return (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0


def _rows(value: float, terms: tuple[tuple[float, float], ...]) -> float:
    return sum(weight * math.sin(value * rate * math.pi) for weight, rate in terms) * 2.0 / 3.0


def _bend(pair: Pair) -> Pair:
    """GCJ-02 → BD-09."""
    lat, lon = pair
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _X_PI)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _X_PI)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065
