"""Who makes no progress any more, and what is done about it: pure but for the call that revives.

Progress is a number that grows while a thread works. A thread that is alive and stuck in a driver is as dead as one
that ended; only the number tells. What does not recover however often it is started anew ends the program: systemd
starts it again, on the same outbox, and nothing is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

PATIENCE_DOUBLES_UP_TO = 8
MOST_REVIVALS = 4
"""In a row without progress, each given twice the time of the one before. Fewer: a slow camera costs all the others a
restart. More: a dead engine is only noticed by systemd an hour later."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Vital:
    """One thing that must move. `patience_s` is the longest it may stand still while it is well."""

    name: str
    progress: Callable[[], int]
    patience_s: float
    revive: Callable[[], None]


@dataclass(slots=True)
class _Watched:
    progress: int
    moved_at_s: float
    revivals: int = 0


class Watchdog:
    """Compares numbers. Belongs to one thread."""

    def __init__(self, vitals: Callable[[], Sequence[Vital]]) -> None:
        """`vitals` is asked at each step: cameras come and go."""
        self._vitals = vitals
        self._watched: dict[str, _Watched] = {}
        self.revivals = 0
        self.hopeless: str | None = None
        """The name of what stayed dead; then the program should end."""

    def step(self, now_s: float) -> list[str]:
        """Looks at everything once, revives what stands still, and gives the names of what it revived."""
        vitals = self._vitals()
        names = {vital.name for vital in vitals}
        self._watched = {name: watched for name, watched in self._watched.items() if name in names}
        return [vital.name for vital in vitals if self._is_revived(vital, now_s)]

    def _is_revived(self, vital: Vital, now_s: float) -> bool:
        progress = vital.progress()
        watched = self._watched.setdefault(vital.name, _Watched(progress, now_s))
        if progress != watched.progress:
            watched.progress, watched.moved_at_s, watched.revivals = progress, now_s, 0
            return False
        patience_s = vital.patience_s * min(2**watched.revivals, PATIENCE_DOUBLES_UP_TO)
        if now_s - watched.moved_at_s < patience_s:
            return False
        if watched.revivals >= MOST_REVIVALS:
            if self.hopeless is None:
                _log.error("it does not come back; the node ends so that it is started anew", part=vital.name)
            self.hopeless = vital.name
            return False
        watched.revivals += 1
        watched.moved_at_s = now_s
        self.revivals += 1
        _log.error("a part stood still; it is started anew", part=vital.name, stood_s=round(patience_s, 1))
        vital.revive()
        return True
