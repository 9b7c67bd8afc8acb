"""What dark and weather do to the backdrop: lamplit, wet and snowy ground, mirror images, lit signs' bloom, cones."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.air import Air
from edge.scene.camera import PinholeCamera
from edge.scene.flare import add_cone
from edge.scene.ground import ground_points
from edge.scene.textures import fractal_noise
from edge.scene.world import World

_COARSE = 8
"""Lamplight changes slowly over the ground: it is worked out for every eighth pixel of the canvas."""


def weathered_ground(
    ground: NDArray[np.float32],
    distance: NDArray[np.float32],
    world: World,
    camera: PinholeCamera,
    air: Air,
    scale: int,
) -> NDArray[np.float32]:
    """The ground's colours under snow or rain and in its light; fog comes later."""
    east, north, _, _ = ground_points(camera, scale)
    conditions = world.conditions
    if conditions.snow > 0:
        cover = _patches(world.seed, east, north, 0.03) * 0.35 + 1.6 * conditions.snow - 0.35
        ground = ground + np.clip(cover, 0, 0.9)[..., None] * (np.array([232, 228, 224], np.float32) - ground)
    if conditions.wetness > 0:
        ground = ground * np.float32(1 - 0.38 * conditions.wetness)
    if conditions.skylight_bgr is None and not conditions.is_infrared:
        return ground
    coarse = np.stack([east, north, np.zeros_like(east)], axis=-1)[::_COARSE, ::_COARSE]
    shape = coarse.shape[:2]
    far = np.where(np.isfinite(distance[::_COARSE, ::_COARSE, None]), coarse, 1e4)
    glow = air.glow(far.reshape(-1, 3).astype(np.float64)).reshape(*shape, 3).astype(np.float32)
    lit: NDArray[np.float32] = ground * cv2.resize(glow, (ground.shape[1], ground.shape[0]))
    return lit


def mirrored_ground(
    ground: NDArray[np.float32], mirrored: NDArray[np.uint8], distance: NDArray[np.float32], wetness: float
) -> NDArray[np.float32]:
    """Wet ground: a mirror image smeared along the line of sight, stronger the flatter it is seen."""
    height, width = ground.shape[:2]
    small = cv2.resize(mirrored, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    smeared = cv2.GaussianBlur(small, (0, 0), sigmaX=1.2, sigmaY=5.0)
    image = cv2.resize(smeared, (width, height)).astype(np.float32)
    flat = np.clip(distance / 32.0, 0.12, 0.85) * wetness
    puddles = np.clip(0.55 + 0.6 * cv2.resize(fractal_noise(3, 256, 5), (width, height)), 0.15, 1.2)
    share = np.where(np.isfinite(distance), np.minimum(flat * puddles, 0.9), 0).astype(np.float32)[..., None]
    wet: NDArray[np.float32] = ground * (1 - share * 0.7) + image * share
    return wet


def add_bloom(canvas: NDArray[np.uint8]) -> None:
    """Spread the light of lit signs and windows in place."""
    small = cv2.resize(canvas, (canvas.shape[1] // 8, canvas.shape[0] // 8), interpolation=cv2.INTER_AREA)
    bright = np.maximum(small.astype(np.float32) - 110, 0)
    soft = cv2.GaussianBlur(bright, (0, 0), 3.0) * 0.35 + cv2.GaussianBlur(bright, (0, 0), 10) * 0.25
    light = cv2.resize(soft, (canvas.shape[1], canvas.shape[0]))
    canvas[...] = cv2.add(canvas, np.minimum(light, 255).astype(np.uint8))


def add_cones(canvas: NDArray[np.uint8], world: World, camera: PinholeCamera, scale: int) -> None:
    """Draw the lit air under street lamps in place: faint in clear air, plain in fog and rain."""
    conditions = world.conditions
    density = 0.12 + 0.5 * conditions.rain + (0.8 if conditions.fog_bgr is not None else 0.0)
    for lamp in world.lamps:
        if lamp.is_hooded:
            add_cone(canvas, lamp.at_m, lamp.bgr, camera, scale, min(density, 0.9))


def _patches(seed: int, east: NDArray[np.float32], north: NDArray[np.float32], cell_m: float) -> NDArray[np.float32]:
    x, y = np.mod(east / cell_m, 512).astype(np.float32), np.mod(north / cell_m, 512).astype(np.float32)
    noise = fractal_noise(seed % 13, 512, 6)
    return cv2.remap(noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)
