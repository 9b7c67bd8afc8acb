"""Decoded pictures → arrays the node works on, as late and as small as possible.

Most looks need the picture at the model's size only. Scaling the three planes and then turning the small picture into
BGR costs 0.6 ms at 1080p; turning it into BGR first and scaling that costs 3.4 ms and 6 MB.
"""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

MAX_PIXELS = 4096 * 2304
"""Larger pictures are refused: one 8K picture costs 50 MB coded in planes and 100 MB as BGR, on every camera."""


def to_bgr(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR, owned by the caller."""
    return np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)


class DecodedPicture:
    """`edge.values.Pixels` over the decoder's own memory; BGR is made when first asked for. Used by one thread."""

    def __init__(self, picture: av.VideoFrame) -> None:
        self._picture = picture
        self._bgr: NDArray[np.uint8] | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self._picture.width, self._picture.height

    def is_whole(self) -> bool:
        return True

    def bgr(self) -> NDArray[np.uint8]:
        if self._bgr is None:
            self._bgr = to_bgr(self._picture)
        return self._bgr

    def rest(self) -> None:
        self._bgr = None  # 6 MB at 1080p; the planes, 3 MB, can't be made again

    def fitted(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        scale = min(width_px / self._picture.width, height_px / self._picture.height, 1.0)
        size = (_even(self._picture.width * scale), _even(self._picture.height * scale))
        if not _has_plain_planes(self._picture):
            return cv2.resize(self.bgr(), size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        return _small_bgr(self._picture, size)


def _small_bgr(picture: av.VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    planes = np.empty((height * 3 // 2, width), np.uint8)  # I420: brightness, then both colours at half size
    colour_px = (width // 2) * (height // 2)
    flat = planes.reshape(-1)
    cv2.resize(_plane(picture, 0), size, dst=planes[:height], interpolation=cv2.INTER_LINEAR)
    for number in (1, 2):
        begin = width * height + (number - 1) * colour_px
        target = flat[begin : begin + colour_px].reshape(height // 2, width // 2)
        cv2.resize(_plane(picture, number), (width // 2, height // 2), dst=target, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _plane(picture: av.VideoFrame, number: int) -> NDArray[np.uint8]:
    plane = picture.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _has_plain_planes(picture: av.VideoFrame) -> bool:
    """8-bit 4:2:0 in video range: what nearly all cameras send. All else takes libav's own slower way."""
    is_full_range = picture.color_range == ColorRange.JPEG
    return picture.format.name == "yuv420p" and not is_full_range and min(picture.width, picture.height) >= 16


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
