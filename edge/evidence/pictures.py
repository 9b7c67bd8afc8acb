"""Evidence pictures: redacted, scaled, encoded once, named by their hash."""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.events import BoxNorm, EvidenceRef, EvidenceRole
from edge.evidence.redact import REDACTION_VERSION, redacted
from edge.settings import EvidenceSettings
from edge.values import Box, Frame


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded, redacted picture. Boxes are not drawn into it: references carry them and the console draws them."""

    sha256: str
    jpeg: bytes
    width_px: int
    height_px: int
    captured_at: datetime

    def ref(self, box: Box, role: EvidenceRole) -> EvidenceRef:
        """How an event names this picture for the thing at `box`."""
        return EvidenceRef(
            sha256=self.sha256,
            role=role,
            media_type="image/jpeg",
            size_bytes=len(self.jpeg),
            width_px=self.width_px,
            height_px=self.height_px,
            captured_at=self.captured_at,
            box=to_wire_box(box),
            redaction=REDACTION_VERSION,
        )


class Shutter:
    """Takes one look's picture when somebody first asks for it, and once only: a look often serves several things."""

    def __init__(self, frame: Frame, hide: tuple[Box, ...], settings: EvidenceSettings) -> None:
        """`hide`: regions to pixelate, shares of the picture."""
        self._frame = frame
        self._hide = hide
        self._settings = settings
        self._picture: Picture | None = None

    def picture(self) -> Picture:
        """The frame redacted, at most `max_width_px` wide, as JPEG.

        Raises:
            PermanentError: it can't be encoded.
        """
        if self._picture is None:
            self._picture = self._take()
        return self._picture

    def _take(self) -> Picture:
        frame, settings = self._frame, self._settings
        image = redacted(_fitted(frame.image, settings.max_width_px), self._hide)
        is_encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality])
        if not is_encoded:
            raise PermanentError(f"camera {frame.camera_id}: a {image.shape} picture can't be encoded as JPEG")
        jpeg = data.tobytes()
        return Picture(hashlib.sha256(jpeg).hexdigest(), jpeg, image.shape[1], image.shape[0], frame.captured_at)


def to_wire_box(box: Box) -> BoxNorm:
    """The box cut at the picture's border, four decimals (a fifth of a pixel at 1080p), never empty."""
    x1, y1, x2, y2 = (round(min(1.0, max(0.0, value)), 4) for value in box)
    least = 0.0001
    x1, y1 = min(x1, 1 - least), min(y1, 1 - least)
    return BoxNorm(x1=x1, y1=y1, x2=max(x2, round(x1 + least, 4)), y2=max(y2, round(y1 + least, 4)))


class PictureFolder:
    """Pictures by hash in one folder. A picture is on disk before the event that names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.jpg"

    def keep(self, picture: Picture) -> None:
        """Writes it unless it is there; whole or not at all.

        Raises:
            PermanentError: the disk refuses.
        """
        target = self.path(picture.sha256)
        if target.exists():
            return
        partial = target.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(picture.jpeg)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise PermanentError(f"{target}: can't be written ({error.strerror})") from error


def _fitted(image: NDArray[np.uint8], max_width_px: int) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width <= max_width_px:
        return image
    size = (max_width_px, round(height * max_width_px / width))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
