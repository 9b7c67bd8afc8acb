"""Finds the pictures that a labelling file names, and nothing outside the folder they are said to be in."""

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from contract.errors import UsageError
from datasets.folder import PICTURE_SUFFIXES, LabelledBox
from datasets.label_text import box_within_picture
from datasets.picture import PictureSize, picture_size

_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
"""Label Studio puts eight digits before the name of an uploaded file."""


class PictureIndex:
    """The pictures below one folder, by path and by name."""

    def __init__(self, root: Path) -> None:
        """
        Raises:
            UsageError: there is no such folder, or no picture in it.
        """
        if not root.is_dir():
            raise UsageError(f"{root}: no such folder; say where the pictures are with --images")
        self.root = root
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                self._by_name[path.name].append(path)
        if not self._by_name:
            raise UsageError(f"{root}: holds no pictures; say where they are with --images")

    def find(self, name: str) -> Path:
        """The picture that a labelling tool calls `name`: a path, an address, or a bare name.

        Raises:
            UsageError: none, or several; the caller knows the file that names it.
        """
        wanted = PurePosixPath(name.replace("\\", "/").rpartition("?d=")[2])
        found = self._by_name.get(wanted.name) or self._by_name.get(_UPLOAD_PREFIX.sub("", wanted.name), [])
        if len(found) > 1:
            found = [path for path in found if path.as_posix().endswith(f"/{wanted.as_posix().lstrip('./')}")]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"picture {name!r} is there more than once below {self.root}; give paths, not names")
        raise UsageError(f"picture {name!r} is not below {self.root}; add it, or say with --images where it is")

    def name_of(self, path: Path) -> str:
        """The picture's path below the root."""
        return path.relative_to(self.root).as_posix()


def size_as_stated(path: Path, width_px: int | None, height_px: int | None) -> PictureSize:
    """The picture's size, which must be the one that boxes in pixels were drawn on.

    Raises:
        UsageError: it isn't, or the picture can't be read.
    """
    size = picture_size(path)
    if width_px and height_px and (width_px, height_px) != (size.width_px, size.height_px):
        raise UsageError(
            f"{path.name} is {size.width_px}x{size.height_px}, its labels were drawn on {width_px}x{height_px}; "
            "use the pictures that were labelled"
        )
    return size


def box_of_pixels(label: str, x1: float, y1: float, x2: float, y2: float, size: PictureSize) -> LabelledBox:
    """The box, given its corners in pixels from the picture's upper left.

    Raises:
        UsageError: as `box_within_picture`.
    """
    width, height = size.width_px, size.height_px
    return box_within_picture(label, x1 / width, y1 / height, x2 / width, y2 / height)


def envelope(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """The upright box around a polygon: least x, least y, greatest x, greatest y.

    Raises:
        UsageError: fewer than three points.
    """
    if len(points) < 3:
        raise UsageError(f"a polygon needs at least 3 points, got {len(points)}; correct or remove it")
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)
