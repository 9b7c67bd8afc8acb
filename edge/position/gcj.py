"""Coordinates read off a Chinese web map are shifted (GCJ-02) by some half a kilometre; how to notice it.

The shift is a published series about a reference point; it varies by metres within a district, so comparing a known
place with its shifted self tells the two systems apart.
"""

from math import cos, pi, radians, sin, sqrt

from contract.plane import EARTH_RADIUS_M, Point

_AXIS_M = 6_378_245.0
_ECCENTRICITY = 0.00669342162296594323


def shift_at(lat: float, lon: float) -> Point:
    """By how many metres east and north GCJ-02 draws the WGS-84 place `lat`, `lon` wrong.

    >>> shift = shift_at(36.8135, 118.0548)
    >>> round((shift.east_m**2 + shift.north_m**2) ** 0.5, -1)
    540.0
    """
    x, y = lon - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    squash = 1 - _ECCENTRICITY * sin(radians(lat)) ** 2
    north_deg = north * 180 / ((_AXIS_M * (1 - _ECCENTRICITY)) / (squash * sqrt(squash)) * pi)
    east_deg = east * 180 / (_AXIS_M / sqrt(squash) * cos(radians(lat)) * pi)
    return Point(
        radians(east_deg) * cos(radians(lat)) * EARTH_RADIUS_M,
        radians(north_deg) * EARTH_RADIUS_M,
    )
