"""Flames: hot parcels rising on closed-form paths, torn by noise that rises faster, coloured by their heat."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import NEAREST_DEPTH_M, PinholeCamera
from edge.scene.chance import unit_floats
from edge.scene.plume import Cover
from edge.scene.textures import fractal_noise
from edge.scene.world import ActorNow, Flame

_RATE_HZ = 75.0
_LIFE_S = 0.75
_BLOB_PX = 32
_RAMP = (
    (0.00, (0, 0, 40), 0.0),
    (0.10, (0, 10, 110), 0.12),
    (0.24, (5, 50, 215), 0.62),
    (0.45, (15, 120, 250), 0.9),
    (0.68, (60, 195, 255), 0.97),
    (0.88, (160, 240, 255), 1.0),
    (1.00, (225, 252, 255), 1.0),
)
"""Heat, BGR, opacity: red tips, orange body, yellow-white core, as cameras clip them."""


def growth(now: ActorNow, flame: Flame) -> float:
    """How far the fire has grown, 0..1; it sinks again before its end."""
    ebb = np.clip((now.emitting_s - now.age_s) / flame.growth_s, 0, 1)
    return float(np.clip(0.25 + now.age_s / flame.growth_s, 0, 1) * ebb)


def flame_cover(now: ActorNow, flame: Flame, wind_mps: tuple[float, float], camera: PinholeCamera) -> Cover | None:
    """The fire as a full-resolution layer (cells of one pixel), or None when it is out of view."""
    size = growth(now, flame)
    at, heat, radius, tall = _parcels(now, flame, wind_mps, size)
    centre, away = camera.project(at)
    if away.min(initial=np.inf) < 1.0 or size <= 0:
        return None
    pixels_per_m = camera.focal_px / np.maximum(away, NEAREST_DEPTH_M)
    half_x, half_y = radius * pixels_per_m, radius * pixels_per_m * tall
    x1, y1 = np.floor((centre - np.stack([half_x, half_y], 1)).min(axis=0)).astype(int) - 2
    x2, y2 = np.ceil((centre + np.stack([half_x, half_y], 1)).max(axis=0)).astype(int) + 2
    left, top = max(0, int(x1)), max(0, int(y1))
    width, height = min(camera.width_px, int(x2)) - left, min(camera.height_px, int(y2)) - top
    if width < 2 or height < 2:
        return None
    field = np.zeros((height, width), np.float32)
    blobs = _blob_bank()
    for k in range(len(at)):
        _splat(
            field, blobs[k % len(blobs)], centre[k] - (left, top), float(half_x[k]), float(half_y[k]), float(heat[k])
        )
    return _coloured(field, left, top, flame, now.age_s, float(np.median(pixels_per_m)))


def add_glow(picture: NDArray[np.uint8], cover: Cover) -> None:
    """Brighten the surroundings of a fire in place: its light scatters in the lens and on what is near."""
    height, width = cover.alpha.shape
    reach = max(8, int(max(height, width) * 0.8))
    x1, y1 = max(0, cover.left_px - reach), max(0, cover.top_px - reach)
    x2, y2 = min(picture.shape[1], cover.left_px + width + reach), min(picture.shape[0], cover.top_px + height + reach)
    small = ((x2 - x1) // 8 + 1, (y2 - y1) // 8 + 1)
    spot = np.zeros((y2 - y1, x2 - x1), np.float32)
    spot[cover.top_px - y1 : cover.top_px - y1 + height, cover.left_px - x1 : cover.left_px - x1 + width] = cover.alpha
    spot = cv2.resize(spot, small, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(spot, (0, 0), max(1.0, reach / 8 * 0.45))
    soft = cv2.resize(soft, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    light = (soft[..., None] * np.array([18, 75, 135], np.float32)).astype(np.uint8)
    picture[y1:y2, x1:x2] = cv2.add(picture[y1:y2, x1:x2], light)


def _parcels(
    now: ActorNow, flame: Flame, wind_mps: tuple[float, float], size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Positions (N, 3), heats (N,), radii (N,) metres and how much taller than wide each is (N,)."""
    newest = int(np.floor(now.age_s * _RATE_HZ))
    number = np.arange(max(0, newest - int(_LIFE_S * _RATE_HZ)), newest + 1, dtype=np.int64)
    age = now.age_s - number / _RATE_HZ

    def chance(channel: int) -> NDArray[np.float64]:
        return unit_floats(flame.seed, number, channel)

    span = _LIFE_S * (0.35 + 0.65 * chance(0) ** 1.5)
    old = np.clip(age / span, 0, 1)
    across, along = chance(1) - 0.5, chance(2) - 0.5
    middle = 1 - 1.5 * np.hypot(across, along)
    flicker = 0.78 + 0.22 * np.sin(now.age_s * 9.1 + 5 * across) * np.sin(now.age_s * 5.3 + flame.seed + 4 * along)
    width = flame.width_m * (0.45 + 0.55 * size)
    lean = np.sin(now.age_s * 4.0 + flame.seed) * 0.06 + np.sin(now.age_s * 7.7 + 7 * across) * 0.05
    at = np.empty((len(number), 3))
    at[:, 0] = now.stand.east_m + across * width * (1 - 0.55 * old) + (wind_mps[0] * 0.28 + lean) * old
    at[:, 1] = now.stand.north_m + along * width * 0.7 * (1 - 0.55 * old) + (wind_mps[1] * 0.28 + lean * 0.6) * old
    at[:, 2] = flame.base_m + old * flame.height_m * size * flicker * (0.45 + 0.55 * np.clip(middle, 0, 1))
    radius = width * (0.20 + 0.14 * chance(3)) * (1.05 - 0.75 * old)
    heat = (1 - old) ** 0.75 * (0.28 + 0.25 * chance(4)) * np.minimum(1, old * 6 + 0.3)
    tall = 1.25 + 1.3 * old
    return at, heat, radius, tall


