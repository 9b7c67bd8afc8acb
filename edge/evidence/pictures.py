"""Evidence pictures: taken once a look, redacted when they are wanted, named by the hash of their bytes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.events import BoxNorm, EvidenceRef, EvidenceRole
from edge.evidence.files import replace_whole, writing
from edge.evidence.redact import REDACTION_VERSION, redacted
from edge.evidence_settings import EvidenceSettings
from edge.values import Box, Frame

FindPeople = Callable[[NDArray[np.uint8]], tuple[Box, ...]]
"""Regions to hide in one picture, besides those a look already knows of; see `edge.evidence.people`."""

SCENE_WIDTH_PX = 960
MEDIA = {"image/jpeg": "jpg", "video/mp4": "mp4"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded, redacted picture. Boxes are not drawn into it: references carry them and the console draws them.

    `original` is the same picture before redaction, None when nothing was hidden; it never leaves the node unsealed.
    """

    sha256: str
    jpeg: bytes
    width_px: int
    height_px: int
    captured_at: datetime
    original: bytes | None = None
    media_type: Literal["image/jpeg", "video/mp4"] = "image/jpeg"
    """A short film is a picture, too: `jpeg` then holds MP4."""

    def ref(self, box: Box, role: EvidenceRole) -> EvidenceRef:
        """How an event names this picture for the thing at `box`."""
        return EvidenceRef(
            sha256=self.sha256,
            role=role,
            media_type=self.media_type,
            size_bytes=len(self.jpeg),
            width_px=self.width_px,
            height_px=self.height_px,
            captured_at=self.captured_at,
            box=to_wire_box(box),
            redaction=REDACTION_VERSION,
        )


class Negative:
    """One look's picture as JPEG, not redacted yet: small enough to wait in memory until somebody wants it.

    Most lead-ups are thrown away: looking for every last person in them would be wasted.
    """

    def __init__(self, original: bytes, hide: tuple[Box, ...], captured_at: datetime, find_people: FindPeople) -> None:
        """`hide`: regions to pixelate that the look itself knew of, shares of the picture."""
        self._original = original
        self._hide = hide
        self._captured_at = captured_at
        self._find_people = find_people
        self._picture: Picture | None = None

    def develop(self, jpeg_quality: int, max_width_px: int) -> Picture:
        """The redacted picture; several things of one look share it.

        Raises:
            PermanentError: it can't be encoded.
        """
        if self._picture is None:
            self._picture = self._redact(jpeg_quality, max_width_px)
        return self._picture

    def _redact(self, jpeg_quality: int, max_width_px: int) -> Picture:
        image = decode_jpeg(self._original)
        regions = (*self._hide, *self._find_people(image))
        if not regions and image.shape[1] <= max_width_px:
            return _picture(self._original, image.shape, self._captured_at, None)
        small = fitted(image, max_width_px)
        jpeg = encode_jpeg(redacted(small, regions), jpeg_quality)
        return _picture(jpeg, small.shape, self._captured_at, self._original if regions else None)


class Shutter:
    """Takes one look's picture when somebody first asks for it, and once only: a look often serves several things."""

    def __init__(
        self,
        frame: Frame,
        hide: tuple[Box, ...],
        settings: EvidenceSettings,
        find_people: FindPeople = lambda _image: (),
    ) -> None:
        """`hide`: regions to pixelate, shares of the picture."""
        self._frame = frame
        self._hide = hide
        self._settings = settings
        self._find_people = find_people
        self._negative: Negative | None = None
        self._scene: Negative | None = None

    def negative(self) -> Negative:
        """The frame, at most `max_width_px` wide, as JPEG.

        Raises:
            PermanentError: it can't be encoded.
        """
        if self._negative is None:
            self._negative = self._expose(self._settings.max_width_px)
        return self._negative

    def scene(self) -> Negative:
        """The same, small: what the place looks like.

        Raises:
            PermanentError: it can't be encoded.
        """
        if self._scene is None:
            self._scene = self._expose(min(SCENE_WIDTH_PX, self._settings.max_width_px))
        return self._scene

    def picture(self) -> Picture:
        """The frame redacted, as JPEG.

        Raises:
            PermanentError: it can't be encoded.
        """
        return self.negative().develop(self._settings.jpeg_quality, self._settings.max_width_px)

    def _expose(self, width_px: int) -> Negative:
        jpeg = encode_jpeg(fitted(self._frame.image, width_px), self._settings.jpeg_quality)
        return Negative(jpeg, self._hide, self._frame.captured_at, self._find_people)


def to_wire_box(box: Box) -> BoxNorm:
    """The box cut at the picture's border, four decimals (a fifth of a pixel at 1080p), never empty."""
    x1, y1, x2, y2 = (round(min(1.0, max(0.0, value)), 4) for value in box)
    least = 0.0001
    x1, y1 = min(x1, 1 - least), min(y1, 1 - least)
    return BoxNorm(x1=x1, y1=y1, x2=max(x2, round(x1 + least, 4)), y2=max(y2, round(y1 + least, 4)))


class PictureFolder:
    """Pictures by hash in one folder. A picture is on disk before the event that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str, media_type: str = "image/jpeg") -> Path:
        return self.folder / f"{sha256}.{MEDIA[media_type]}"

    def find(self, sha256: str) -> Path | None:
        """The picture's or clip's file, or None."""
        return next((path for media in MEDIA if (path := self.path(sha256, media)).is_file()), None)

    def keep(self, sha256: str, content: bytes, media_type: str = "image/jpeg") -> None:
        """Writes it unless it is there; whole or not at all.

        Raises:
            PermanentError: the disk refuses.
        """
        target = self.path(sha256, media_type)
        with writing(target):
            if not target.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                replace_whole(target, content)


def encode_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """`image` (H, W, 3) BGR as JPEG.

    Raises:
        PermanentError: no picture that JPEG can hold.
    """
    try:
        is_encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise PermanentError(f"a {image.shape} picture can't be encoded as JPEG") from error
    if not is_encoded:
        raise PermanentError(f"a {image.shape} picture can't be encoded as JPEG")
    return data.tobytes()


def decode_jpeg(jpeg: bytes) -> NDArray[np.uint8]:
    """The (H, W, 3) BGR picture.

    Raises:
        PermanentError: no JPEG, or a damaged one.
    """
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise PermanentError(f"{len(jpeg)} bytes are no JPEG picture")
    return np.asarray(image, np.uint8)


def fitted(image: NDArray[np.uint8], max_width_px: int) -> NDArray[np.uint8]:
    """`image` (H, W, 3), scaled down if it is wider than `max_width_px`."""
    height, width = image.shape[:2]
    if width <= max_width_px:
        return image
    size = (max_width_px, round(height * max_width_px / width))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _picture(jpeg: bytes, shape: tuple[int, ...], captured_at: datetime, original: bytes | None) -> Picture:
    return Picture(hashlib.sha256(jpeg).hexdigest(), jpeg, shape[1], shape[0], captured_at, original)
