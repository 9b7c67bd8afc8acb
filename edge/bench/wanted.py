"""What a bench is asked to measure."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.bench.measure import Load

RATE = 25

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure. `source` is a clip, or None for the simulated street; `is_rtsp`: behind a real RTSP server."""

    load: Load
    seconds: float
    source: Path | None = None
    weights: str = "yolo11n.yaml"
    baseline_cameras: int = 1
    with_baseline: bool = True
    find_limit: bool = False
    limit_seconds: float = 12.0
    most: int = 96
    is_rtsp: bool = False

    @property
    def stride(self) -> int:
        """Pictures from one look of the baseline to the next, for the same period."""
        return max(1, round(self.load.look_every_s * RATE))
