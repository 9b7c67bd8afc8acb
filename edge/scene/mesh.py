"""The solid parts an object is drawn from: flat quads, round limbs and textured decals.

Local frame of an object: x right, y forward, z up, metres, origin on the ground below its middle.
Colours are BGR, 0..255.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

Bgr = tuple[float, float, float]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Decal:
    """A picture on a flat rectangle. Corners (4, 3): upper left, upper right, lower right, lower left.

    `glow` 0..1 is how brightly it shines by itself in the dark; with `is_finished` the texture holds its light already.
    """

    corners_m: NDArray[np.float64]
    texture: NDArray[np.uint8]
    bias_m: float = 0.05
    glow: float = 0.0
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class Flare:
    """A lamp on an object, which dazzles in the dark.

    Attributes:
        at_m: its place, (3,).
        bgr: its light.
        size_m: radius of its halo in clear air, as seen from near.
        beam_m: (3,), the far end of its beam's pool on the ground; None for lamps that light no way.
        facing: (3,), the unit direction it shines to; None for lamps seen from all sides.
    """

    at_m: NDArray[np.float64]
    bgr: Bgr
    size_m: float
    beam_m: NDArray[np.float64] | None = None
    facing: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Mesh:
    """All parts of one object.

    Attributes:
        quads_m: (F, 4, 3), counter-clockwise seen from outside; a triangle repeats its last corner.
        quad_bgr: (F, 3).
        quad_is_sheet: (F,), true for cloth and the like, which is seen from both sides.
        quad_bias_m: (F,), drawn as if this much nearer, for parts lying on other parts.
        limbs_m: (L, 2, 3), the two ends; a ball has equal ends.
        limb_radius_m: (L, 2), radius at each end.
        limb_bgr: (L, 3).
        limb_bias_m: (L,).
        decals: textured rectangles, seen from the front only.
        quad_glow: (F,), 0..1, how brightly a face shines by itself in the dark.
        limb_glow: (L,).
        flares: lamps that dazzle in the dark.
    """

    quads_m: NDArray[np.float64]
    quad_bgr: NDArray[np.float64]
    quad_is_sheet: NDArray[np.bool_]
    quad_bias_m: NDArray[np.float64]
    limbs_m: NDArray[np.float64]
    limb_radius_m: NDArray[np.float64]
    limb_bgr: NDArray[np.float64]
    limb_bias_m: NDArray[np.float64]
    decals: tuple[Decal, ...]
    quad_glow: NDArray[np.float64]
    limb_glow: NDArray[np.float64]
    flares: tuple[Flare, ...] = ()

    def placed(self, east_m: float, north_m: float, heading_deg: float) -> "Mesh":
        """The same object standing in the world, its front turned to `heading_deg` (clockwise from north)."""
        turn = radians(heading_deg)
        rotation = np.array([[cos(turn), -sin(turn), 0.0], [sin(turn), cos(turn), 0.0], [0.0, 0.0, 1.0]])
        shift = np.array([east_m, north_m, 0.0])
        return replace(
            self,
            quads_m=self.quads_m @ rotation + shift,
            limbs_m=self.limbs_m @ rotation + shift,
            decals=tuple(replace(decal, corners_m=decal.corners_m @ rotation + shift) for decal in self.decals),
            flares=tuple(
                replace(
                    flare,
                    at_m=flare.at_m @ rotation + shift,
                    beam_m=None if flare.beam_m is None else flare.beam_m @ rotation + shift,
                    facing=None if flare.facing is None else flare.facing @ rotation,
                )
                for flare in self.flares
            ),
        )


@dataclass(slots=True)
class MeshBuilder:
    """Collects parts in the local frame; `build` gives the mesh."""

    _quads: list[tuple[Point, Point, Point, Point]] = field(default_factory=list)
    _quad_looks: list[tuple[Bgr, bool, float, float]] = field(default_factory=list)
    _limbs: list[tuple[Point, Point]] = field(default_factory=list)
    _limb_looks: list[tuple[float, float, Bgr, float, float]] = field(default_factory=list)
    _decals: list[Decal] = field(default_factory=list)
    _flares: list[Flare] = field(default_factory=list)

    def quad(
        self, corners: tuple[Point, Point, Point, Point], bgr: Bgr, *, bias_m: float = 0.0, glow: float = 0.0
    ) -> None:
        """One outward face, counter-clockwise."""
        self._quads.append(corners)
        self._quad_looks.append((bgr, False, bias_m, glow))

    def sheet(
        self, corners: tuple[Point, Point, Point, Point], bgr: Bgr, *, bias_m: float = 0.0, glow: float = 0.0
    ) -> None:
        """One face seen from both sides."""
        self._quads.append(corners)
        self._quad_looks.append((bgr, True, bias_m, glow))

    def frustum(
        self,
        low: tuple[float, float, float, float],
        high: tuple[float, float, float, float],
        z_m: tuple[float, float],
        bgr: Bgr,
        *,
        bias_m: float = 0.0,
        glow: float = 0.0,
    ) -> None:
        """A box whose floor and roof are (left, right, back, front) rectangles at the two heights."""
        corners = []
        for (left, right, back, front), z in ((low, z_m[0]), (high, z_m[1])):
            corners.append(((left, back, z), (right, back, z), (right, front, z), (left, front, z)))
        floor, roof = corners
        self.quad(roof, bgr, bias_m=bias_m, glow=glow)
        for i in range(4):
            j = (i + 1) % 4
            self.quad((floor[i], floor[j], roof[j], roof[i]), bgr, bias_m=bias_m, glow=glow)

    def box(self, centre: Point, size: Point, bgr: Bgr, *, bias_m: float = 0.0, glow: float = 0.0) -> None:
        """An upright box; `centre` is the middle of its floor."""
        x, y, z = centre
        wide, deep, high = size[0] / 2, size[1] / 2, size[2]
        rectangle = (x - wide, x + wide, y - deep, y + deep)
        self.frustum(rectangle, rectangle, (z, z + high), bgr, bias_m=bias_m, glow=glow)

    def limb(
        self,
        start: Point,
        end: Point,
        radius_m: float,
        bgr: Bgr,
        *,
        end_radius_m: float | None = None,
        bias_m: float = 0.0,
        glow: float = 0.0,
    ) -> None:
        """A round rod with round ends."""
        self._limbs.append((start, end))
        self._limb_looks.append((radius_m, radius_m if end_radius_m is None else end_radius_m, bgr, bias_m, glow))

    def ball(self, centre: Point, radius_m: float, bgr: Bgr, *, bias_m: float = 0.0, glow: float = 0.0) -> None:
        """A ball."""
        self.limb(centre, centre, radius_m, bgr, bias_m=bias_m, glow=glow)

    def ring(self, centre: Point, radius_m: float, thickness_m: float, bgr: Bgr, *, steps: int = 10) -> None:
        """A wheel rim standing in the plane of travel (y, z)."""
        x, y, z = centre
        rim = [
            (x, y + radius_m * cos(2 * pi * k / steps), z + radius_m * sin(2 * pi * k / steps))
            for k in range(steps + 1)
        ]
        for start, end in pairwise(rim):
            self.limb(start, end, thickness_m, bgr)

    def decal(
        self,
        corners: tuple[Point, Point, Point, Point],
        texture: NDArray[np.uint8],
        *,
        bias_m: float = 0.05,
        glow: float = 0.0,
    ) -> None:
        """A picture; corners upper left, upper right, lower right, lower left seen from its front."""
        self._decals.append(Decal(np.array(corners, dtype=np.float64), texture, bias_m, glow))

    def flare(
        self, at: Point, bgr: Bgr, size_m: float, *, facing: Point | None = None, beam: Point | None = None
    ) -> None:
        """A lamp that dazzles in the dark; `beam` is the far end of its pool of light on the ground."""
        far = None if beam is None else np.array(beam)
        self._flares.append(Flare(np.array(at), bgr, size_m, far, None if facing is None else np.array(facing)))

    def build(self) -> Mesh:
        """The collected parts."""
        return Mesh(
            quads_m=_array(self._quads, (-1, 4, 3)),
            quad_bgr=_array([look[0] for look in self._quad_looks], (-1, 3)),
            quad_is_sheet=np.array([look[1] for look in self._quad_looks], dtype=np.bool_),
            quad_bias_m=_array([look[2] for look in self._quad_looks], (-1,)),
            limbs_m=_array(self._limbs, (-1, 2, 3)),
            limb_radius_m=_array([look[:2] for look in self._limb_looks], (-1, 2)),
            limb_bgr=_array([look[2] for look in self._limb_looks], (-1, 3)),
            limb_bias_m=_array([look[3] for look in self._limb_looks], (-1,)),
            decals=tuple(self._decals),
            quad_glow=_array([look[3] for look in self._quad_looks], (-1,)),
            limb_glow=_array([look[4] for look in self._limb_looks], (-1,)),
            flares=tuple(self._flares),
        )


def _array(rows: Iterable[object], shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array(list(rows), dtype=np.float64).reshape(shape)
