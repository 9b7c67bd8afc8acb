"""The darkroom: what becomes of a photograph that somebody took in the street, before anybody looks at it.

It is drawn anew, so that nothing a phone writes into its pictures comes along; where it was taken is kept as two
numbers, if they can be any. Central has no detector, so nothing in the picture can be told from a face or a plate: the
whole of it is coarse for everybody. The clear one is for sealing; see `central.services.revealing` for who opens it.
"""

import hashlib
import math
import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from contract.errors import PermanentError

REDACTION = "coarse/1"
MOST_PIXELS = 50_000_000
"""Phones have up to 48 million where they join four to one; more is a bomb or a mistake: it would be 150 MB here."""
LONGEST_PX = 1920
QUALITY = 85
BLOCKS = 32
"""Along the longer side. A plate as wide as the picture is then 4 blocks a sign, a face 3 m away is 2 blocks wide; 64
let both be guessed. Fewer and not even the place is known again."""
SHOWN_PX = 640
_UNREADABLE = (OSError, UnidentifiedImageError, SyntaxError, ValueError, TypeError, KeyError, struct.error)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, in degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Developed:
    """`original` clear, `shown` coarse: JPEG without a word about phone or place; `spot` is what the phone said."""

    original: bytes
    shown: bytes
    width_px: int
    height_px: int
    spot: Spot | None

    @property
    def original_sha256(self) -> str:
        return hashlib.sha256(self.original).hexdigest()

    @property
    def sha256(self) -> str:
        """Of the one that is shown. It names its original within, so that no two photographs share it."""
        return hashlib.sha256(self.shown).hexdigest()


def develop(content: bytes) -> Developed:
    """A photograph's clear and coarse forms.

    Raises:
        PermanentError: it is no JPEG picture, a broken one, or one of too many pixels.
    """
    try:
        with Image.open(BytesIO(content), formats=["JPEG"]) as image:
            _require_size(image)
            spot = _spot(image)
            image.draft("RGB", (LONGEST_PX, LONGEST_PX))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PermanentError(_too_large("hundreds of")) from error
    except _UNREADABLE as error:
        raise PermanentError("the photograph can't be read as a JPEG picture; take it again") from error
    picture.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    original = _jpeg(picture, QUALITY, b"")
    shown = _jpeg(_coarse(picture), QUALITY, hashlib.sha256(original).hexdigest().encode())
    return Developed(original, shown, picture.width, picture.height, spot)


def _require_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise PermanentError(_too_large(str(pixels // 1_000_000)))


def _too_large(millions: str) -> str:
    return f"the photograph has {millions} million pixels; at most {MOST_PIXELS // 1_000_000} million are taken"


def _coarse(picture: Image.Image) -> Image.Image:
    scale = max(picture.size)
    few = [max(1, round(BLOCKS * side / scale)) for side in picture.size]
    shown = [max(1, round(SHOWN_PX * side / scale)) for side in picture.size]
    blocks = picture.resize((few[0], few[1]), Image.Resampling.BOX)
    return blocks.resize((shown[0], shown[1]), Image.Resampling.NEAREST)


def _jpeg(picture: Image.Image, quality: int, comment: bytes) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, comment=comment)
    return out.getvalue()


def _spot(image: Image.Image) -> Spot | None:
    """What the phone wrote about where it was; None where that is no place."""
    try:
        said = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(said[ExifTags.GPS.GPSLatitude], said[ExifTags.GPS.GPSLatitudeRef] == "S")
        lon = _degrees(said[ExifTags.GPS.GPSLongitude], said[ExifTags.GPS.GPSLongitudeRef] == "W")
    except (*_UNREADABLE, ZeroDivisionError, IndexError):
        return None
    is_place = abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0, 0)
    return Spot(lat, lon) if is_place else None


def _degrees(parts: tuple[float, float, float], is_negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        raise ValueError("no number")
    return -value if is_negative else value
