"""An incident's revisions → the things it showed: one, or several where its tracker swapped neighbours.

The result depends on the set of revisions alone, not on the order they came in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from central.domain.geometry import Covariance, Position
from central.domain.rules import AssociationRules, SeenRule, SwapRule
from central.domain.values import Observation, Revision
from contract.events import BoxNorm
from contract.plane import Point

FEWEST_EACH_SIDE = 2
LEAST_SHAKE = 0.02
"""A box's foot never stands stiller than this share of the box."""
TWO_DIMENSIONAL_MEDIAN = 1.386
"""The median of a squared length whose two parts have variance 1 (chi-squared, two degrees of freedom)."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Before which revision, and how many standard deviations apart both sides are."""

    index: int
    sigmas: float


def observations_of(revisions: Iterable[Revision], rules: AssociationRules) -> tuple[Observation, ...]:
    """The parts of one incident, oldest first; one unless its position jumped and stayed where it had jumped to.

    Args:
        revisions: of one incident; of two with the same number the later look is believed.
        rules: `swap` says what a jump is.
    """
    ordered = _ordered(revisions)
    if not ordered:
        return ()
    rule = rules.of(ordered[-1].seen)
    spans = _spans(ordered, rules.swap)
    parts = [_observed(ordered[start:end], ordered, number, rule) for number, (start, end) in enumerate(spans, start=1)]
    parts[0] = replace(parts[0], first_seen_at=min(revision.first_seen_at for revision in ordered))
    parts[-1] = replace(parts[-1], is_gone=any(revision.is_gone for revision in ordered))
    return tuple(parts)


def _ordered(revisions: Iterable[Revision]) -> list[Revision]:
    newest: dict[int, Revision] = {}
    for revision in revisions:
        known = newest.get(revision.revision)
        if known is None or _precedence(revision) > _precedence(known):
            newest[revision.revision] = revision
    return [newest[number] for number in sorted(newest)]


def _precedence(revision: Revision) -> tuple[object, ...]:
    point = revision.position.point if revision.position else Point(0.0, 0.0)
    return revision.last_seen_at, revision.is_gone, revision.seen, point.east_m, point.north_m


def _observed(own: Sequence[Revision], whole: Sequence[Revision], number: int, rule: SeenRule) -> Observation:
    sure = sum(revision.score >= rule.confirm_score for revision in own[-rule.confirm_of :])
    newest = whole[-1]
    return Observation(
        incident_id=newest.incident_id,
        revision=newest.revision,
        node_id=newest.node_id,
        camera_id=newest.camera_id,
        seen=newest.seen,
        first_seen_at=min(revision.last_seen_at for revision in own),
        last_seen_at=max(revision.last_seen_at for revision in own),
        is_gone=own[-1] is not newest,
        position=_mean([revision.position for revision in own if revision.position is not None]),
        zones=own[-1].zones,
        peak=max(revision.peak for revision in own),
        part=number,
        looks=max(1, sum(revision.position is not None for revision in own)),
        box=_usual([revision.box for revision in own if revision.box is not None]),
        is_confirmed=sure >= rule.confirm_n,
        doubts=frozenset().union(*(revision.doubts for revision in own)),
        clock_slack_s=max(revision.clock_slack_s for revision in own),
        place_id=next((revision.place_id for revision in reversed(own) if revision.place_id), None),
        attended_s=_attended_s(own),
    )


def _attended_s(own: Sequence[Revision]) -> float | None:
    """A node that started again counts anew, so the largest; a part is not credited with the part before it."""
    told = [revision.attended_s for revision in own if revision.attended_s is not None]
    if not told:
        return None
    since = min(min(revision.first_seen_at, revision.last_seen_at) for revision in own)
    return min(max(told), (max(revision.last_seen_at for revision in own) - since).total_seconds())


def _usual(boxes: Sequence[BoxNorm]) -> BoxNorm | None:
    """Every edge's median: one look shakes, and a lorry that passes cuts a piece off."""
    if not boxes:
        return None
    x1, y1, x2, y2 = map(median, zip(*((box.x1, box.y1, box.x2, box.y2) for box in boxes), strict=True))
    return BoxNorm(x1=x1, y1=y1, x2=x2, y2=y2)


