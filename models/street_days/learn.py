"""Learns the second stage for smoke and flame from recordings: a logistic regression per kind.

One sample per plume track and some of its moments; a track weighs one, however long it was watched. What overlaps a
true plume is one, what has no real source at its place is none, what is too faint for a person to see is left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Context, Seen
from edge.plume.crops import PLUMES, CropWindows
from edge.plume.features import NAMES, features
from edge.rules.boxes import iou, share_of_smaller
from edge.rules.policy import Policies
from edge.rules.presence import Presence
from edge.values import Track
from models.street_days.faint import FaintPlume, faint_plumes
from models.street_days.matching import LEAST_IOU, LEAST_SHARE, is_faint
from models.street_days.recorder import EPOCH
from models.street_days.rerun import rerun
from models.street_days.store import Recording
from models.street_days.truth import TrueIncident, true_incidents

ASKED_AT = frozenset({3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 45, 60, 90, 150, 250})
"""The looks of a track that become samples: dense while it is being decided, sparse later."""
RIDGE = 3.0
"""How strongly weights are held small, in track weights. Found by six-fold cross-validation over streets."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of one plume. `track` is unique over all recordings; `seed` is its street, for honest folds."""

    seed: int
    track: str
    seen: Seen
    vector: NDArray[np.float32]
    is_real: bool


def samples(
    recordings: Iterable[Sequence[Recording]], means: Mapping[str, Seen | Context], policies: Policies
) -> list[Sample]:
    """All samples of some recordings, camera by camera."""
    never = {
        seen: policy.model_copy(update={"least_belief": 1.0})
        for seen, policy in policies.presence.items()
        if seen in PLUMES
    }
    found: list[Sample] = []
    for entry in recordings:
        for recording in entry:
            collector = _Collector(recording, policies)
            rerun([recording], means, Policies(presence=never), collector)
            found += collector.samples
    return found


def fit(entries: Sequence[Sample]) -> dict[str, object]:
    """The content of the weights' file."""
    kinds = {}
    for seen in sorted(PLUMES):
        some = [entry for entry in entries if entry.seen is seen]
        kinds[seen.value] = _fit(some)
    return {"features": list(NAMES), "kinds": kinds}


def _fit(entries: Sequence[Sample]) -> dict[str, object]:
    """Ridge-held logistic regression by Newton's method."""
    counts = Counter(entry.track for entry in entries)
    weight = np.array([1 / counts[entry.track] for entry in entries])
    matrix = np.stack([entry.vector for entry in entries]).astype(np.float64)
    real = np.array([entry.is_real for entry in entries], np.float64)
    mean, spread = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    scaled = np.hstack([(matrix - mean) / spread, np.ones((len(matrix), 1))])
    held = np.diag([RIDGE] * len(NAMES) + [1e-6])
    beta = np.zeros(len(NAMES) + 1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(scaled @ beta)))
        slope = scaled.T @ (weight * (chance - real)) + held @ beta
        bend = (scaled * (weight * chance * (1 - chance))[:, None]).T @ scaled + held
        beta -= np.linalg.solve(bend, slope)
    return {
        "mean": [round(float(value), 5) for value in mean],
        "spread": [round(float(value), 5) for value in spread],
        "weight": [round(float(value), 5) for value in beta[:-1]],
        "bias": round(float(beta[-1]), 5),
        "tracks": len(counts),
        "real_tracks": len({entry.track for entry in entries if entry.is_real}),
    }


class _Collector:
    """Stands where the second stage stands and notes what it would have been asked."""

    def __init__(self, recording: Recording, policies: Policies) -> None:
        self._facts = recording.facts
        self._truths = [
            truth for truth in true_incidents([recording], policies) if truth.seen in (Seen.SMOKE, Seen.FLAME)
        ]
        self._sources: tuple[FaintPlume, ...] = tuple(faint_plumes([recording]))
        self._asked: Counter[int] = Counter()
        self.samples: list[Sample] = []

    def beliefs(self, tracks: Sequence[Track], windows: CropWindows, presence: Presence) -> Mapping[int, float]:
        """Notes samples; is never sure of anything."""
        del presence
        for track in tracks:
            series = windows.series(track.track_id)
            if track.seen not in PLUMES or track.score is None or series is None:
                continue
            self._asked[track.track_id] += 1
            vector = features(series) if self._asked[track.track_id] in ASKED_AT else None
            if vector is not None:
                self._note(track, vector)
        return {}

    def _note(self, track: Track, vector: NDArray[np.float32]) -> None:
        at_s = (track.last_seen_at - EPOCH).total_seconds()
        is_real = any(_is_at(track, truth, at_s) for truth in self._truths)
        if not is_real and is_faint(track.latest_box_norm, at_s, self._sources):
            return
        facts = self._facts
        name = f"{facts.seed}/{facts.camera_id}/{facts.act}/{track.track_id}"
        self.samples.append(Sample(facts.seed, name, track.seen, vector, is_real))


def _is_at(track: Track, truth: TrueIncident, at_s: float) -> bool:
    box = truth.box_near(at_s, at_s)
    return box is not None and (
        iou(box, track.latest_box_norm) >= LEAST_IOU or share_of_smaller(box, track.latest_box_norm) >= LEAST_SHARE
    )
