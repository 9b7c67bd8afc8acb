"""A camera's boards: which signs, billboards and banners belong where it looks. Values only.

The first daylight looks make a draft; a person accepts it, in bulk. From then on a board that is new, gone or changed
is an incident with a place. What is written on a board is never read.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from contract.configfile import Settings
from contract.events import Name
from contract.taxonomy import Seen
from edge.values import Box

SIGNAGE = frozenset({Seen.SIGN, Seen.BILLBOARD, Seen.BANNER})
ROWS, COLUMNS = 2, 4
"""A board's look is the mean colour of 2 × 4 fields: a new board in the old frame shows, a shadow across it hardly."""

Share = Annotated[float, Field(ge=0, le=1)]


class Acceptance(StrEnum):
    """Whether a person has agreed."""

    DRAFT = "draft"
    ACCEPTED = "accepted"


class Board(Settings):
    """One board. `box` is in shares of the picture; `look` is ROWS × COLUMNS × 3 means of BGR, brightness taken out."""

    place_id: Name
    seen: Seen
    box: tuple[Share, Share, Share, Share]
    look: Annotated[tuple[float, ...], Field(min_length=ROWS * COLUMNS * 3, max_length=ROWS * COLUMNS * 3)]
    share: Share
    """Of the draft's looks, how many showed it."""


class Baseline(Settings):
    """What one camera (at one preset) is to show."""

    camera_id: Name
    preset: Name | None = None
    acceptance: Acceptance
    looks: Annotated[int, Field(ge=0)]
    boards: Annotated[tuple[Board, ...], Field(max_length=400)]


def look_of(image: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """A board's look in `image` (H, W, 3) BGR, (ROWS * COLUMNS * 3,): each field's colour against the board's mean.

    Light changes all fields alike, so the mean brightness is divided out.
    """
    height, width = image.shape[:2]
    x1, y1 = int(box[0] * width), int(box[1] * height)
    part = image[y1 : max(y1 + ROWS, round(box[3] * height)), x1 : max(x1 + COLUMNS, round(box[2] * width))]
    if part.shape[0] < ROWS or part.shape[1] < COLUMNS:
        return np.ones(ROWS * COLUMNS * 3, np.float32)
    fields = [
        field.reshape(-1, 3).mean(axis=0)
        for band in np.array_split(part, ROWS, axis=0)
        for field in np.array_split(band, COLUMNS, axis=1)
    ]
    values = np.concatenate(fields).astype(np.float32) + 8.0
    return np.asarray(values / values.mean(), np.float32)


def difference(a: Sequence[float] | NDArray[np.float32], b: Sequence[float] | NDArray[np.float32]) -> float:
    """How different two looks are: 0 the same, about 0.1 another hour, above 0.3 another board."""
    return float(np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)).mean())


def is_daylight(image: NDArray[np.uint8]) -> bool:
    """Whether boards can be judged in `image` (H, W, 3): light enough, and in colour (a night mode is grey)."""
    few = image[::8, ::8].astype(np.float32)
    colour = float((few.max(axis=2) - few.min(axis=2)).mean())
    return float(few.mean()) >= LEAST_LIGHT and colour >= LEAST_COLOUR


LEAST_LIGHT = 70.0
LEAST_COLOUR = 5.0
"""Grey levels, a guess: lower and signs are compared by lamplight, higher and a dull winter day counts as night."""
