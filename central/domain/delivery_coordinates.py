"""CGCS2000 degrees → GCJ-02 degrees, for platforms whose maps are drawn in it. The only border where that happens.

The series is public (it is in every open map converter); at Zhangdian the shift is 545 m, almost due east.
"""

import math

_AXIS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006693421622965943


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """(lat, lon) as a GCJ-02 map shows the place; inside mainland China only.

    >>> import math
    >>> lat, lon = to_gcj02(36.8135, 118.0548)
    >>> round(math.hypot((lon - 118.0548) * 89_125, (lat - 36.8135) * 110_960))
    545
    """
    x, y = lon - 105.0, lat - 35.0
    radians = math.radians(lat)
    squeeze = 1 - _ECCENTRICITY_SQUARED * math.sin(radians) ** 2
    north = _north(x, y) * 180 / (_AXIS_M * (1 - _ECCENTRICITY_SQUARED) / squeeze**1.5 * math.pi)
    east = _east(x, y) * 180 / (_AXIS_M / math.sqrt(squeeze) * math.cos(radians) * math.pi)
    return lat + north, lon + east


def _waves(at: float, *terms: tuple[float, float]) -> float:
    return sum(height * math.sin(at * pace * math.pi) for height, pace in terms) * 2 / 3


def _north(x: float, y: float) -> float:
    plane = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    return (
        plane + _waves(x, (20, 6), (20, 2)) + _waves(y, (20, 1), (40, 1 / 3)) + _waves(y, (160, 1 / 12), (320, 1 / 30))
    )


def _east(x: float, y: float) -> float:
    plane = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    return (
        plane + _waves(x, (20, 6), (20, 2)) + _waves(x, (20, 1), (40, 1 / 3)) + _waves(x, (150, 1 / 12), (300, 1 / 30))
    )
