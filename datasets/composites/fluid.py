"""A small two-dimensional flow that carries smoke or heat upwards: the shapes that noise alone never takes.

Semi-Lagrangian advection, buoyancy, vorticity confinement and a spectral pressure solve (after Stam's "Stable Fluids",
1999). The picture frame: x right, y down; the source lies at the middle of the floor. Periodic at its sides and
ceiling, so what nears a border is faded before it comes in again on the other side.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.textures import fractal_noise

ROWS, COLUMNS = 176, 128
SOURCE_ROW = ROWS - 9
Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Flow:
    """What drives a plume; speeds in cells a step.

    Attributes:
        seed: chooses the turbulence.
        source_cells: width of the source.
        lift: buoyancy of fresh smoke.
        cooling: share of the heat lost each step; 0.01 smoke, 0.06 flame.
        fading: share of the density lost each step; steam fades, smoke hardly.
        wind: sideways speed at the ceiling.
        swirl: vorticity confinement; 0 is silk, 0.5 cauliflower.
        eddies: how hard the air itself stirs.
        steps: how long it has burned.
    """

    seed: int
    source_cells: float
    lift: float
    cooling: float
    fading: float
    wind: float
    swirl: float
    eddies: float
    steps: int


@lru_cache(maxsize=512)
def density(flow: Flow) -> Field:
    """Smoke (or heat) per cell, (`ROWS`, `COLUMNS`), 0..about 1; callers must not write to it."""
    across, down = _zeros(), _zeros()
    amount = _zeros()
    random = np.random.default_rng([flow.seed, 7])
    for step in range(flow.steps):
        source = _source(flow, random, step)
        amount = np.maximum(amount, source)
        down = down - flow.lift * amount
        across, down = _stirred(across, down, flow, random)
        across, down = _divergence_free(across, down)
        moving = across + _wind(flow)
        across, down = _carried(across, moving, down), _carried(down, moving, down)
        amount = _carried(amount, moving, down) * np.float32(1 - flow.cooling - flow.fading)
        amount *= _borders()
    amount.setflags(write=False)
    return amount


def _zeros() -> Field:
    return np.zeros((ROWS, COLUMNS), np.float32)


def _source(flow: Flow, random: np.random.Generator, step: int) -> Field:
    """A ragged patch on the floor that flickers in place and strength."""
    x = np.arange(COLUMNS, dtype=np.float32) - COLUMNS / 2
    y = np.arange(ROWS, dtype=np.float32) - SOURCE_ROW
    shift = 0.25 * flow.source_cells * float(np.sin(step * 0.21 + flow.seed)) + float(random.normal(0, 0.4))
    reach = ((x - shift) / (flow.source_cells / 2))[None, :] ** 2 + (y / 3.5)[:, None] ** 2
    ragged = 0.75 + 0.25 * fractal_noise(flow.seed % 7, 128, 5)[(step * 3) % 128][None, :COLUMNS]
    patch: Field = (np.exp(-reach) * ragged * float(random.uniform(0.75, 1.0))).astype(np.float32)
    return patch


def _stirred(across: Field, down: Field, flow: Flow, random: np.random.Generator) -> tuple[Field, Field]:
    """Vorticity confinement, which gives back the small eddies that the coarse grid wears away, and gusts."""
    columns, rows = (int(v) for v in random.integers(0, 128, 2))
    push_x, push_y = (np.roll(push, (rows, columns), (0, 1)) for push in _eddies())
    curl = cv2.Sobel(down, cv2.CV_32F, 1, 0, scale=0.125) - cv2.Sobel(across, cv2.CV_32F, 0, 1, scale=0.125)
    strength = np.abs(curl)
    slope_x = cv2.Sobel(strength, cv2.CV_32F, 1, 0)
    slope_y = cv2.Sobel(strength, cv2.CV_32F, 0, 1)
    length = np.sqrt(slope_x**2 + slope_y**2) + 1e-4
    gust = np.float32(random.normal(0, 0.012))
    stirred_across = across + flow.swirl * (slope_y / length) * curl + gust + flow.eddies * push_x
    stirred_down = down - flow.swirl * (slope_x / length) * curl + flow.eddies * push_y
    return (stirred_across * 0.998).astype(np.float32), (stirred_down * 0.998).astype(np.float32)


@lru_cache(maxsize=1)
def _eddies() -> tuple[Field, Field]:
    """A tile of whirls to stir with: the curl of noise."""
    potential = cv2.resize(fractal_noise(77, 128, 4), (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC)
    across, down = cv2.Sobel(potential, cv2.CV_32F, 0, 1), -cv2.Sobel(potential, cv2.CV_32F, 1, 0)
    size = np.float32(np.sqrt((across**2 + down**2).mean()))
    return (across / size).astype(np.float32), (down / size).astype(np.float32)


def _divergence_free(across: Field, down: Field) -> tuple[Field, Field]:
    """The velocity less its compressible part, solved in the frequency domain."""
    kx, ky, square = _waves()
    hat_x, hat_y = np.fft.rfft2(across), np.fft.rfft2(down)
    along = (kx * hat_x + ky * hat_y) / square
    along[0, 0] = 0.0
    # Without ground the whole air would set off upwards: its mean stays still.
    hat_x[0, 0] = hat_y[0, 0] = 0.0
    free_x = np.fft.irfft2(hat_x - along * kx, s=across.shape)
    free_y = np.fft.irfft2(hat_y - along * ky, s=down.shape)
    calm = _borders() ** 2
    return _limited(free_x * calm), _limited(free_y * calm)


def _limited(speed: NDArray[np.float64]) -> Field:
    """A gust of more than four cells a step tears the plume into specks."""
    return np.clip(speed, -4.0, 4.0).astype(np.float32)


@lru_cache(maxsize=1)
def _waves() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    kx, ky = np.asarray(np.fft.rfftfreq(COLUMNS))[None, :], np.asarray(np.fft.fftfreq(ROWS))[:, None]
    square: NDArray[np.float64] = np.asarray(kx**2 + ky**2)
    square[0, 0] = 1.0
    return kx, ky, square


def _carried(field: Field, across: Field, down: Field) -> Field:
    columns, rows = _grid()
    return cv2.remap(field, columns - across, rows - down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float32, copy=False
    )


@lru_cache(maxsize=1)
def _grid() -> tuple[Field, Field]:
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    return columns, rows


def _wind(flow: Flow) -> Field:
    """The wind is still at the ground and grows with height."""
    height = 1 - np.arange(ROWS, dtype=np.float32)[:, None] / ROWS
    profile: Field = (flow.wind * np.sqrt(height) * np.ones((1, COLUMNS), np.float32)).astype(np.float32)
    return profile


@lru_cache(maxsize=1)
def _borders() -> Field:
    """1 inside, falling to 0 at the sides and the ceiling: what drifts out must not come in again."""
    x = np.minimum(np.arange(COLUMNS), np.arange(COLUMNS)[::-1]).astype(np.float32)
    y = np.arange(ROWS, dtype=np.float32)
    ramp = np.clip(0.9 + x / 60, 0, 1)[None, :] * np.clip(0.9 + y / 120, 0, 1)[:, None]
    return np.asarray(ramp, np.float32)
