"""Smoke as a camera sees it: a flow's density turned into depth, lit from the sky, grey to brown to black."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.composites.fluid import COLUMNS, ROWS, SOURCE_ROW, Field
from datasets.composites.layers import Layer
from edge.scene.textures import fractal_noise

_MOST_PX = 1400
"""A layer's longest side; nearer plumes fill the picture anyway."""


@dataclass(frozen=True, slots=True)
class SmokeLook:
    """`thickness` is the optical depth of fresh smoke (0.3 a veil, 5 a wall); `bgr` its colour in full light."""

    thickness: float
    bgr: tuple[float, float, float]
    relief: float
    """0 flat, as thin smoke is; 1 cauliflower, as thick smoke in the sun is."""
    is_mirrored: bool = False


def smoke_layer(
    label: str | None, field: Field, look: SmokeLook, foot_px: tuple[float, float], height_px: float, seed: int
) -> Layer:
    """A plume whose source stands at `foot_px` (x, y) and whose whole flow is `height_px` tall."""
    zoom = min(height_px, _MOST_PX) / SOURCE_ROW
    size = (max(8, round(COLUMNS * zoom)), max(8, round(ROWS * zoom)))
    flow = _body(field[:, ::-1] if look.is_mirrored else field)
    depth = cv2.resize(flow, size, interpolation=cv2.INTER_CUBIC)
    depth = np.clip(depth, 0, None) ** 0.75 * _grain(size, seed, zoom) * 2.6 * look.thickness
    alpha = (1 - np.exp(-depth)).astype(np.float32)
    alpha[alpha < 0.012] = 0
    bright = cv2.resize(_brightness(flow, look), size, interpolation=cv2.INTER_CUBIC)
    # The smoke's own light and shade: where it is thin, the sky shines through and it looks paler.
    bgr = np.array(look.bgr, np.float32) * bright[..., None]
    left, top = round(foot_px[0] - size[0] / 2), round(foot_px[1] - SOURCE_ROW * zoom)
    return Layer(label, left, top, np.clip(bgr, 0, 255).astype(np.float32), alpha)


def _body(field: Field) -> Field:
    """A flow has no thickness: its filaments are filled with the haze of those before and behind them.

    What reaches the flow's borders is faded, lest a plume end in a straight line.
    """
    sharp = np.ascontiguousarray(field)
    soft = 0.62 * sharp + 0.30 * cv2.GaussianBlur(sharp, (0, 0), 2.5) + 0.25 * cv2.GaussianBlur(sharp, (0, 0), 6.0)
    x = np.minimum(np.arange(COLUMNS), np.arange(COLUMNS)[::-1]) / 16
    y = np.minimum(np.arange(ROWS) / 22, np.arange(ROWS)[::-1] / 6)
    fade = np.clip(x, 0, 1)[None, :] * np.clip(y, 0, 1)[:, None]
    body: Field = np.clip(soft * fade**1.5, 0, None).astype(np.float32)
    return body


def _grain(size: tuple[int, int], seed: int, zoom: float) -> Field:
    """Fine wisps that the coarse flow lacks, about 1."""
    tile = fractal_noise(seed % 13, 256, 6)
    across, down = size
    step = 1.7 / max(zoom, 0.4)
    columns = (np.arange(across, dtype=np.float32) * step + seed % 251) % 255
    rows = (np.arange(down, dtype=np.float32) * step + seed % 241) % 255
    map_x, map_y = np.meshgrid(columns, rows)
    noise = cv2.remap(tile, map_x, map_y, cv2.INTER_LINEAR)
    grain: Field = np.clip(1 + 0.32 * noise, 0.1, 2.0).astype(np.float32)
    return grain


def _brightness(flow: Field, look: SmokeLook) -> NDArray[np.float32]:
    """Light that reaches each cell from above through the smoke, and the relief of its billows, (rows, columns)."""
    soft = cv2.GaussianBlur(flow, (0, 0), 2.2)
    above = np.cumsum(cv2.GaussianBlur(flow, (0, 0), 3.0), axis=0) - flow
    reaching = np.exp(-above * look.thickness * 0.035)
    billow = np.sqrt(soft) * min(look.thickness, 2.0)
    slope = cv2.Sobel(billow, cv2.CV_32F, 0, 1) + 0.5 * cv2.Sobel(billow, cv2.CV_32F, 1, 0)
    lit = 0.62 + 0.38 * reaching + look.relief * np.clip(slope * 0.16, -0.2, 0.16)
    brightness: Field = np.clip(lit, 0.25, 1.2).astype(np.float32)
    return brightness