def _splat(
    field: NDArray[np.float32],
    blob: NDArray[np.float32],
    at_px: NDArray[np.float64],
    half_x: float,
    half_y: float,
    heat: float,
) -> None:
    x1, y1 = max(0, int(at_px[0] - half_x)), max(0, int(at_px[1] - half_y))
    x2, y2 = min(field.shape[1], int(at_px[0] + half_x) + 2), min(field.shape[0], int(at_px[1] + half_y) + 2)
    if x2 - x1 < 1 or y2 - y1 < 1:
        return
    zoom_x, zoom_y = 2 * half_x / _BLOB_PX, 2 * half_y / _BLOB_PX
    matrix = np.array([[zoom_x, 0, at_px[0] - half_x - x1], [0, zoom_y, at_px[1] - half_y - y1]])
    patch = cv2.warpAffine(blob, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
    window = field[y1:y2, x1:x2]
    cv2.scaleAdd(patch, heat, window, window)


def _coloured(
    field: NDArray[np.float32], left: int, top: int, flame: Flame, age_s: float, pixels_per_m: float
) -> Cover:
    height, width = field.shape
    noise = fractal_noise(20 + flame.seed % 5, 128, 5)
    # The tearing noise is stretched upwards and rises at 2.2 m/s; it is sampled in metres, so near and far fires agree.
    step = 128 / max(4.0, 2.2 * pixels_per_m * flame.width_m)
    rows = ((np.arange(height, dtype=np.float32) + top) * step * 0.55 + age_s * 2.2 * pixels_per_m * step * 0.55) % 128
    columns = ((np.arange(width, dtype=np.float32) + left) * step * 1.5) % 128
    torn = cv2.GaussianBlur(noise[np.ix_(rows.astype(np.int64) % 128, columns.astype(np.int64) % 128)], (3, 3), 0)
    heat = np.clip(field * (1.0 + 0.55 * torn) - 0.06, 0, 1)
    index = (heat * 255).astype(np.uint8)
    colours, opacity = _ramp()
    return Cover(left, top, opacity[index], colours[index])


@lru_cache(maxsize=1)
def _ramp() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    heats = np.linspace(0, 1, 256)
    stops = [stop[0] for stop in _RAMP]
    colours = np.stack([np.interp(heats, stops, [stop[1][c] for stop in _RAMP]) for c in range(3)], axis=1)
    opacity = np.interp(heats, stops, [stop[2] for stop in _RAMP])
    return colours.astype(np.float32), opacity.astype(np.float32)


@lru_cache(maxsize=1)
def _blob_bank() -> NDArray[np.float32]:
    """(kinds, P, P): drops with a pointed top and a ragged rim."""
    y, x = np.mgrid[0:_BLOB_PX, 0:_BLOB_PX].astype(np.float32) / (_BLOB_PX - 1) * 2 - 1
    bank = []
    for kind in range(6):
        noise = fractal_noise(200 + kind, 64, 4)[:_BLOB_PX, :_BLOB_PX]
        narrow = 0.45 + 0.55 * np.clip((y + 1) / 1.4, 0, 1)  # the drop thins towards its top
        reach = np.sqrt((x / narrow) ** 2 + y * y) + 0.16 * noise
        bank.append(np.clip(1 - reach, 0, 1) ** 1.1)
    return np.stack(bank).astype(np.float32)
