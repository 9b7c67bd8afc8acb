"""When a picture was taken, as the camera noted it."""

import re
from pathlib import Path

from datasets.picture import open_picture

_EXIF_PART = 0x8769
_TAKEN, _OFFSET = 0x9003, 0x9011
_WRITTEN = re.compile(r"^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_ZONE = re.compile(r"^[+-]\d\d:\d\d$")


def captured_at(path: Path) -> str | None:
    """EXIF's time of capture in ISO 8601, with an offset only where the camera wrote one; None where it wrote nothing.

    Raises:
        UsageError: no picture.
    """
    with open_picture(path) as picture:
        exif = picture.getexif().get_ifd(_EXIF_PART)
    return as_iso(str(exif.get(_TAKEN, "")), str(exif.get(_OFFSET, "")))


def as_iso(taken: str, offset: str) -> str | None:
    """EXIF's spelling as ISO 8601; zeros, which cameras without a clock write, are no time.

    >>> as_iso("2026:10:01 18:30:00", "+08:00"), as_iso("0000:00:00 00:00:00", ""), as_iso("", "")
    ('2026-10-01T18:30:00+08:00', None, None)
    """
    found = _WRITTEN.match(taken)
    if not found or found.group(1) == "0000":
        return None
    year, month, day, time = found.groups()
    return f"{year}-{month}-{day}T{time}{offset if _ZONE.match(offset) else ''}"
