"""What dusk and a cheap camera do to the whole picture, so that what was laid on it looks as worn as the rest."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.composites.layers import Colour

_DARKEST_MEAN = 24.0
"""Mean grey level that a picture is darkened to at most."""


@dataclass(frozen=True, slots=True)
class Wear:
    """`darkness` 0..1 (1: night), `shrink` <= 1 (a poor stream's share of each side), noise in grey levels."""

    darkness: float
    shrink: float
    blur_px: float
    noise: float
    gamma: float
    quality: int


def draw_wear(random: np.random.Generator, longest_px: int) -> Wear:
    """A camera of chance: one in seven by night, one in four a poor stream of 224 to 480 px."""
    darkness = float(random.uniform(0.4, 0.95)) if random.random() < 0.14 else 0.0
    is_poor = random.random() < 0.25
    shrink = min(1.0, float(random.uniform(224, 480)) / longest_px) if is_poor else 1.0
    blur = float(random.uniform(0.3, 1.1)) if random.random() < 0.35 else 0.0
    noise = float(random.uniform(1.0, 7.0)) if random.random() < 0.6 else 0.0
    gamma = float(np.exp(random.uniform(-0.18, 0.18)))
    quality = int(random.integers(22, 60)) if is_poor else int(random.integers(55, 94))
    return Wear(darkness, shrink, blur, noise + 4.0 * darkness, gamma, quality)


def darkened(picture: Colour, wear: Wear) -> Colour:
    """The background at dusk or night, before anything is laid on it: what is bright stays bright."""
    if wear.darkness <= 0:
        return picture
    level = picture / 255.0
    night = level ** (1 + 1.1 * wear.darkness) * (1 - 0.62 * wear.darkness) * 255.0
    # A night camera opens up until something is to be seen.
    night *= max(1.0, _DARKEST_MEAN / max(1.0, float(night.mean())))
    night = night * np.array([1.08, 0.98, 0.92], np.float32)
    dusk: Colour = np.clip(night, 0, 255).astype(np.float32)
    return dusk


def worn(picture: Colour, wear: Wear, random: np.random.Generator) -> NDArray[np.uint8]:
    """The finished picture as the camera and its stream deliver it; its size stays."""
    done: Colour = np.clip(picture, 0, 255).astype(np.float32)
    if wear.blur_px > 0:
        done = cv2.GaussianBlur(done, (0, 0), wear.blur_px).astype(np.float32)
    height, width = done.shape[:2]
    if wear.shrink < 1:
        small = (max(32, round(width * wear.shrink)), max(32, round(height * wear.shrink)))
        done = cv2.resize(done, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    if wear.noise > 0:
        grey = random.standard_normal(done.shape[:2], np.float32)[..., None]
        grain = grey + 0.5 * random.standard_normal(done.shape, np.float32)
        done = (done + wear.noise * grain).astype(np.float32)
    table = (255.0 * (np.arange(256) / 255.0) ** wear.gamma).astype(np.uint8)
    finished = table[np.clip(done, 0, 255).astype(np.uint8)]
    if wear.shrink < 1:
        _, packed = cv2.imencode(".jpg", finished, [cv2.IMWRITE_JPEG_QUALITY, wear.quality])
        opened = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert opened is not None, "what was just encoded decodes"
        finished = cv2.resize(opened, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return finished
