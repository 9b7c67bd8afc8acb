"""Where a turning camera is aimed: at one of its presets, or nowhere that is known. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.presets.match import Likeness, likeness

ARRIVES, LEAVES = 0.25, 0.12
"""Likeness from which a preset counts as reached, and below which it is left. Between them night, rain and traffic
come and go. On rendered streets the same direction by day and dusk gives 0.3 and more, another one 0.1 and less."""

NEAR = 0.02
"""Shares of the width that a camera may stop beside its preset: zones are no finer."""

SURE_AFTER = 2
"""So many pictures in a row before a preset is believed: while it turns past one, nothing is."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What the rules may know: the preset, or that nothing may be concluded."""

    preset: str | None
    is_moving: bool


LOST = Aim(None, is_moving=True)


class AimByPicture:
    """Compares each picture with those of the presets; remembers the last few answers."""

    def __init__(self, presets: Mapping[str, NDArray[np.float32]]) -> None:
        """`presets`: outlines by name, see `edge.presets.match.outline`."""
        self._presets = dict(presets)
        self._at: str | None = None
        self._candidate: str | None = None
        self._agreed = 0

    def note(self, outline: NDArray[np.float32]) -> Aim:
        """Where the camera is aimed, by one more picture."""
        if self._at is not None and self._holds(likeness(self._presets[self._at], outline), LEAVES):
            return Aim(self._at, is_moving=False)
        self._at = None
        found = {name: likeness(kept, outline) for name, kept in self._presets.items()}
        name = max(found, key=lambda key: found[key].response)
        if not self._holds(found[name], ARRIVES):
            self._candidate, self._agreed = None, 0
            return LOST
        self._agreed = self._agreed + 1 if name == self._candidate else 1
        self._candidate = name
        if self._agreed < SURE_AFTER:
            return LOST
        self._at = name
        return Aim(name, is_moving=False)

    @staticmethod
    def _holds(found: Likeness, least: float) -> bool:
        return found.response >= least and found.shift <= NEAR
