"""Whether the learned second stage beats the detector's own score, by streets that it did not learn from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.taxonomy import Context, Seen
from edge.plume.crops import PLUMES
from edge.plume.features import NAMES
from edge.rules.policy import Policies
from models.street_days.learn import Sample, fit, samples
from models.street_days.report import cameras
from models.street_days.store import Recording

FIRST_REPORTING_SEED = 3000
"""2000 to 2222 reported once and have tuned since."""
LEAST_EACH = 2
"""Real plumes and others of one kind; with fewer nothing is learned."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Area under the curve (true kept over false kept), and the share of false kept where so much of the true is."""

    area: float
    false_at_95: float
    false_at_90: float


@dataclass(frozen=True, slots=True)
class Held:
    """One kind: the detector's mean score alone and the learned belief, over all plumes (`real` of `tracks`)."""

    kind: str
    tracks: int
    real: int
    score: Curve
    learned: Curve

    def facts(self) -> dict[str, Any]:
        return asdict(self)


def tuning_samples(folders: Sequence[Path], means: Mapping[str, Seen | Context], policies: Policies) -> list[Sample]:
    """The samples of all recordings in some folders.

    Raises:
        UsageError: a folder holds none, or one of a seed that is reported.
    """
    found: list[Sample] = []
    for folder in folders:
        entries = list(cameras(folder))
        if not entries:
            raise UsageError(f"{folder}: no recordings; `python -m models street-days --out {folder}` makes some")
        _refuse_reported(folder, entries)
        found += samples(entries, means, policies)
    return found


def held_out(entries: Sequence[Sample], folds: int) -> tuple[Held, ...]:
    """Cross-validation over streets, kind by kind.

    Raises:
        UsageError: there are too few plumes to learn from.
    """
    beliefs = np.zeros(len(entries))
    seeds = sorted({entry.seed for entry in entries})
    for part in range(folds):
        held = set(seeds[part::folds])
        learned_from = [entry for entry in entries if entry.seed not in held]
        _require_both(learned_from)
        kinds: Any = fit(learned_from)["kinds"]
        for row, entry in enumerate(entries):
            if entry.seed in held:
                beliefs[row] = _belief(kinds[entry.seen.value], entry.vector)
    return tuple(_held(kind, entries, beliefs) for kind in sorted(PLUMES))


def curve(values: NDArray[np.float64], real: NDArray[np.bool_], weights: NDArray[np.float64]) -> Curve:
    """How well `values` (N,) tell real from not; ties count half.

    >>> curve(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]), np.ones(4)).area
    0.75
    """
    above = (values[real][:, None] > values[~real]) + 0.5 * (values[real][:, None] == values[~real])
    pairs = weights[real][:, None] * weights[~real]
    false_kept = [
        float(np.average(values[~real] >= np.quantile(values[real], 1 - kept), weights=weights[~real]))
        for kept in (0.95, 0.9)
    ]
    return Curve(float((above * pairs).sum() / pairs.sum()), *false_kept)


def _held(kind: Seen, entries: Sequence[Sample], beliefs: NDArray[np.float64]) -> Held:
    rows = [row for row, entry in enumerate(entries) if entry.seen is kind]
    counts = Counter(entries[row].track for row in rows)
    real = np.array([entries[row].is_real for row in rows], np.bool_)
    weights = np.array([1 / counts[entries[row].track] for row in rows])
    scores = np.array([float(entries[row].vector[NAMES.index("score_mean")]) for row in rows])
    return Held(
        kind.value,
        len(counts),
        len({entries[row].track for row in rows if entries[row].is_real}),
        curve(scores, real, weights),
        curve(beliefs[rows], real, weights),
    )


def _belief(weights: Mapping[str, Any], vector: NDArray[np.float32]) -> float:
    scaled = (vector - np.array(weights["mean"])) / np.array(weights["spread"])
    return float(1 / (1 + np.exp(-(weights["bias"] + scaled @ np.array(weights["weight"])))))


def _require_both(entries: Sequence[Sample]) -> None:
    for kind in PLUMES:
        tracks = {(entry.track, entry.is_real) for entry in entries if entry.seen is kind}
        real = sum(is_real for _, is_real in tracks)
        if min(real, len(tracks) - real) < LEAST_EACH:
            raise UsageError(f"{kind}: {real} real plumes of {len(tracks)}: too few to learn from; record more streets")


def _refuse_reported(folder: Path, entries: Sequence[Sequence[Recording]]) -> None:
    worst = max(entry[0].facts.seed for entry in entries)
    if worst >= FIRST_REPORTING_SEED:
        raise UsageError(f"{folder}: seed {worst} is for reporting and must not be learned from; tune on 1000..2999")
