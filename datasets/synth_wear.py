"""What a street camera, its encoder and its recorder do to a picture: the faults a detector must see through."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_OVERLAY_SHARE = 0.25
_COMPRESSED_SHARE = 0.5
_LOW_RESOLUTION_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Worn:
    """A picture after its camera: `quality` is the JPEG quality to keep it at, `detail` 0..1 the resolution left."""

    picture: NDArray[np.uint8]
    quality: int
    detail: float


def worn_by_camera(picture: NDArray[np.uint8], random: np.random.Generator) -> Worn:
    """The picture with a chance selection of faults, in the order light, sensor, encoder and recorder add them."""
    worn = _exposed(picture, random)
    if random.random() < 0.25:
        worn = np.asarray(cv2.GaussianBlur(worn, (0, 0), float(random.uniform(0.4, 1.3))), np.uint8)
    if random.random() < 0.12:
        worn = _shaken(worn, random)
    if random.random() < 0.4:
        noise = random.normal(0.0, float(random.uniform(1.0, 7.0)), worn.shape)
        worn = np.clip(worn + noise, 0, 255).astype(np.uint8)
    detail = 1.0
    if random.random() < _LOW_RESOLUTION_SHARE:
        detail = float(random.uniform(0.4, 0.85))
        worn = _at_resolution(worn, detail, random)
    if random.random() < _OVERLAY_SHARE:
        worn = _stamped(worn, random)
    if random.random() < _COMPRESSED_SHARE:
        worn = _encoded(worn, random)
    return Worn(worn, int(random.integers(45, 96)), detail)


def _exposed(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    gamma = float(np.exp(random.uniform(-0.3, 0.3)))
    table = (255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
    worn: NDArray[np.uint8] = table[picture]
    if random.random() < 0.12:  # washed out, as through a dirty window
        lift = float(random.uniform(8, 40))
        worn = (worn * (1 - lift / 255) + lift).astype(np.uint8)
    return worn


def _shaken(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Motion blur of a camera on a swaying pole."""
    size = int(random.choice([3, 5, 7]))
    kernel = np.zeros((size, size), np.float32)
    turn = float(random.uniform(0, np.pi))
    middle, reach = size // 2, size / 2
    start = (round(middle - reach * np.cos(turn)), round(middle - reach * np.sin(turn)))
    end = (round(middle + reach * np.cos(turn)), round(middle + reach * np.sin(turn)))
    cv2.line(kernel, start, end, 1.0, 1)
    return np.asarray(cv2.filter2D(picture, -1, kernel / max(float(kernel.sum()), 1.0)), np.uint8)


def _at_resolution(picture: NDArray[np.uint8], detail: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Sampled at fewer pixels and enlarged again, as old recorders and substreams deliver it."""
    height, width = picture.shape[:2]
    size = (max(16, round(width * detail)), max(16, round(height * detail)))
    down = cv2.INTER_AREA if random.random() < 0.6 else cv2.INTER_LINEAR
    up = cv2.INTER_LINEAR if random.random() < 0.6 else cv2.INTER_CUBIC
    small = cv2.resize(picture, size, interpolation=down)
    if random.random() < 0.5:  # substreams are sharpened in the camera
        small = cv2.addWeighted(small, 1.6, cv2.GaussianBlur(small, (0, 0), 1.2), -0.6, 0)
    return np.asarray(cv2.resize(small, (width, height), interpolation=up), np.uint8)


def _encoded(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Blocks and smeared colours of a starved encoder.

    H.264 at a low bit rate quantises blocks as JPEG does and filters their edges afterwards.
    """
    quality = int(random.integers(12, 50))
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    blocky = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    if random.random() < 0.6:
        return np.asarray(cv2.bilateralFilter(blocky, 5, float(random.uniform(12, 30)), 3), np.uint8)
    return blocky


def _stamped(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """The recorder's date and camera name, white with a dark rim, in one or two corners."""
    stamped = picture.copy()
    height, width = picture.shape[:2]
    scale = float(random.uniform(0.35, 0.75)) * width / 640
    month, day, hour, minute, second = (int(random.integers(1, top)) for top in (13, 29, 24, 60, 60))
    when = f"20{int(random.integers(19, 27))}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
    name = f"{random.choice(['CAM', 'IPC', 'Camera', 'CH'])} {int(random.integers(1, 99)):02d}"
    margin = round(width * 0.012)
    spots = [(margin, round(26 * scale) + margin, when)]
    if random.random() < 0.7:
        (name_width, _), _ = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        spots.append((width - name_width - margin, height - margin * 2, name))
    for x, y, text in spots:
        for colour, thickness in (((20, 20, 20), 3), ((245, 245, 245), 1)):
            cv2.putText(stamped, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thickness, cv2.LINE_AA)
    return stamped
