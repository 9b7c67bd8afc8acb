"""What a camera usually shows, learned from its own clear pictures, and how far a picture is from it."""

import zipfile
from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from edge.health.measure import BLOCKS_X, BLOCKS_Y, HEIGHT, WIDTH, Measures, blocks

LEARN_S = 60.0
"""Seconds of clear pictures until the reference may judge. Shorter: a bus at a stop gets into it."""
FOLLOW_S = 900.0
"""How slowly it follows afterwards. Faster: a camera that sinks slowly is never noticed; slower: dusk looks foreign."""
STRUCTURED = 0.035
"""Mean squared edge weight of a block that has shape. Lower: noise counts as shape; higher: a plain road never does."""
ALIKE = 0.30
"""Cosine of two blocks' edges that are the same thing."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """One picture beside the reference.

    Attributes:
        kept: share of the reference's shapes that still show in their place.
        structured: blocks with shape now, as a share of the reference's.
        tone: correlation of the coarse light and dark, -1..1: blur keeps it, a cover does not.
        spread: contrast as a share of the usual.
        sharpness: as a share of the usual.
        brightness: grey levels more than usual.
    """

    kept: float
    structured: float
    tone: float
    spread: float
    sharpness: float
    brightness: float


class Reference:
    """One camera's usual picture. Not thread-safe."""

    def __init__(self) -> None:
        self._edges: NDArray[np.float32] | None = None
        self._tone: NDArray[np.float32] | None = None
        self._spread = self._sharpness = self._brightness = 0.0
        self._learned_s = 0.0

    @property
    def is_ready(self) -> bool:
        return self._learned_s >= LEARN_S

    def learn(self, measures: Measures, elapsed_s: float) -> None:
        """Takes one picture of a camera that is well."""
        tone = blocks(measures.grey.astype(np.float32))
        if self._edges is None or self._tone is None:
            self._edges, self._tone = measures.edges.copy(), tone
            self._spread, self._sharpness = measures.spread, measures.sharpness
            self._brightness = measures.brightness
            return
        self._learned_s += elapsed_s
        # At first every picture counts alike, later the last quarter of an hour counts.
        share = max(1 - exp(-elapsed_s / FOLLOW_S), elapsed_s / max(self._learned_s + elapsed_s, 1e-3))
        self._edges += (measures.edges - self._edges) * np.float32(min(share, 0.5))
        self._tone = self._tone + (tone - self._tone) * np.float32(share)
        self._spread += (measures.spread - self._spread) * share
        self._sharpness += (measures.sharpness - self._sharpness) * share
        self._brightness += (measures.brightness - self._brightness) * share

    def save(self, path: Path) -> None:
        """Keeps it at `path`, whole or not at all.

        Raises:
            PermanentError: the disk refuses.
        """
        if self._edges is None or self._tone is None:
            return
        partial = path.with_suffix(".part")
        numbers = np.array([self._spread, self._sharpness, self._brightness, self._learned_s])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.savez(file, edges=self._edges.astype(np.float16), tone=self._tone, numbers=numbers)
            partial.replace(path)
        except OSError as error:
            raise PermanentError(f"{path}: can't be written ({error.strerror})") from error

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """The one kept at `path`.

        Raises:
            PermanentError: it can't be read.
        """
        reference = cls()
        try:
            with np.load(path, allow_pickle=False) as kept:
                reference._edges = kept["edges"].astype(np.float32).reshape(2, HEIGHT, WIDTH)
                reference._tone = kept["tone"].astype(np.float32).reshape(BLOCKS_Y, BLOCKS_X)
                numbers = [float(number) for number in kept["numbers"]]
            reference._spread, reference._sharpness, reference._brightness, reference._learned_s = numbers
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise PermanentError(f"{path}: can't be read ({error})") from error
        return reference

    def compare(self, measures: Measures) -> Likeness | None:
        """None until enough has been learned."""
        if self._edges is None or self._tone is None or not self.is_ready:
            return None
        now, usual = _energy(measures.edges), _energy(self._edges)
        together = blocks(_product(measures.edges, self._edges))
        cosine = together / np.sqrt(np.maximum(now * usual, 1e-9))
        shaped = usual >= STRUCTURED * 0.5  # averaging over time weakens what sways
        count = max(1, int(shaped.sum()))
        return Likeness(
            kept=float(((cosine >= ALIKE) & shaped).sum()) / count,
            structured=float(((now >= STRUCTURED) & shaped).sum()) / count,
            tone=_correlation(blocks(measures.grey.astype(np.float32)), self._tone),
            spread=measures.spread / max(self._spread, 1.0),
            sharpness=measures.sharpness / max(self._sharpness, 1e-3),
            brightness=measures.brightness - self._brightness,
        )


def _energy(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    return blocks(_product(edges, edges))


def _product(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    product: NDArray[np.float32] = one[0] * other[0] + one[1] * other[1]
    return product


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))
