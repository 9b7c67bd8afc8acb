"""Translucent pieces laid over a picture one after another, and what remains to be seen of each at the end."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]
Cover = NDArray[np.float32]

VISIBLE_COVER = 0.13
"""Share of the background hidden from which a pixel belongs to the thing. A person asked to box a plume stops about
here: lower, boxes grow by haze that nobody points at; higher, thin grey smoke has no box at all."""
VISIBLE_CHANGE = 7.0
"""Grey levels (0..255, the largest of the three channels) a pixel must differ from what lies behind: pale smoke before
a pale sky hides much and shows nothing."""
LEAST_SIDE_PX = 12
"""Smaller boxes are left out, and the thing with them: 12 px at 960 are 8 at 640. With 8 (looked at) a far grill was a
smudge, which teaches the model to invent."""
LEAST_CHANGE = 10.0
CHANGE_PER_NOISE = 1.6
CHANGE_PER_CONTRAST = 0.25
"""Mean change, in grey levels, that a thing must make: at least the first, more by the second for each grey level of
the camera's noise and by the third for each of the background's own standard deviation. Looked at on sheets of 24
plumes: with the first alone, half of the thin ones before busy facades and on noisy night pictures weren't found."""
_TAIL = 0.01
"""Share of a plume's visible mass cut off at each side of its box: the last wisp is not the plume."""
_HARD_TAIL = 0.001
"""The same for things with an outline, where it only spares the box a stray pixel."""


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels: x1, y1 inclusive, x2, y2 exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing: `bgr` (h, w, 3) 0..255 not multiplied by `alpha` (h, w) 0..1; its corner may lie outside the picture.

    `label` None: drawn to be mistaken for something, and never labelled.
    """

    label: str | None
    left_px: int
    top_px: int
    bgr: Colour
    alpha: Cover


@dataclass(frozen=True, slots=True)
class Labelled:
    """A box of the finished picture."""

    label: str
    box: Box


@dataclass(slots=True)
class _Shown:
    """How much of a laid thing still shows, `cover` 0..1 inside `box`; `extends` numbers the thing it is part of."""

    label: str
    box: Box
    cover: Cover
    extends: int | None


@dataclass(slots=True)
class Canvas:
    """A picture under work: (H, W, 3) float 0..255, and for every labelled thing how much of it still shows."""

    picture: Colour
    noise: float = 0.0
    """Standard deviation, in grey levels, that the camera will add."""
    least_side_px: float = LEAST_SIDE_PX
    """Larger where the camera's stream has fewer pixels than the picture under work."""
    _shown: list[_Shown] = field(default_factory=list)

    def lay(self, layer: Layer, extends: str | None = None) -> bool:
        """Blend a layer in; False, and nothing is changed, where too little of it would be seen.

        Args:
            layer: the thing.
            extends: the box of the thing last laid under this label will span this one too (a stall's parasol).
        """
        placed = self._window(layer)
        if placed is None:
            return False
        box, bgr, alpha = placed
        window = self.picture[box.y1 : box.y2, box.x1 : box.x2]
        blended = window + (bgr - window) * alpha[..., None]
        change = np.abs(blended - window).max(axis=2)
        shown = alpha * (change > VISIBLE_CHANGE)
        if layer.label is not None and self._box_of(layer.label, shown, box) is None:
            return False
        if layer.label is not None and not self._is_seen(change, shown, window):
            return False
        for other in self._shown:
            _hide(other.cover, other.box, alpha, box)
        window[...] = blended
        if layer.label is not None:
            self._shown.append(_Shown(layer.label, box, shown, self._last(extends)))
        return True

    def labelled(self) -> tuple[Labelled, ...]:
        """The boxes around what shows of every labelled thing, in the order they were laid."""
        boxes = [self._box_of(shown.label, shown.cover, shown.box) for shown in self._shown]
        for shown, box in zip(self._shown, boxes, strict=True):
            if shown.extends is not None:
                boxes[shown.extends] = _around(boxes[shown.extends], box)
        named = zip(self._shown, boxes, strict=True)
        return tuple(Labelled(shown.label, box) for shown, box in named if box is not None)

    def _box_of(self, label: str, cover: Cover, within: Box) -> Box | None:
        """The box around what is visible, less its last wisps; None where it is too small to be boxed."""
        mass = np.where(cover > VISIBLE_COVER, cover, 0.0)
        total = float(mass.sum())
        if total <= 0:
            return None
        tail = _TAIL if label == "smoke" else _HARD_TAIL
        x1, x2 = _span(mass.sum(axis=0) / total, tail)
        y1, y2 = _span(mass.sum(axis=1) / total, tail)
        if min(x2 - x1, y2 - y1) < self.least_side_px or total < 0.08 * (x2 - x1) * (y2 - y1):
            return None
        return Box(within.x1 + x1, within.y1 + y1, within.x1 + x2, within.y1 + y2)

    def _is_seen(self, change: Cover, shown: Cover, behind: Colour) -> bool:
        """Whether a thing stands out of what lies behind it and of the camera's noise."""
        seen = shown > VISIBLE_COVER
        contrast = float(behind.mean(axis=2)[seen].std())
        least = LEAST_CHANGE + CHANGE_PER_NOISE * self.noise + CHANGE_PER_CONTRAST * contrast
        return float(change[seen].mean()) >= least

    def _last(self, label: str | None) -> int | None:
        numbers = [number for number, shown in enumerate(self._shown) if shown.label == label]
        return numbers[-1] if numbers else None

    def _window(self, layer: Layer) -> tuple[Box, Colour, Cover] | None:
        height, width = self.picture.shape[:2]
        rows, columns = layer.alpha.shape
        x1, y1 = max(0, layer.left_px), max(0, layer.top_px)
        x2, y2 = min(width, layer.left_px + columns), min(height, layer.top_px + rows)
        if x2 <= x1 or y2 <= y1:
            return None
        part = (slice(y1 - layer.top_px, y2 - layer.top_px), slice(x1 - layer.left_px, x2 - layer.left_px))
        return Box(x1, y1, x2, y2), layer.bgr[part], layer.alpha[part]


def _hide(cover: Cover, of: Box, alpha: Cover, box: Box) -> None:
    """Thin a cover in place where a nearer one lies over it."""
    x1, y1, x2, y2 = max(of.x1, box.x1), max(of.y1, box.y1), min(of.x2, box.x2), min(of.y2, box.y2)
    if x2 > x1 and y2 > y1:
        near = alpha[y1 - box.y1 : y2 - box.y1, x1 - box.x1 : x2 - box.x1]
        cover[y1 - of.y1 : y2 - of.y1, x1 - of.x1 : x2 - of.x1] *= 1 - near


def _around(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one
    return Box(min(one.x1, other.x1), min(one.y1, other.y1), max(one.x2, other.x2), max(one.y2, other.y2))


def _span(shares: NDArray[np.float64], tail: float) -> tuple[int, int]:
    reached = np.cumsum(shares)
    first = int(np.searchsorted(reached, tail))
    last = int(np.searchsorted(reached, 1 - tail))
    return first, min(last, len(shares) - 1) + 1
