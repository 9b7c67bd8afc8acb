"""Objects that stand still, drawn once for a camera and then only laid over the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.chance import generator
from edge.scene.paint import Drawing, paint, silhouette

_SCALE = 3
"""Sprites are drawn at three times the size and reduced, for smooth edges."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Sprite:
    """`colour` (h, w, 3) is multiplied by the cover already; `keep` (h, w, 3) is 255 where the picture shows."""

    left_px: int
    top_px: int
    colour: NDArray[np.uint8]
    keep: NDArray[np.uint8]

    @property
    def box_px(self) -> Box:
        """x1, y1, x2, y2."""
        return self.left_px, self.top_px, self.left_px + self.keep.shape[1], self.top_px + self.keep.shape[0]


def sprite(drawing: Drawing, width_px: int, height_px: int, grain_key: str) -> Sprite | None:
    """Draw an object once; None when it is outside the picture."""
    x1, y1 = max(0, int(drawing.box_px[0]) - 1), max(0, int(drawing.box_px[1]) - 1)
    x2, y2 = min(width_px, int(drawing.box_px[2]) + 2), min(height_px, int(drawing.box_px[3]) + 2)
    if x2 - x1 < 1 or y2 - y1 < 1:
        return None
    shape = ((y2 - y1) * _SCALE, (x2 - x1) * _SCALE)
    canvas, mask = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
    paint(drawing, canvas, (x1, y1), _SCALE, smooth=False)
    silhouette(drawing, mask, (x1, y1), _SCALE, 255)
    grain = 1 + generator("sprite", grain_key).normal(0, 0.05, (shape[0] // 2 + 1, shape[1] // 2 + 1)).astype(
        np.float32
    )
    rough_light = cv2.resize(grain, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    rough = np.clip(canvas * rough_light[..., None], 0, 255) * (mask[..., None] > 0)
    size = (x2 - x1, y2 - y1)
    colour = cv2.resize(rough.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    keep = 255 - cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    return Sprite(x1, y1, colour.astype(np.uint8), cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR).astype(np.uint8))


def lay(sprite: Sprite, picture: NDArray[np.uint8], within: Box | None = None) -> None:
    """Lay a sprite over the picture in place, only inside `within` when given."""
    x1, y1, x2, y2 = sprite.box_px
    if within is not None:
        x1, y1, x2, y2 = max(x1, within[0]), max(y1, within[1]), min(x2, within[2]), min(y2, within[3])
    if x2 <= x1 or y2 <= y1:
        return
    rows, columns = slice(y1 - sprite.top_px, y2 - sprite.top_px), slice(x1 - sprite.left_px, x2 - sprite.left_px)
    below = cv2.multiply(picture[y1:y2, x1:x2], sprite.keep[rows, columns], scale=1 / 255)
    picture[y1:y2, x1:x2] = cv2.add(below, sprite.colour[rows, columns])
