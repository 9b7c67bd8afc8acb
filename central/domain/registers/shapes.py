"""Places on the ground, local metres: rings with the even-odd rule, so that holes and separate parts need no case of
their own, and an index that finds which of many shapes hold a point."""

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contract.plane import Point, contains

Ring = tuple[Point, ...]
FINEST_M = 32.0
"""Edge of the finest cells. Smaller: a zone lies in more cells; larger: a market's stalls share one."""
MOST_CELLS = 64
"""A shape lies in at most about so many cells of its level; a larger one goes to a coarser level."""
MANY_CORNERS = 12
"""From here on it pays to know which cells lie wholly inside: a point there needs no walk around the rings."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Closed rings of at least three corners (the last is not the first again); inside is inside an odd number."""

    rings: tuple[Ring, ...]

    def holds(self, point: Point) -> bool:
        """Whether the point lies inside; left and lower borders belong to it.

        >>> square = tuple(Point(x, y) for x, y in ((0, 0), (4, 0), (4, 4), (0, 4)))
        >>> Shape((square,)).holds(Point(1, 1)), Shape((square, square)).holds(Point(1, 1))
        (True, False)
        """
        inside = False
        for ring in self.rings:
            corners = [(corner.east_m, corner.north_m) for corner in ring]
            inside ^= contains(corners, point.east_m, point.north_m)
        return inside

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        east = [corner.east_m for ring in self.rings for corner in ring]
        north = [corner.north_m for ring in self.rings for corner in ring]
        return min(east), min(north), max(east), max(north)


Label = TypeVar("Label", bound=Hashable)
_Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Label]):
    number: int
    label: Label
    shape: Shape | None
    """None where the whole cell lies inside."""


class ShapeIndex(Generic[Label]):
    """Which of many shapes hold a point; they are given back in the order in which they were put in."""

    def __init__(self, shapes: Iterable[tuple[Label, Shape]]) -> None:
        self._cells: dict[_Cell, list[_Entry[Label]]] = {}
        levels: set[int] = set()
        for number, (label, shape) in enumerate(shapes):
            level = _level(shape)
            levels.add(level)
            for cell, is_inside in _covered(shape, level):
                self._cells.setdefault(cell, []).append(_Entry(number, label, None if is_inside else shape))
        self._levels = tuple(sorted(levels))

    def at(self, point: Point) -> list[Label]:
        """The labels of the shapes that hold `point`."""
        found: list[tuple[int, Label]] = []
        for level in self._levels:
            size = FINEST_M * 2**level
            cell = (level, math.floor(point.east_m / size), math.floor(point.north_m / size))
            found += [
                (entry.number, entry.label)
                for entry in self._cells.get(cell, ())
                if entry.shape is None or entry.shape.holds(point)
            ]
        if len(found) > 1:
            found.sort(key=lambda one: one[0])
        return [label for _, label in found]


def _level(shape: Shape) -> int:
    west, south, east, north = shape.bounds
    level = 0
    while ((east - west) / (FINEST_M * 2**level) + 1) * ((north - south) / (FINEST_M * 2**level) + 1) > MOST_CELLS:
        level += 1
    return level


def _covered(shape: Shape, level: int) -> Iterator[tuple[_Cell, bool]]:
    """The cells that the shape touches; True where all of the cell lies inside."""
    size = FINEST_M * 2**level
    west, south, east, north = shape.bounds
    columns = range(math.floor(west / size), math.floor(east / size) + 1)
    rows = range(math.floor(south / size), math.floor(north / size) + 1)
    if sum(len(ring) for ring in shape.rings) < MANY_CORNERS:
        for column in columns:
            for row in rows:
                yield (level, column, row), False
        return
    crossed = set(_crossed(shape, size))
    for column in columns:
        for row in rows:
            if (column, row) in crossed:
                yield (level, column, row), False
            elif shape.holds(Point((column + 0.5) * size, (row + 0.5) * size)):
                yield (level, column, row), True


def _crossed(shape: Shape, size: float) -> Iterator[tuple[int, int]]:
    """The cells that some edge may run through, and a few more."""
    for ring in shape.rings:
        for start, end in zip(ring, (*ring[1:], ring[0]), strict=True):
            yield from _cells_of(start, end, size)


def _cells_of(start: Point, end: Point, size: float) -> Iterator[tuple[int, int]]:
    (x0, x1), (y0, y1) = sorted((start.east_m, end.east_m)), sorted((start.north_m, end.north_m))
    rising, running = end.north_m - start.north_m, end.east_m - start.east_m
    half = size / 2 * (abs(rising) + abs(running)) * 1.000001 + 1e-9
    for column in range(math.floor(x0 / size), math.floor(x1 / size) + 1):
        for row in range(math.floor(y0 / size), math.floor(y1 / size) + 1):
            off = rising * ((column + 0.5) * size - start.east_m) - running * ((row + 0.5) * size - start.north_m)
            if abs(off) <= half:
                yield column, row


def shape_of(*rings: Sequence[Point]) -> Shape:
    """A shape of these rings."""
    return Shape(tuple(tuple(ring) for ring in rings))
