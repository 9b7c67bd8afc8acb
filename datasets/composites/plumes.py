"""Which smoke and which fire: flows of chance from a pool, thin to thick, white to black."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from datasets.composites.fluid import COLUMNS, ROWS, SOURCE_ROW, Field, Flow, density
from datasets.composites.smoke import SmokeLook

_COLOURS = (
    ((205, 203, 200), 0.34),
    ((228, 228, 226), 0.20),
    ((165, 163, 160), 0.16),
    ((150, 165, 178), 0.08),
    ((205, 190, 178), 0.08),
    ((58, 57, 57), 0.14),
)
"""BGR in full daylight and how often: pale grey, white, grey, brown, blue-grey, black."""
_THICKNESS = ((0.28, 0.6), (0.6, 1.5), (1.5, 5.0))
"""Veil, ordinary, dense."""


@dataclass(frozen=True, slots=True)
class Plume:
    """A flow's density and how it looks."""

    field: Field
    look: SmokeLook


@dataclass(frozen=True, slots=True)
class Pool:
    """The flows of one run, drawn once when first needed: `size` of each kind, keyed by the run's `seed`.

    A flow takes a third of a second; thickness, light, size and side vary on top.
    """

    seed: int
    size: int


def draw_plume(random: np.random.Generator, pool: Pool, daylight: float, *, dense: bool = False) -> Plume:
    """Smoke of chance. `daylight` 0..1 is how bright white is here; `dense` where something large burns."""
    number = int(random.integers(pool.size))
    chances = (0.05, 0.3, 0.65) if dense else (0.42, 0.38, 0.2)
    low, high = _THICKNESS[int(random.choice(3, p=chances))]
    share = np.array([often for _, often in _COLOURS])
    bgr = np.array(_COLOURS[int(random.choice(len(_COLOURS), p=share / share.sum()))][0], np.float64)
    if dense and random.random() < 0.45:
        bgr = np.array([60.0, 59.0, 60.0])
    thickness = float(random.uniform(low, high))
    tinted = np.clip(bgr * random.uniform(0.9, 1.1) * daylight, 8, 250)
    relief = float(np.clip(thickness / 4, 0.05, 1.0) * random.uniform(0.5, 1.2))
    look = SmokeLook(thickness, (float(tinted[0]), float(tinted[1]), float(tinted[2])), relief, random.random() < 0.5)
    return Plume(_smoke(pool.seed, number), look)


def draw_steam(random: np.random.Generator, pool: Pool, daylight: float) -> Plume:
    """Steam: white, gone within a metre or two of its source."""
    number = int(random.integers(max(1, pool.size // 3)))
    white = float(min(250.0, 245.0 * daylight))
    look = SmokeLook(float(random.uniform(0.4, 1.6)), (white, white, white), 0.1, random.random() < 0.5)
    return Plume(_steam(pool.seed, number), look)


def draw_fire(random: np.random.Generator, pool: Pool) -> Field:
    """The heat of a fire of chance: two to four tongues side by side, for one alone looks like a burning rope."""
    heat = np.zeros((ROWS, COLUMNS), np.float32)
    for _ in range(int(random.integers(2, 5))):
        tongue = _fire(pool.seed, int(random.integers(max(1, pool.size // 2))))
        wide, tall = float(random.uniform(0.5, 0.9)), float(random.uniform(0.55, 1.0))
        wide *= float(random.choice([-1, 1]))
        x = COLUMNS / 2 * (1 - wide) + float(random.normal(0, 7))
        to_place = np.array([[wide, 0, x], [0, tall, SOURCE_ROW * (1 - tall)]])
        heat = np.maximum(heat, cv2.warpAffine(tongue, to_place, (COLUMNS, ROWS)).astype(np.float32))
    return heat


@lru_cache(maxsize=256)
def _smoke(seed: int, number: int) -> Field:
    random = np.random.default_rng([seed, number, 1])
    return density(
        Flow(
            seed=seed * 1000 + number,
            source_cells=float(random.uniform(5, 26)),
            lift=float(random.uniform(0.12, 0.36)),
            cooling=0.001,
            fading=float(random.uniform(0.0, 0.006)),
            wind=float(random.normal(0, 0.4)),
            swirl=float(random.uniform(0.1, 0.5)),
            eddies=float(random.choice([0.03, 0.08, 0.14])),
            steps=int(random.integers(95, 190)),
        )
    )


@lru_cache(maxsize=64)
def _steam(seed: int, number: int) -> Field:
    random = np.random.default_rng([seed, number, 2])
    return density(
        Flow(
            seed=seed * 1000 + 400 + number,
            source_cells=float(random.uniform(5, 14)),
            lift=float(random.uniform(0.2, 0.4)),
            cooling=0.0,
            fading=float(random.uniform(0.03, 0.06)),
            wind=float(random.normal(0, 0.4)),
            swirl=float(random.uniform(0.1, 0.3)),
            eddies=0.1,
            steps=70,
        )
    )


@lru_cache(maxsize=64)
def _fire(seed: int, number: int) -> Field:
    random = np.random.default_rng([seed, number, 3])
    return density(
        Flow(
            seed=seed * 1000 + 700 + number,
            source_cells=float(random.uniform(12, 26)),
            lift=float(random.uniform(0.5, 0.9)),
            cooling=float(random.uniform(0.045, 0.08)),
            fading=0.0,
            wind=float(random.normal(0, 0.15)),
            swirl=float(random.uniform(0.2, 0.5)),
            eddies=0.1,
            steps=int(random.integers(70, 110)),
        )
    )
