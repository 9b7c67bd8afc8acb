"""Hand-made pictures with what is there and what a model saw in them: no detector, no files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contract.taxonomy import Context, Seen
from edge.values import Box, Detection
from models.ap import Weights
from models.classes import MEANING_BY_LABEL
from models.evaluation.eyes import Sight, Viewed
from models.judging import Judged

HERE: Box = (0.1, 0.1, 0.3, 0.3)
THERE: Box = (0.6, 0.6, 0.9, 0.9)

Named = tuple[str, Box]
Found = tuple[str, float, Box]


def saw(*founds: Found, threshold: float = 0.25) -> Sight:
    """A model that ships with one threshold for all classes."""
    detections = tuple(Detection(label, means(label), score, box) for label, score, box in founds)
    return Sight(tuple(found for found in detections if found.score >= threshold), detections)


def means(label: str) -> Seen | Context:
    return MEANING_BY_LABEL[label]


def picture(
    truths: Sequence[Named] = (),
    *sights: Sight,
    known: Sequence[str] = ("smoke", "flame"),
    name: str = "p.jpg",
    source: str = "street",
    scene: str | None = None,
    attributes: dict[str, tuple[str, ...]] | None = None,
    brightness: float = 120.0,
    size_px: tuple[int, int] = (640, 384),
) -> Viewed:
    judged = Judged(
        path=Path(name),
        known=frozenset(known),
        truths=tuple(truths),
        source=source,
        scene=f"{source}/{scene or name}",
        attributes=attributes or {},
    )
    return Viewed(judged, size_px[0], size_px[1], brightness, sights or (saw(),))


def as_they_are(viewed: Sequence[Viewed], resamples: int = 2) -> Weights:
    """Resamples that draw every picture once."""
    return np.ones((resamples, len(viewed)))
