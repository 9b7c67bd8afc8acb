"""Lamps in the dark as a lens sees them: halos, pools of light on the road, streaks on wet ground."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.mesh import Bgr, Flare
from edge.scene.paint import SUBPIXEL_BITS, fixed_point
from edge.scene.plume import Cover
from edge.scene.sprites import Box

_KERNEL_PX = 96
_LARGEST_HALO_PX = 120.0


def add_flares(
    picture: NDArray[np.uint8],
    flares: tuple[Flare, ...],
    camera: PinholeCamera,
    wetness: float,
    fog_m: float,
    share: float,
) -> Box | None:
    """Add all lamps of one object in place; gives the box touched.

    Args:
        picture: drawn on.
        flares: the lamps, in the world frame.
        camera: whose picture it is.
        wetness: 0..1, how strongly the ground mirrors them.
        fog_m: distance after which 37 % of their light is left.
        share: 0..1, how much they dazzle: less by day.
    """
    touched: Box | None = None
    for flare in flares:
        if flare.beam_m is not None and share > 0.9:
            touched = joined(touched, _add_pool(picture, flare.at_m, flare.beam_m, flare.bgr, camera))
        pixels, depth = camera.project(np.stack([flare.at_m, flare.at_m * (1.0, 1.0, -1.0)]))
        away = float(depth[0])
        strength = share * _towards(flare, camera) * float(np.exp(-max(away, 0.0) / (fog_m * 1.5)))
        if away < 1.0 or strength < 0.03:
            continue
        radius = float(np.clip(flare.size_m * camera.focal_px / away, 2.0, _LARGEST_HALO_PX))
        touched = joined(touched, _add(picture, pixels[0], (radius, radius), flare.bgr, strength, _halo()))
        if wetness > 0.05 and flare.at_m[2] > 0.2 and depth[1] > 1.0:
            size = (radius * 0.45, min(radius * 3.0, 160.0))
            touched = joined(touched, _add(picture, pixels[1], size, flare.bgr, strength * wetness * 0.6, _streak()))
    return touched


def add_cone(canvas: NDArray[np.uint8], at_m: Bgr, bgr: Bgr, camera: PinholeCamera, scale: int, density: float) -> None:
    """Add a hooded lamp's lit air in place: a cone that fades towards the ground."""
    reach = at_m[2] * 0.55
    turn = np.linspace(0, 2 * np.pi, 9)[:-1]
    foot = np.stack([at_m[0] + reach * np.cos(turn), at_m[1] + reach * np.sin(turn), np.zeros(8)], axis=1)
    points, depth = camera.project(np.vstack([[at_m], foot]))
    if depth.min() < 1.0:
        return
    hull = cv2.convexHull(points.astype(np.float32)).reshape(-1, 2).astype(np.float64)
    x1, y1 = np.maximum(np.floor(hull.min(axis=0) * scale).astype(int) - 12, 0)
    x2, y2 = np.minimum(np.ceil(hull.max(axis=0) * scale).astype(int) + 12, (canvas.shape[1], canvas.shape[0]))
    if x2 - x1 < 4 or y2 - y1 < 4:
        return
    mask = np.zeros((int(y2 - y1), int(x2 - x1)), np.float32)
    outline = fixed_point(hull, (x1 / scale, y1 / scale), float(scale))
    cv2.fillConvexPoly(mask, outline, 1.0, cv2.LINE_8, SUBPIXEL_BITS)
    fall = np.clip(1.15 - np.arange(mask.shape[0], dtype=np.float32) / mask.shape[0], 0, 1)[:, None] ** 1.6
    soft = cv2.GaussianBlur(mask * fall, (0, 0), max(3.0, mask.shape[1] * 0.05))
    light = np.minimum(soft[..., None] * np.asarray(bgr, np.float32) * (density * 60), 255).astype(np.uint8)
    canvas[y1:y2, x1:x2] = cv2.add(canvas[y1:y2, x1:x2], light)


def light_around(picture: NDArray[np.uint8], cover: Cover) -> Box:
    """Light the street around a fire in the dark, in place; gives the box touched.

    What is near shows its own colours again, so the picture is multiplied; air and lens add a little red.
    """
    height, width = cover.alpha.shape
    reach = max(12, int(max(height, width) * 2.2))
    x1, y1 = max(0, cover.left_px - reach), max(0, cover.top_px - reach)
    x2, y2 = min(picture.shape[1], cover.left_px + width + reach), min(picture.shape[0], cover.top_px + height + reach)
    middle = (cover.left_px + width / 2, cover.top_px + height * 0.75)
    x = (np.arange(x1, x2, dtype=np.float32) - middle[0]) / reach
    y = (np.arange(y1, y2, dtype=np.float32) - middle[1]) / (reach * 0.75)
    burning = float(np.clip(cover.alpha.mean() * 2.5, 0.2, 1.0))
    near = (np.exp(-4.0 * (x[None, :] ** 2 + y[:, None] ** 2)) * burning)[..., None]
    window = picture[y1:y2, x1:x2].astype(np.float32)
    lit = window * (1 + near * np.array([0.2, 0.75, 1.3], np.float32)) + near * np.array([2, 9, 18], np.float32)
    picture[y1:y2, x1:x2] = np.minimum(lit, 255).astype(np.uint8)
    return x1, y1, x2, y2


