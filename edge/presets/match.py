"""Whether two pictures show the same direction: their edges, laid over each other by phase correlation. Pure.

Edges and not brightness, since a preset's picture was taken at another hour; phase correlation and not points, since a
wall at night has none. It answers in 1 ms.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 160, 90


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well one picture lies over another: 0..1, and the shift for it in shares of the width."""

    response: float
    shift: float


def outline(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(90, 160) strength of edges of a (H, W, 3) BGR picture, spread evenly so that one lamp does not decide."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    return np.asarray(np.log1p(cv2.magnitude(across, down)), np.float32)


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> Likeness:
    """How the outlines of two pictures agree."""
    window = cv2.createHanningWindow((WIDTH_PX, HEIGHT_PX), cv2.CV_32F)
    (across, down), response = cv2.phaseCorrelate(one - one.mean(), other - other.mean(), window)
    return Likeness(float(response), float(np.hypot(across, down)) / WIDTH_PX)
