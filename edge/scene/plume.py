"""Smoke as a cloud of puffs, each on a closed-form path.

A puff is born at k / rate. It rises with the heat it has left, drifts with the wind, meanders on two sines of its own
and grows; its optical depth thins with its area. The puffs' optical depths are summed in a half-size buffer, and the
picture is covered by 1 - exp(-depth), so that many thin puffs make one dense plume, as real smoke does.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import NEAREST_DEPTH_M, PinholeCamera
from edge.scene.chance import unit_floats
from edge.scene.textures import fractal_noise
from edge.scene.world import ActorNow, Smoke, Way

RATE_HZ = 16.0
"""Puffs a second: fewer show as separate balls, more cost time without being seen."""
CELL_PX = 2
"""Side of a buffer cell in picture pixels."""
_PUFF_PX = 48
_PUFF_KINDS = 12


@dataclass(frozen=True, slots=True)
class Cover:
    """A translucent layer: upper left corner in pixels, `alpha` (h, w) 0..1 and `bgr` (h, w, 3), in `CELL_PX` cells."""

    left_px: int
    top_px: int
    alpha: NDArray[np.float32]
    bgr: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Puffs:
    """Positions (N, 3) metres, radii (N,) metres, optical depths (N,), spins (N,) radians, ids (N,)."""

    at_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    depth: NDArray[np.float64]
    spin: NDArray[np.float64]
    number: NDArray[np.int64]


def puffs(now: ActorNow, smoke: Smoke, wind_mps: tuple[float, float]) -> Puffs:
    """The puffs alive at a moment."""
    newest = int(np.floor(min(now.age_s, now.emitting_s) * RATE_HZ))
    oldest = max(0, int(np.ceil((now.age_s - smoke.life_s) * RATE_HZ)))
    number = np.arange(oldest, newest + 1, dtype=np.int64)
    age = now.age_s - number / RATE_HZ

    def chance(channel: int) -> NDArray[np.float64]:
        return unit_floats(smoke.seed, number, channel)

    span = smoke.life_s * (0.65 + 0.35 * chance(0))
    old = np.clip(age / span, 0, 1)
    gust = 0.75 + 0.25 * np.sin(now.age_s * 0.31 + smoke.seed) + 0.18 * np.sin((now.age_s - age) * 1.7)
    hot_s = 2.4  # the plume's own heat lifts it for about so long; after that it hangs and drifts
    rise = smoke.rise_mps * (0.8 + 0.4 * chance(1)) * (0.55 * age + 0.45 * hot_s * (1 - np.exp(-age / hot_s)))
    bend = age * age / (age + 1.2)
    at = np.empty((len(number), 3))
    for axis, base in ((0, now.stand.east_m), (1, now.stand.north_m)):
        swing = (0.10 + 0.30 * old) * smoke.spread_m
        meander = np.sin(age * (1.1 + 1.3 * chance(2 + axis)) + 6.28 * chance(4 + axis)) * swing
        curl = np.sin((now.age_s - age) * (0.9 + 0.4 * axis) + axis) * 0.22 * age**0.8
        at[:, axis] = (
            base
            + (chance(6 + axis) - 0.5) * smoke.width_m
            + wind_mps[axis] * bend * gust
            + meander * (1 - np.exp(-age))
            + curl
        )
    if isinstance(now.actor.place, Way):  # a moving source leaves its puffs behind
        turn, behind_m = np.radians(now.stand.heading_deg), age * now.actor.place.speed_mps + 2.3
        at[:, 0] -= np.sin(turn) * behind_m
        at[:, 1] -= np.cos(turn) * behind_m
    at[:, 2] = smoke.height_m + rise
    radius = (0.08 + 0.14 * smoke.width_m) + smoke.spread_m * old**0.85 * (0.7 + 0.6 * chance(8))
    grown = np.clip((now.age_s - age) / smoke.growth_s, 0.05, 1)
    thick = smoke.strength * grown * (0.55 + 0.9 * chance(9))
    depth = thick * np.minimum(1, 0.25 + age / 0.3) * (1 - old) ** 1.25 * (1.5 / (1 + 2.4 * old))
    alive = (age >= 0) & (age < span)
    spin = 6.28 * chance(10) + (chance(11) - 0.5) * age
    return Puffs(at[alive], radius[alive], depth[alive], spin[alive], number[alive])


def smoke_cover(now: ActorNow, smoke: Smoke, wind_mps: tuple[float, float], camera: PinholeCamera) -> Cover | None:
    """The plume as a layer over the picture, or None when nothing of it is in view."""
    cloud = puffs(now, smoke, wind_mps)
    if not len(cloud.number):
        return None
    centre, away = camera.project(cloud.at_m)
    radius = cloud.radius_m * camera.focal_px / np.maximum(away, NEAREST_DEPTH_M)
    in_front = (away > 1.0) & (radius < camera.width_px)
    box = _view_box(centre[in_front], radius[in_front] * 1.45, camera)
    if box is None:
        return None
    left, top, width, height = box
    field = np.zeros((height, width, 2), np.float32)
    bank = _puff_bank()
    for k in np.flatnonzero(in_front):
        _splat(
            field,
            bank[int(cloud.number[k]) % _PUFF_KINDS],
            centre[k] - (left, top),
            float(radius[k]),
            float(cloud.spin[k]),
            float(cloud.depth[k]),
        )
    return _shaded(field, left, top, smoke, now.age_s)


def _view_box(
    centre: NDArray[np.float64], radius: NDArray[np.float64], camera: PinholeCamera
) -> tuple[int, int, int, int] | None:
    """The cells to fill: left and top in pixels (multiples of a cell), width and height in cells."""
    if not len(centre):
        return None
    x1, y1 = np.maximum((centre - radius[:, None]).min(axis=0), 0)
    x2, y2 = np.minimum((centre + radius[:, None]).max(axis=0), (camera.width_px, camera.height_px))
    left, top = int(x1) // CELL_PX, int(y1) // CELL_PX
    width, height = int(x2) // CELL_PX - left, int(y2) // CELL_PX - top
    if width < 2 or height < 2:
        return None
    return left * CELL_PX, top * CELL_PX, width, height


def _splat(
    field: NDArray[np.float32],
    puff: NDArray[np.float32],
    at_px: NDArray[np.float64],
    radius_px: float,
    spin: float,
    depth: float,
) -> None:
    """Add one turned, scaled puff to the buffer in place: channel 0 optical depth, channel 1 depth times brightness."""
    reach = radius_px * 1.45 / CELL_PX
    x, y = at_px[0] / CELL_PX, at_px[1] / CELL_PX
    x1, y1 = max(0, int(x - reach)), max(0, int(y - reach))
    x2, y2 = min(field.shape[1], int(x + reach) + 2), min(field.shape[0], int(y + reach) + 2)
    if x2 - x1 < 1 or y2 - y1 < 1 or depth < 0.004:
        return
    zoom = 2 * reach / _PUFF_PX
    cos, sin = float(np.cos(spin)) * zoom, float(np.sin(spin)) * zoom
    middle = _PUFF_PX / 2
    matrix = np.array(
        [[cos, -sin, x - x1 - cos * middle + sin * middle], [sin, cos, y - y1 - sin * middle - cos * middle]]
    )
    patch = cv2.warpAffine(puff, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
    window = field[y1:y2, x1:x2]
    cv2.scaleAdd(patch, depth, window, window)


def _shaded(field: NDArray[np.float32], left: int, top: int, smoke: Smoke, age_s: float) -> Cover:
    depth, lit = field[..., 0], field[..., 1]
    height, width = depth.shape
    noise = fractal_noise(smoke.seed % 11, 256, 5)
    # Fine wisps that rise with the smoke: without them the plume looks like cotton wool.
    y, x = int(age_s * 26) % 256, int(age_s * 5) % 256
    rows, columns = (np.arange(height) + y) % 256, (np.arange(width) + x) % 256
    wisps = noise[np.ix_(rows, columns)]
    depth = depth * np.clip(0.85 + 0.38 * wisps, 0.15, 2)
    alpha = (1 - np.exp(-depth)).astype(np.float32)
    brightness = np.clip(lit / np.maximum(field[..., 0], 1e-3), 0.3, 1.5) + 0.09 * wisps
    pale, dark = np.array([206, 203, 200], np.float32), np.array([52, 50, 50], np.float32)
    base = pale * (1 - smoke.darkness) + dark * smoke.darkness
    if smoke.tint_bgr != (1.0, 1.0, 1.0):
        base = base * np.array(smoke.tint_bgr, np.float32)
    colour = np.clip(base * (0.54 + 0.46 * brightness)[..., None], 0, 255).astype(np.float32)
    return Cover(left, top, alpha, colour)


@lru_cache(maxsize=1)
def _puff_bank() -> NDArray[np.float32]:
    """(kinds, P, P, 2): a soft ragged ball's optical depth, and that depth times how brightly it is lit from above."""
    y, x = np.mgrid[0:_PUFF_PX, 0:_PUFF_PX].astype(np.float32) / (_PUFF_PX - 1) * 2 - 1
    bank = np.empty((_PUFF_KINDS, _PUFF_PX, _PUFF_PX, 2), np.float32)
    for kind in range(_PUFF_KINDS):
        noise = fractal_noise(100 + kind, 128, 5)[:_PUFF_PX, :_PUFF_PX]
        ragged = np.sqrt(x * x + y * y) * 1.15 + 0.22 * noise
        body = np.clip(1 - ragged, 0, 1) ** 1.3 * np.clip(1 + 0.5 * noise, 0.2, 2)
        slope = cv2.Sobel(cv2.GaussianBlur(body.astype(np.float32), (0, 0), 2.0), cv2.CV_32F, 0, 1)
        bank[kind, ..., 0] = body
        bank[kind, ..., 1] = body * np.clip(1 + 2.4 * slope - 0.32 * y, 0.15, 1.9)
    return bank
