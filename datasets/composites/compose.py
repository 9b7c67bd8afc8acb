"""One picture: what is laid on it, far to near, and what the camera makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.composites import fires, trade
from datasets.composites.cutouts import CutOut
from datasets.composites.layers import LEAST_SIDE_PX, Canvas, Labelled
from datasets.composites.lookalikes import add_look_alikes
from datasets.composites.plumes import Pool
from datasets.composites.site import Site
from datasets.composites.solids import Foot
from datasets.composites.views import View, guessed_view
from datasets.composites.wear import darkened, draw_wear, worn

LOOK_ALIKES_ONLY = 0.2
"""Share of pictures with nothing to be found, only what is mistaken for it. Fewer: the model fires at steam and lamps;
many more: it learns that pasted means harmless."""
_LOOK_ALIKE_BESIDE = 0.3
"""Share of the other pictures with a look-alike beside the real thing."""

_Recipe = Callable[[Site, Foot], None]
_RECIPES: tuple[tuple[_Recipe, float], ...] = (
    (fires.grill, 0.20),
    (fires.veil, 0.14),
    (fires.bare_fire, 0.09),
    (fires.bin_fire, 0.07),
    (fires.heap_fire, 0.07),
    (fires.column, 0.05),
    (trade.stall, 0.12),
    (trade.cart, 0.07),
    (trade.parasol, 0.06),
    (trade.tables, 0.05),
    (trade.strung_banner, 0.03),
    (trade.bins, 0.03),
    (trade.rubbish, 0.03),
)
"""What is laid and how often: smoke on a pavement above all, which the real sources lack."""


@dataclass(frozen=True, slots=True)
class Composite:
    """A finished picture (h, w, 3) BGR, its boxes, and the JPEG quality to keep it at."""

    picture: NDArray[np.uint8]
    labelled: tuple[Labelled, ...]
    quality: int


def compose(
    background: NDArray[np.uint8],
    view: View | None,
    cuts: dict[str, list[CutOut]],
    pool: Pool,
    random: np.random.Generator,
) -> Composite:
    """Lay things of chance on a background.

    Args:
        background: (h, w, 3) BGR; not written to.
        view: how it was looked at, or None to guess.
        cuts: real things by label; empty for rendered ones only.
        pool: the run's flows.
        random: of this picture alone.
    """
    wear = draw_wear(random, max(background.shape[:2]))
    dusk = darkened(background.astype(np.float32), wear)
    height, width = background.shape[:2]
    chosen = view or guessed_view(random)
    site = Site(
        canvas=Canvas(dusk, wear.noise, LEAST_SIDE_PX / wear.shrink),
        camera=chosen.camera(width, height),
        view=chosen,
        random=random,
        pool=pool,
        picture_seed=int(random.integers(1 << 30)),
        cuts=cuts,
        daylight=_daylight(dusk),
    )
    if random.random() < LOOK_ALIKES_ONLY:
        add_look_alikes(site, int(random.integers(1, 4)))
    else:
        _lay_things(site)
        if random.random() < _LOOK_ALIKE_BESIDE:
            add_look_alikes(site, 1)
    return Composite(worn(site.canvas.picture, wear, random), site.canvas.labelled(), wear.quality)


def _lay_things(site: Site) -> None:
    """One to four things, the far ones first so that the near ones hide them."""
    shares = np.array([share for _, share in _RECIPES])
    numbers = site.random.choice(len(_RECIPES), int(site.random.integers(1, 5)), p=shares / shares.sum())
    spots: list[tuple[float, int, Foot]] = []
    for number in numbers:
        recipe = _RECIPES[int(number)][0]
        foot = site.place(nearest=0.07) if recipe is fires.column else site.place()
        if foot is not None:
            spots.append((foot.y_px, int(number), foot))
    for _, number, foot in sorted(spots, key=lambda spot: spot[0]):
        _RECIPES[number][0](site, foot)


def _daylight(picture: NDArray[np.float32]) -> float:
    """How bright white is in the picture, 0..1, by its brighter parts."""
    bright = float(np.percentile(picture[::8, ::8].mean(axis=2), 80))
    return float(np.clip(bright / 175.0, 0.22, 1.0))
