"""The second stage for smoke and flame: how sure one may be of a plume after some looks at its window.

A logistic regression per kind, learned on simulated streets (`models.street_days.learn`; see `CARD.md`) and read from a
JSON file. It never makes a plume: it only keeps the rules from opening one too soon.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.taxonomy import Seen
from edge.plume.crops import PLUMES, CropWindows
from edge.plume.features import NAMES, features
from edge.rules.presence import Presence
from edge.values import Track

WEIGHTS = Path(__file__).with_name("weights.json")


class Judge(Protocol):
    """Whoever says how sure it is of plumes."""

    def beliefs(self, tracks: Sequence[Track], windows: CropWindows, presence: Presence) -> Mapping[int, float]:
        """0..1 by track id, for the smoke and flame that this look showed and that are not incidents yet."""
        ...


@dataclass(frozen=True, slots=True)
class _Weights:
    """One kind's logistic regression over features brought to mean 0 and spread 1; all (len(NAMES),)."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: float


class PlumeJudge:
    """Reads the weights once; `beliefs` holds nothing between looks."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Reads `path`.

        Raises:
            UsageError: it is missing, damaged, or made for other features.
        """
        content = _read(path)
        if content.get("features") != list(NAMES):
            raise UsageError(f"{path}: made for other features than this version's; use the file that came with it")
        self._weights = {seen: _weights(content["kinds"], seen, path) for seen in PLUMES}

    def beliefs(self, tracks: Sequence[Track], windows: CropWindows, presence: Presence) -> Mapping[int, float]:
        found = {}
        for track in tracks:
            if track.seen not in PLUMES or track.score is None or presence.is_open(track.track_id):
                continue
            series = windows.series(track.track_id)
            vector = None if series is None else features(series)
            if vector is not None:
                found[track.track_id] = self.belief(track.seen, vector)
        return found

    def belief(self, seen: Seen, vector: NDArray[np.float32]) -> float:
        """0..1 for the numbers of one plume, (len(NAMES),)."""
        weights = self._weights[seen]
        total = weights.bias + float(((vector - weights.mean) / weights.spread) @ weights.weight)
        return float(1 / (1 + np.exp(-total)))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the second stage's weights are unreadable ({error}); install it again") from error
    if not isinstance(content, dict) or not {"features", "kinds"} <= content.keys():
        raise UsageError(f"{path}: no weights of the second stage; install it again")
    return content


def _weights(kinds: Mapping[str, Any], seen: Seen, path: Path) -> _Weights:
    try:
        entry = kinds[seen.value]
        mean, spread, weight = (np.array(entry[key], np.float32) for key in ("mean", "spread", "weight"))
        bias = float(entry["bias"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: kinds.{seen.value}: incomplete ({error}); install it again") from error
    if not mean.shape == spread.shape == weight.shape == (len(NAMES),):
        raise UsageError(f"{path}: kinds.{seen.value}: needs {len(NAMES)} numbers each; install it again")
    return _Weights(mean, spread, weight, bias)
