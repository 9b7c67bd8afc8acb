"""The parts of a street that never move: carriageways, pavements, walls with shops, painted areas."""

from dataclasses import dataclass
from typing import Literal

from edge.scene.mesh import Bgr

Rectangle = tuple[float, float, float, float]
"""East and north of the south-west corner, then of the north-east corner, metres."""
Polygon = tuple[tuple[float, float], ...]
"""Ground vertices (east, north), metres."""


@dataclass(frozen=True, slots=True)
class NameBoard:
    """A shop's sign above its door, upright on the wall, or jutting into the street.

    Attributes:
        identity: names it in the truth.
        seed: what is written on it.
        glyphs: how many characters.
        ground_bgr: its ground.
        stroke_bgr: its characters.
        centre: where its middle is along the wall, -1 left end to 1 right end.
        half: half its length as a share of half the wall; metres where it is upright or juts out.
        z_m: its lower and upper edge.
        is_upright: its characters stand below each other.
        juts_m: how far it stands out of the wall, read from the side; 0 lies on the wall.
        shine: how it is lit in the dark: not at all, as a box from within, or only its strokes.
    """

    identity: str
    seed: int
    glyphs: int
    ground_bgr: Bgr
    stroke_bgr: Bgr
    centre: float = 0.0
    half: float = 0.86
    z_m: tuple[float, float] = (3.1, 3.95)
    is_upright: bool = False
    juts_m: float = 0.0
    shine: Literal["off", "box", "neon"] = "off"
    is_modern: bool = False
    """Written in the denser glyphs of `glyphs` instead of the first street's strokes."""


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
    more_boards: tuple[NameBoard, ...] = ()
    glow_bgr: Bgr | None = None
    """The light of its shop in the dark; None when closed."""
    lit_windows: float = 0.0
    """Share of its upper windows lit in the dark."""

    @property
    def boards(self) -> tuple[NameBoard, ...]:
        """All its boards, the one above the door first."""
        return self.more_boards if self.board is None else (self.board, *self.more_boards)


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