def joined(*boxes: Box | None) -> Box | None:
    """The box around boxes, of which some or all may be missing."""
    found = [box for box in boxes if box is not None]
    if not found:
        return None
    corners = np.array(found)
    (x1, y1), (x2, y2) = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    return int(x1), int(y1), int(x2), int(y2)


def _towards(flare: Flare, camera: PinholeCamera) -> float:
    """How much of the lamp shines at the lens, 0..1."""
    if flare.facing is None:
        return 1.0
    ray = camera.position_m - flare.at_m
    cosine = float(flare.facing @ ray) / max(float(np.linalg.norm(ray)), 1e-6)
    return float(max(0.0, cosine) ** 1.5)


def _add(
    picture: NDArray[np.uint8],
    at_px: NDArray[np.float64],
    half_px: tuple[float, float],
    bgr: Bgr,
    strength: float,
    kernel: NDArray[np.float32],
) -> Box | None:
    x, y = int(at_px[0]), int(at_px[1])
    half_x, half_y = int(half_px[0]) + 1, int(half_px[1]) + 1
    x1, y1, x2, y2 = x - half_x, y - half_y, x + half_x + 1, y + half_y + 1
    left, top, right, bottom = max(0, x1), max(0, y1), min(picture.shape[1], x2), min(picture.shape[0], y2)
    if right - left < 1 or bottom - top < 1:
        return None
    spot = cv2.resize(kernel, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    spot = spot[top - y1 : bottom - y1, left - x1 : right - x1]
    # The core of a lamp clips towards white whatever its colour, as sensors do.
    white = 60 + 0.6 * float(min(bgr))
    light = spot[..., None] * (np.asarray(bgr, np.float32) + np.clip(spot[..., None] - 0.55, 0, 1) * white) * strength
    window = picture[top:bottom, left:right]
    picture[top:bottom, left:right] = cv2.add(window, np.minimum(light, 255).astype(np.uint8))
    return left, top, right, bottom


def _add_pool(
    picture: NDArray[np.uint8],
    at_m: NDArray[np.float64],
    beam_m: NDArray[np.float64],
    bgr: Bgr,
    camera: PinholeCamera,
) -> Box | None:
    """Brighten the ground before a headlight in place."""
    along = beam_m[:2] - at_m[:2]
    side = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
    rows = [(0.10, 0.5), (0.45, 1.5), (1.0, 1.9)]
    edge = [at_m[:2] + along * share + side * wide for share, wide in rows]
    edge += [at_m[:2] + along * share - side * wide for share, wide in reversed(rows)]
    points, depth = camera.project(np.column_stack([np.array(edge), np.zeros(len(edge))]))
    if depth.min() < 0.8:
        return None
    x1, y1 = np.maximum(np.floor(points.min(axis=0)).astype(int) - 8, 0)
    x2, y2 = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 8, (picture.shape[1], picture.shape[0]))
    if x2 - x1 < 3 or y2 - y1 < 3:
        return None
    mask = np.zeros((int(y2 - y1), int(x2 - x1)), np.float32)
    hull = cv2.convexHull(points.astype(np.float32)).reshape(-1, 2).astype(np.float64)
    cv2.fillConvexPoly(mask, fixed_point(hull, (float(x1), float(y1)), 1.0), 1.0, cv2.LINE_8, SUBPIXEL_BITS)
    soft = cv2.GaussianBlur(mask, (0, 0), max(1.5, min(mask.shape) * 0.16))[..., None]
    window = picture[y1:y2, x1:x2].astype(np.float32)
    lit = window * (1 + 0.55 * soft) + soft * np.asarray(bgr, np.float32) * 0.05
    picture[y1:y2, x1:x2] = np.minimum(lit, 255).astype(np.uint8)
    return int(x1), int(y1), int(x2), int(y2)


@lru_cache(maxsize=1)
def _halo() -> NDArray[np.float32]:
    """A bright core, a wide skirt and four faint spikes, (K, K)."""
    y, x = np.mgrid[0:_KERNEL_PX, 0:_KERNEL_PX].astype(np.float32) / (_KERNEL_PX - 1) * 2 - 1
    away = np.hypot(x, y)
    spikes = np.exp(-np.minimum(np.abs(x), np.abs(y)) * 40) * np.exp(-away * 3.5) * 0.25
    halo = np.exp(-((away / 0.16) ** 2)) + 0.34 * np.exp(-away * 4.2) + spikes
    kernel: NDArray[np.float32] = (np.clip(halo - 0.012, 0, 1) * np.clip((1 - away) * 4, 0, 1)).astype(np.float32)
    return kernel


@lru_cache(maxsize=1)
def _streak() -> NDArray[np.float32]:
    """A smeared mirror image on wet ground, (K, K)."""
    y, x = np.mgrid[0:_KERNEL_PX, 0:_KERNEL_PX].astype(np.float32) / (_KERNEL_PX - 1) * 2 - 1
    kernel: NDArray[np.float32] = (np.exp(-((x / 0.4) ** 2)) * np.exp(-((y / 0.45) ** 2)) * 0.7).astype(np.float32)
    return kernel
