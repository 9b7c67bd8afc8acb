"""Opens pictures that strangers made: the header first, then the pixels, never more of them than a camera has.

OpenCV would decode half a JPEG without a word and a picture of a billion pixels until memory ends; Pillow says both.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from contract.errors import UsageError

MOST_PIXELS = 89_000_000
"""Width times height, in pixels. Above Pillow's own alarm; the largest street cameras have 12 million, phones 50, and
what is larger is a panorama nobody boxes or a bomb: 300 MB of memory each. Lower refuses phone pictures."""

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
_ORIENTATION = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Pixels as the picture is shown, after the camera's note of how it was held."""

    width_px: int
    height_px: int


def picture_size(path: Path) -> PictureSize:
    """The size from the header alone; pixels are not decoded.

    Raises:
        UsageError: no picture, or too large a one.
    """
    with open_picture(path) as picture:
        width, height = picture.size
        sideways = picture.getexif().get(_ORIENTATION) in _SIDEWAYS
    return PictureSize(height, width) if sideways else PictureSize(width, height)


def check_picture(path: Path) -> PictureSize:
    """The size of a picture that was read to its last byte, at an eighth of its resolution where JPEG allows.

    Raises:
        UsageError: as `safe_read_picture`.
    """
    with open_picture(path) as picture:
        sideways = picture.getexif().get(_ORIENTATION) in _SIDEWAYS
        width, height = picture.size
        picture.draft("L", (64, 64))
        picture.load()
    return PictureSize(height, width) if sideways else PictureSize(width, height)


def safe_read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture as (height, width, 3) BGR, turned upright: what `cv2.imread` gives for a sound file.

    Raises:
        UsageError: missing, no picture (a text file named .jpg), cut short, or too large to be one of a camera.
    """
    with open_picture(path) as picture:
        return np.ascontiguousarray(np.asarray(upright(picture), np.uint8)[:, :, ::-1])


def upright(picture: Image.Image) -> Image.Image:
    """The picture in RGB as it is shown, after the camera's note of how it was held."""
    return ImageOps.exif_transpose(picture).convert("RGB")


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """The picture with its header read; pixels are decoded on demand. What goes wrong inside is told as a UsageError.

    Raises:
        UsageError: as `safe_read_picture`.
    """
    try:
        with _opened(path) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise UsageError(f"{path}: {width}x{height} pixels, more than {MOST_PIXELS:,}: not decoded; shrink it")
            yield picture
    except Image.DecompressionBombError as error:
        raise UsageError(f"{path}: more than {MOST_PIXELS:,} pixels: not decoded; shrink it") from error
    except UnidentifiedImageError as error:
        raise UsageError(f"{path}: {_what_it_is(path)}; replace or remove it") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{path}: unreadable picture ({reason}); replace or remove it") from error


def _opened(path: Path) -> Image.Image:
    Image.init()  # registers the formats named below
    with warnings.catch_warnings():
        # our own limit is the stricter one and raises
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(path, formats=_FORMATS)


def _what_it_is(path: Path) -> str:
    start = path.read_bytes()[:512] if path.stat().st_size < 1_000_000 else b"\0"
    if not start:
        return "an empty file"
    try:
        start.decode("utf-8")
    except UnicodeDecodeError:
        return "no picture (not JPEG, PNG, BMP or WebP)"
    return "no picture" if b"\0" in start else "a text file, no picture"
