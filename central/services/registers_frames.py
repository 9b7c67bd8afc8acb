"""A register's row taken into the frame of a map, or brought in from one: the border at which coordinates change."""

from collections.abc import Callable

from central.domain.registers.frames import Frame, from_cgcs2000, to_cgcs2000
from central.services.registers_base import Row
from central.services.registers_fields import DIGITS, Rings

SHIFTED_DIGITS = 10
"""Decimals in a foreign frame: enough to come back to the same seventh."""


def in_frame(row: Row, frame: Frame) -> Row:
    """The row with its coordinates in `frame` instead of CGCS2000."""
    return _moved(row, frame, from_cgcs2000, SHIFTED_DIGITS)


def inside(row: Row, frame: Frame) -> Row:
    """The row with its coordinates, which are in `frame`, in CGCS2000."""
    return _moved(row, frame, to_cgcs2000, DIGITS)


def _moved(row: Row, frame: Frame, change: Callable[[Frame, float, float], tuple[float, float]], digits: int) -> Row:
    if frame in {Frame.CGCS2000, Frame.WGS84}:
        return row

    def there(lon: float, lat: float) -> tuple[float, float]:
        new_lat, new_lon = change(frame, lat, lon)
        return round(new_lon, digits), round(new_lat, digits)

    moved: dict[str, object] = {}
    lon, lat = getattr(row, "lon", None), getattr(row, "lat", None)
    if lon is not None and lat is not None:
        moved["lon"], moved["lat"] = there(lon, lat)
    rings: Rings = getattr(row, "rings", ())
    if rings:
        moved["rings"] = tuple(tuple(there(*corner) for corner in ring) for ring in rings)
    return row.model_copy(update=moved)
