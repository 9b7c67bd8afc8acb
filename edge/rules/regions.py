"""What of a camera's picture is not watched, and which zones are whose: masks and zones per kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.plane import contains
from contract.taxonomy import Seen
from edge.rules.boxes import base_point
from edge.values import Box, Thing

GRID = 5
"""A plume is masked by how much of its box lies in the mask, tried at GRID × GRID points."""
MASKED_SHARE = 0.5
_PLUMES = (Seen.SMOKE, Seen.FLAME)


@dataclass(frozen=True, slots=True)
class Mask:
    """A region where `kinds` (all kinds when empty) are not reported: a chimney, a steam vent, a screen that glows."""

    polygon_norm: tuple[tuple[float, float], ...]
    kinds: frozenset[Seen] = frozenset()


def unmasked(things: Sequence[Thing], masks: Sequence[Mask]) -> tuple[Thing, ...]:
    """The things that no mask hides: a solid thing by its foot, a plume by half its box."""
    return tuple(thing for thing in things if not any(_hides(mask, thing) for mask in masks))


def _hides(mask: Mask, thing: Thing) -> bool:
    if mask.kinds and thing.seen not in mask.kinds:
        return False
    if thing.seen not in _PLUMES:
        return contains(mask.polygon_norm, *base_point(thing.box_norm))
    points = _grid(thing.box_norm)
    return sum(contains(mask.polygon_norm, x, y) for x, y in points) >= MASKED_SHARE * len(points)


def _grid(box: Box) -> list[tuple[float, float]]:
    steps = [(k + 0.5) / GRID for k in range(GRID)]
    return [(box[0] + (box[2] - box[0]) * x, box[1] + (box[3] - box[1]) * y) for x in steps for y in steps]
