"""The sky and the far skyline, by day, at dusk, at night and under cloud."""

from math import cos, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.conditions import Conditions
from edge.scene.textures import fractal_noise
from edge.scene.world import World

_DAY_RIM = (228, 222, 212)
_DUSK = ((150, 108, 84), (150, 165, 215))
_NIGHT = ((26, 18, 13), (58, 48, 50))
"""Zenith and rim: a town's own light hangs over its horizon."""
_RAIN = ((172, 166, 160), (196, 192, 188))


def sky_picture(world: World, camera: PinholeCamera, scale: int) -> NDArray[np.float32]:
    """Sky and a far skyline, (H*scale, W*scale, 3) floats."""
    width, height = camera.width_px * scale, camera.height_px * scale
    random = generator("sky", world.seed)
    zenith, rim = _colours(world)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.broadcast_to(zenith * (1 - rows) + rim * rows, (height, width, 3)).astype(np.float32).copy(order="C")
    shift = int(camera.yaw_deg * 3) % 512
    clouds = cv2.resize(np.roll(fractal_noise(world.seed % 7, 512, 6), shift, axis=1), (width, height))
    sky += np.clip(clouds, 0, 2)[..., None] * _cloud_light(world.conditions)
    horizon = float(camera.project(np.array([_far_point(camera)]))[0][0, 1]) * scale
    if world.conditions.light == "dusk":
        _afterglow(sky, world, camera, horizon, scale)
    for _ in range(60):
        bearing = float(random.uniform(-180, 180)) - camera.yaw_deg
        off = (bearing + 180) % 360 - 180
        tall, wide, tone = (
            float(random.uniform(0.02, 0.16)),
            float(random.uniform(0.03, 0.09)),
            random.uniform(150, 205),
        )
        if abs(off) > 60:
            continue
        x = width / 2 + np.tan(np.radians(off)) * camera.focal_px * scale
        corner = (int(x), int(horizon - tall * camera.focal_px * scale))
        opposite = (int(x + wide * camera.focal_px * scale), int(horizon + 4))
        _house(sky, corner, opposite, float(tone), world.conditions)
    return np.minimum(sky, 255)


def _colours(world: World) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    conditions, overcast = world.conditions, world.ambience.ambient
    zenith = np.array([215, 170, 120], np.float32) * (1 - overcast) + np.array([205, 200, 195], np.float32) * overcast
    rim = np.array(_DAY_RIM, np.float32)
    if conditions.light != "day":
        zenith, rim = (np.array(c, np.float32) for c in (_NIGHT if conditions.light == "night" else _DUSK))
    elif conditions.rain > 0 or conditions.snow > 0:
        zenith, rim = (np.array(c, np.float32) for c in _RAIN)
    if conditions.fog_bgr is not None:
        fog = np.array(conditions.fog_bgr, np.float32)
        zenith, rim = zenith * 0.25 + fog * 0.75, fog
    return zenith, rim


def _cloud_light(conditions: Conditions) -> NDArray[np.float32]:
    if conditions.light == "dusk":
        return np.array([10, 26, 58], np.float32)
    return np.full(3, 6 if conditions.light == "night" else 22, np.float32)


def _afterglow(sky: NDArray[np.float32], world: World, camera: PinholeCamera, horizon: float, scale: int) -> None:
    """The red sky where the sun went down, in place; it is no fire."""
    off = (world.ambience.sun_azimuth_deg - camera.yaw_deg + 180) % 360 - 180
    if abs(off) > 75:
        return
    height, width = sky.shape[:2]
    middle = width / 2 + np.tan(np.radians(off)) * camera.focal_px * scale
    x = (np.arange(width, dtype=np.float32) - np.float32(middle)) / width
    y = (np.arange(height, dtype=np.float32) - np.float32(horizon)) / height
    glow = np.exp(-((x / 0.45) ** 2))[None, :] * np.exp(-((y / 0.22) ** 2))[:, None]
    share = (glow * 0.9)[..., None]
    sky += share * (np.array([40, 120, 252], np.float32) - sky)


def _house(
    sky: NDArray[np.float32], corner: tuple[int, int], opposite: tuple[int, int], tone: float, conditions: Conditions
) -> None:
    shade = {"day": 1.0, "dusk": 0.42, "night": 0.19}[conditions.light]
    colour = np.array([tone + 8, tone + 3, tone]) * shade
    if conditions.fog_bgr is not None:
        colour = colour * 0.15 + np.array(conditions.fog_bgr) * 0.85
    cv2.rectangle(sky, corner, opposite, tuple(float(c) for c in colour), -1)
    if conditions.light == "day" or conditions.fog_bgr is not None:
        return
    for x in range(corner[0] + 4, opposite[0] - 4, 9):
        for y in range(corner[1] + 5, opposite[1] - 4, 11):
            if generator("far windows", x, y).random() < 0.25:
                cv2.rectangle(sky, (x, y), (x + 3, y + 4), (75.0, 115.0, 135.0), -1)


def _far_point(camera: PinholeCamera) -> tuple[float, float, float]:
    yaw = radians(camera.yaw_deg)
    return camera.east_m + 1e5 * sin(yaw), camera.north_m + 1e5 * cos(yaw), camera.height_m
