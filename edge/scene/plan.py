"""The parts of a street that never move: carriageways, pavements, walls with shops, painted areas."""

from dataclasses import dataclass

from edge.scene.mesh import Bgr

Rectangle = tuple[float, float, float, float]
"""East and north of the south-west corner, then of the north-east corner, metres."""
Polygon = tuple[tuple[float, float], ...]
"""Ground vertices (east, north), metres."""


@dataclass(frozen=True, slots=True)
class NameBoard:
    """A shop's sign above its door."""

    identity: str
    seed: int
    glyphs: int
    ground_bgr: Bgr
    stroke_bgr: Bgr


@dataclass(frozen=True, slots=True)
class Wall:
    """One house front; `left` and `right` are its ends as seen from the street."""

    left_m: tuple[float, float]
    right_m: tuple[float, float]
    height_m: float
    seed: int
    has_shop: bool = True
    board: NameBoard | None = None
    awning_bgr: Bgr | None = None


@dataclass(frozen=True, slots=True)
class Surface:
    """How the ground looks."""

    seed: int
    asphalt_bgr: Bgr
    paving_bgr: Bgr
    paving_step_m: float
    has_bond: bool
    """Whether every second row of paving is shifted by half a stone."""


@dataclass(frozen=True, slots=True)
class PaintedArea:
    """A ground polygon whose border is painted."""

    polygon_m: Polygon
    bgr: Bgr
    line_m: float = 0.14


@dataclass(frozen=True, slots=True)
class Plan:
    """A street as a map: what is no road is pavement."""

    roads: tuple[Rectangle, ...]
    crossings: tuple[Rectangle, ...]
    painted: tuple[PaintedArea, ...]
    walls: tuple[Wall, ...]
    surface: Surface
