"""What the weather puts between street and sensor: rain, snow, drops on the window, a low sun's glare."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.conditions import Conditions
from edge.scene.world import World

_MARGIN_PX = 96
_DARK_SHARE = 0.45
"""Rain in the dark shows only where lamps reach it."""


@dataclass(frozen=True, slots=True)
class Weather:
    """One camera's weather, ready to be laid over its pictures.

    Attributes:
        streaks: (H + margin, W + margin, 3), light that falling water or snow adds; None when nothing falls.
        drops: the position (2, H, W) each pixel is refracted from, and how much of a drop it is (H, W, 1).
        glare: (H, W, 3), light that a low sun spreads in the lens.
        seed: keys where the streaks are at a moment.
    """

    streaks: NDArray[np.uint8] | None
    drops: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    glare: NDArray[np.uint8] | None
    seed: int

    def over(self, picture: NDArray[np.uint8], t_s: float) -> NDArray[np.uint8]:
        """The picture seen through the weather."""
        height, width = picture.shape[:2]
        if self.streaks is not None:
            random = generator("falling", self.seed, round(t_s * 1000))
            for _ in range(2):
                x, y = (int(v) for v in random.integers(0, _MARGIN_PX, 2))
                cut = self.streaks[y : y + height, x : x + width]
                picture = cv2.add(picture, cut[:, ::-1] if random.random() < 0.5 else cut).astype(np.uint8)
        if self.glare is not None:
            picture = cv2.add(picture, self.glare).astype(np.uint8)
        return picture if self.drops is None else _refracted(picture, *self.drops)


def weather_of(world: World, camera: PinholeCamera) -> Weather | None:
    """The weather before one camera; None when there is none."""
    conditions = world.conditions
    falling = _rain(conditions, camera, world.seed) if conditions.rain > 0 else None
    if conditions.snow > 0:
        falling = _snow(conditions, camera, world.seed)
    drops = _drops(conditions, camera, world.seed) if conditions.lens_drops else None
    glare = _glare(world, camera) if conditions.glare > 0 else None
    if falling is None and drops is None and glare is None:
        return None
    return Weather(falling, drops, glare, world.seed)


def _rain(conditions: Conditions, camera: PinholeCamera, seed: int) -> NDArray[np.uint8]:
    random = generator("rain", seed, camera.camera_id)
    shape = (camera.height_px + _MARGIN_PX, camera.width_px + _MARGIN_PX)
    layer = np.zeros(shape, np.uint8)
    slant = float(random.uniform(-0.35, 0.35))
    for _ in range(int(shape[0] * shape[1] / 90 * conditions.rain / 2)):
        near = float(random.random()) ** 3
        x, y = int(random.integers(0, shape[1])), int(random.integers(-20, shape[0]))
        long = 4 + 26 * near * (0.6 + 0.4 * float(random.random()))
        light = int(10 + 42 * float(random.random()) * (0.4 + near))
        end = (int(x + slant * long), int(y + long))
        cv2.line(layer, (x, y), end, light, 2 if near > 0.75 else 1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (3, 5), 0.8)
    share = _DARK_SHARE if conditions.is_dark else 1.0
    return cv2.cvtColor(cv2.convertScaleAbs(soft, alpha=share), cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _snow(conditions: Conditions, camera: PinholeCamera, seed: int) -> NDArray[np.uint8]:
    random = generator("snow", seed, camera.camera_id)
    shape = (camera.height_px + _MARGIN_PX, camera.width_px + _MARGIN_PX)
    layer = np.zeros(shape, np.uint8)
    for _ in range(int(shape[0] * shape[1] / 260 * conditions.snow)):
        near = float(random.random()) ** 4
        at = (int(random.integers(0, shape[1])), int(random.integers(0, shape[0])))
        cv2.circle(layer, at, round(0.6 + 3.2 * near), int(50 + 110 * float(random.random())), -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (3, 3), 0.7)
    share = _DARK_SHARE if conditions.is_dark else 1.0
    return cv2.cvtColor(cv2.convertScaleAbs(soft, alpha=share), cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _drops(conditions: Conditions, camera: PinholeCamera, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = generator("drops", seed, camera.camera_id)
    height, width = camera.height_px, camera.width_px
    source_y, source_x = np.mgrid[0:height, 0:width].astype(np.float32)
    share = np.zeros((height, width), np.float32)
    for _ in range(conditions.lens_drops):
        x, y = float(random.uniform(0, width)), float(random.uniform(0, height))
        radius = width * float(random.uniform(0.008, 0.035))
        x1, x2 = max(0, int(x - radius)), min(width, int(x + radius) + 1)
        y1, y2 = max(0, int(y - radius * 1.2)), min(height, int(y + radius * 1.2) + 1)
        rows, columns = np.mgrid[y1:y2, x1:x2].astype(np.float32)
        away = np.hypot((columns - x) / radius, (rows - y) / (radius * 1.15))
        cover = np.clip((1 - away) * 2.2, 0, 1).astype(np.float32)
        # A drop is a small wide-angle lens: it shows its surroundings upside down.
        source_x[y1:y2, x1:x2] = np.where(cover > 0, x - (columns - x) * 4.0, source_x[y1:y2, x1:x2])
        source_y[y1:y2, x1:x2] = np.where(cover > 0, y - (rows - y) * 4.0, source_y[y1:y2, x1:x2])
        share[y1:y2, x1:x2] = np.maximum(share[y1:y2, x1:x2], cover * 0.85)
    return np.stack([source_x, source_y]), share[..., None]


def _refracted(
    picture: NDArray[np.uint8], source: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.uint8]:
    blurred = cv2.GaussianBlur(picture, (0, 0), 2.5)
    seen = cv2.remap(blurred, source[0], source[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return (picture + (seen.astype(np.float32) - picture) * share).astype(np.uint8)


def _glare(world: World, camera: PinholeCamera) -> NDArray[np.uint8] | None:
    azimuth, elevation = np.radians(world.ambience.sun_azimuth_deg), np.radians(world.ambience.sun_elevation_deg)
    sun = np.array([np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)])
    right, down, forward = camera.axes() @ sun
    if forward < 0.25:
        return None
    middle = np.array([camera.width_px / 2, camera.height_px / 2])
    at = middle + np.array([right, down]) / forward * camera.focal_px
    y, x = np.mgrid[0 : camera.height_px, 0 : camera.width_px].astype(np.float32)
    away = np.hypot(x - at[0], y - at[1]) / camera.width_px
    strength = world.conditions.glare
    warm = np.array([170, 215, 255], np.float32)
    spread = 0.55 * np.exp(-away * 3.0) + 1.4 * np.exp(-((away / 0.07) ** 2))
    angle = np.arctan2(y - at[1], x - at[0])
    rays = (0.5 + 0.5 * np.cos(angle * 9 + world.seed % 7)) ** 6 * np.exp(-away * 4.5) * 0.35
    light = (spread + rays)[..., None] * warm
    random = generator("ghosts", world.seed)
    for _ in range(4):
        along, radius = float(random.uniform(0.4, 2.2)), camera.width_px * float(random.uniform(0.01, 0.05))
        ghost = at + (middle - at) * along
        disc = np.clip((radius - np.hypot(x - ghost[0], y - ghost[1])) / 3, 0, 1)
        light += disc[..., None] * random.uniform(8, 40, 3).astype(np.float32)
    glare: NDArray[np.uint8] = np.minimum(light * strength, 255).astype(np.uint8)
    return glare
