"""What a picture looks like in 256 bits, and which look alike: re-encoded, mirrored, letterboxed, minutes apart.

The hash is a 16x16 DCT hash (imagehash's `phash`): unlike the usual 8x8 one it tells two hillsides apart. A black frame
is cut off first, because a letterboxed copy otherwise looks like no other; the mirrored hash is kept too, because
published sets contain mirrored copies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from datasets.picture import open_picture

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE

SAME_SCENE_DISTANCE = 82
"""Differing bits of 256 up to which two pictures show one scene (a camera's view minutes apart, a video's shot).
Found by looking at some 200 pairs from ten sources: all within 60 and nearly all within 82 were one scene, the first
false pairs stood at 84 to 86. Higher joins any two dark fires; lower calls a tower's camera an hour later another
place."""

DUPLICATE_DISTANCE = 40
"""Up to here it is one picture twice: re-encoded, cropped a little, or the neighbouring frame."""

_BLACK = 24
"""Grey 0..255 up to which a pixel counts as frame: JPEG leaves 10 to 20 in black bars. Higher eats night skies."""
_SHARE_LIT = 0.05
"""A row or column belongs to the picture when this share of it is brighter; logos in the bars are smaller."""
_LEAST_AREA = 0.25
"""A cut that keeps less than this is a lamp at night, not a letterboxed picture: nothing is cut."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture's hashes, (256,) bool each."""

    upright: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two pictures by their places in the sequence that was compared, `first` < `second`; distance in bits, 0..256."""

    first: int
    second: int
    distance: int


def look_at(path: Path) -> Look:
    """The picture's look; the whole file is read, at an eighth of its resolution where JPEG allows.

    Raises:
        UsageError: the picture can't be read, or not to its end.
    """
    with open_picture(path) as picture:
        picture.draft("L", (256, 256))
        grey = _without_frame(picture.convert("L"))
    return Look(_hashed(grey), _hashed(ImageOps.mirror(grey)))


def look_at_all(paths: Sequence[Path], on_picture: Callable[[], None]) -> list[Look]:
    """The looks of `paths`, in their order.

    Raises:
        UsageError: a picture can't be read.
    """
    looks = []
    for path in paths:
        looks.append(look_at(path))
        on_picture()
    return looks


def alike_pairs(looks: Sequence[Look], most: int = SAME_SCENE_DISTANCE) -> list[AlikePair]:
    """Every pair within `most` bits, upright or mirrored, by place. 10,000 pictures take about a minute."""
    if not looks:
        return []
    upright = np.array([look.upright for look in looks], np.float32)
    mirrored = np.array([look.mirrored for look in looks], np.float32)
    pairs = []
    for start in range(0, len(looks), 512):
        block = upright[start : start + 512]
        distance = np.minimum(_differing(block, upright), _differing(block, mirrored))
        rows, columns = np.nonzero(distance <= most)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if start + row < column:
                pairs.append(AlikePair(start + row, column, round(float(distance[row, column]))))
    return pairs


def distance_between(one: Look, other: Look) -> int:
    """Differing bits, 0..256, upright or mirrored, whichever is fewer."""
    return int(min((one.upright != other.upright).sum(), (one.upright != other.mirrored).sum()))


def _differing(block: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """(block, others) differing bits: float products are exact for counts this small, and fast."""
    shared = block @ others.T
    return np.asarray(block.sum(1)[:, None] + others.sum(1)[None, :] - 2 * shared, np.float32)


def _hashed(grey: Image.Image) -> NDArray[np.bool_]:
    return np.asarray(imagehash.phash(grey, hash_size=HASH_SIDE).hash, np.bool_).ravel()


def _without_frame(grey: Image.Image) -> Image.Image:
    lit = np.asarray(grey) > _BLACK
    rows = np.nonzero(lit.mean(axis=1) > _SHARE_LIT)[0]
    columns = np.nonzero(lit.mean(axis=0) > _SHARE_LIT)[0]
    if not len(rows) or not len(columns):
        return grey
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    if (right - left) * (bottom - top) < _LEAST_AREA * lit.size:
        return grey
    return grey.crop((left, top, right, bottom))
