"""What reported incidents are worth against the truth: found, missed, wrong kind, twice, or for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from contract.taxonomy import GROUP_BY_SEEN, Seen
from edge.plume.crops import PLUMES
from edge.rules.boxes import area, intersection, iou, share_of_smaller
from edge.values import Box
from models.street_days.faint import FaintPlume, faint_plumes
from models.street_days.rerun import Reported
from models.street_days.store import Recording
from models.street_days.truth import SAMPLE_S, SEEN_BY_LABEL, TrueIncident

LEAST_IOU = 0.1
LEAST_SHARE = 0.5
"""A report is at a thing's place if the boxes overlap this much, or one lies this far inside the other: a plume's hull
and a row of stalls are boxed generously."""


class Worth(StrEnum):
    """What one report is worth."""

    TRUE = "true"
    AGAIN = "again"
    """The same thing reported once more: one incident in two."""
    WRONG_KIND = "wrong kind"
    """Something of its group stands there: a cart reported as a stall. Central joins by group."""
    FAINT = "faint"
    """Smoke or flame at a real source that a person can't see there: neither asked for nor held against it."""
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One report, what it is worth, which truth it found, and what stands there if it is false."""

    report: Reported
    worth: Worth
    truth: TrueIncident | None
    is_of: str


@dataclass(frozen=True, slots=True)
class CameraVerdict:
    """All reports and truths of one camera; `hours` recorded, from `begins_s` of the world on."""

    seed: int
    camera_id: str
    condition: str
    begins_s: float
    hours: float
    looks: int
    verdicts: tuple[Verdict, ...]
    truths: tuple[TrueIncident, ...]

    def found(self) -> dict[str, Verdict]:
        """The first true report of each truth, by identity."""
        return {
            entry.truth.identity: entry
            for entry in reversed(self.verdicts)
            if entry.truth is not None and entry.worth in (Worth.TRUE, Worth.AGAIN)
        }

    def found_as_group(self) -> set[str]:
        """Truths found as something of their group."""
        return {entry.truth.identity for entry in self.verdicts if entry.truth is not None}


def judge_camera(
    recordings: Sequence[Recording], reports: Sequence[Reported], truths: Sequence[TrueIncident]
) -> CameraVerdict:
    """The reports of one camera against its truth."""
    facts = recordings[0].facts
    taken: set[str] = set()
    sources = tuple(faint_plumes(recordings))
    verdicts = []
    for report in sorted(reports, key=lambda entry: entry.opened_s):
        if report.seen not in SEEN_BY_LABEL.values():
            continue
        verdict = _verdict(report, truths, taken, recordings)
        if verdict.worth is Worth.FALSE and report.seen in PLUMES and is_faint(report.box, report.opened_s, sources):
            verdict = replace(verdict, worth=Worth.FAINT)
        if verdict.truth is not None and verdict.worth is Worth.TRUE:
            taken.add(verdict.truth.identity)
        verdicts.append(verdict)
    seconds = sum(float(entry.looks_s[-1] - entry.looks_s[0]) for entry in recordings)
    return CameraVerdict(
        facts.seed,
        facts.camera_id,
        f"{facts.light} {facts.weather}",
        float(recordings[0].looks_s[0]),
        seconds / 3600,
        sum(len(entry.looks_s) for entry in recordings),
        tuple(verdicts),
        tuple(truths),
    )


def is_faint(box: Box, at_s: float, sources: Sequence[FaintPlume]) -> bool:
    """Whether a plume boxed there at that moment has a real source."""
    return any(
        source.from_s <= at_s <= source.until_s and share_of_smaller(source.box, box) >= LEAST_SHARE
        for source in sources
    )


def _verdict(
    report: Reported, truths: Sequence[TrueIncident], taken: set[str], recordings: Sequence[Recording]
) -> Verdict:
    there = [truth for truth in truths if _is_at(report, truth)]
    same = [truth for truth in there if truth.seen is report.seen]
    fresh = [truth for truth in same if truth.identity not in taken]
    group = [truth for truth in there if GROUP_BY_SEEN[truth.seen] is GROUP_BY_SEEN[report.seen]]
    if fresh or same:
        best = max(fresh or same, key=lambda truth: _overlap(report, truth))
        return Verdict(report, Worth.TRUE if fresh else Worth.AGAIN, best, report.seen.value)
    if group:
        best = max(group, key=lambda truth: _overlap(report, truth))
        return Verdict(report, Worth.WRONG_KIND, best, best.seen.value)
    return Verdict(report, Worth.FALSE, None, _what_stands_there(report, recordings))


def _is_at(report: Reported, truth: TrueIncident) -> bool:
    box = truth.box_near(report.first_seen_s, report.opened_s)
    return box is not None and (iou(box, report.box) >= LEAST_IOU or share_of_smaller(box, report.box) >= LEAST_SHARE)


def _overlap(report: Reported, truth: TrueIncident) -> float:
    box = truth.box_near(report.first_seen_s, report.opened_s)
    return 0.0 if box is None else iou(box, report.box)


def _what_stands_there(report: Reported, recordings: Sequence[Recording]) -> str:
    """The look-alike, or else the object, that covers most of the report's box."""
    best, name = 0.1, "nothing"
    for recording in recordings:
        objects = recording.objects
        near = np.abs(objects.at_s - report.opened_s) <= SAMPLE_S
        for label, values in zip(objects.label[near].tolist(), objects.box[near].tolist(), strict=True):
            x1, y1, x2, y2 = values
            box: Box = (x1, y1, x2, y2)
            covered = intersection(box, report.box) / max(area(report.box), 1e-9)
            # A look-alike explains a false finding better than the wall or the people around it.
            covered *= 2.0 if label.startswith("~") else min(1.0, area(report.box) / max(area(box), 1e-9))
            if covered > best:
                best, name = covered, label.removeprefix("~")
    return name


def confirm_seconds(verdict: CameraVerdict, seen: Seen, *, attended: bool) -> list[float]:
    """Seconds from first box to incident, of true reports opened in attention or not."""
    return [
        entry.report.opened_s - entry.report.first_seen_s
        for entry in verdict.verdicts
        if entry.worth is Worth.TRUE and entry.report.seen is seen and entry.report.was_attended == attended
    ]
