"""What reported incidents are worth: found or missed, how soon, and how often for nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from contract.taxonomy import Seen
from models.evaluation.bootstrap import Measured
from models.evaluation.clips import Clip, Truth
from models.evaluation.counts import rate

FIRE = frozenset({Seen.SMOKE, Seen.FLAME})


class Outcome(StrEnum):
    """What became of something truly there."""

    DETECTED = "detected"
    MISSED = "missed"
    TOO_SHORT = "too short to confirm"
    NOT_WATCHED = "not watched for"


@dataclass(frozen=True, slots=True)
class Reported:
    """One incident, in seconds of the clip: first seen, confirmed, last seen."""

    seen: Seen
    first_s: float
    confirmed_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """One thing truly there. `seconds_to_confirm` counts from its beginning; None unless detected."""

    truth: Truth
    outcome: Outcome
    seconds_to_confirm: float | None


@dataclass(frozen=True, slots=True)
class ClipReport:
    """One clip. `false` are incidents of nothing true. `fault` says why it was not, or not wholly, watched."""

    name: str
    watched_s: float
    is_truth_known: bool
    is_negative: bool
    found: tuple[Found, ...]
    false: tuple[Reported, ...]
    incidents: tuple[Reported, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class FalseRate:
    """Incidents of nothing true per camera-hour, with the exact Poisson interval."""

    count: int
    hours: float
    per_hour: Measured


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind over all clips. `false`: on clips that show none of it."""

    detected: int
    missed: int
    undecidable: int
    median_seconds_to_confirm: float | None
    false: FalseRate


@dataclass(frozen=True, slots=True)
class EventVerdict:
    """All clips. `negatives`: everything reported on clips that show nothing; `negatives_fire`: smoke and flame."""

    clips: tuple[ClipReport, ...]
    kinds: Mapping[Seen, KindReport]
    negatives: FalseRate
    negatives_fire: FalseRate
    look_every_s: float


def judge_clip(
    clip: Clip, incidents: tuple[Reported, ...], watched_s: float, watchable: Mapping[Seen, float], fault: str | None
) -> ClipReport:
    """What the incidents of a clip are worth; `watchable` is how long each kind that is watched for takes, seconds."""
    truths = clip.truths or ()
    false = tuple(incident for incident in incidents if not any(_overlap(incident, truth) for truth in truths))
    return ClipReport(
        name=clip.path.name,
        watched_s=watched_s,
        is_truth_known=clip.truths is not None,
        is_negative=clip.truths == (),
        found=tuple(_found(truth, incidents, watched_s, watchable) for truth in truths),
        false=false if clip.truths is not None else (),
        incidents=incidents,
        fault=fault,
    )


def verdict(reports: tuple[ClipReport, ...], look_every_s: float) -> EventVerdict:
    """All clips together."""
    truly = {found.truth.seen for report in reports for found in report.found}
    reported = {incident.seen for report in reports for incident in report.incidents}
    negatives = [report for report in reports if report.is_negative]
    return EventVerdict(
        clips=reports,
        kinds={seen: _kind(seen, reports) for seen in Seen if seen in truly | reported},
        negatives=_false_rate(negatives, Seen),
        negatives_fire=_false_rate(negatives, FIRE),
        look_every_s=look_every_s,
    )


def _overlap(incident: Reported, truth: Truth) -> bool:
    ends_s = float("inf") if truth.to_s is None else truth.to_s
    return incident.seen is truth.seen and incident.first_s <= ends_s and incident.last_s >= truth.from_s


def _found(truth: Truth, incidents: Iterable[Reported], watched_s: float, watchable: Mapping[Seen, float]) -> Found:
    hits = [incident for incident in incidents if _overlap(incident, truth)]
    if hits:
        first = min(incident.confirmed_s for incident in hits)
        return Found(truth, Outcome.DETECTED, max(0.0, first - truth.from_s))
    if truth.seen not in watchable:
        return Found(truth, Outcome.NOT_WATCHED, None)
    lasts_s = min(watched_s, watched_s if truth.to_s is None else truth.to_s) - truth.from_s
    return Found(truth, Outcome.TOO_SHORT if lasts_s < watchable[truth.seen] else Outcome.MISSED, None)


def _kind(seen: Seen, reports: Sequence[ClipReport]) -> KindReport:
    found = [entry for report in reports for entry in report.found if entry.truth.seen is seen]
    outcomes = [entry.outcome for entry in found]
    took = [entry.seconds_to_confirm for entry in found if entry.seconds_to_confirm is not None]
    without = [
        report
        for report in reports
        if report.is_truth_known and not any(entry.truth.seen is seen for entry in report.found)
    ]
    return KindReport(
        detected=outcomes.count(Outcome.DETECTED),
        missed=outcomes.count(Outcome.MISSED),
        undecidable=outcomes.count(Outcome.TOO_SHORT) + outcomes.count(Outcome.NOT_WATCHED),
        median_seconds_to_confirm=median(took) if took else None,
        false=_false_rate(without, (seen,)),
    )


def _false_rate(reports: Sequence[ClipReport], kinds: Iterable[Seen]) -> FalseRate:
    wanted = frozenset(kinds)
    count = sum(incident.seen in wanted for report in reports for incident in report.false)
    hours = sum(report.watched_s for report in reports) / 3600
    return FalseRate(count, hours, rate(count, hours))
