"""The map's own background: a picture with its corners, a PMTiles archive or a GeoJSON file that somebody brought.

One at a time, beside the pictures on central's own disk; no tile is ever asked of another host.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from contract.errors import PermanentError, UsageError
from contract.events import Instant

MOST_BYTES = 512 * 2**20
FACTS_FILE = "base.json"


class BaseKind(StrEnum):
    PICTURE = "picture"
    PMTILES = "pmtiles"
    GEOJSON = "geojson"


SIGNS = {
    b"\x89PNG\r\n\x1a\n": (BaseKind.PICTURE, "image/png"),
    b"\xff\xd8\xff": (BaseKind.PICTURE, "image/jpeg"),
    b"PMTiles\x03": (BaseKind.PMTILES, "application/vnd.pmtiles"),
}
"""How each kind of file begins. A picture that could hold a script (SVG) is none."""


class Corners(BaseModel):
    """South-west and north-east, CGCS2000 degrees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    south: float
    west: float
    north: float
    east: float

    @model_validator(mode="after")
    def _is_right_way_round(self) -> Self:
        if not (-90 <= self.south < self.north <= 90 and -180 <= self.west < self.east <= 180):
            raise ValueError("south < north and west < east, in degrees: the picture's corners")
        return self


class BaseFacts(BaseModel):
    """What is there. `corners` only of a picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: BaseKind
    media_type: str
    file: str
    size_bytes: int
    corners: Corners | None = None
    brought_by: str
    brought_at: Instant


@dataclass(frozen=True, slots=True)
class Brought:
    """A file as it was brought."""

    chunks: Iterable[bytes]
    corners: Corners | None
    by: str
    at: Instant


class BaseMap:
    """A folder with the one background in force. Written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> BaseFacts | None:
        """What is in force; None without any."""
        try:
            return BaseFacts.model_validate_json((self._folder / FACTS_FILE).read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise PermanentError(f"{self._folder / FACTS_FILE}: unreadable; remove the map's background") from error

    def path(self, facts: BaseFacts) -> Path:
        return self._folder / facts.file

    def put(self, brought: Brought) -> BaseFacts:
        """Takes a file in place of the one in force.

        Raises:
            UsageError: it is none of the three kinds, too large, or a picture without corners.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix="base-")
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                size = _copied(brought.chunks, file.fileno())
            kind, media_type = _kind_of(path)
            if kind is BaseKind.PICTURE and brought.corners is None:
                raise UsageError("a picture needs its corners: south, west, north, east in degrees")
            facts = BaseFacts(
                kind=kind,
                media_type=media_type,
                file=path.name,
                size_bytes=size,
                corners=brought.corners if kind is BaseKind.PICTURE else None,
                brought_by=brought.by,
                brought_at=brought.at,
            )
            self._take(facts)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return facts

    def remove(self) -> None:
        """The map goes without a background again."""
        (self._folder / FACTS_FILE).unlink(missing_ok=True)
        for old in self._folder.glob("base-*"):
            old.unlink(missing_ok=True)

    def _take(self, facts: BaseFacts) -> None:
        """From here on it is in force; a reader of the old one keeps its open file."""
        written = self._folder / f"{FACTS_FILE}.new"
        written.write_text(facts.model_dump_json(), encoding="utf-8")
        written.replace(self._folder / FACTS_FILE)
        for old in self._folder.glob("base-*"):
            if old.name != facts.file:
                old.unlink(missing_ok=True)


def _copied(chunks: Iterable[bytes], descriptor: int) -> int:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise UsageError(f"the file has more than {MOST_BYTES // 2**20} MiB; cut it to the district")
        os.write(descriptor, chunk)
    return size


def _kind_of(path: Path) -> tuple[BaseKind, str]:
    with path.open("rb") as file:
        head = file.read(16)
    for sign, found in SIGNS.items():
        if head.startswith(sign):
            return found
    if head.lstrip()[:1] == b"{" and _is_collection(path):
        return BaseKind.GEOJSON, "application/geo+json"
    raise UsageError("the file is neither PNG or JPEG, nor PMTiles (version 3), nor a GeoJSON FeatureCollection")


def _is_collection(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("type") == "FeatureCollection"
