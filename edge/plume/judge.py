"""The second stage for smoke and flame: how sure one may be of a plume after some looks at its window.

A small committee of decision trees of our own making (`models.street_days.learn`), read from a JSON file, because the
node carries no learning library. It never makes a plume: it only keeps the rules from opening one too soon.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
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
class _Tree:
    """A node has feature `feature[k]`; at most `limit[k]` goes to `left[k]`, more to `right[k]`; -1: a leaf."""

    feature: NDArray[np.int32]
    limit: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]

    def vote(self, vector: NDArray[np.float32]) -> float:
        node = 0
        while self.feature[node] >= 0:
            node = int(self.left[node] if vector[self.feature[node]] <= self.limit[node] else self.right[node])
        return float(self.value[node])


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
        self._bias = float(content["bias"])
        self._trees = [_tree(entry) for entry in content["trees"]]

    def beliefs(self, tracks: Sequence[Track], windows: CropWindows, presence: Presence) -> Mapping[int, float]:
        found = {}
        for track in tracks:
            if track.seen not in PLUMES or track.score is None or presence.is_open(track.track_id):
                continue
            series = windows.series(track.track_id)
            vector = None if series is None else features(track.seen, series)
            if vector is not None:
                found[track.track_id] = self.belief(vector)
        return found

    def belief(self, vector: NDArray[np.float32]) -> float:
        """0..1 for the numbers of one plume, (len(NAMES),)."""
        total = self._bias + sum(tree.vote(vector) for tree in self._trees)
        return float(1 / (1 + np.exp(-total)))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the second stage's weights are unreadable ({error}); install it again") from error
    if not isinstance(content, dict) or not {"features", "bias", "trees"} <= content.keys():
        raise UsageError(f"{path}: no weights of the second stage; install it again")
    return content


def _tree(entry: Mapping[str, list[float]]) -> _Tree:
    return _Tree(
        np.array(entry["feature"], np.int32),
        np.array(entry["limit"], np.float32),
        np.array(entry["left"], np.int32),
        np.array(entry["right"], np.int32),
        np.array(entry["value"], np.float32),
    )
