"""What a camera's pictures say about it, with hysteresis in seconds of capture time. Pure.

Each condition gathers seconds of evidence and loses them again; it is said once it has gathered enough and taken back
once all of it is lost. A bus before the lens loses as fast as it gathered; looks that are far apart count for little.
Thresholds are from 39 rendered streets in all weathers, each sick in ten ways (`python -m models health-rates`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contract.events import CameraCondition
from edge.health.measure import Measures
from edge.health.reference import Likeness

LONGEST_STEP_S = 6.0
"""Seconds one look may vouch for. More and two looks make a verdict; fewer and a slow camera never gets one."""

AFTER_S: Mapping[CameraCondition, float] = {
    CameraCondition.BLACK: 8.0,
    CameraCondition.FROZEN: 18.0,
    CameraCondition.COVERED: 30.0,
    CameraCondition.GLARE: 60.0,
    CameraCondition.FOG: 90.0,
    CameraCondition.BLURRED: 60.0,
    CameraCondition.MOVED: 120.0,
}
"""Evidence needed, and lost again before it is taken back. Shorter: a van that unloads before the lens is a cover.
Longer: a cover hides a street from view for as long. In this order the graver hides the others."""

BLACK_BRIGHTNESS, BLACK_SPREAD = 14.0, 16.0
"""Grey levels. A street at night without a lamp still shows 39 and 40 levels of contrast."""
FROZEN_CHANGED = 0.002
"""Share of thumbnail pixels that differ from the look before. Sensor noise alone changes a quarter of them. A stream so
strongly compressed that nothing moves between two looks would count as frozen: that is what it is."""
COVERED_STRUCTURED, COVERED_KEPT = 0.35, 0.50
"""Shares of the usual shapes. A covered lens shows none of them; fog and blur keep nearly all in place."""
GLARE_SATURATED = 0.10
"""Share of the picture that is clipped. A snowy street at noon clips 4 %."""
FOG_SPREAD, FOG_DARKENING = 0.60, -15.0
"""Contrast as a share of the usual, and how much darker it may be: nightfall costs contrast too, but also light."""
BLURRED_SHARPNESS = 0.74
"""Clearest edges as a share of the usual, at equal contrast. A blur of 6 pixels at 640 leaves 0.5 to 0.7; rain 0.87."""
MOVED_KEPT = 0.60
"""Share of the usual shapes that are in their place. Traffic leaves 0.90; a turn by three degrees 0.07 to 0.55."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`since`: capture time at which the evidence for the present condition began."""

    condition: CameraCondition
    since: datetime


@dataclass(slots=True)
class _Case:
    gathered_s: float = 0.0
    began_at: datetime | None = None
    is_said: bool = False


@dataclass(slots=True)
class Judge:
    """One camera's conditions over time."""

    _cases: dict[CameraCondition, _Case] = field(default_factory=lambda: {kind: _Case() for kind in AFTER_S})
    _looked_at: datetime | None = None
    _verdict: Verdict | None = None

    def step(self, measures: Measures, likeness: Likeness | None, at: datetime) -> Verdict:
        """Takes one look; gives what holds now."""
        elapsed_s = 0.0 if self._looked_at is None else (at - self._looked_at).total_seconds()
        step_s = min(max(elapsed_s, 0.0), LONGEST_STEP_S)
        self._looked_at = at
        for kind, is_so in signs(measures, likeness).items():
            _weigh(self._cases[kind], is_so, step_s, AFTER_S[kind], at)
        said = next((kind for kind in AFTER_S if self._cases[kind].is_said), CameraCondition.CLEAR)
        if self._verdict is None or self._verdict.condition is not said:
            began = self._cases[said].began_at if said is not CameraCondition.CLEAR else None
            self._verdict = Verdict(said, began or at)
        return self._verdict

    @property
    def is_at_ease(self) -> bool:
        """Nothing is said and nothing suspected: the picture may be learned from."""
        return all(case.gathered_s == 0.0 for case in self._cases.values())


def signs(measures: Measures, likeness: Likeness | None) -> dict[CameraCondition, bool]:
    """What this one picture looks like; without a reference only what needs none."""
    is_black = measures.brightness < BLACK_BRIGHTNESS and measures.spread < BLACK_SPREAD
    found = dict.fromkeys(AFTER_S, False)
    found[CameraCondition.BLACK] = is_black
    found[CameraCondition.FROZEN] = measures.changed <= FROZEN_CHANGED
    found[CameraCondition.GLARE] = measures.saturated >= GLARE_SATURATED
    if likeness is None or is_black:
        return found
    is_covered = likeness.structured < COVERED_STRUCTURED and likeness.kept < COVERED_KEPT
    is_moved = likeness.kept < MOVED_KEPT and not is_covered and not found[CameraCondition.GLARE]
    is_in_place = not is_covered and not is_moved
    found[CameraCondition.COVERED] = is_covered
    found[CameraCondition.MOVED] = is_moved
    is_foggy = likeness.spread < FOG_SPREAD and likeness.brightness > FOG_DARKENING
    found[CameraCondition.FOG] = is_in_place and is_foggy
    found[CameraCondition.BLURRED] = is_in_place and likeness.sharpness < BLURRED_SHARPNESS
    return found


def _weigh(case: _Case, is_so: bool, step_s: float, after_s: float, at: datetime) -> None:
    if is_so:
        case.began_at = case.began_at or at
        case.gathered_s = min(after_s, case.gathered_s + step_s)
        case.is_said = case.is_said or case.gathered_s >= after_s
        return
    case.gathered_s = max(0.0, case.gathered_s - step_s)
    if case.gathered_s == 0.0:
        case.is_said = False
        case.began_at = None
