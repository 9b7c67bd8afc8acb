"""What a place looked like before: one small picture of the whole scene now and then, for an incident's context."""

from collections import deque
from datetime import datetime, timedelta

from edge.evidence.pictures import Negative, Shutter

KEPT = 5
"""Pictures a camera: with one a minute they reach back further than most things take to be confirmed; 0.5 MB."""


class SceneMemory:
    """One camera's; `every` zero: nothing is remembered."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._scenes: deque[tuple[datetime, Negative]] = deque(maxlen=KEPT)

    def note(self, shutter: Shutter, at: datetime) -> None:
        """Takes this look's scene if it is time for one."""
        if self._every and (not self._scenes or at - self._scenes[-1][0] >= self._every):
            self._scenes.append((at, shutter.scene()))

    def before(self, at: datetime) -> Negative | None:
        """The newest scene from before `at`; None if none reaches back so far."""
        return next((scene for taken_at, scene in reversed(self._scenes) if taken_at < at), None)
