"""Where things stand that a camera without calibration sees: learnt from what a camera with one saw beside it.

Cameras declared to share a view see the same things come and go. Every thing that both saw ties a spot of the one's
picture to a place on the ground; between such spots the ground is smooth. Gaussian-process regression (Rasmussen and
Williams, 2006, chapter 2) says where any spot lies and how sure that is, also where a row of stalls shows a line of the
ground only. What is not sure stays without a place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from central.domain.geometry import Covariance, Position
from contract.events import BoxNorm
from contract.plane import Point

Matrix = NDArray[np.float64]
FEWEST = 4
"""Ties of a view at least: three lie on a plane whatever they are, so that a wrong one would not show."""
MOST = 80
"""Ties kept, the surest; more add nothing and cost their square."""
TILT_M, BEND_M, BEND_LENGTH, TIE_M = 150.0, 4.0, 0.15, 1.5
"""The ground falls by about `TILT_M` metres across a picture, bends by `BEND_M` over `BEND_LENGTH` of it, and a tie is
wrong by `TIE_M` (a foot of a box, the other camera's position)."""
ANYWHERE_M = 100.0
SUSPICIOUS = 2.5
"""Standard deviations at which a tie that the others don't bear out is dropped: the cameras saw two things there."""
SURE_M = 1.8
"""A place less sure than this is none."""
OWN_M = 0.5
"""What every place is wrong by besides."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A spot of a picture (shares of its width and height, origin top left) and its place in the site's frame.

    `share`: how much of the longer stay both cameras saw together; 1 for sure.
    """

    x: float
    y: float
    east_m: float
    north_m: float
    share: float


@dataclass(frozen=True)
class View:
    """One camera's picture on the ground, by at least one tie."""

    ties: tuple[Tie, ...]

    def place(self, box: BoxNorm) -> Position | None:
        """Where a thing stands whose box it is; None where the ties don't tell."""
        spot = np.array([[(box.x1 + box.x2) / 2, box.y2]])
        towards = _kernel(spot, self._spots)
        variance = float(_kernel(spot, spot)[0, 0] - (towards @ self._inverse @ towards.T)[0, 0])
        if variance > SURE_M**2:
            return None
        east, north = (towards @ self._weights)[0] + self._middle
        spread = max(0.0, variance) + OWN_M**2
        return Position(Point(float(east), float(north)), Covariance(spread, 0.0, spread))

    def doubts(self) -> Matrix:
        """For every tie, how many standard deviations it lies beside where the others put it, (n,)."""
        left_out = 1.0 / np.diag(self._inverse)
        beside = self._weights * left_out[:, None]
        found: Matrix = np.hypot(beside[:, 0], beside[:, 1]) / np.sqrt(2 * left_out)
        return found

    @cached_property
    def _spots(self) -> Matrix:
        return np.array([(tie.x, tie.y) for tie in self.ties])

    @cached_property
    def _grounds(self) -> Matrix:
        return np.array([(tie.east_m, tie.north_m) for tie in self.ties])

    @cached_property
    def _middle(self) -> Matrix:
        middle: Matrix = self._grounds.mean(axis=0)
        return middle

    @cached_property
    def _inverse(self) -> Matrix:
        told = _kernel(self._spots, self._spots) + TIE_M**2 * np.eye(len(self.ties))
        inverse: Matrix = np.asarray(np.linalg.inv(told), dtype=np.float64)
        return inverse

    @cached_property
    def _weights(self) -> Matrix:
        weights: Matrix = self._inverse @ (self._grounds - self._middle)
        return weights


def fitted(ties: Iterable[Tie]) -> View | None:
    """The view that most of the ties bear out; None when too few do. The surest ties come first."""
    kept = sorted(ties, key=lambda tie: (-tie.share, tie.x, tie.y))[:MOST]
    while len(kept) >= FEWEST:
        view = View(tuple(kept))
        doubts = view.doubts()
        worst = int(np.argmax(doubts))
        if doubts[worst] < SUSPICIOUS:
            return view
        del kept[worst]
    return None


def _kernel(a: Matrix, b: Matrix) -> Matrix:
    """How much the ground at every spot of `a` tells of that at every spot of `b`, square metres."""
    apart = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    tilted = TILT_M**2 * ((a - 0.5) @ (b - 0.5).T)
    told: Matrix = ANYWHERE_M**2 + tilted + BEND_M**2 * np.exp(-apart / (2 * BEND_LENGTH**2))
    return told