def _mean(positions: Sequence[Position]) -> Position | None:
    if not positions:
        return None
    count = len(positions)
    point = Point(
        sum(position.point.east_m for position in positions) / count,
        sum(position.point.north_m for position in positions) / count,
    )
    total = positions[0].covariance
    for position in positions[1:]:
        total = total + position.covariance
    return Position(point, Covariance(total.ee_m2 / count, total.en_m2 / count, total.nn_m2 / count))


def _spans(revisions: Sequence[Revision], rule: SwapRule) -> list[tuple[int, int]]:
    """Index ranges of the parts: by ground points, or in the picture where the camera has none."""
    placed = [index for index, revision in enumerate(revisions) if revision.position is not None]
    if len(placed) >= 2 * FEWEST_EACH_SIDE:
        positions = [position for revision in revisions if (position := revision.position) is not None]
        points = np.array([(position.point.east_m, position.point.north_m) for position in positions])
        variance = np.array([(p.covariance.ee_m2 + p.covariance.nn_m2) / 2 for p in positions])
        cuts = _cuts(points, np.maximum(variance, _shake(points)), rule.jump_m, rule)
    elif not placed:
        boxes = [(index, box) for index, revision in enumerate(revisions) if (box := revision.box) is not None]
        placed = [index for index, _ in boxes]
        feet = np.array([_foot(box) for _, box in boxes]).reshape(-1, 2)
        size = float(np.median([max(box.x2 - box.x1, box.y2 - box.y1) for _, box in boxes])) if boxes else 1.0
        variance = np.full(len(feet), max((LEAST_SHAKE * size) ** 2, _shake(feet))) if len(feet) > 1 else np.ones(1)
        cuts = _cuts(feet, variance, rule.jump_boxes * size, rule)
    else:
        cuts = []
    return list(pairwise([0, *(placed[cut] for cut in cuts), len(revisions)]))


def _foot(box: BoxNorm) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, box.y2


def _shake(points: NDArray[np.float64]) -> float:
    """The variance of one look as the looks themselves show it; one jump hardly moves a median."""
    steps = np.diff(points, axis=0)
    return float(np.median((steps**2).sum(axis=1))) / (2 * TWO_DIMENSIONAL_MEDIAN)


def _cuts(points: NDArray[np.float64], variance: NDArray[np.float64], shortest: float, rule: SwapRule) -> list[int]:
    """Where to cut, ascending: the clearest jump first, then both sides of it again."""
    found: list[int] = []
    waiting = [(0, len(points))]
    while waiting:
        start, end = waiting.pop()
        cut = _clearest(points[start:end], variance[start:end], shortest, rule)
        if cut is not None:
            at = start + cut.index
            found.append(at)
            waiting += [(start, at), (at, end)]
    return sorted(found)


def _clearest(
    points: NDArray[np.float64], variance: NDArray[np.float64], shortest: float, rule: SwapRule
) -> _Cut | None:
    count = len(points)
    at = np.arange(FEWEST_EACH_SIDE, count - FEWEST_EACH_SIDE + 1)
    if len(at) == 0:
        return None
    before, after = np.minimum(at, rule.window), np.minimum(count - at, rule.window)
    sums = np.vstack([np.zeros(2), np.cumsum(points, axis=0)])
    spread = np.concatenate([[0.0], np.cumsum(variance)])
    jump = (sums[at + after] - sums[at]) / after[:, None] - (sums[at] - sums[at - before]) / before[:, None]
    length = np.hypot(jump[:, 0], jump[:, 1])
    noise = (spread[at] - spread[at - before]) / before**2 + (spread[at + after] - spread[at]) / after**2
    sigmas = np.where(length >= shortest, length / np.sqrt(noise), 0.0)
    best = int(np.argmax(sigmas))
    return _Cut(int(at[best]), float(sigmas[best])) if sigmas[best] >= rule.gate else None
