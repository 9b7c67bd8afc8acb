"""Why a thing that had to be found was not: what the detector said at its place while it showed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np

from contract.taxonomy import Context, Seen
from edge.rules.boxes import iou, share_of_smaller
from edge.rules.policy import PresencePolicy
from edge.values import Box
from models.street_days.matching import CameraVerdict, Worth
from models.street_days.store import Recording
from models.street_days.truth import TrueIncident

LEAST_IOU = 0.2
LEAST_SHARE = 0.6


class Why(StrEnum):
    """In the order in which they are asked."""

    OTHER_KIND = "found as another kind of its group"
    JOINED = "joined with its neighbour of the same kind"
    NO_BOX = "no box of its kind in half of its moments"
    FAINT = "boxes below what the policy asks"
    HELD = "boxes enough, held back by the rules"


def why_missed(
    verdict: CameraVerdict,
    recordings: Sequence[Recording],
    means: Mapping[str, Seen | Context],
    presence: Mapping[Seen, PresencePolicy],
) -> Counter[tuple[Seen, Why]]:
    """Of all plain things that had to be found and were not."""
    found, grouped = verdict.found(), verdict.found_as_group()
    missed = [truth for truth in verdict.truths if truth.is_asked and truth.is_plain and truth.identity not in found]
    return Counter(
        (truth.seen, _why(truth, truth.identity in grouped, verdict, recordings, means, presence[truth.seen]))
        for truth in missed
    )


def _why(
    truth: TrueIncident,
    is_grouped: bool,
    verdict: CameraVerdict,
    recordings: Sequence[Recording],
    means: Mapping[str, Seen | Context],
    policy: PresencePolicy,
) -> Why:
    if is_grouped:
        return Why.OTHER_KIND
    if _is_joined(truth, verdict):
        return Why.JOINED
    best = _best_scores(truth, recordings, means)
    shown = [score for score in best if score > 0]
    if len(shown) * 2 < len(best):
        return Why.NO_BOX
    asked = policy.share * policy.confirm_score
    return Why.FAINT if sum(best) < asked * len(best) else Why.HELD


def _is_joined(truth: TrueIncident, verdict: CameraVerdict) -> bool:
    """Whether a true report of its kind covers it: two plumes that touch are boxed as one."""
    for entry in verdict.verdicts:
        if entry.worth in (Worth.TRUE, Worth.AGAIN) and entry.report.seen is truth.seen:
            box = truth.box_near(entry.report.first_seen_s, entry.report.opened_s)
            if box is not None and share_of_smaller(box, entry.report.box) >= LEAST_SHARE:
                return True
    return False


def _best_scores(
    truth: TrueIncident, recordings: Sequence[Recording], means: Mapping[str, Seen | Context]
) -> list[float]:
    """At each moment it showed, the best score of its kind at its place; 0 for none."""
    best = []
    for at_s, values, visible in zip(truth.at_s.tolist(), truth.boxes.tolist(), truth.visible.tolist(), strict=True):
        recording = next((one for one in recordings if one.looks_s[0] <= at_s <= one.looks_s[-1] + 1), None)
        if visible <= 0 or recording is None:
            continue
        x1, y1, x2, y2 = values
        best.append(_score_at(recording, at_s, (x1, y1, x2, y2), truth.seen, means))
    return best


def _score_at(recording: Recording, at_s: float, place: Box, seen: Seen, means: Mapping[str, Seen | Context]) -> float:
    found = recording.detections
    rows = np.flatnonzero(found.look == int(np.argmin(np.abs(recording.looks_s - at_s))))
    best = 0.0
    for row in rows.tolist():
        x1, y1, x2, y2 = found.box[row].tolist()
        box: Box = (x1, y1, x2, y2)
        if means.get(str(found.label[row])) is seen and _overlap(box, place):
            best = max(best, float(found.score[row]))
    return best


def _overlap(box: Box, place: Box) -> bool:
    return iou(box, place) >= LEAST_IOU or share_of_smaller(box, place) >= LEAST_SHARE
