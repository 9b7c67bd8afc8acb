"""Fire as a camera sees it: heat turned into a clipped yellow body with red tips, and its light on what is near."""

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.composites.fluid import Field
from datasets.composites.layers import Colour, Cover, Layer

_HEATS = (0.0, 0.10, 0.2, 0.36, 0.55, 0.8, 1.0)
_COLOURS = (
    (0, 5, 60),
    (5, 20, 150),
    (10, 75, 225),
    (25, 130, 250),
    (80, 195, 255),
    (170, 238, 255),
    (225, 250, 255),
)
_COVERS = (0.0, 0.15, 0.55, 0.85, 0.95, 1.0, 1.0)
"""Red tips, orange body, yellow-white core, as sensors clip them; the tips let the background through."""
GLOW_BGR = (20.0, 80.0, 150.0)


def flame_layer(field: Field, foot_px: tuple[float, float], height_px: float) -> Layer | None:
    """A fire standing at `foot_px` (x, y), its tongues `height_px` tall; None where the flow bore no fire."""
    heat = np.clip((field - 0.13) / 0.5, 0, 1)
    rows, columns = np.flatnonzero(heat.max(axis=1) > 0.2), np.flatnonzero(heat.max(axis=0) > 0.2)
    if len(rows) < 8 or len(columns) < 5:
        return None
    part = np.ascontiguousarray(heat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    zoom = height_px / part.shape[0]
    size = (max(4, round(part.shape[1] * zoom)), max(6, round(height_px)))
    large = np.clip(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    bgr = np.stack([np.interp(large, _HEATS, [c[k] for c in _COLOURS]) for k in range(3)], axis=-1)
    alpha = np.interp(large, _HEATS, _COVERS)
    left, top = round(foot_px[0] - size[0] / 2), round(foot_px[1] - size[1])
    return Layer("flame", left, top, bgr.astype(np.float32), alpha.astype(np.float32))


def add_glow(picture: Colour, flame: Layer, strength: float) -> None:
    """Brighten what is near a fire in place; strong by night, hardly seen at noon (`strength` 0..1)."""
    height, width = picture.shape[:2]
    rows, columns = flame.alpha.shape
    reach = max(rows, columns)
    small = max(1, reach // 12)
    x1, y1 = max(0, flame.left_px - 2 * reach), max(0, flame.top_px - 2 * reach)
    x2, y2 = min(width, flame.left_px + columns + 2 * reach), min(height, flame.top_px + rows + 2 * reach)
    if x2 - x1 < 4 or y2 - y1 < 4:
        return
    x, y = np.meshgrid(np.arange(x1, x2, small), np.arange(y1, y2, small))
    centre = (flame.left_px + columns / 2, flame.top_px + rows * 0.6)
    distance = np.hypot(x - centre[0], y - centre[1]) / reach
    light = (strength * np.clip(1 - distance / 2, 0, 1) ** 2).astype(np.float32)
    soft: NDArray[np.float32] = cv2.resize(light, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    window = picture[y1:y2, x1:x2]
    # Lit surfaces answer with their own colour; the lens adds a veil of its own.
    window += soft[..., None] * np.array(GLOW_BGR, np.float32) * (0.35 + window / 255.0)
    np.clip(window, 0, 255, out=window)


def flame_of_cut_out(
    bgr: Colour, alpha: Cover, foot_px: tuple[float, float], height_px: float, *, mirrored: bool
) -> Layer:
    """A real fire standing at `foot_px` (x, y). It gives its own light: nothing of the place's light is applied."""
    zoom = height_px / alpha.shape[0]
    size = (max(4, round(alpha.shape[1] * zoom)), max(6, round(height_px)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    cover = np.clip(cv2.resize(alpha, size, interpolation=way), 0, 1).astype(np.float32)
    colour = np.clip(cv2.resize(bgr, size, interpolation=way), 0, 255).astype(np.float32)
    if mirrored:
        cover, colour = cover[:, ::-1], colour[:, ::-1]
    return Layer("flame", round(foot_px[0] - size[0] / 2), round(foot_px[1] - size[1]), colour, cover)
